//! What a site tells about itself, and how it is taken apart.

use manifests::fake::FakeBundle;

use crate::context::{Context, filters};

fn two_generations() -> Context {
    let context = Context::new();
    for version in ["1.0.0", "2.0.0"] {
        FakeBundle::new("demo", version)
            .files("tools", &[("version", version.as_bytes())])
            .write(&context.path("bundle.tar.zst"));
        context.import("bundle.tar.zst", &[]).succeeded();
    }
    context
}

#[test]
fn a_site_that_holds_nothing_says_so() {
    let context = Context::new();
    let ended = context.run(&["status"]).succeeded();
    assert!(!context.state().exists());
    let _filters = filters();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn the_next_version_is_the_next_generation_and_status_lists_both() {
    let context = two_generations();
    let _filters = filters();
    insta::assert_snapshot!(context.run(&["status"]).succeeded().show());
}

#[test]
fn the_generation_in_use_is_not_removed_by_accident() {
    let context = two_generations();
    let refused = context.run(&["remove", "2", "--yes"]);
    let unconfirmed = context.run(&["remove", "1"]);
    let unknown = context.run(&["remove", "7", "--yes"]);
    assert_eq!(context.files("state/generations").len(), 4);
    let removed = context.run(&["remove", "1", "--yes"]).succeeded();
    assert_eq!(context.files("state/generations"), ["2/bundle.tar.zst", "2/receipt.json"]);
    let _filters = filters();
    insta::assert_snapshot!([refused, unconfirmed, unknown, removed].map(|ended| ended.show()).join("\n"));
}

#[test]
fn what_is_damaged_at_the_site_is_found_by_verify_and_healed_by_the_same_bundle() {
    let context = Context::with_bundle();
    context.import("bundle.tar.zst", &[]).succeeded();
    FakeBundle::new("other", "1.0.0").files("tools", &[("version", b"1")]).write(&context.path("other.tar.zst"));
    context.import("other.tar.zst", &[]).succeeded();
    assert_eq!(context.run(&["verify", "--threshold", "2"]).code, Some(2), "there is no signature to count");
    let whole = context.run(&["verify"]).succeeded();
    let kept = context.state().join("generations/1/bundle.tar.zst");
    let mut bytes = std::fs::read(&kept).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&kept, bytes).unwrap();
    let damaged = context.run(&["verify"]);
    let listed = context.run(&["verify", "-o", "json"]).json();
    assert_eq!([&listed["generations"][0]["whole"], &listed["generations"][1]["whole"]], [false, true]);
    let healed = context.import("bundle.tar.zst", &[]).succeeded();
    let good = std::fs::read(context.path("bundle.tar.zst")).unwrap();
    assert!(std::fs::read(context.state().join("generations/3/bundle.tar.zst")).unwrap() == good);
    assert!(!kept.exists(), "the damaged one is gone");
    context.run(&["verify"]).succeeded();
    let _filters = filters();
    insta::assert_snapshot!([whole, damaged, healed].map(|ended| ended.show()).join("\n"));
}

#[test]
fn a_damaged_receipt_is_told_and_healed_by_the_same_bundle_or_removed() {
    let context = two_generations();
    let receipt = |number: u32| context.state().join(format!("generations/{number}/receipt.json"));
    std::fs::write(receipt(1), "").unwrap();
    std::fs::remove_file(receipt(2)).unwrap();
    let status = context.run(&["status"]).succeeded();
    assert_eq!(status.stdout.matches("NOT USABLE").count(), 2, "{}", status.show());
    let verified = context.run(&["verify"]);
    assert!(verified.code == Some(1) && verified.stderr.contains("2 of 2 generations"), "{}", verified.show());
    let listed = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(listed["unreadable"][1]["generation"], 2);
    // The archive beside the receipt is that of 2.0.0, and goes with it.
    context.import("bundle.tar.zst", &[]).succeeded();
    context.run(&["remove", "1", "--yes"]).succeeded();
    assert_eq!(context.files("state/generations"), ["3/bundle.tar.zst", "3/receipt.json"]);
    std::fs::write(context.state().join("floors.json"), "x").unwrap();
    let told = context.run(&["status"]);
    assert!(told.stderr.contains("from a backup") && told.stderr.contains("latest of each name"), "{}", told.show());
    // As it is said there: what is removed is known again once the latest bundle is installed.
    std::fs::remove_file(context.state().join("floors.json")).unwrap();
    context.import("bundle.tar.zst", &[]).succeeded();
    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["floors"]["demo"], "2.0.0");
}

#[test]
fn uninstall_says_what_it_keeps_and_purge_keeps_nothing() {
    let context = two_generations();
    let unconfirmed = context.run(&["uninstall"]);
    let kept = context.run(&["uninstall", "--yes"]).succeeded();
    assert_eq!(context.files("state"), ["floors.json", "journal.jsonl", "lock"]);
    FakeBundle::new("demo", "1.0.0").write(&context.path("bundle.tar.zst"));
    assert_eq!(context.import("bundle.tar.zst", &[]).code, Some(1), "the floor stays");
    let purged = context.run(&["uninstall", "--yes", "--purge"]).succeeded();
    assert!(!context.state().exists());
    let again = context.run(&["uninstall", "--yes", "--purge"]).succeeded();
    let _filters = filters();
    insta::assert_snapshot!([unconfirmed, kept, purged, again].map(|ended| ended.show()).join("\n"));
}

#[test]
fn wrong_usage_ends_with_code_2() {
    let context = Context::new();
    let wrong = [
        &["--bundle", "x", "--no-serve", "status"][..],
        &["--no-such"],
        &["remove"],
        &["--no-serve"],
        &["--bundle", "x", "--address", "jump:5000"],
        &["--bundle", "x", "--no-serve", "--listen", "127.0.0.1:5999"],
        &["--bundle", "x", "--no-serve", "--address", "jump"],
        &["--bundle", "x", "--no-serve", "--anonymous-pull"],
    ];
    for arguments in wrong {
        assert_eq!(context.run(arguments).code, Some(2), "{arguments:?}");
    }
}

#[test]
fn completions_and_manual_pages_are_made() {
    let context = Context::new();
    assert!(context.run(&["completions", "bash"]).succeeded().stdout.contains("airgap-install"));
    context.run(&["man", "man"]).succeeded();
    assert!(context.files("man").contains(&"airgap-install.1".to_owned()));
}

#[test]
fn the_help_is_as_it_is_shown_here() {
    let context = Context::new();
    insta::assert_snapshot!(context.run(&["--help"]).succeeded().stdout);
}
