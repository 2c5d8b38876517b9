//! `verify`.

use manifests::fake::{self, FakeBundle};

use crate::shown;
use crate::site::Site;

#[test]
fn a_good_bundle() {
    let site = Site::new();
    shown!(site.run("verify demo.tar.zst --trust trust"), @r"
    exit 0
    --- stdout
    bundle     demo 1.0.0
    digest     sha256:<digest>
    signed by  ci@example.com (ssh-ed25519 SHA256:<fingerprint>)
    content    every byte is as signed
    --- stderr
    verify: 333.1 KiB, <rate>, done in <time>
    ");
    shown!(site.run("verify demo.tar.zst --trust trust --quick -o json").ok(), @r#"
    {
      "schemaVersion": 1,
      "ok": true,
      "name": "demo",
      "version": "1.0.0",
      "digest": "sha256:<digest>",
      "contentChecked": false,
      "trust": {
        "verified": true,
        "signers": [
          {
            "principal": "ci@example.com",
            "fingerprint": "SHA256:<fingerprint>",
            "keyType": "ssh-ed25519"
          }
        ],
        "ignored": []
      },
      "damages": []
    }
    "#);
}

#[test]
fn without_trust_it_refuses_and_says_how_to_make_some() {
    let machine = std::path::Path::new("/etc/airgap/allowed_signers");
    assert!(!machine.exists(), "this test needs a machine that trusts nobody: move {} away", machine.display());
    let site = Site::new();
    shown!(site.run("verify demo.tar.zst"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: nothing says whose signatures count
      help: name a file with --trust FILE, or make /etc/airgap/allowed_signers; each of its lines is `principal namespaces="airgap-bundle" keytype key`: `airgap-bundle keygen` prints it for a new key, see docs/signing.md.
        Get it from whoever builds the bundles, by another way than the bundle itself
    "#);
    for command in ["extract demo.tar.zst -o out", "join demo.tar.zst -o out", "split demo.tar.zst --size 6MiB -o out"]
    {
        let said = site.run(command).fails(2);
        assert!(said.contains("nothing says whose signatures count"), "{command}: {said}");
    }
    assert_eq!(site.names(""), ["demo.tar.zst", "trust"]);
}

#[test]
fn a_flipped_bit_is_found_and_named() {
    let site = Site::new();
    // Far behind the document: in the middle of the image's large layer.
    site.damage("demo.tar.zst", 200_000);
    shown!(site.run("verify demo.tar.zst --trust trust"), @r"
    exit 1
    --- stdout
    bundle     demo 1.0.0
    digest     sha256:<digest>
    signed by  ci@example.com (ssh-ed25519 SHA256:<fingerprint>)
    content    DAMAGED
    --- stderr
    verify: 333.1 KiB, <rate>, done in <time>
    error: the bundle is damaged in 1 place
      error: demo.tar.zst: blobs/sha256/08f166476de183f7a1b2874d544d37912aaf8d19b92013e1aafe233ba231024a: expected sha256:<digest>, but the bytes are sha256:<digest>
      help: carry it again; of a set of volumes, only those named. Where it was built: remove it and build it again
    ");
    let said = site.run("verify demo.tar.zst --trust trust -o json");
    assert_eq!(said.code, 1);
    let report: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&report["ok"], report["damages"].as_array().unwrap().len()), (&false.into(), 1));
    assert!(site.run("verify demo.tar.zst --trust trust --quick").code == 0, "the signature is still right");
}

#[test]
fn a_bundle_of_strangers_is_refused_with_their_keys() {
    let site = Site::new();
    site.run("keygen other --principal officer@example.com").ok();
    let public = std::fs::read_to_string(site.path("other.pub")).unwrap();
    site.write("others", &format!("officer@example.com {public}"));
    shown!(site.run("verify demo.tar.zst --trust others"), @r"
    exit 1
    --- stdout
    --- stderr
    error: demo.tar.zst is not trusted
      caused by: none of its signatures can be trusted
      error: signature 1 by ssh-ed25519 SHA256:<fingerprint> does not count: the key is in no line of `others`
      help: whose signatures count stands in `others`: check with the senders that the fingerprints are theirs before adding them there
    ");
    FakeBundle::small().write_with(&site.path("unsigned.tar.zst"), None, &[]);
    shown!(site.run("verify unsigned.tar.zst --trust trust"), @r"
    exit 1
    --- stdout
    --- stderr
    error: unsigned.tar.zst is not trusted
      caused by: nobody has signed it
      help: sign it with `airgap-bundle sign BUNDLE --key KEY`
    ");
}

#[test]
fn a_signature_that_does_not_count_beside_one_that_does_is_told() {
    let site = Site::new();
    site.run("keygen stranger").ok();
    site.run("sign demo.tar.zst --key stranger").ok();
    shown!(site.run("verify demo.tar.zst --trust trust --quick"), @r"
    exit 0
    --- stdout
    bundle     demo 1.0.0
    digest     sha256:<digest>
    signed by  ci@example.com (ssh-ed25519 SHA256:<fingerprint>)
    content    not checked
    --- stderr
     WARN signature 2 by ssh-ed25519 SHA256:<fingerprint> does not count: the key is in no line of `trust`
    ");
}

#[test]
fn a_wrong_trust_file_is_shown_where_it_is_wrong() {
    let site = Site::new();
    site.write("wrong", &format!("# ours\nci valid-before=\"soon\" {}", fake::allowed_signers()));
    shown!(site.run("verify demo.tar.zst --trust wrong"), @r#"
    exit 1
    --- stdout
    --- stderr
    error: wrong:2: `soon` is no timestamp
       --> wrong:2:4
      2 | ci valid-before="soon" ci@example.com namespaces="airgap-bundle" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBl/ayPhbIUyxqvIOPrNXqeJvgx2spIDNAOb+os9No1h test
        |    ^^^^^^^^^^^^^^^^^^^
      help: write YYYYMMDD or YYYYMMDDHHMM[SS]; it is read as UTC
    "#);
}
