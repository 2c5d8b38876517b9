//! `keygen` and `sign`.

use manifests::fake::FakeBundle;

use crate::shown;
use crate::site::Site;

/// A site with an unsigned bundle, a key `ci` and a file `trust` that trusts only it.
fn unsigned() -> Site {
    let site = Site::new();
    FakeBundle::small().write_with(&site.path("demo.tar.zst"), None, &[]);
    site.run("keygen ci --principal ci@example.com").ok();
    trust(&site, &["ci"]);
    site
}

/// Lets `trust` name the holders of these keys.
fn trust(site: &Site, names: &[&str]) {
    let line = |name: &&str| {
        let public = std::fs::read_to_string(site.path(&format!("{name}.pub"))).unwrap();
        format!("{name}@example.com namespaces=\"airgap-bundle\" {public}")
    };
    site.write("trust", &names.iter().map(line).collect::<String>());
}

#[test]
fn a_new_key_says_how_sites_trust_it() {
    let site = Site::new();
    let said = site.run("keygen ci --principal ci@example.com").ok();
    let line = said.lines().last().unwrap();
    assert!(line.starts_with("ci@example.com namespaces=\"airgap-bundle\" ssh-ed25519 AAAA"), "{said}");
    let listed = site.tool("ssh-keygen -l -f ci.pub");
    let json: serde_json::Value = serde_json::from_str(&site.run("keygen b -o json").ok()).unwrap();
    assert!(listed.contains(said.split_whitespace().find(|word| word.starts_with("SHA256:")).unwrap()), "{listed}");
    assert_eq!(json["private"], "b");
}

#[test]
fn no_key_is_overwritten_and_half_a_pair_is_told_how_to_go_on_with() {
    let site = Site::new();
    site.run("keygen ci").ok();
    let (private, public) = (site.tool("cat ci"), site.tool("cat ci.pub"));
    shown!(site.run("keygen ci"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `ci` is there already, and keys are never overwritten
      help: give another name, or use the key that is there
    ");
    // As a run leaves it that is killed between the two.
    site.tool("rm ci.pub");
    shown!(site.run("keygen ci"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `ci` is there already, and keys are never overwritten
      help: give another name; the public half of this key: `ssh-keygen -y -f ci > ci.pub`
    ");
    assert_eq!(site.tool("cat ci"), private);
    let again = site.tool("ssh-keygen -y -f ci");
    assert_eq!(again.trim_end(), public.trim_end());
    site.write("ci.pub", &public);
    site.tool("rm ci");
    shown!(site.run("keygen ci"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `ci.pub` is there already, and keys are never overwritten
      help: give another name; or remove it if nobody has its private key `ci`
    ");
    assert_eq!(site.names(""), ["ci.pub", "demo.tar.zst", "trust"]);
}

#[test]
fn signing_changes_only_the_place_for_signatures() {
    let site = unsigned();
    let before = std::fs::read(site.path("demo.tar.zst")).unwrap();
    shown!(site.run("sign demo.tar.zst --key ci"), @r"
    exit 0
    --- stdout
    signed by SHA256:<fingerprint>
    demo.tar.zst has 1 signature now
    --- stderr
    ");
    let after = std::fs::read(site.path("demo.tar.zst")).unwrap();
    let changed: Vec<usize> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
    assert_eq!(before.len(), after.len());
    assert!(changed.last().unwrap() - changed[0] < 33 << 10, "{changed:?}");
    site.run("verify demo.tar.zst --trust trust").ok();
    assert_eq!(site.run("sign demo.tar.zst --key ci").ok(), "these keys have signed it already\n");
}

#[test]
fn a_signer_who_is_offline_uses_ssh_keygen_alone() {
    let site = unsigned();
    site.tool("ssh-keygen -q -t ecdsa -N '' -f officer -C officer");
    trust(&site, &["ci", "officer"]);
    site.run("sign demo.tar.zst --key ci --export bundle.json").ok();
    let too_few = site.run("verify demo.tar.zst --trust trust --threshold 2").fails(1);
    assert!(too_few.contains("1 of the 2 signatures needed can be trusted"), "{too_few}");
    site.tool("ssh-keygen -q -Y sign -n airgap-bundle -f officer bundle.json");
    site.run("sign demo.tar.zst --attach bundle.json.sig").ok();
    let verified = site.run("verify demo.tar.zst --trust trust --threshold 2").ok();
    assert!(verified.contains("ci@example.com") && verified.contains("officer@example.com"), "{verified}");
    // What stands in the archive is what ssh-keygen made.
    site.tool("tar --zstd -xf demo.tar.zst signatures");
    let made = std::fs::read(site.path("bundle.json.sig")).unwrap();
    assert_eq!(std::fs::read(site.path("signatures/2.sig")).unwrap(), made);
}

#[test]
fn a_signature_of_something_else_is_not_attached() {
    let site = unsigned();
    site.write("other.json", "{}");
    site.tool("ssh-keygen -q -Y sign -n airgap-bundle -f ci other.json");
    shown!(site.run("sign demo.tar.zst --attach other.json.sig"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `other.json.sig` is no signature of this bundle
      caused by: it is not over this bundle.json: the bundle or the signature was changed, or it belongs to another bundle
    ");
    site.tool("ssh-keygen -q -Y sign -n file -f ci trust");
    let said = site.run("sign demo.tar.zst --attach trust.sig").fails(1);
    assert!(said.contains("it is for `file`, not for `airgap-bundle`"), "{said}");
}

#[test]
fn keys_that_are_not_private_or_not_there_are_told() {
    let site = unsigned();
    shown!(site.run("sign demo.tar.zst --key ci.pub"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `ci.pub` is a public key
      help: name the private key, or use `--agent ci.pub` if ssh-agent has it
    ");
    site.tool("chmod 644 ci");
    shown!(site.run("sign demo.tar.zst --key ci"), @r"
    exit 1
    --- stdout
    --- stderr
    error: `ci` can be read by others (mode 0644)
      help: a private key must be its owner's alone: `chmod 600 ci`; if others may have read it, make a new one
    ");
    shown!(site.run("sign demo.tar.zst --key nokey"), @r"
    exit 1
    --- stdout
    --- stderr
    error: there is no `nokey`
      help: name the file of a key; `airgap-bundle keygen FILE` makes a new one
    ");
    shown!(site.run("sign demo.tar.zst --agent ci.pub"), @r"
    exit 1
    --- stdout
    --- stderr
    error: there is no ssh-agent: SSH_AUTH_SOCK is not set
      help: start one with `eval $(ssh-agent)` and add the key with `ssh-add`
    ");
}

#[test]
fn a_passphrase_comes_from_a_file() {
    let site = unsigned();
    site.write("secret", "open sesame\n");
    site.run("keygen locked --passphrase-file secret").ok();
    assert!(std::fs::read_to_string(site.path("locked")).unwrap().contains("OPENSSH PRIVATE KEY"));
    site.run("sign demo.tar.zst --key locked --passphrase-file secret").ok();
    site.write("secret", "open barley\n");
    let said = site.run("sign demo.tar.zst --key locked --passphrase-file secret").fails(1);
    assert!(said.contains("the passphrase does not open `locked`"), "{said}");
}
