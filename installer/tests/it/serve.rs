//! Serving in the foreground, to a real client.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use manifests::fake::FakeBundle;

use crate::context::{Context, Ended, Running, filters};

const INSTALL: [&str; 6] =
    ["--bundle", "bundle.tar.zst", "--trust", "allowed_signers", "--foreground", "--address=127.0.0.1"];

/// A server that has said that it serves.
struct Server {
    process: Running,
    listen: String,
    report: String,
}

impl Server {
    fn start(context: &Context, more: &[&str]) -> Self {
        let listen = free_port();
        let arguments = [&INSTALL[..], &["--listen", &listen], more].concat();
        let mut child = context.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut report = String::new();
        let process = Running(child);
        // The report is printed when the server has its port; its last line is known.
        while !report.contains("skopeo inspect") {
            let read = out.read_line(&mut report).unwrap();
            assert!(read > 0, "it ended early: {report}{}", Self::complaint(process));
        }
        Self { process, listen, report }
    }

    fn complaint(mut process: Running) -> String {
        let mut text = String::new();
        process.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Asks it to end, and waits until it has.
    fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.process.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.process.0.wait().unwrap().code()
    }
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn curl(context: &Context, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("curl").args(["-sS", "--fail"]).args(arguments).current_dir(context.path(".")).output();
    let output = output.expect("curl is installed");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_client_with_the_ca_and_the_password_gets_what_the_bundle_holds() {
    let context = Context::with_bundle();
    let server = Server::start(&context, &[]);
    let url = format!("https://{}/files/tools/share/readme.txt", server.listen);
    let ca = ["--cacert", "state/ca/ca.crt"];
    assert!(!curl(&context, &[&ca[..], &[&url]].concat()).0, "no password, no file");

    // The snippet is run as it is shown, by a shell.
    let snippet = context.run(&["snippets", "curl"]).succeeded().stdout;
    let status = Command::new("sh")
        .arg("-c")
        .arg(snippet.replace("curl ", "curl -sS "))
        .current_dir(context.path("."))
        .status()
        .unwrap();
    assert!(status.success(), "{snippet}");
    assert_eq!(std::fs::read_to_string(context.path("tool")).unwrap(), "#!/bin/sh\n");

    // k3s reads the same file as RKE2, at another place.
    let [k3s, rke2] = ["k3s", "rke2"].map(|client| context.run(&["snippets", client]).succeeded().stdout);
    assert!(k3s == rke2 && k3s.contains("mirrors:") && k3s.contains("password: "), "{k3s}");
    assert!(context.run(&["snippets"]).succeeded().stdout.contains("k3s: /etc/rancher/k3s/registries.yaml"));

    let status = context.run(&["status", "-o", "json"]).succeeded().json();
    assert_eq!(status["server"]["running"], "foreground");
    let second = context.run(&[&INSTALL[..], &["--listen", &server.listen]].concat()).succeeded();
    assert!(second.stderr.contains("already running"), "{}", second.show());

    let remembered = std::fs::read(context.state().join("site.json")).unwrap();
    let elsewhere = context.run(&[&INSTALL[..], &["--listen", &free_port()]].concat());
    assert!(elsewhere.code == Some(1) && elsewhere.stderr.contains("stop it first"), "{}", elsewhere.show());
    assert_eq!(std::fs::read(context.state().join("site.json")).unwrap(), remembered, "it failed: nothing has changed");

    let refused = context.run(&["uninstall", "--yes"]);
    assert!(refused.stderr.contains("serves `"), "{}", refused.show());
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+", "[AUTHORITY]");
    let _settings = settings.bind_to_scope();
    let _filters = filters();
    insta::assert_snapshot!(server.report);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(context.run(&["status", "-o", "json"]).json()["server"]["running"], "nothing");
    assert!(context.litter().is_empty());
}

#[test]
fn a_server_that_runs_takes_up_the_next_generation() {
    let context = Context::with_bundle();
    let server = Server::start(&context, &["--anonymous-pull"]);
    FakeBundle::new("demo", "1.1.0").files("news", &[("today", b"new")]).write(&context.path("next.tar.zst"));
    context.import("next.tar.zst", &[]).succeeded();
    let url = format!("https://{}/files/news/today", server.listen);
    let arguments = ["--cacert", "state/ca/ca.crt", "--retry", "20", "--retry-all-errors", "--retry-delay", "1", &url];
    assert_eq!(curl(&context, &arguments), (true, "new".to_owned()));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn in_place_serves_without_a_copy() {
    let context = Context::with_bundle();
    let server = Server::start(&context, &["--anonymous-pull", "--in-place"]);
    assert_eq!(context.files("state/generations"), ["1/receipt.json"]);
    let url = format!("https://{}/files/tools/share/readme.txt", server.listen);
    assert_eq!(curl(&context, &["--cacert", "state/ca/ca.crt", &url]), (true, "read me\n".to_owned()));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_port_in_use_is_found_before_anything_is_changed() {
    let context = Context::with_bundle();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let ended = context.run(&[&INSTALL[..], &["--listen", &listen]].concat());
    assert!(!context.state().exists());
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(&taken.local_addr().unwrap().port().to_string(), "[PORT]");
    let _settings = settings.bind_to_scope();
    insta::assert_snapshot!(ended.show());
}

#[test]
fn the_port_for_packages_in_use_is_found_before_anything_is_changed_too() {
    let context = Context::with_bundle();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = taken.local_addr().unwrap();
    let listen = free_port();
    let install =
        |plain: &str| context.run(&[&INSTALL[..], &["--listen", &listen, "--plain-packages", plain]].concat());
    let ended = install(&plain.to_string());
    assert_eq!(ended.code, Some(1), "{}", ended.show());
    for part in [format!("port {} is in use", plain.port()), "choose another port with --plain-packages".into()] {
        assert!(ended.stderr.contains(&part), "{part} in {}", ended.show());
    }
    let same = install(&listen);
    assert_eq!(same.code, Some(2), "{}", same.show());
    assert!(!context.state().exists());
}

/// A copy of the program, run by somebody who may not read what is kept from others.
fn as_nobody(context: &Context, arguments: &[&str]) -> Ended {
    std::fs::set_permissions(context.path("."), Permissions::from_mode(0o755)).unwrap();
    let program = context.path("airgap-install");
    std::fs::copy(env!("CARGO_BIN_EXE_airgap-install"), &program).unwrap();
    let mut command = Command::new(program);
    command.args(arguments).args(["--state", "state"]).current_dir(context.path(".")).env_clear();
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    } else {
        std::fs::set_permissions(context.state().join("auth/credentials"), Permissions::from_mode(0o000)).unwrap();
    }
    Ended::of(command.output().unwrap())
}

#[test]
fn a_password_that_may_not_be_read_is_an_error_and_never_left_out() {
    let context = Context::with_bundle();
    let server = Server::start(&context, &[]);
    let before = context.files("state");
    for snippets in [&["snippets"][..], &["snippets", "containerd"]] {
        let ended = as_nobody(&context, snippets);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.show());
        assert!(ended.stderr.contains("auth/credentials") && ended.stderr.contains("as root"), "{}", ended.show());
    }
    let hidden = as_nobody(&context, &["snippets", "--hide-password", "curl"]).succeeded();
    assert!(hidden.stdout.contains("--user airgap:\"$(sed"), "{}", hidden.show());
    assert_eq!(context.files("state"), before, "nothing is made");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn whom_an_operators_own_htpasswd_lets_in_is_left_to_be_filled_in() {
    let context = Context::with_bundle();
    let server = Server::start(&context, &[]);
    std::fs::remove_file(context.state().join("auth/credentials")).unwrap();
    let shown = context.run(&["snippets", "curl"]).succeeded();
    assert!(shown.stdout.contains("--user USER:'PASSWORD'"), "{}", shown.show());
    assert!(!context.state().join("auth/credentials").exists(), "nothing is made");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn names_with_a_port_are_shown_as_clients_can_ask_for_them() {
    let context = Context::new();
    FakeBundle::new("demo", "1.0.0")
        .image("registry.local:5000/app:1.0", &[b"a layer"])
        .chart("registry.local:5000/charts/web", "web", "0.1.0", b"a chart")
        .write(&context.path("bundle.tar.zst"));
    let server = Server::start(&context, &["--anonymous-pull"]);
    let snippets = context.run(&["snippets"]).succeeded().stdout;
    assert_eq!(server.stop(), Some(0));
    for asked in ["/registry.local_5000/app:1.0", "/registry.local_5000/charts/web --version 0.1.0"] {
        assert!(snippets.contains(asked), "{asked} in {snippets}");
    }
    assert!(!snippets.contains("registry.local:5000"), "{snippets}");
}
