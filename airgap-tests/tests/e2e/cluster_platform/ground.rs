//! From components to a cluster that runs them: the bundle is built outside, the site says what only it knows.

use std::fs;
use std::path::Path;

use airgap_tests::{Edition, JUMP, JUMP_NAME, Machine, Upstream, repository, signer};
use serde_json::{Value, json};

use super::{CARRIED, CLINIC, GIT, NOBODY, OWN, PROMETHEUS, Platform, SHIPPED, ZONE};
use crate::cluster::{Ground, deliver_edition};

/// The passwords of the site, by the file that each is in.
const PASSWORDS: [(&str, &str); 3] =
    [("database-password", "correct horse"), ("cache-password", "battery-staple"), ("git-password", "tr0ub4dor")];

impl Platform {
    /// Builds the bundle, carries it in, and makes a cluster of two servers of it.
    pub(super) fn install() -> Self {
        let upstream = Upstream::of_a_platform().unwrap();
        let connected = upstream.machine().unwrap();
        let commit = deliver(&connected);
        let ground = Ground::new(&connected, 1, 1, "");
        let client = ground.site.client().unwrap();
        prepare(&ground, &client);
        // One node is as good as another: each leads to the ingress.
        let names = [CLINIC, GIT, NOBODY, PROMETHEUS];
        client.network().unwrap().know(ground.servers.node(0).address(), &names).unwrap();
        let done = ground.install(&[], &["--enforce-egress"]).success().unwrap();
        for component in OWN.into_iter().chain(SHIPPED) {
            let ready = |line: &str| line.contains(&format!("  {component}: ")) && line.ends_with("ready");
            assert!(done.stderr.lines().any(ready), "{component}: {done}");
        }
        assert!(done.stderr.contains("images are the bundle's; nothing tried to leave 2 nodes"), "{done}");
        Self { ground, client, commit }
    }
}

/// Builds the bundle; the result is the commit of the repository in it.
fn deliver(connected: &Machine) -> String {
    signer(connected, "ci", "allowed_signers").unwrap();
    let own = repository().join("airgap-tests/tests/e2e/cluster_platform/components");
    copy(connected, &own.join("."));
    for name in SHIPPED.into_iter().chain(["audit-policy"]) {
        let component = repository().join("manifests/components").join(name);
        copy(connected, &component.with_extension("yaml"));
        copy(connected, &component);
    }
    without_certificates(&connected.path("vet-clinic.yaml"));
    let commit = commit(connected);
    let files: Vec<_> = OWN.into_iter().chain(SHIPPED).chain(CARRIED).map(|name| format!("{name}.yaml")).collect();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    deliver_edition(connected, &Edition::rke2(), "1.0.0", &files);
    commit
}

fn copy(machine: &Machine, path: &Path) {
    machine.run("cp", &["-r", &path.display().to_string(), "."]).unwrap();
}

/// The example needs an authority in the cluster, which needs cert-manager. Here the ingress has a certificate for all.
fn without_certificates(component: &Path) {
    let text = fs::read_to_string(component).unwrap();
    let needs = "needs: [internal-ca]\n";
    assert_eq!(text.matches(needs).count(), 1, "{text}");
    fs::write(component, text.replace(needs, "")).unwrap();
}

/// A repository with two commits and a tag.
fn commit(connected: &Machine) -> String {
    let git = |words: &[&str]| {
        let who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-C", "apps"];
        connected.run("git", &[&who, words].concat()).unwrap()
    };
    connected.run("git", &["init", "--quiet", "--initial-branch=main", "apps"]).unwrap();
    for (text, tag) in [("replicas: 1\n", Some("v1")), ("replicas: 2\n", None)] {
        connected.write("apps/shop.yaml", text).unwrap();
        git(&["add", "."]);
        git(&["commit", "--quiet", "-m", text.trim()]);
        if let Some(tag) = tag {
            git(&["tag", "-a", "-m", "the first", tag]);
        }
    }
    git(&["rev-parse", "HEAD"]).trim().to_owned()
}

/// What the site brings: folders on the node that has the data, certificates, passwords, and what it says of all that.
fn prepare(ground: &Ground, client: &Machine) {
    let folders = "mkdir -p /srv/volumes/bind9 /srv/volumes/database /srv/volumes/git-server /srv/volumes/vet-clinic";
    ground.servers.node(1).shell(folders).unwrap().success().unwrap();
    let jump = ground.site.jump();
    for (name, host) in [("apps", "*.apps.site.internal"), ("git", GIT)] {
        let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
        let subject = ["-subj", "/CN=site", "-addext", &format!("subjectAltName=DNS:{host}")];
        let own = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"];
        jump.run("openssl", &[&own[..], &subject, &["-keyout", &key, "-out", &certificate]].concat()).unwrap();
        jump.run("chmod", &["600", &key]).unwrap();
        client.write(&certificate, fs::read(jump.path(&certificate)).unwrap()).unwrap();
    }
    let site_password = ground.site.password().unwrap();
    for (file, password) in PASSWORDS.into_iter().chain([("site-password", site_password.as_str())]) {
        jump.write(file, format!("{password}\n")).unwrap();
        jump.run("chmod", &["600", file]).unwrap();
    }
    // The policy is in the bundle, which is served by now.
    let policy = ground.site.curl(client, "/files/audit-policy/audit-policy.yaml", &[]).unwrap();
    jump.write("audit-policy.yaml", policy).unwrap();
    say(ground);
}

/// Writes down what the site says to the cluster and to components.
fn say(ground: &Ground) {
    let jump = ground.site.jump();
    let certificate = |name: &str| fs::read_to_string(jump.path(format!("{name}.crt"))).unwrap();
    let file = |name: &str| json!({"file": format!("./{name}")});
    let tenant = json!({"quota": {"memory": "1Gi"}, "groups": {"admin": ["shop-operators"], "view": ["auditors"]}});
    let components: Value = json!({
        "volumes": {"values": {"node": "node-1"}},
        "ingress": {"values": {"tls": {"certificate": certificate("apps")}}, "secrets": {"tls.key": file("apps.key")}},
        "database": {"secrets": {"password": file("database-password")}},
        "cache": {"secrets": {"password": file("cache-password")}},
        "monitoring": {"values": {"host": PROMETHEUS}},
        "git-server": {
            "values": {"host": GIT, "tls": {"certificate": certificate("git")}},
            "secrets": {"password": file("git-password"), "tls.key": file("git.key")},
        },
        "workbench": {
            "values": {"site": {"name": JUMP_NAME, "address": JUMP.to_string()}},
            "secrets": {"site.password": file("site-password")},
        },
        "bind9": {"values": {"zone": ZONE, "address": "10.77.0.53"}},
        "tenant-quotas": {"values": {"tenants": {"shop": tenant}}},
        "vet-clinic": {"variant": "small", "values": {"ingress": {"host": CLINIC}}},
        "network-policy-baseline": {"values": {"namespaces": ["vet-clinic"], "from": {"namespaces": ["ingress"]}}},
    });
    let text = fs::read_to_string(jump.path("site.yaml")).unwrap();
    assert_eq!(text.matches("podCIDRs").count(), 1);
    let asked = "auditPolicy: {file: ./audit-policy.yaml}, podSecurity: {level: baseline}, podCIDRs";
    jump.write("site.yaml", format!("{}components: {components}\n", text.replace("podCIDRs", asked))).unwrap();
}

/// A password of the site.
pub(super) fn password(file: &str) -> &'static str {
    PASSWORDS.iter().find(|(name, _)| *name == file).unwrap().1
}
