//! Carried repositories pushed into a git server inside: nginx with the real `git http-backend`, and Gitea's API made up here.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{fs, thread};

use airgap_tests::{Daemon, Machine, Network, Outcome, signer};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

const NAME: &str = "git.site.internal";
/// `ci:s3cret "x"`, which is no text that quotes itself.
const LOGIN: (&str, &str) = ("ci", "s3cret \"x\"");
const AUTHORIZATION: &str = "Basic Y2k6czNjcmV0ICJ4Ig==";

/// The part of Gitea's API that makes repositories, for the organisation `platform` and the user `ci`. It is a fake: by the
/// documentation of the API, it answers what Gitea answers, and makes bare repositories below a folder.
fn gitea(listener: &TcpListener, root: &Path) {
    for stream in listener.incoming().map_while(Result::ok) {
        let (target, authorization, body) = read(&stream);
        let (status, answer) = match authorization == AUTHORIZATION {
            true => answer(root, &target, &body),
            false => (401, json!({"message": "user does not exist"})),
        };
        let text = answer.to_string();
        let length = text.len();
        // Who goes away in the middle is told nothing.
        write!(&stream, "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}").ok();
    }
}

fn read(stream: &TcpStream) -> (String, String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut target, mut authorization, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => authorization = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None if target.is_empty() => target = line.rsplit_once(' ').unwrap().0.to_owned(),
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (target, authorization, body)
}

fn answer(root: &Path, target: &str, body: &[u8]) -> (u16, Value) {
    let make = |owner: &str| {
        let wanted: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(wanted["private"], true);
        let (name, branch) = (wanted["name"].as_str().unwrap(), wanted["default_branch"].as_str().unwrap());
        let folder = root.join(owner).join(format!("{name}.git"));
        let branch = format!("--initial-branch={branch}");
        assert!(
            Command::new("git").args(["init", "--quiet", "--bare", &branch]).arg(&folder).status().unwrap().success()
        );
        let set = Command::new("git").arg("-C").arg(&folder).args(["config", "http.receivepack", "true"]).status();
        assert!(set.unwrap().success());
        (201, json!({"full_name": format!("{owner}/{name}")}))
    };
    match target {
        "POST /api/v1/orgs/platform/repos" => make("platform"),
        "POST /api/v1/user/repos" => make("ci"),
        _ => match target.strip_prefix("GET /api/v1/repos/") {
            Some(name) if root.join(format!("{name}.git")).exists() => (200, json!({"full_name": name})),
            _ => (404, json!({"message": "The target couldn't be found."})),
        },
    }
}

/// A machine with a site's state and a git server.
struct Rig {
    machine: Machine,
    _servers: [Daemon; 2],
}

impl Rig {
    fn start() -> Self {
        let network = Arc::new(Network::new(&[("127.0.0.1", &[NAME])]).unwrap());
        let machine = Machine::on(Arc::clone(&network)).unwrap();
        let root = machine.path("served");
        fs::create_dir(&root).unwrap();
        let listener = network.inside(|| TcpListener::bind("127.0.0.1:3000")).unwrap();
        let served = root.clone();
        thread::spawn(move || gitea(&listener, &served));
        certificates(&machine);
        let users = machine.run("htpasswd", &["-nbm", LOGIN.0, LOGIN.1]).unwrap();
        machine.write("htpasswd", users).unwrap();
        let socket = format!("unix:{}", machine.path("fcgi").display());
        let backend = Daemon::start(&machine.command("fcgiwrap", &["-s", &socket]).unwrap(), &machine.path("fcgi.log"));
        let config = machine.write("nginx.conf", configuration(&machine, &root, &socket)).unwrap();
        let (config, work) = (config.display().to_string(), machine.work().display().to_string());
        let nginx = machine.command("nginx", &["-p", &work, "-e", "stderr", "-c", &config]).unwrap();
        let mut nginx = Daemon::start(&nginx, &machine.path("nginx.log")).unwrap();
        machine.wait_for_port(&mut nginx, 443).unwrap();
        machine.write("login", format!("username={}\npassword={}\n", LOGIN.0, LOGIN.1)).unwrap();
        machine.run("chmod", &["600", "login"]).unwrap();
        let rig = Self { machine, _servers: [backend.unwrap(), nginx] };
        rig.git(&["init", "--quiet", "--initial-branch=trunk", "apps"]);
        rig.commit("apps", "first");
        rig.git(&["-C", "apps", "tag", "-a", "-m", "the first", "v1"]);
        signer(&rig.machine, "ci", "allowed_signers").unwrap();
        rig
    }

    fn git(&self, words: &[&str]) -> String {
        let ca = format!("http.sslCAInfo={}", self.machine.path("ca.pem").display());
        let who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", &ca];
        self.machine.run("git", &[&who, words].concat()).unwrap().trim().to_owned()
    }

    fn commit(&self, folder: &str, text: &str) -> String {
        self.machine.write(format!("{folder}/a.txt"), text).unwrap();
        self.git(&["-C", folder, "add", "a.txt"]);
        self.git(&["-C", folder, "commit", "--quiet", "-m", text]);
        self.git(&["-C", folder, "rev-parse", "HEAD"])
    }

    /// Builds a bundle of the repository, and takes it in.
    fn carry(&self, version: &str) {
        let stack = format!(
            "apiVersion: airgap/v1\nkind: Stack\nname: demo\nversion: {version}\ncreated: 2026-01-01\ngit:\n  - name: apps\n    \
             path: ./apps\n    refs: [v1]\n"
        );
        self.machine.write("stack.yaml", stack).unwrap();
        let build = ["build", "stack.yaml", "-o", "demo.tar.zst", "--key", "ci"];
        self.machine.bundle(&build).unwrap().success().unwrap();
        let words = ["--bundle", "demo.tar.zst", "--trust", "allowed_signers", "--state", "state", "--no-serve"];
        self.machine.install(&words).unwrap().success().unwrap();
    }

    fn push(&self, words: &[&str]) -> Outcome {
        let place = format!("https://{NAME}/platform");
        let to = ["git", "push", "--state", "state", "--to", &place, "--ca", "ca.pem", "--credentials", "login"];
        let outcome = self.machine.install(&[&to, words].concat()).unwrap();
        assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains("s3cret"), "{outcome}");
        outcome
    }

    /// What a branch or tag of the server is at.
    fn at(&self, name: &str) -> String {
        let bare = self.served().display().to_string();
        self.git(&["-C", &bare, "for-each-ref", "--format=%(objectname)", name])
    }

    fn served(&self) -> PathBuf {
        self.machine.path("served/platform/apps.git")
    }
}

fn certificates(machine: &Machine) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "authority of the site");
    machine.write("ca.pem", authority.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let server = CertificateParams::new([NAME.to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    machine.write("server.pem", server.pem()).unwrap();
    machine.write("server.key", own.serialize_pem()).unwrap();
}

fn configuration(machine: &Machine, root: &Path, socket: &str) -> String {
    let (work, root) = (machine.work().display().to_string(), root.display().to_string());
    let backend = machine.run("git", &["--exec-path"]).unwrap().trim().to_owned() + "/git-http-backend";
    let parameters = [
        ("SCRIPT_FILENAME", backend.as_str()),
        ("GIT_PROJECT_ROOT", root.as_str()),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("PATH_INFO", "$uri"),
        ("QUERY_STRING", "$query_string"),
        ("REQUEST_METHOD", "$request_method"),
        ("CONTENT_TYPE", "$content_type"),
        ("CONTENT_LENGTH", "$content_length"),
        ("HTTP_CONTENT_ENCODING", "$http_content_encoding"),
        ("GIT_PROTOCOL", "$http_git_protocol"),
        ("REMOTE_USER", "$remote_user"),
    ];
    let parameters: String = parameters.map(|(name, value)| format!("fastcgi_param {name} {value};\n")).concat();
    format!(
        "daemon off; user root; worker_processes 1; pid {work}/nginx.pid; error_log stderr;\nevents {{}}\nhttp {{\n\
         access_log off; client_body_temp_path {work}/n1; proxy_temp_path {work}/n2; fastcgi_temp_path {work}/n3;\n\
         uwsgi_temp_path {work}/n4; scgi_temp_path {work}/n5;\nserver {{ listen 443 ssl; server_name {NAME};\n\
         ssl_certificate {work}/server.pem; ssl_certificate_key {work}/server.key; client_max_body_size 0;\n\
         location /api/ {{ proxy_pass http://127.0.0.1:3000; }}\n\
         location / {{ auth_basic git; auth_basic_user_file {work}/htpasswd; fastcgi_pass {socket};\n{parameters}}} }} }}\n"
    )
}

#[test]
fn repositories_are_made_pushed_moved_on_and_left_alone() {
    let rig = Rig::start();
    rig.carry("1.0.0");
    // What is not there is not made without being asked for, and not pushed.
    let absent = rig.push(&[]).failure().unwrap();
    assert!(absent.stdout.contains("NOT PUSHED") && absent.stderr.contains("not found"), "{absent}");

    let made = rig.push(&["--create", "gitea"]).success().unwrap();
    let line = format!("demo       apps        https://{NAME}/platform/apps.git  created, 2 pushed");
    assert!(made.stdout.contains(&line), "{made}");
    let first = rig.git(&["-C", "apps", "rev-parse", "HEAD"]);
    assert_eq!(
        (rig.at("refs/heads/trunk"), rig.at("refs/tags/v1")),
        (first, rig.git(&["-C", "apps", "rev-parse", "v1"]))
    );
    let url = format!("https://ci:s3cret%20%22x%22@{NAME}/platform/apps.git");
    rig.git(&["clone", "--quiet", &url, "clone"]);
    assert_eq!(rig.git(&["-C", "clone", "branch", "--show-current"]), "trunk");

    let again = rig.push(&["--create", "gitea", "-o", "json"]).success().unwrap();
    let told: Value = serde_json::from_str(&again.stdout).unwrap();
    let one = json!({"component": "demo", "name": "apps", "url": format!("https://{NAME}/platform/apps.git"), "created": false,
        "pushed": [], "pruned": [], "inLfs": 0});
    assert_eq!(told["repositories"][0], one);

    // Somebody has a branch of their own; a later bundle moves the carried one on.
    rig.git(&["-C", "clone", "push", "--quiet", "origin", "HEAD:refs/heads/mine"]);
    let second = rig.commit("apps", "second");
    rig.carry("2.0.0");
    let moved = rig.push(&[]).success().unwrap();
    assert!(moved.stdout.contains("  1 pushed"), "{moved}");
    assert_eq!((rig.at("refs/heads/trunk"), rig.at("refs/heads/mine").len()), (second, 40));
    let pruned = rig.push(&["--prune"]).success().unwrap();
    assert!(pruned.stdout.contains("  1 removed"), "{pruned}");
    assert_eq!(rig.at("refs/heads/mine"), "");
}

#[test]
fn what_somebody_pushed_inside_is_not_overwritten_unless_that_is_said() {
    let rig = Rig::start();
    rig.carry("1.0.0");
    rig.push(&["--create", "gitea", "--component", "demo", "--name", "apps"]).success().unwrap();
    let url = format!("https://ci:s3cret%20%22x%22@{NAME}/platform/apps.git");
    rig.git(&["clone", "--quiet", &url, "clone"]);
    let theirs = rig.commit("clone", "of the site");
    rig.git(&["-C", "clone", "push", "--quiet", "origin", "trunk"]);
    let second = rig.commit("apps", "second");
    rig.git(&["-C", "apps", "tag", "-f", "-a", "-m", "another", "v1"]);
    rig.carry("2.0.0");
    let refused = rig.push(&[]).failure().unwrap();
    let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("the server has something else under refs/heads/trunk, refs/tags/v1"), "{refused}");
    assert!(
        said.contains("1 of 1 git repositories were not pushed") && said.contains("`--force` overwrites it"),
        "{refused}"
    );
    assert_eq!(rig.at("refs/heads/trunk"), theirs);
    rig.push(&["--force"]).success().unwrap();
    assert_eq!(
        (rig.at("refs/heads/trunk"), rig.at("refs/tags/v1")),
        (second, rig.git(&["-C", "apps", "rev-parse", "v1"]))
    );

    let none = rig.push(&["--name", "other"]).failure().unwrap();
    assert!(none.stderr.contains("no bundle of this site has such") && none.stderr.contains("demo/apps"), "{none}");
    rig.machine.write("login", "username=ci\npassword=wrong\n").unwrap();
    for words in [&[][..], &["--create", "gitea"]] {
        let refused = rig.push(words).failure().unwrap();
        let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("the server wants a user and password that it knows")
                || said.contains("it answered 401: user does not exist"),
            "{said}"
        );
    }
    assert!(rig.machine.leftovers().unwrap().is_empty());
}
