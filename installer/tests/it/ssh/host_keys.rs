//! Machines are who they say, or nothing is said to them.

use std::os::unix::fs::PermissionsExt as _;

use super::server::{Rig, Server, keygen, run};

/// A rig to which the host key is not known.
fn stranger(server: &Server) -> Rig {
    let mut rig = Rig::of(server);
    rig.ssh().host_keys.clear();
    rig
}

fn line(server: &Server, file: &str) -> String {
    let key = std::fs::read_to_string(server.path(file)).unwrap();
    format!("[127.0.0.1]:{} {key}", server.port)
}

#[test]
fn a_machine_that_is_known_is_entered_and_a_stranger_is_not() {
    let server = Server::new();
    let rig = stranger(&server);
    let refusal = rig.refusal();
    let print = server.fingerprint();
    assert!(refusal.contains("never met before") && refusal.contains(&format!("hostKeys: [{print}]")), "{refusal}");
    assert!(refusal.contains("--accept-new-host-keys") && rig.known_hosts().is_empty(), "{refusal}");
    rig.set_known_hosts(&line(&server, "host.pub"));
    rig.run(&["true"]).unwrap();
    // Names may be hashed.
    run("ssh-keygen", &["-q", "-H", "-f", rig.options.known_hosts.to_str().unwrap()]);
    assert!(rig.known_hosts().starts_with("|1|"));
    rig.run(&["true"]).unwrap();
}

#[test]
fn what_is_accepted_at_the_first_contact_is_recorded_once() {
    let server = Server::new();
    for accepted in [Rig::of(&server), {
        let mut rig = stranger(&server);
        rig.options.accept_new = true;
        rig
    }] {
        accepted.run(&["true"]).unwrap();
        let recorded = accepted.known_hosts();
        let key = std::fs::read_to_string(server.path("host.pub")).unwrap();
        let key: Vec<_> = key.split(' ').take(2).collect();
        assert_eq!(recorded, format!("[127.0.0.1]:{} {}\n", server.port, key.join(" ")));
        let mode = std::fs::metadata(&accepted.options.known_hosts).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        accepted.run(&["true"]).unwrap();
        assert_eq!(accepted.known_hosts(), recorded);
        // OpenSSH takes it, and so do we without the site's word.
        let found = run(
            "ssh-keygen",
            &["-F", &format!("[127.0.0.1]:{}", server.port), "-f", accepted.options.known_hosts.to_str().unwrap()],
        );
        assert!(found.contains("found: line 1"), "{found}");
        stranger(&server).run(&["true"]).unwrap();
        std::fs::remove_file(&accepted.options.known_hosts).unwrap();
    }
}

#[test]
fn a_key_that_has_changed_is_never_accepted() {
    let mut server = Server::new();
    let mut rig = Rig::of(&server);
    rig.run(&["true"]).unwrap();
    let (old, recorded) = (server.fingerprint(), rig.known_hosts());
    server.change_host_key();
    let new = server.fingerprint();
    rig.options.accept_new = true;
    // Neither on the site's word for the new one, nor on the promise to believe what is new.
    for listed in [vec![new.parse().unwrap()], Vec::new()] {
        rig.ssh().host_keys = listed;
        let refusal = rig.refusal();
        for part in [&*old, &*new, "line 1 of", "ssh-keygen -R", rig.options.known_hosts.to_str().unwrap()] {
            assert!(refusal.contains(part), "{part}: {refusal}");
        }
    }
    assert_eq!(rig.known_hosts(), recorded);
}

#[test]
fn a_fingerprint_that_differs_from_the_sites_is_refused_also_where_the_key_is_known() {
    let (server, other) = (Server::new(), Server::new());
    let mut rig = Rig::of(&server);
    rig.ssh().host_keys = vec![other.fingerprint().parse().unwrap()];
    for known in [String::new(), line(&server, "host.pub")] {
        rig.set_known_hosts(&known);
        let refusal = rig.refusal();
        assert!(refusal.contains(&server.fingerprint()) && refusal.contains(&other.fingerprint()), "{refusal}");
        assert_eq!(rig.known_hosts(), known);
    }
}

#[test]
fn a_machine_shows_the_kind_of_key_that_is_known_of_it() {
    let server = Server::with(&["HostKey FOLDER/rsa"]);
    keygen(&server.path("rsa"), "rsa", "");
    let mut server = server;
    server.restart();
    let rig = stranger(&server);
    rig.set_known_hosts(&line(&server, "rsa.pub"));
    rig.run(&["true"]).unwrap();
    std::fs::remove_file(server.path("rsa")).unwrap();
    server.restart();
    let refusal = rig.refusal();
    assert!(refusal.contains("shares no algorithm"), "{refusal}");
}

#[test]
fn revoked_keys_and_files_that_can_not_be_read_stop_everything() {
    let server = Server::new();
    let rig = Rig::of(&server);
    let key = line(&server, "host.pub");
    rig.set_known_hosts(&format!("{key}@revoked * {}", key.split_once(' ').unwrap().1));
    assert!(rig.refusal().contains("line 2"), "{}", rig.refusal());
    rig.set_known_hosts(&format!("# mine\n@revoked * ssh-ed25519 {key}"));
    assert!(rig.refusal().contains("a line 2 that can't be read"), "{}", rig.refusal());
}

#[test]
fn a_certificate_of_the_hosts_authority_is_as_good_as_a_key() {
    let server = Server::with(&["HostCertificate FOLDER/host-cert.pub"]);
    let mut server = server;
    let rig = stranger(&server);
    keygen(&server.path("ca"), "ed25519", "");
    keygen(&server.path("other-ca"), "ed25519", "");
    let mut sign = |authority: &str, name: &str, more: &[&str]| {
        let (authority, host) = (server.path(authority), server.path("host.pub"));
        let words = ["-q", "-s", authority.to_str().unwrap(), "-I", "test", "-h", "-n", name];
        run("ssh-keygen", &[&words[..], more, &[host.to_str().unwrap()]].concat());
        server.restart();
    };
    let authority = std::fs::read_to_string(rig.folder.join("ca.pub")).unwrap();
    rig.set_known_hosts(&format!("@cert-authority * {authority}"));
    sign("ca", "127.0.0.1", &["-V", "+1d"]);
    rig.run(&["true"]).unwrap();
    sign("ca", "10.0.0.9", &["-V", "+1d"]);
    assert!(rig.refusal().contains("is not for 127.0.0.1"), "{}", rig.refusal());
    sign("ca", "127.0.0.1", &["-V", "20200101:20200102"]);
    assert!(rig.refusal().contains("does not hold now"), "{}", rig.refusal());
    sign("other-ca", "127.0.0.1", &["-V", "+1d"]);
    assert!(rig.refusal().contains("signed by somebody else"), "{}", rig.refusal());
}
