//! A bundle is an ordinary file of its kind: stock tools read and check it, and every build gives the same bytes.

use std::fs;

use airgap_tests::{Delivery, Machine, run};
use manifests::oci::{Descriptor, Index, annotation};

#[test]
fn stock_tools_read_and_check_a_bundle() {
    let delivery = Delivery::shared().unwrap();
    let machine = Machine::new().unwrap();
    let bundle = delivery.bundle().display().to_string();
    machine.run("zstd", &["-q", "-t", &bundle]).unwrap();
    let names = machine.run("tar", &["--zstd", "-tf", &bundle]).unwrap();
    assert_eq!(names.lines().next(), Some("bundle.json"));
    machine.run("tar", &["--zstd", "-xf", &bundle]).unwrap();
    machine.run("sha256sum", &["--quiet", "-c", "SHA256SUMS"]).unwrap();
    let signature = names.lines().find(|name| name.starts_with("signatures/") && !name.ends_with('/')).unwrap();
    let trust = delivery.trust().display().to_string();
    let check =
        format!("ssh-keygen -Y verify -f {trust} -I ci@example.org -n airgap-bundle -s {signature} < bundle.json");
    assert!(machine.run("sh", &["-c", &check]).unwrap().contains("Good"));
    let layout = machine.work().display().to_string();
    for reference in ["docker.io/library/tool:1.0", "quay.io/library/tool:1.0", "quay.io/charts/oci-hello:0.3.0"] {
        let here = machine.run("skopeo", &["inspect", "--raw", &format!("oci:{layout}:{reference}")]).unwrap();
        let upstream = format!("docker://{reference}");
        assert_eq!(here, delivery.machine().run("skopeo", &["inspect", "--raw", &upstream]).unwrap(), "{reference}");
    }
    // skopeo's `oci:` finds manifests of the OCI only, and copying to it makes one of them; here the original stays.
    let web = delivery.machine().run("skopeo", &["inspect", "--raw", "docker://docker.io/library/web:2.0"]).unwrap();
    let digest = manifests::Digest::of(web.as_bytes()).to_string();
    let stored = fs::read_to_string(machine.path("blobs/sha256").join(digest.trim_start_matches("sha256:"))).unwrap();
    assert_eq!(stored, web);
    assert!(fs::read_to_string(machine.path("index.json")).unwrap().contains(&digest));
    oras(&delivery, &machine);
}

/// oras copies an image out of the unpacked bundle with all that refers to it, and pulls files.
fn oras(delivery: &Delivery, machine: &Machine) {
    let index: Index = serde_json::from_slice(&fs::read(machine.path("index.json")).unwrap()).unwrap();
    let find = |name: &str| {
        let named =
            |entry: &&Descriptor| entry.annotations.get(annotation::REF_NAME).is_some_and(|at| at.contains(name));
        index.manifests.iter().find(named).expect(name).digest
    };
    let layout = machine.work().display().to_string();
    let tool = find("docker.io/library/tool:1.0");
    let from = format!("{layout}@{tool}");
    machine.run("oras", &["copy", "--recursive", "--from-oci-layout", &from, "--to-oci-layout", "copy:1.0"]).unwrap();
    let copied = machine.run("oras", &["manifest", "fetch", "--oci-layout", "copy:1.0"]).unwrap();
    assert_eq!(copied, fs::read_to_string(machine.path("blobs/sha256").join(tool.hex())).unwrap());
    let attached = machine.run("oras", &["discover", "--oci-layout", "copy:1.0"]).unwrap();
    assert!(attached.contains("application/spdx+json"), "{attached}");
    let files = format!("{layout}@{}", find("bundle.local/files/platform:"));
    machine.run("oras", &["pull", "--oci-layout", &files, "--output", "pulled"]).unwrap();
    let notes = delivery.upstream().fixtures().file("release/notes.txt").unwrap();
    assert!(fs::read(machine.path("pulled/release/notes.txt")).unwrap() == notes);
}

#[test]
fn a_build_gives_the_same_bytes_everywhere() {
    let delivery = Delivery::shared().unwrap();
    let expected = fs::read(delivery.bundle()).unwrap();
    for (output, jobs, environment) in [("a.tar.zst", "1", "Asia/Tokyo"), ("b.tar.zst", "7", "America/Lima")] {
        let program = airgap_tests::our_program("airgap-bundle").unwrap().display().to_string();
        let script = format!(
            "umask 077; TZ={environment} exec {program} build stack.yaml -o {output} --key ci --concurrency {jobs}"
        );
        let machine = delivery.machine();
        run(&mut machine.command("sh", &["-c", &script]).unwrap()).unwrap().success().unwrap();
        assert!(fs::read(machine.path(output)).unwrap() == expected, "{output}");
    }
}
