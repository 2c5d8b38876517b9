//! `build --cache`: each blob is fetched once, a damaged one again, and a full disk under the cache is no matter.

use std::fs;
use std::path::{Path, PathBuf};

use airgap_tests::{Delivery, Machine, Misbehaving, Random, SmallDisk, signer};
use manifests::Digest;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_blob_is_fetched_once_and_a_damaged_one_again() {
    let machine = Machine::new().unwrap();
    let server = Misbehaving::start().unwrap();
    let content = Random::new(3).bytes(1 << 20);
    server.put("/big.bin", "application/octet-stream", &content);
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: cached\nversion: 1.0.0\ncreated: 2026-01-01\nfiles:\n  \
         - path: big.bin\n    url: http://{}/big.bin\n    sha256: {}\n",
        server.address(),
        Digest::of(&content).hex()
    );
    machine.write("stack.yaml", stack).unwrap();
    signer(&machine, "ci", "allowed_signers").unwrap();
    let build = |output: &str| {
        let command = ["build", "stack.yaml", "-o", output, "--key", "ci", "--cache", "cache"];
        machine.bundle(&command).unwrap().success().unwrap()
    };
    let fetched = || server.seen().iter().filter(|seen| seen.method == "GET").count();
    build("one.tar.zst");
    build("two.tar.zst");
    assert_eq!(fetched(), 1);
    let bytes = |name: &str| fs::read(machine.path(name)).unwrap();
    assert!(bytes("one.tar.zst") == bytes("two.tar.zst"));

    let blob = files(&machine.path("cache/blobs")).pop().unwrap();
    let mut damaged = content.clone();
    damaged[500_000] ^= 1;
    fs::write(&blob, damaged).unwrap();
    let said = build("three.tar.zst").stderr;
    assert!(said.contains("the cache's copy is damaged"), "{said}");
    assert_eq!(fetched(), 2);
    assert!(bytes("three.tar.zst") == bytes("one.tar.zst"));
    assert!(fs::read(&blob).unwrap() == content, "the good copy is kept");

    let info = machine.bundle(&["cache", "info", "cache", "-o", "json"]).unwrap().success().unwrap().stdout;
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    assert_eq!((info["blobs"].as_u64(), info["bytes"].as_u64()), (Some(1), Some(1 << 20)));
    let pruned = machine.bundle(&["cache", "prune", "cache", "--keep", "0"]).unwrap().success().unwrap();
    assert!(pruned.stdout.contains("removed"), "{pruned}");
    assert!(files(&machine.path("cache/blobs")).is_empty());
    machine.bundle(&["cache", "info", "typo"]).unwrap().failure().unwrap();
    assert!(machine.leftovers().unwrap().is_empty());
}

#[test]
fn a_full_disk_under_the_cache_fails_no_build() {
    let delivery = Delivery::prepare().unwrap();
    let machine = delivery.machine();
    let disk = SmallDisk::new(machine, "small", 1).unwrap();
    let built = delivery.build("platform.tar.zst", &["--cache", "small/cache"]).unwrap().success().unwrap();
    assert!(built.stderr.contains("going on without it"), "{built}");
    let verify = ["verify", "platform.tar.zst", "--trust", "allowed_signers"];
    machine.bundle(&verify).unwrap().success().unwrap();
    let left = disk.files().unwrap();
    assert!(!left.iter().any(|name| name.starts_with("cache/new/")), "{left:?}");
}
