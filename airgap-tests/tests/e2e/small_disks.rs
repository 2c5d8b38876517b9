//! A full disk stops a command with a clear word, and leaves nothing that looks whole.

use std::sync::Arc;

use airgap_tests::{Machine, Network, Random, SmallDisk, run, signer};

/// A machine of its own with a stack of one file of 24 MiB, and a key.
fn machine() -> Machine {
    let machine = Machine::on(Arc::new(Network::new(&[]).unwrap())).unwrap();
    machine.write("big.bin", Random::new(5).bytes(24 << 20)).unwrap();
    let stack = "apiVersion: airgap/v1\nkind: Stack\nname: big\nversion: 1.0.0\ncreated: 2026-01-01\nfiles:\n  - \
                 path: big.bin\n    file: big.bin\n";
    machine.write("stack.yaml", stack).unwrap();
    signer(&machine, "ci", "allowed_signers").unwrap();
    machine
}

const BUILD: [&str; 6] = ["build", "stack.yaml", "-o", "big.tar.zst", "--key", "ci"];

#[test]
fn a_build_onto_a_full_disk_leaves_no_stub() {
    let machine = machine();
    let disk = SmallDisk::new(&machine, "out", 8).unwrap();
    let failed = machine.bundle(&["build", "stack.yaml", "-o", "out/big.tar.zst", "--key", "ci"]).unwrap();
    let failed = failed.failure().unwrap();
    assert!(failed.stderr.contains("space"), "{failed}");
    assert!(!disk.files().unwrap().iter().any(|name| name == "big.tar.zst"), "{:?}", disk.files());
    assert!(machine.leftovers().unwrap().is_empty());
}

#[test]
fn an_import_onto_a_full_disk_changes_nothing() {
    let machine = machine();
    machine.bundle(&BUILD).unwrap().success().unwrap();
    let disk = SmallDisk::new(&machine, "state", 20).unwrap();
    let import = ["--bundle", "big.tar.zst", "--trust", "allowed_signers", "--state", "state", "--no-serve"];
    let failed = machine.install(&import).unwrap().failure().unwrap();
    assert!(failed.stderr.contains("room"), "{failed}");
    let left = disk.files().unwrap();
    assert!(!left.iter().any(|name| name.contains("tar.zst")), "{left:?}");
    assert!(machine.leftovers().unwrap().is_empty());
    // In place it needs none.
    machine.install(&[&import[..], &["--in-place"]].concat()).unwrap().success().unwrap();
}

#[test]
fn looking_at_a_bundle_needs_no_space() {
    let machine = machine();
    machine.bundle(&BUILD).unwrap().success().unwrap();
    let full = SmallDisk::new(&machine, "full", 1).unwrap();
    machine.run("sh", &["-c", "cat /dev/zero > full/zeros || true"]).unwrap();
    let (disk, name) = (full.path().display().to_string(), "big.tar.zst");
    for words in [&["inspect", name][..], &["list", name], &["verify", name, "--trust", "allowed_signers"]] {
        let mut command = machine.ours("airgap-bundle", words).unwrap();
        command.env("TMPDIR", &disk).env("HOME", &disk);
        run(&mut command).unwrap().success().unwrap();
    }
    assert_eq!(full.files().unwrap(), ["zeros"]);
}
