//! Killed at any moment, the next run goes on; what was good before stays good.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use airgap_tests::{Daemon, Delivery, Fault, Machine, Misbehaving, Random, Site};

use crate::bad_network::{BUILD, machine_for};

/// An image whose blobs come slowly, so that a build takes about a second.
fn slow_registry() -> Misbehaving {
    let server = Misbehaving::start().unwrap();
    let mut random = Random::new(3);
    let layers: Vec<_> = (0..4).map(|_| random.bytes(800_000)).collect();
    let layers: Vec<_> = layers.iter().map(Vec::as_slice).collect();
    server.image("library/app", "1.0", &layers);
    server.fail("/blobs/", 500, Fault::Drip(16_000, Duration::from_millis(15)));
    server
}

fn names(machine: &Machine) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(machine.work())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("small.tar.zst"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_build_killed_at_any_moment_goes_on_and_ends_with_the_same_bytes() {
    let server = slow_registry();
    let undisturbed = machine_for(&server, &["library/app:1.0"]);
    undisturbed.bundle(&BUILD).unwrap().success().unwrap();
    let expected = fs::read(undisturbed.path("small.tar.zst")).unwrap();
    let machine = machine_for(&server, &["library/app:1.0"]);
    for file in ["ci", "ci.pub"] {
        fs::copy(undisturbed.path(file), machine.path(file)).unwrap();
    }
    let mut random = Random::new(42);
    for round in 0..12 {
        let build = machine.ours("airgap-bundle", &BUILD).unwrap();
        let build = Daemon::start(&build, &machine.path("build.log")).unwrap();
        sleep(Duration::from_millis(random.below(400)));
        build.kill();
        if let Ok(bundle) = fs::read(machine.path("small.tar.zst")) {
            assert!(bundle == expected, "round {round}: what stands at the final name is whole");
        }
        assert!(machine.leftovers().unwrap().is_empty(), "round {round}");
    }
    machine.bundle(&BUILD).unwrap().success().unwrap();
    assert!(fs::read(machine.path("small.tar.zst")).unwrap() == expected);
    assert_eq!(names(&machine), ["small.tar.zst"], "nothing is left beside the bundle");
}

#[test]
fn a_killed_build_leaves_the_older_bundle_of_that_name_as_it_was() {
    let server = slow_registry();
    let machine = machine_for(&server, &["library/app:1.0"]);
    machine.bundle(&BUILD).unwrap().success().unwrap();
    let old = fs::read(machine.path("small.tar.zst")).unwrap();
    server.image("library/app", "2.0", &[&Random::new(9).bytes(2_000_000)]);
    let stack = fs::read_to_string(machine.path("stack.yaml")).unwrap();
    machine.write("stack.yaml", stack.replace("app:1.0", "app:2.0").replace("1.0.0", "2.0.0")).unwrap();
    let build = machine.ours("airgap-bundle", &BUILD).unwrap();
    let mut build = Daemon::start(&build, &machine.path("build.log")).unwrap();
    let before = server.asked("/blobs/").len();
    build.wait_until("it fetched blobs", || server.asked("/blobs/").len() > before).unwrap();
    sleep(Duration::from_millis(200));
    build.kill();
    assert!(fs::read(machine.path("small.tar.zst")).unwrap() == old);
    machine.bundle(&BUILD).unwrap().success().unwrap();
    assert!(fs::read(machine.path("small.tar.zst")).unwrap() != old);
}

#[test]
fn an_import_killed_at_any_moment_serves_nothing_half_and_goes_on() {
    let builder = Machine::new().unwrap();
    builder.write("big.bin", Random::new(5).bytes(192 << 20)).unwrap();
    let stack = "apiVersion: airgap/v1\nkind: Stack\nname: big\nversion: 1.0.0\ncreated: 2026-01-01\nfiles:\n  - \
                 path: big.bin\n    file: big.bin\n";
    builder.write("stack.yaml", stack).unwrap();
    airgap_tests::signer(&builder, "ci", "allowed_signers").unwrap();
    builder.bundle(&["build", "stack.yaml", "-o", "big.tar.zst", "--key", "ci"]).unwrap().success().unwrap();
    let site = Site::new(&builder.path("allowed_signers")).unwrap();
    let bundle = site.carry(&builder.path("big.tar.zst")).unwrap();
    let generations = site.state().join("generations");
    let mut random = Random::new(43);
    for round in 0..12 {
        let mut import = site.start_import(&[&bundle]).unwrap();
        import.wait_until("it began", || site.state().join("lock").exists()).unwrap();
        sleep(Duration::from_millis(random.below(500)));
        import.kill();
        for entry in fs::read_dir(&generations).into_iter().flatten().flatten() {
            let whole = entry.path().join("receipt.json").exists();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            assert!(whole || hidden, "round {round}: {} is half an import under a final name", entry.path().display());
        }
        assert!(site.jump().leftovers().unwrap().is_empty(), "round {round}");
    }
    site.import(&[&bundle], &[]).unwrap().success().unwrap();
    let left: Vec<_> = fs::read_dir(&generations).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["1"], "one generation, and nothing of the killed ones");
}

#[test]
fn a_rebuild_with_nothing_new_asks_for_no_blob() {
    let delivery = Delivery::prepare().unwrap();
    delivery.build("platform.tar.zst", &[]).unwrap().success().unwrap();
    let first = fs::read(delivery.bundle()).unwrap();
    let before = fs::metadata(delivery.bundle()).unwrap().modified().unwrap();
    delivery.build("platform.tar.zst", &[]).unwrap().success().unwrap();
    assert!(fs::read(delivery.bundle()).unwrap() == first);
    assert_eq!(fs::metadata(delivery.bundle()).unwrap().modified().unwrap(), before, "the bundle was not written");
}
