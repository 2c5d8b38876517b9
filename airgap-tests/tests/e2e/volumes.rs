//! A bundle on several media: what is missing, damaged or foreign is named, and only that is carried again.

use std::fs;
use std::path::PathBuf;

use airgap_tests::{Delivery, Machine, Site};

const SIZE: u64 = 6 << 20;

/// The shared content, split; the result is the files of the set in order, volumes first.
fn split(delivery: &Delivery, machine: &Machine) -> Vec<PathBuf> {
    let output = machine.path("platform.tar.zst").display().to_string();
    delivery.build(&output, &["--split", "6MiB"]).unwrap().success().unwrap();
    let mut files: Vec<_> = fs::read_dir(machine.work()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().contains("platform.tar.zst"));
    files.sort();
    files
}

fn volumes(files: &[PathBuf]) -> Vec<&PathBuf> {
    let digits = |path: &&PathBuf| path.extension().is_some_and(|e| e.to_string_lossy().parse::<u32>().is_ok());
    files.iter().filter(digits).collect()
}

fn verify(machine: &Machine, delivery: &Delivery) -> airgap_tests::Outcome {
    let trust = delivery.trust().display().to_string();
    machine.bundle(&["verify", ".", "--trust", &trust]).unwrap()
}

#[test]
fn volumes_are_checked_one_by_one() {
    let delivery = Delivery::shared().unwrap();
    let machine = Machine::new().unwrap();
    let files = split(&delivery, &machine);
    let volumes = volumes(&files);
    assert!(volumes.len() >= 4, "{files:?}");
    for volume in &volumes {
        assert!(fs::metadata(volume).unwrap().len() < SIZE);
        machine.run("zstd", &["-q", "-t", &volume.display().to_string()]).unwrap();
    }
    verify(&machine, &delivery).success().unwrap();

    let third = fs::read(volumes[2]).unwrap();
    let name = volumes[2].file_name().unwrap().to_string_lossy().into_owned();
    fs::remove_file(volumes[2]).unwrap();
    let missing = verify(&machine, &delivery).failure().unwrap();
    assert!(missing.stderr.contains(&name) || missing.stderr.contains("volume 3"), "{missing}");

    fs::write(volumes[2], &third[..third.len() - 100]).unwrap();
    let short = verify(&machine, &delivery).failure().unwrap();
    assert!(short.stderr.contains(&name) || short.stderr.contains("volume 3"), "{short}");

    let mut damaged = third.clone();
    damaged[third.len() / 2] ^= 1;
    fs::write(volumes[2], &damaged).unwrap();
    let damaged = verify(&machine, &delivery).failure().unwrap();
    assert!(damaged.stderr.contains(&name) || damaged.stderr.contains("volume 3"), "{damaged}");

    fs::write(volumes[2], fs::read(volumes[1]).unwrap()).unwrap();
    verify(&machine, &delivery).failure().unwrap();

    fs::write(volumes[2], &third).unwrap();
    verify(&machine, &delivery).success().unwrap();
}

#[test]
fn a_volume_of_another_set_is_named() {
    let delivery = Delivery::shared().unwrap();
    let machine = Machine::new().unwrap();
    let files = split(&delivery, &machine);
    let name = volumes(&files)[1].clone();
    let other = Delivery::prepare().unwrap();
    other.machine().write("stack.yaml", other.stack("1.0.1").unwrap()).unwrap();
    other.build("platform.tar.zst", &["--split", "6MiB"]).unwrap().success().unwrap();
    fs::copy(other.machine().path(name.file_name().unwrap()), &name).unwrap();
    let foreign = verify(&machine, &delivery).failure().unwrap();
    let file = name.file_name().unwrap().to_string_lossy().into_owned();
    assert!(foreign.stderr.contains(&file), "{foreign}");
}

#[test]
fn volumes_are_served_where_they_lie_and_join_to_the_same_archive() {
    let delivery = Delivery::shared().unwrap();
    let machine = Machine::new().unwrap();
    let files = split(&delivery, &machine);
    let mut site = Site::new(&delivery.trust()).unwrap();
    for file in &files {
        site.carry(file).unwrap();
    }
    let first = site.jump().path("media/platform.tar.zst.001");
    site.serve(&[&first], &["--in-place"]).unwrap();
    let client = site.client().unwrap();
    let data = site.curl(&client, "/files/platform/release/data.bin", &[]).unwrap();
    assert!(data == delivery.upstream().fixtures().file("release/data.bin").unwrap());
    let trust = delivery.trust().display().to_string();
    machine.bundle(&["join", ".", "-o", "joined.tar.zst", "--trust", &trust]).unwrap().success().unwrap();
    assert!(fs::read(machine.path("joined.tar.zst")).unwrap() == fs::read(delivery.bundle()).unwrap());
}
