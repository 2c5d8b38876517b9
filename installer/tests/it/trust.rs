//! Who vouches for a bundle decides whether anything happens at all.

use manifests::fake::FakeBundle;

use crate::context::{Context, Ended, filters};

#[test]
fn nobody_is_trusted_by_default_and_the_refusal_says_how_to_change_that() {
    let context = Context::with_bundle();
    let ended = context.run(&["--bundle", "bundle.tar.zst", "--trust", "nowhere"]);
    assert!(!context.state().exists());
    let _filters = filters();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn without_any_trust_it_refuses_as_the_other_commands_do() {
    let machine = std::path::Path::new(airgap_console::trust::DEFAULT_FILE);
    assert!(!machine.exists(), "this test needs a machine that trusts nobody: move {} away", machine.display());
    let context = Context::with_bundle();
    for command in [&["--bundle", "bundle.tar.zst"][..], &["verify", "--bundle", "bundle.tar.zst"]] {
        let ended = context.run(command);
        assert_eq!(ended.code, Some(2), "{}", ended.show());
        assert!(ended.stderr.contains("nothing says whose signatures count"), "{}", ended.show());
        assert!(ended.stderr.contains("by another way than the bundle"), "{}", ended.show());
    }
    assert!(!context.state().exists());
}

#[test]
fn whom_to_trust_can_come_from_the_environment() {
    let context = Context::with_bundle();
    let verify = |trust: &str| {
        let mut command = context.command(&["verify", "--bundle", "bundle.tar.zst"]);
        Ended::of(command.env("AIRGAP_TRUST", trust).output().unwrap())
    };
    verify("allowed_signers").succeeded();
    assert_eq!(verify("nowhere").code, Some(1));
    // Without a bundle nobody has to be trusted, whatever the environment says.
    let mut held = context.command(&["verify"]);
    Ended::of(held.env("AIRGAP_TRUST", "nowhere").output().unwrap()).succeeded();
}

#[test]
fn a_bundle_that_nobody_signed_is_refused() {
    let context = Context::new();
    FakeBundle::small().write_with(&context.path("bundle.tar.zst"), None, &[]);
    let ended = context.import("bundle.tar.zst", &[]);
    assert!(!context.state().exists());
    let _filters = filters();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn a_bundle_of_somebody_else_is_refused_with_the_reason_for_each_signature() {
    let context = Context::with_bundle();
    let other = "boss@example.com namespaces=\"airgap-bundle\" ssh-ed25519 \
                 AAAAC3NzaC1lZDI1NTE5AAAAIIq0mXGJ0n0bJ7sTcJ0Zl7Z8Q2xkz0w0kzvR1lJ9Q9mJ\n";
    std::fs::write(context.path("allowed_signers"), other).unwrap();
    let ended = context.import("bundle.tar.zst", &[]);
    assert!(!context.state().exists());
    let _filters = filters();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn one_signer_is_not_two() {
    let context = Context::with_bundle();
    let ended = context.import("bundle.tar.zst", &["--threshold", "2"]);
    assert_eq!(ended.code, Some(1));
    let _filters = filters();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn verify_checks_every_byte_and_changes_nothing() {
    let context = Context::with_bundle();
    let verify = ["verify", "--bundle", "bundle.tar.zst", "--trust", "allowed_signers"];
    let ended = context.run(&verify).succeeded();
    assert!(!context.state().exists());
    let _filters = filters();
    insta::assert_snapshot!(ended.show());

    let mut bytes = std::fs::read(context.path("bundle.tar.zst")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(context.path("bundle.tar.zst"), bytes).unwrap();
    let ended = context.run(&verify);
    assert_eq!(ended.code, Some(1));
    insta::assert_snapshot!(ended.show());
}
