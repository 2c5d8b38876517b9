//! Files in LFS, from a repository that the real git-lfs made to a clone of it at a site by the real git-lfs.

use airgap_tests::{Machine, Site, signer};

const STACK: &str = "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: 1.0.0\ncreated: 2026-01-01\ngit:\n  - name: apps\n    \
                     path: ./apps\n    lfs: carry\n";

fn git(machine: &Machine, words: &[&str]) -> String {
    machine.run("git", &[&["-c", "user.name=T", "-c", "user.email=t@example.org"], words].concat()).unwrap()
}

#[test]
fn a_clone_at_the_site_is_what_it_is_outside() {
    let builder = Machine::new().unwrap();
    git(&builder, &["lfs", "install", "--skip-repo"]);
    git(&builder, &["init", "--quiet", "--initial-branch=main", "apps"]);
    builder.write("apps/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n").unwrap();
    let content: Vec<u8> = (0..1_000_000_u32).map(|n| n.wrapping_mul(n).to_le_bytes()[1]).collect();
    for (path, content) in
        [("apps/deep/big.bin", content.as_slice()), ("apps/small.bin", b"small"), ("apps/a.txt", b"a\n")]
    {
        builder.write(path, content).unwrap();
    }
    git(&builder, &["-C", "apps", "add", "."]);
    git(&builder, &["-C", "apps", "commit", "--quiet", "-m", "files"]);
    let inside = git(&builder, &["-C", "apps", "show", "HEAD:small.bin"]);
    assert!(inside.starts_with("version https://git-lfs.github.com/spec/v1\n"), "{inside}");
    builder.write("stack.yaml", STACK).unwrap();
    signer(&builder, "ci", "allowed_signers").unwrap();
    builder.bundle(&["build", "stack.yaml", "-o", "demo.tar.zst", "--key", "ci"]).unwrap().success().unwrap();

    let mut site = Site::new(&builder.path("allowed_signers")).unwrap();
    let bundle = site.carry(&builder.path("demo.tar.zst")).unwrap();
    site.serve(&[&bundle], &[]).unwrap();
    let client = site.client().unwrap();
    let ca = client.path("ca.crt").display().to_string();
    client.run("git", &["config", "--global", "http.sslCAInfo", &ca]).unwrap();
    git(&client, &["lfs", "install", "--skip-repo"]);
    let url = format!("https://airgap:{}@{}/git/demo/apps.git", site.password().unwrap(), site.authority());
    git(&client, &["clone", "--quiet", &url, "apps"]);
    assert!(std::fs::read(client.path("apps/deep/big.bin")).unwrap() == content, "it came whole");
    assert_eq!(std::fs::read(client.path("apps/small.bin")).unwrap(), b"small");
    git(&client, &["-C", "apps", "lfs", "fsck"]);

    // Nothing can be put there.
    client.write("apps/more.bin", "more").unwrap();
    git(&client, &["-C", "apps", "add", "more.bin"]);
    git(&client, &["-C", "apps", "commit", "--quiet", "-m", "more"]);
    let push = client.command("git", &["-C", "apps", "lfs", "push", "origin", "main"]).unwrap();
    let refused = airgap_tests::run(&mut { push }).unwrap().failure().unwrap();
    assert!(refused.stderr.contains("read-only"), "{refused}");
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    site.stop().unwrap();
}
