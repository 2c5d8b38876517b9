//! A byte that is not as it was signed is found before it is packed, trusted or served.

use std::fs;
use std::path::{Path, PathBuf};

use airgap_tests::{Delivery, Machine, Random, Site, run, signer};
use manifests::Digest;

fn flip(path: &Path, at: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[usize::try_from(at).unwrap()] ^= 0x10;
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(path, bytes).unwrap();
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn any_flipped_byte_is_found_by_verify() {
    let delivery = Delivery::shared().unwrap();
    let machine = Machine::new().unwrap();
    let size = fs::metadata(delivery.bundle()).unwrap().len();
    let mut random = Random::new(77);
    let trust = delivery.trust().display().to_string();
    for _ in 0..8 {
        fs::copy(delivery.bundle(), machine.path("b.tar.zst")).unwrap();
        // Frame checksums and padding aside, every byte is content: the end of the file is the seek table.
        let at = random.below(size - 4096);
        flip(&machine.path("b.tar.zst"), at);
        let verified = machine.bundle(&["verify", "b.tar.zst", "--trust", &trust]).unwrap();
        assert!(verified.code == Some(1), "byte {at} of {size}: {verified}");
    }
}

#[test]
fn a_byte_flipped_in_the_store_is_never_served() {
    let delivery = Delivery::shared().unwrap();
    for options in [&[][..], &["--in-place"]] {
        let mut site = Site::new(&delivery.trust()).unwrap();
        let bundle = site.carry(&delivery.bundle()).unwrap();
        site.import(&[&bundle], options).unwrap().success().unwrap();
        let archive = if options.is_empty() {
            let stored = files_below(&site.state().join("generations"));
            stored.into_iter().find(|path| path.to_string_lossy().contains(".tar.zst")).unwrap()
        } else {
            bundle.clone()
        };
        let data = delivery.upstream().fixtures().file("release/data.bin").unwrap();
        let bytes = fs::read(&archive).unwrap();
        let needle = &data[4 << 20..(4 << 20) + 64];
        let at = bytes.windows(64).position(|window| window == needle).expect("random data is stored as it is");
        flip(&archive, at as u64 + 10);
        if site.serve(&[&bundle], options).is_err() {
            continue; // It may refuse to start.
        }
        let client = site.client().unwrap();
        match site.curl(&client, "/files/platform/release/data.bin", &[]) {
            Ok(served) => assert_eq!(Digest::of(&served), Digest::of(&data), "wrong bytes were served as whole"),
            Err(refused) => drop(refused),
        }
        let user = format!("airgap:{}", site.password().unwrap());
        let url = format!("https://{}/files/platform/release/notes.txt", site.authority());
        let notes = ["-sSf", "--cacert", "ca.crt", "--user", &user, &url];
        run(&mut client.command("curl", &notes).unwrap()).unwrap();
    }
}

#[test]
fn a_byte_flipped_in_the_cache_is_found_before_it_is_packed() {
    let delivery = Delivery::prepare().unwrap();
    delivery.build("platform.tar.zst", &["--cache", "cache"]).unwrap().success().unwrap();
    let good = fs::read(delivery.bundle()).unwrap();
    let cached = files_below(&delivery.machine().path("cache"));
    let blobs: Vec<_> = cached.iter().filter(|path| fs::metadata(path).unwrap().len() > 1000).collect();
    assert!(blobs.len() > 3, "the cache holds the blobs: {cached:?}");
    for blob in blobs {
        flip(blob, fs::metadata(blob).unwrap().len() / 2);
    }
    fs::remove_file(delivery.bundle()).unwrap();
    delivery.build("platform.tar.zst", &["--cache", "cache"]).unwrap().success().unwrap();
    assert!(fs::read(delivery.bundle()).unwrap() == good);
}

#[test]
fn only_those_who_are_trusted_can_sign() {
    let delivery = Delivery::shared().unwrap();
    let machine = Machine::new().unwrap();
    signer(&machine, "mallory", "theirs").unwrap();
    let bundle = delivery.bundle().display().to_string();
    let refused = machine.bundle(&["verify", &bundle, "--trust", "theirs"]).unwrap().failure().unwrap();
    assert!(refused.stderr.contains("ci@example.org") || refused.stderr.contains("SHA256:"), "{refused}");
    let refused = machine.bundle(&["verify", &bundle]).unwrap().failure().unwrap();
    assert!(refused.stderr.contains("allowed_signers"), "it says how to configure trust: {refused}");
    let site = Site::new(&machine.path("theirs")).unwrap();
    fs::rename(site.jump().path("theirs"), site.jump().path("allowed_signers")).unwrap();
    let carried = site.carry(&delivery.bundle()).unwrap();
    site.import(&[&carried], &[]).unwrap().failure().unwrap();
    assert!(!site.state().join("generations/1").exists());
}
