//! Helm finds charts in both ways: as a chart repository and as OCI artifacts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use manifests::Digest;
use manifests::document::{Chart, Item};
use manifests::fake::FakeBundle;
use manifests::oci::media_type;
use registry::server::Transport;

use crate::site::TestSite;

/// Helm, with a home of its own.
struct Helm<'s> {
    site: &'s TestSite,
    home: tempfile::TempDir,
}

impl<'s> Helm<'s> {
    fn new(site: &'s TestSite) -> Self {
        Self { site, home: tempfile::tempdir().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let folder = |name: &str| self.home.path().join(name);
        let output = Command::new(program())
            .args(arguments)
            .current_dir(self.home.path())
            .env("HELM_CACHE_HOME", folder("cache"))
            .env("HELM_CONFIG_HOME", folder("config"))
            .env("HELM_DATA_HOME", folder("data"))
            .output()
            .unwrap_or_else(|error| panic!("this test needs helm: {error}"));
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "helm {}\n{text}", arguments.join(" "));
        text
    }

    /// The options that make Helm trust the site and the site know Helm.
    fn access(&self) -> Vec<String> {
        let (user, password) = self.site.credentials();
        ["--ca-file", &self.site.ca_file(), "--username", &user, "--password", &password].map(String::from).to_vec()
    }

    fn with_access(&self, arguments: &[&str]) -> String {
        let access = self.access();
        self.run(&[arguments, &access.iter().map(String::as_str).collect::<Vec<_>>()].concat())
    }
}

/// Helm as the set-up script builds it, as Go installs it, or from the path.
fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(".rig/bin/helm");
    let installed = std::env::home_dir().unwrap_or_default().join("go/bin/helm");
    [built, installed].into_iter().find(|path| path.exists()).unwrap_or_else(|| "helm".into())
}

/// A chart that Helm itself has packaged.
fn package(name: &str, version: &str) -> Vec<u8> {
    let site = TestSite::plain(&[]);
    let helm = Helm::new(&site);
    let folder = helm.home.path().join(name);
    fs::create_dir_all(folder.join("templates")).unwrap();
    fs::write(folder.join("Chart.yaml"), format!("apiVersion: v2\nname: {name}\nversion: {version}\n")).unwrap();
    fs::write(folder.join("templates/map.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").unwrap();
    helm.run(&["package", name]);
    fs::read(helm.home.path().join(format!("{name}-{version}.tgz"))).unwrap()
}

fn bundle() -> (FakeBundle, Vec<u8>) {
    let archive = package("web", "1.2.3");
    let bundle = FakeBundle::new("platform", "1.0.0")
        .chart("charts.example.com/stable/web", "web", "1.2.3", &archive)
        .chart("charts.example.com/stable/web", "web", "1.10.0", &package("web", "1.10.0"))
        .chart("charts.example.com/stable/db", "db", "0.1.0+build.5", &package("db", "0.1.0+build.5"))
        .chart("ghcr.io/org/charts/other", "other", "2.0.0", &package("other", "2.0.0"));
    (bundle, archive)
}

#[test]
fn helm_uses_the_site_as_a_chart_repository() {
    let (bundle, archive) = bundle();
    let site = TestSite::secure(&[bundle]);
    let helm = Helm::new(&site);
    helm.with_access(&["repo", "add", "all", &format!("https://{}/charts", site.address)]);
    helm.with_access(&["repo", "add", "stable", &format!("https://{}/charts/charts.example.com/stable", site.address)]);
    let found = helm.run(&["search", "repo", "--versions", "-o", "json"]);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    let names: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|chart| format!("{} {}", chart["name"].as_str().unwrap(), chart["version"].as_str().unwrap()))
        .collect();
    for expected in ["all/db 0.1.0+build.5", "all/other 2.0.0", "all/web 1.10.0", "all/web 1.2.3", "stable/web 1.2.3"] {
        assert!(names.iter().any(|name| name == expected), "{expected} in {names:?}");
    }
    assert!(!names.iter().any(|name| name.starts_with("stable/other")), "{names:?}");
    helm.run(&["pull", "stable/web", "--version", "1.2.3"]);
    assert!(fs::read(helm.home.path().join("web-1.2.3.tgz")).unwrap() == archive);
    helm.run(&["pull", "all/db"]);
    helm.run(&["pull", "all/web"]);
    assert!(helm.home.path().join("web-1.10.0.tgz").exists() && helm.home.path().join("db-0.1.0+build.5.tgz").exists());
    assert!(helm.run(&["template", "stable/web"]).contains("kind: ConfigMap"));
}

#[test]
fn helm_pulls_charts_as_oci_artifacts() {
    let (bundle, archive) = bundle();
    // Helm speaks plain HTTP to loopback addresses, whatever it is told.
    let site = TestSite::with(&[bundle], |config| config.transport = Transport::Plain);
    let helm = Helm::new(&site);
    let (user, password) = site.credentials();
    // What `helm registry login` leaves.
    let config = helm.home.path().join("config/registry/config.json");
    let login = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    fs::write(config, serde_json::json!({"auths": {site.address.to_string(): {"auth": login}}}).to_string()).unwrap();
    let pull = |chart: &str, version: &str| {
        let url = format!("oci://{}/charts.example.com/stable/{chart}", site.address);
        helm.run(&["pull", &url, "--version", version]);
    };
    pull("web", "1.2.3");
    pull("db", "0.1.0+build.5");
    assert!(fs::read(helm.home.path().join("web-1.2.3.tgz")).unwrap() == archive);
}

#[test]
fn charts_of_a_registry_with_a_port_have_it_with_an_underscore() {
    let archive = package("web", "1.2.3");
    let bundle = FakeBundle::new("platform", "1.0.0").chart("registry.local:5000/charts/web", "web", "1.2.3", &archive);
    let site = TestSite::secure(&[bundle]);
    let helm = Helm::new(&site);
    for (name, folder) in [("all", ""), ("one", "/registry.local_5000/charts"), ("same", "/registry.local:5000/charts")]
    {
        helm.with_access(&["repo", "add", name, &format!("https://{}/charts{folder}", site.address)]);
        fs::create_dir(helm.home.path().join(name)).unwrap();
        helm.run(&["pull", &format!("{name}/web"), "--destination", name]);
        assert!(fs::read(helm.home.path().join(name).join("web-1.2.3.tgz")).unwrap() == archive, "{name}");
    }
}

#[test]
fn the_index_says_what_the_archives_are() {
    let (bundle, archive) = bundle();
    let site = TestSite::plain(&[bundle]);
    let answer = site.get("/charts/charts.example.com/stable/index.yaml");
    assert_eq!(answer.header("Content-Type"), Some("application/yaml"));
    let versions = answer.json()["entries"]["web"].clone();
    assert_eq!(versions[0]["version"], "1.10.0");
    assert_eq!(versions[1]["urls"][0], "web-1.2.3.tgz");
    assert_eq!(versions[1]["digest"], Digest::of(&archive).hex());
    let all = site.get("/charts/index.yaml").json();
    assert_eq!(all["entries"]["other"][0]["urls"][0], "ghcr.io/org/charts/other-2.0.0.tgz");
    let chart = site.get("/charts/ghcr.io/org/charts/other-2.0.0.tgz");
    assert_eq!((chart.status, chart.header("Content-Type")), (200, Some("application/gzip")));
    for path in [
        "/charts/ghcr.io/other-2.0.0.tgz",
        "/charts/none/index.yaml",
        "/charts/../charts/index.yaml",
        "/charts/ghcr.io/org/charts/other-2.0.0.tgz.prov",
    ] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert!(site.get("/charts/").text().contains("index.yaml"));
}

#[test]
fn provenance_goes_with_the_chart() {
    let mut bundle = FakeBundle::new("platform", "1.0.0");
    let config = bundle.blob(media_type::HELM_CONFIG, br#"{"name":"web","version":"1.0.0","apiVersion":"v2"}"#);
    let archive = bundle.blob(media_type::HELM_CHART, &package("web", "1.0.0"));
    let provenance = bundle.blob(media_type::HELM_PROVENANCE, b"-----BEGIN PGP SIGNED MESSAGE-----");
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [archive, provenance],
    });
    let descriptor = bundle.blob(media_type::OCI_MANIFEST, manifest.to_string().as_bytes());
    let bundle = bundle.item(Item::from(Chart {
        name: "web".into(),
        version: "1.0.0".into(),
        reference: "bundle.local/charts/web:1.0.0".parse().unwrap(),
        repository: None,
        descriptor,
        archive: archive.digest,
        provenance: Some(provenance.digest),
        attached: vec![],
        component: None,
    }));
    let site = TestSite::secure(&[bundle]);
    let helm = Helm::new(&site);
    let url = format!("https://{}/charts/bundle.local/charts", site.address);
    helm.with_access(&["pull", "web", "--repo", &url, "--prov"]);
    let text = fs::read_to_string(helm.home.path().join("web-1.0.0.tgz.prov")).unwrap();
    assert_eq!(text, "-----BEGIN PGP SIGNED MESSAGE-----");
}
