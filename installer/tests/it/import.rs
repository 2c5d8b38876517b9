//! Taking bundles in.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use manifests::fake::FakeBundle;

use crate::context::{Context, filters};

#[test]
fn a_bundle_becomes_a_generation_and_the_second_run_changes_nothing() {
    let context = Context::with_bundle();
    let first = context.import("bundle.tar.zst", &[]).succeeded();
    let before = context.files("state");
    let second = context.import("bundle.tar.zst", &[]).succeeded();
    assert_eq!(context.files("state"), before);
    assert!(context.litter().is_empty());
    let _filters = filters();
    insta::assert_snapshot!(first.show());
    insta::assert_snapshot!(second.show());
    insta::assert_debug_snapshot!(before);
}

#[test]
fn what_is_kept_is_the_bundle_byte_for_byte() {
    let context = Context::with_bundle();
    context.import("bundle.tar.zst", &[]).succeeded();
    let kept = std::fs::read(context.state().join("generations/1/bundle.tar.zst")).unwrap();
    assert!(kept == std::fs::read(context.path("bundle.tar.zst")).unwrap());
}

#[test]
fn a_file_that_nobody_may_write_is_linked_and_any_other_is_copied() {
    let context = Context::with_bundle();
    let bundle = context.path("bundle.tar.zst");
    std::fs::set_permissions(&bundle, std::fs::Permissions::from_mode(0o444)).unwrap();
    context.import("bundle.tar.zst", &[]).succeeded();
    let kept = context.state().join("generations/1/bundle.tar.zst").metadata().unwrap();
    // Where blocks can be shared, that is better still, and the file is another one.
    assert!(kept.ino() == bundle.metadata().unwrap().ino() || kept.nlink() == 1);
    assert_eq!(bundle.metadata().unwrap().nlink(), if kept.nlink() == 2 { 2 } else { 1 });

    let context = Context::with_bundle();
    context.import("bundle.tar.zst", &[]).succeeded();
    assert_eq!(context.path("bundle.tar.zst").metadata().unwrap().nlink(), 1);
}

#[test]
fn volumes_are_imported_from_wherever_they_lie() {
    let context = Context::new();
    // Volumes are a few megabytes at least.
    let noise = |seed: u32| -> Vec<u8> { (0..3_000_000_u32).map(|i| (i.wrapping_mul(seed) >> 11) as u8).collect() };
    let layers: Vec<Vec<u8>> = [2_654_435_761, 2_246_822_519, 3_266_489_917, 668_265_263].map(noise).into();
    let layers: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let bundle = FakeBundle::new("demo", "1.0.0").image("docker.io/library/nginx:1.27", &layers);
    let signature = manifests::fake::sign(bundle.plan().document_bytes());
    let volumes = bundle.write_with(&context.path("bundle.tar.zst"), Some(6 << 20), &[signature]);
    assert!(volumes.len() > 1, "{volumes:?}");
    for folder in ["usb", "dvd"] {
        std::fs::create_dir(context.path(folder)).unwrap();
    }
    // The first on one medium, the others on another: one of each is named.
    let mut named = Vec::new();
    for (number, volume) in volumes.iter().enumerate() {
        let name = volume.file_name().unwrap().to_str().unwrap();
        let place = format!("{}/{name}", if number == 0 { "usb" } else { "dvd" });
        std::fs::rename(volume, context.path(&place)).unwrap();
        named.push(place);
    }
    let missing = context.import(&named[0], &[]);
    assert!(missing.code == Some(1) && missing.stderr.contains("missing"), "{}", missing.show());
    let ended = context.import(&named[0], &["--bundle", &named[1]]).succeeded();
    assert!(ended.stdout.contains("generation 1"), "{}", ended.show());
    context.run(&["status"]).succeeded();

    // A folder stands for the volumes in it, for every command that takes a bundle.
    let folders = ["--bundle", "usb", "--bundle", "dvd", "--trust", "allowed_signers"];
    for command in [&["verify"][..], &["plan"], &["--no-serve", "--dry-run"], &["--no-serve"]] {
        context.run(&[command, &folders[..]].concat()).succeeded();
    }
    let none = context.import("tmp", &[]);
    assert!(none.code == Some(2) && none.stderr.contains("holds no bundle"), "{}", none.show());
}

#[test]
fn in_place_keeps_a_receipt_only_and_reads_from_a_folder_that_can_not_be_written() {
    let context = Context::with_bundle();
    std::fs::create_dir(context.path("medium")).unwrap();
    std::fs::rename(context.path("bundle.tar.zst"), context.path("medium/bundle.tar.zst")).unwrap();
    for (path, mode) in [("medium/bundle.tar.zst", 0o444), ("medium", 0o555)] {
        std::fs::set_permissions(context.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    context.import("medium/bundle.tar.zst", &["--in-place"]).succeeded();
    assert_eq!(context.files("state/generations"), ["1/receipt.json"]);
    assert_eq!(context.files("medium"), ["bundle.tar.zst"]);
    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["generations"][0]["inPlace"], true);
    assert_eq!(status["generations"][0]["usable"], true);
    std::fs::rename(context.path("medium"), context.path("gone")).unwrap();
    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["generations"][0]["usable"], false);
    std::fs::set_permissions(context.path("gone"), std::fs::Permissions::from_mode(0o755)).unwrap();

    // The medium turned up elsewhere: the generation that lost its files goes.
    context.import("gone/bundle.tar.zst", &["--in-place"]).succeeded();
    assert_eq!(context.files("state/generations"), ["2/receipt.json"]);
}

#[test]
fn what_was_served_from_a_medium_is_taken_in_when_that_is_asked_for() {
    let context = Context::with_bundle();
    context.import("bundle.tar.zst", &["--in-place"]).succeeded();
    let planned = context.run(&["plan", "--bundle", "bundle.tar.zst", "--trust", "allowed_signers"]).succeeded();
    assert!(planned.stdout.contains("served from its medium so far"), "{}", planned.show());
    context.import("bundle.tar.zst", &[]).succeeded();
    assert_eq!(context.files("state/generations"), ["2/bundle.tar.zst", "2/receipt.json"]);
    // What is taken in needs no medium any more, and stays so.
    std::fs::remove_file(context.path("bundle.tar.zst")).unwrap();
    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["generations"][0]["inPlace"], false);
    assert_eq!(status["generations"][0]["usable"], true);
}

#[test]
fn a_damaged_bundle_is_not_imported_and_the_damage_is_named() {
    let context = Context::with_bundle();
    let mut bytes = std::fs::read(context.path("bundle.tar.zst")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(context.path("bundle.tar.zst"), bytes).unwrap();
    let ended = context.import("bundle.tar.zst", &[]);
    assert_eq!(ended.code, Some(1));
    assert!(!context.state().join("generations/1").exists());
    let _filters = filters();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn an_older_version_is_refused_unless_that_is_said_also_after_the_newer_one_was_removed() {
    let context = Context::new();
    for version in ["1.9.0", "1.10.0"] {
        FakeBundle::new("demo", version)
            .files("tools", &[("version", version.as_bytes())])
            .write(&context.path(&format!("{version}.tar.zst")));
    }
    context.import("1.10.0.tar.zst", &[]).succeeded();
    let refused = context.import("1.9.0.tar.zst", &[]);
    {
        let _filters = filters();
        insta::assert_snapshot!(refused.show());
    }
    context.run(&["remove", "1", "--yes", "--force"]).succeeded();
    assert_eq!(context.import("1.9.0.tar.zst", &[]).code, Some(1));
    context.import("1.9.0.tar.zst", &["--allow-downgrade"]).succeeded();
    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["generations"][0]["version"], "1.9.0");
    assert_eq!(status["floors"]["demo"], "1.10.0", "the floor never goes back");
}

#[test]
fn the_plan_says_what_would_be_done_and_why_and_does_nothing() {
    let context = Context::with_bundle();
    let arguments = ["plan", "--bundle", "bundle.tar.zst", "--trust", "allowed_signers", "--foreground"];
    let plan = context.run(&arguments).succeeded();
    assert!(!context.state().exists());
    let _filters = filters();
    insta::assert_snapshot!(plan.show());
    let dry = context.import("bundle.tar.zst", &["--dry-run", "-o", "json"]).succeeded();
    assert_eq!(dry.json()["generation"], 1);
    assert!(!context.state().exists());
}

#[test]
fn events_are_json_lines_and_the_journal_holds_the_same() {
    let context = Context::with_bundle();
    let ended = context.import("bundle.tar.zst", &["--log-format", "json"]).succeeded();
    let events = |text: &str| -> Vec<String> {
        let event = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        let name = |value: serde_json::Value| format!("{} {}", value["event"], value["step"]);
        text.lines().map(event).filter(|value| value["event"] != "progress").map(name).collect()
    };
    let journal = std::fs::read_to_string(context.state().join("journal.jsonl")).unwrap();
    assert_eq!(events(&ended.stderr), events(&journal));
    insta::assert_debug_snapshot!(events(&journal));
}

#[test]
fn programs_get_the_report_as_json() {
    let context = Context::with_bundle();
    let report = context.import("bundle.tar.zst", &["-o", "json"]).succeeded().json();
    assert_eq!((&report["schemaVersion"], &report["generation"]), (&1.into(), &1.into()));
    assert_eq!((&report["bundle"]["name"], &report["changed"]), (&"demo".into(), &true.into()));
    assert_eq!((&report["images"], &report["charts"], &report["files"]), (&1.into(), &1.into(), &2.into()));
    assert_eq!(report["signers"][0]["principal"], manifests::fake::SIGNER);
    let again = context.import("bundle.tar.zst", &["-o", "json"]).succeeded().json();
    assert_eq!(again["changed"], false);
    let verified = context
        .run(&["verify", "--bundle", "bundle.tar.zst", "--trust", "allowed_signers", "-o", "json"])
        .succeeded()
        .json();
    assert_eq!(verified["bundle"], report["bundle"]);
}
