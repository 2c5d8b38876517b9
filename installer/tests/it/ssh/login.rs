//! Who we are: keys, passphrases, certificates, the agent; and the way through bastions.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use installer::ssh::Connections;
use manifests::site::Bastion;

use super::server::{Rig, Server, keygen, me, run, text};

#[test]
fn a_wrong_key_is_named_with_what_the_server_takes() {
    let server = Server::new();
    keygen(&server.path("other"), "ed25519", "");
    let rig = Rig::with(&server, &format!("key: {}", server.path("other").display()));
    let refusal = rig.refusal();
    let print = run("ssh-keygen", &["-lf", server.path("other").to_str().unwrap()]);
    let print = print.split(' ').nth(1).unwrap();
    for part in [print, "other", "it takes publickey", "authorized_keys", &me()] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
}

#[test]
fn keys_of_all_kinds_let_in() {
    let server = Server::with(&["PubkeyAcceptedAlgorithms rsa-sha2-512,ecdsa-sha2-nistp256"]);
    for kind in ["rsa", "ecdsa"] {
        let key = server.path(kind);
        keygen(&key, kind, "");
        std::fs::copy(key.with_extension("pub"), server.path("authorized_keys")).unwrap();
        Rig::with(&server, &format!("key: {}", key.display())).run(&["true"]).unwrap();
    }
}

#[test]
fn an_encrypted_key_opens_with_its_passphrase_alone() {
    let server = Server::new();
    let (key, passphrase) = (server.path("locked"), server.path("passphrase"));
    keygen(&key, "ed25519", "open sesame");
    std::fs::copy(server.path("locked.pub"), server.path("authorized_keys")).unwrap();
    let write = |text: &str| {
        std::fs::write(&passphrase, text).unwrap();
        std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let with = format!("key: {}\npassphrase: {{file: {}}}", key.display(), passphrase.display());
    write("open sesame\n");
    let mut rig = Rig::with(&server, &with);
    rig.fetch_secrets();
    assert!(!format!("{:?} {:?}", rig.secrets, rig.connections()).contains("sesame"));
    rig.run(&["true"]).unwrap();
    write("close sesame\n");
    rig.fetch_secrets();
    let problem =
        |rig: &Rig| format!("{:?}", Connections::new(&rig.site, &rig.folder, &rig.secrets, &rig.options).unwrap_err());
    assert!(problem(&rig).contains("does not open with its passphrase"), "{}", problem(&rig));
    let rig = Rig::with(&server, &format!("key: {}", key.display()));
    assert!(problem(&rig).contains("is encrypted"), "{}", problem(&rig));
}

#[test]
fn a_certificate_lets_in_where_the_key_alone_does_not() {
    let server = Server::with(&["TrustedUserCAKeys FOLDER/ca.pub"]);
    keygen(&server.path("ca"), "ed25519", "");
    keygen(&server.path("own"), "rsa", "");
    let sign = |names: &str| {
        let (ca, own) = (server.path("ca"), server.path("own.pub"));
        run("ssh-keygen", &["-q", "-s", ca.to_str().unwrap(), "-I", "me", "-n", names, own.to_str().unwrap()]);
    };
    let key = format!("key: {}", server.path("own").display());
    let with = format!("{key}\ncertificate: {}", server.path("own-cert.pub").display());
    sign(&me());
    Rig::with(&server, &key).run(&["true"]).unwrap_err();
    Rig::with(&server, &with).run(&["true"]).unwrap();
    sign("somebody-else");
    let refusal = Rig::with(&server, &with).refusal();
    assert!(refusal.contains("the certificate of") && refusal.contains("it takes publickey"), "{refusal}");
}

/// An agent of a test's own.
struct Agent(Child);

impl Agent {
    fn start(socket: &Path, keys: &[&Path]) -> Self {
        let mut command = Command::new("ssh-agent");
        let agent = Self(command.arg("-D").arg("-a").arg(socket).stdout(Stdio::null()).spawn().unwrap());
        while !socket.exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        for key in keys {
            let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", socket).output().unwrap();
            assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        }
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tells a run of this test which server to enter: the agent is found by the environment, which a process has but one of.
const PORT: &str = "AIRGAP_TEST_SSHD";

#[test]
fn the_agents_keys_are_tried_one_after_the_other() {
    if let Some(text) = std::env::var_os(PORT) {
        return enter_with_agent(&text.into_string().unwrap());
    }
    let server = Server::new();
    keygen(&server.path("first"), "ed25519", "");
    let within = |agent: Option<&Path>| {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "ssh::login::the_agents_keys_are_tried_one_after_the_other", "--nocapture"]);
        again.env(PORT, format!("{} {} {}", server.port, server.fingerprint(), server.folder.path().display()));
        again.env_remove("SSH_AUTH_SOCK").envs(agent.map(|socket| ("SSH_AUTH_SOCK", socket)));
        let output = again.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let both = Agent::start(&server.path("both"), &[&server.path("first"), &server.path("id")]);
    assert!(within(Some(&server.path("both"))).contains("entered"));
    drop(both);
    let _one = Agent::start(&server.path("one"), &[&server.path("first")]);
    let said = within(Some(&server.path("one")));
    assert!(said.contains("a test's of the agent") && said.contains("it takes publickey"), "{said}");
    let _none = Agent::start(&server.path("none"), &[]);
    assert!(within(Some(&server.path("none"))).contains("the agent has no keys"));
    assert!(within(Some(&server.path("both"))).contains("the agent can't be asked"));
    assert!(within(None).contains("SSH_AUTH_SOCK is not set"));
}

#[allow(clippy::print_stdout, reason = "the test that runs this reads it")]
fn enter_with_agent(server: &str) {
    let mut words = server.splitn(3, ' ');
    let mut next = || words.next().unwrap().to_owned();
    let (port, print, folder) = (next(), next(), next());
    let rig = Rig::elsewhere(port.parse().unwrap(), &print, Path::new(&folder));
    match rig.run(&["true"]) {
        Ok(_) => println!("entered"),
        Err(error) => println!("{error}"),
    }
}

#[test]
fn the_way_leads_through_bastions_each_of_which_is_known() {
    let (outer, inner, server) = (Server::new(), Server::new(), Server::new());
    let mut rig = Rig::of(&server);
    let bastion = |name: &str, server: &Server, via: Option<&str>| {
        let mut ssh = Rig::of(server).site.nodes[0].ssh.clone();
        let location = rig.site.location.clone();
        ssh.bastion =
            via.map(|name| manifests::site::Placed { value: name.parse().unwrap(), location: location.clone() });
        Bastion { name: name.parse().unwrap(), ssh, location }
    };
    let bastions = [bastion("outer", &outer, None), bastion("inner", &inner, Some("outer"))];
    let location = rig.site.location.clone();
    rig.site.bastions = bastions.into_iter().map(|one| (one.name.clone(), one)).collect();
    rig.ssh().bastion = Some(manifests::site::Placed { value: "inner".parse().unwrap(), location });
    // A second node behind the same bastions.
    let mut second = rig.site.nodes[0].clone();
    second.name = "node-2".parse().unwrap();
    rig.site.nodes.push(second);
    let connections = rig.connections();
    for machine in connections.machines() {
        let output = rig.run_on(machine, &installer::host::Command::new("say", &["echo", "here"])).unwrap();
        assert_eq!(text(&output), "here\n");
    }
    assert_eq!([outer.connections(), inner.connections(), server.connections()], [1, 1, 2]);
    drop(connections);
    // A bastion that is somebody else is not passed.
    let wrong = server.fingerprint().parse().unwrap();
    std::fs::remove_file(&rig.options.known_hosts).unwrap();
    let inner_ssh = &mut rig.site.bastions.values_mut().find(|one| one.name.as_str() == "inner").unwrap().ssh;
    inner_ssh.host_keys = vec![wrong];
    let refusal = rig.refusal();
    assert!(refusal.contains("cannot reach node-1: the bastion inner: it shows the host key"), "{refusal}");
    assert_eq!(rig.known_hosts().lines().count(), 1, "only the outer one was met: {}", rig.known_hosts());
}
