//! `split` and `join`, and commands on volumes.

use manifests::fake::FakeBundle;

use crate::shown;
use crate::site::Site;

/// As many bytes, which do not shrink.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..size).map(|_| next()).collect()
}

/// A bundle of some 16 MiB that does not shrink.
pub(crate) fn large(site: &Site) {
    let noise = noise(16 << 20);
    let layers: Vec<&[u8]> = noise.chunks(4 << 20).collect();
    FakeBundle::new("demo", "2.0.0")
        .image("docker.io/library/big:1", &layers)
        .files("notes", &[("readme.txt", b"read me\n")])
        .write(&site.path("demo.tar.zst"));
}

#[test]
fn volumes_fit_and_join_to_the_same_bytes() {
    let site = Site::new();
    large(&site);
    site.tool("mkdir media");
    let files = site.run("split demo.tar.zst --size 6MiB -o media/demo.tar.zst --trust trust").ok();
    let volumes: Vec<&str> = files.lines().filter(|line| !line.contains(".set.json")).collect();
    assert!(volumes.len() >= 3, "{files}");
    for volume in &volumes {
        assert!(site.path(volume).metadata().unwrap().len() < 6 << 20, "{volume}");
    }
    let verified = site.run("verify media --trust trust").ok();
    assert!(verified.contains("every byte is as signed"), "{verified}");
    site.run("join media -o joined.tar.zst --trust trust").ok();
    let same = std::fs::read(site.path("joined.tar.zst")).unwrap() == std::fs::read(site.path("demo.tar.zst")).unwrap();
    assert!(same, "the joined file is another");
    let again = site.run("join media -o joined.tar.zst --trust trust").fails(2);
    assert!(again.contains("`joined.tar.zst` is there already"), "{again}");
}

#[test]
fn the_set_document_is_signed_beside_the_volumes() {
    let site = Site::new();
    large(&site);
    site.run("keygen ci --principal ci@example.com").ok();
    let files = site.run("split demo.tar.zst --size 6MiB -o a.tar.zst --trust trust --key ci").ok();
    assert!(files.ends_with("a.tar.zst.004\na.tar.zst.set.json\na.tar.zst.set.json.sig\n"), "{files}");
    let document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(site.path("a.tar.zst.set.json")).unwrap()).unwrap();
    assert_eq!(document["volumes"][3]["name"], "a.tar.zst.004");
    let public = std::fs::read_to_string(site.path("ci.pub")).unwrap();
    site.write("ours", &format!("ci@example.com {public}"));
    let check = "ssh-keygen -Y verify -f ours -I ci@example.com -n airgap-bundle -s a.tar.zst.set.json.sig";
    let document = std::fs::File::open(site.path("a.tar.zst.set.json")).unwrap();
    let mut words = check.split(' ');
    let status = site
        .command(words.next().unwrap())
        .args(words)
        .stdin(document)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "ssh-keygen refuses the set document's signature");
}

#[test]
fn a_size_that_is_too_small_is_told_before_anything_is_read() {
    let site = Site::new();
    large(&site);
    // Were the content read, this would be what is told.
    site.damage("demo.tar.zst", 8 << 20);
    shown!(site.run("split demo.tar.zst --size 1MiB -o a --trust trust"), @r"
    exit 2
    --- stdout
    --- stderr
    error: volumes of 1048576 bytes are too small for this bundle: at least 5242880 are needed
      help: give a larger size, such as 5MiB
    ");
    let said = site.run("split demo.tar.zst --size 6MiB -o a --trust trust").fails(1);
    assert!(said.contains("is damaged"), "{said}");
    site.write("stack.yaml", "nothing");
    let said = site.run("build stack.yaml --split 1MiB -o a --unsigned").fails(2);
    assert!(said.contains("volumes of 1048576 bytes are too small"), "{said}");
}

#[test]
fn files_that_belong_to_no_set_are_not_replaced() {
    let site = Site::new();
    large(&site);
    for name in ["a.tar.zst.001", "a.tar.zst.002", "a.tar.zst.set.json", "a.tar.zst.set.json.sig"] {
        site.write(name, "mine");
        let said = site.run("split demo.tar.zst --size 6MiB -o a.tar.zst --trust trust").fails(2);
        assert!(said.contains(&format!("`{name}` is there already")) && said.contains("help: "), "{said}");
        assert_eq!(std::fs::read_to_string(site.path(name)).unwrap(), "mine");
        site.tool(&format!("rm {name}"));
    }
    site.run("split demo.tar.zst --size 6MiB -o a.tar.zst --trust trust").ok();
    site.run("keygen late").ok();
    site.write("a.tar.zst.set.json", "mine");
    let said = site.run("sign a.tar.zst --key late").fails(2);
    assert!(said.contains("`a.tar.zst.set.json` is there and is no list of a bundle's volumes"), "{said}");
    assert_eq!(std::fs::read_to_string(site.path("a.tar.zst.set.json")).unwrap(), "mine");
}

#[test]
fn a_partial_set_can_be_looked_at_and_nothing_else() {
    let site = Site::new();
    large(&site);
    site.run("split demo.tar.zst --size 6MiB -o part.tar.zst --trust trust").ok();
    site.tool("rm part.tar.zst.002 demo.tar.zst");
    shown!(site.run("inspect part.tar.zst.001 --trust trust"), @r"
    exit 0
    --- stdout
    name       demo
    version    2.0.0
    created    2026-01-02T03:04:05Z
    digest     sha256:<digest>
    archive    12.0 MiB in 3 of 4 volumes; 2 (part.tar.zst.002) is missing
    content    16.0 MiB in 9 blobs
    holds      1 set of files, 1 image
    signed by  ci@example.com (ssh-ed25519 SHA256:<fingerprint>)
    --- stderr
    ");
    assert!(site.run("list part.tar.zst").ok().contains("docker.io/library/big:1"));
    shown!(site.run("verify part.tar.zst --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: volume 2 (part.tar.zst.002) of 4 is missing
      help: put all volumes into one folder, or name each of them
    ");
    for look in ["", " --look-inside", " --base part.tar.zst"] {
        let said = site.run(&format!("report part.tar.zst --trust trust{look} --output report.html")).fails(1);
        assert!(said.contains("error: volume 2 (part.tar.zst.002) of 4 is missing\n  help: put all volumes"), "{said}");
        assert!(!site.path("report.html").exists());
    }
    // The place for signatures is in the first volume.
    site.run("keygen late").ok();
    shown!(site.run("sign part.tar.zst --key late"), @r"
    exit 0
    --- stdout
    signed by SHA256:<fingerprint>
    part.tar.zst.001 has 2 signatures now
    --- stderr
    ");
}
