//! Charts, held against real helm and a real registry: what helm takes, makes and accepts is what we take and make.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use airgap_tests::{Daemon, Machine, Misbehaving, run};
use bundler::charts::index::RepositoryIndex;
use bundler::charts::package::package;
use bundler::charts::{ChartSources, Version};
use bundler::content::{Origin, Resolved};
use bundler::credentials::Credentials;
use bundler::http::{Client, HostSettings, Settings};
use bundler::oci::Registries;
use bundler::resolve::stack::ResolvedChart;
use manifests::Digest;
use manifests::component::ChartSource;
use manifests::yaml::{Location, SourceFile};
use serde_json::Value;

use crate::artifact::write_layout;

/// Debian's registry on a free port of the loopback.
struct Registry {
    address: String,
    _server: Daemon,
}

impl Registry {
    fn start(machine: &Machine) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"{address}\", secret: rig}}\n",
            machine.path("registry").display()
        );
        let config = machine.write("registry.yaml", config).unwrap();
        let command = machine.command("docker-registry", &["serve", &config.display().to_string()]).unwrap();
        let mut server = Daemon::start(&command, &machine.path("registry.log")).unwrap();
        let answers = || std::net::TcpStream::connect(&address).is_ok();
        server.wait_until("the registry answers", answers).unwrap();
        Self { address, _server: server }
    }
}

fn sources(plain: &[&str]) -> ChartSources {
    let mut settings = Settings { use_proxies: false, ..Settings::default() };
    for host in plain {
        let host_settings = HostSettings { plain_http: true, ..HostSettings::default() };
        settings.hosts.insert((*host).to_owned(), host_settings);
    }
    let client = Client::new(settings, Default::default()).unwrap();
    let registries = Registries::new(client, Credentials::none(), Default::default());
    ChartSources::new(registries, Credentials::none(), "2024-01-01T00:00:00Z".parse().unwrap())
}

fn resolve(sources: &ChartSources, name: &str, source: ChartSource) -> Result<Resolved, String> {
    let location = Location::new(&SourceFile::new("component.yaml", ""), 0..0);
    let chart = ResolvedChart { name: name.to_owned(), source, component: "test".parse().unwrap(), location };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(sources.resolve_one(&chart)).map_err(|error| format!("{error}: {}", error.problem()))
}

fn local(path: &Path) -> ChartSource {
    ChartSource::Local { path: path.to_owned() }
}

fn chart_folder(machine: &Machine, name: &str, version: &str, more: &str) -> PathBuf {
    let folder = format!("{name}-{version}");
    let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n{more}");
    machine.write(format!("{folder}/Chart.yaml"), chart).unwrap();
    machine.write(format!("{folder}/values.yaml"), "greeting: hello\n").unwrap();
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata: {a: {{ .Values.greeting }}}\n";
    machine.write(format!("{folder}/templates/cm.yaml"), template).unwrap();
    machine.path(folder)
}

const VERSIONS: [&str; 14] = [
    "0.0.0",
    "0.0.3",
    "0.1.0",
    "0.2.3",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.3",
    "1.2.10",
    "1.10.0",
    "2.0.0-beta.2",
    "v2.0.1",
    "2.1.0+build.5",
    "3.0.0",
    "4.0.0-alpha",
];

const RANGES: [&str; 62] = [
    "",
    "*",
    "x",
    "X",
    "0",
    "1",
    "1.2",
    "1.x",
    "1.2.x",
    "1.2.*",
    "v1",
    "v1.2.3",
    "1.2.3",
    "=1.2.3",
    "= 1.2",
    "2.1.0",
    "2.1.0+build.5",
    "2.1.0+other",
    "v2.0.1",
    "2.0.1",
    "!=3",
    "!=3.0.0",
    "!=*",
    ">1",
    ">1.2",
    ">1.2.3",
    ">*",
    ">=1.2",
    "=>1.2",
    ">=2.0.0-0",
    "<1",
    "<1.2",
    "<=1",
    "<=1.2",
    "=<1.2.3",
    "<=*",
    "~1",
    "~1.2",
    "~1.2.3",
    "~>1.2.4",
    "~0.0.0",
    "~*",
    "~2.0.0-0",
    "^0",
    "^0.0",
    "^0.0.3",
    "^0.2",
    "^1.2",
    "^*",
    "^2.0.0-beta",
    "^4",
    "^4-0",
    "1.0 - 1.2",
    "1 - 2",
    ">=1 <2",
    ">= 1.2, < 2.0",
    "<1 || >=3",
    "5 || ~1.2.0",
    ">1 - 2",
    "latest",
    "1.2.3.4",
    "==1",
];

#[test]
fn version_ranges_resolve_as_helm_resolves_them() {
    let machine = Machine::new().unwrap();
    let server = Misbehaving::start().unwrap();
    let mut index = "apiVersion: v1\nentries:\n  demo:\n".to_owned();
    for (number, version) in VERSIONS.iter().enumerate() {
        let folder = chart_folder(&machine, "demo", version, "");
        let archive = package(&folder, "2024-01-01T00:00:00Z".parse().unwrap()).unwrap().archive;
        server.put(&format!("/{number}.tgz"), "application/gzip", &archive);
        index.push_str(&format!(
            "  - {{apiVersion: v2, name: demo, version: \"{version}\", urls: [\"{number}.tgz\"]}}\n"
        ));
    }
    server.put("/index.yaml", "text/yaml", index.as_bytes());
    let (parsed, skipped) = RepositoryIndex::parse(index.as_bytes()).unwrap();
    assert!(skipped.is_empty());
    let repository = format!("http://{}", server.address());
    for range in RANGES {
        let mut command = machine.command("helm", &["show", "chart", "demo", "--repo", &repository]).unwrap();
        let outcome = run(command.args(["--version", range])).unwrap();
        let version = outcome.stdout.lines().find_map(|line| line.strip_prefix("version: "));
        let theirs = version.filter(|_| outcome.code == Some(0)).map(str::to_owned);
        let ours = parsed.select("demo", Some(range)).ok().map(|entry| entry.version.original().to_owned());
        assert_eq!(ours, theirs, "{range:?}: {}", outcome.stderr);
    }
}

const RICH: &str = "appVersion: 1.10\ndescription: \"A <chart> & more\"\nhome: https://example.org\n\
    sources: [https://example.org/src]\nkeywords: [a, b]\nicon: https://example.org/icon.png\nkubeVersion: \">=1.20.0-0\"\n\
    maintainers: [{name: Someone, email: someone@example.org}, {name: Other, url: https://example.org}]\n\
    annotations: {a: \"1\", org.opencontainers.image.source: https://example.org/own}\ntype: application\n";

#[test]
fn our_artifact_is_the_one_that_helm_pushes_and_helm_pulls_it_with_its_signature() {
    let machine = Machine::new().unwrap();
    let registry = Registry::start(&machine);
    let folder = chart_folder(&machine, "demo", "1.2.0+x.1", RICH).display().to_string();
    let keyring = signing_key(&machine);
    machine.run("helm", &["package", "--sign", "--key", "rig", "--keyring", &keyring, &folder]).unwrap();
    let archive = machine.path("demo-1.2.0+x.1.tgz");
    let at = archive.display().to_string();
    let theirs = format!("{}/theirs", registry.address);
    machine.run("helm", &["push", "--plain-http", &at, &format!("oci://{theirs}")]).unwrap();
    let raw = ["inspect", "--raw", "--tls-verify=false"];
    let name = format!("docker://{theirs}/demo:1.2.0_x.1");
    let mut pushed: Value =
        serde_json::from_str(&machine.run("skopeo", &[&raw[..], &[&name]].concat()).unwrap()).unwrap();
    let created = pushed["annotations"].as_object_mut().unwrap().remove("org.opencontainers.image.created");
    assert!(created.is_some(), "the time of the push is the one thing that we leave out");

    let resolved = resolve(&sources(&[]), "demo", local(&archive)).unwrap();
    let layout = machine.path("layout");
    write_layout(&resolved, &layout, "1.2.0_x.1");
    let root = resolved.item.descriptor().unwrap().digest.hex();
    let made: Value = serde_json::from_slice(&fs::read(layout.join("blobs/sha256").join(root)).unwrap()).unwrap();
    assert_eq!(made, pushed);

    let ours = format!("{}/ours", registry.address);
    let (from, to) = (format!("oci:{}:1.2.0_x.1", layout.display()), format!("docker://{ours}/demo:1.2.0_x.1"));
    machine.run("skopeo", &["copy", "--preserve-digests", "--dest-tls-verify=false", &from, &to]).unwrap();
    fs::create_dir(machine.path("pulled")).unwrap();
    let reference = format!("oci://{ours}/demo");
    let pull = ["pull", "--plain-http", "--version", "1.2.0+x.1", "--verify", "--keyring", &keyring, "-d", "pulled"];
    machine.run("helm", &[&pull[..], &[&reference]].concat()).unwrap();
    for name in ["demo-1.2.0+x.1.tgz", "demo-1.2.0+x.1.tgz.prov"] {
        assert_eq!(
            fs::read(machine.path("pulled").join(name)).unwrap(),
            fs::read(machine.path(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn charts_of_a_registry_keep_their_digests_and_resolve_ranges_as_helm_does() {
    let machine = Machine::new().unwrap();
    let registry = Registry::start(&machine);
    let repository = format!("{}/charts", registry.address);
    for version in ["1.2.0", "1.10.0+x", "2.0.0-rc.1"] {
        let folder = chart_folder(&machine, "demo", version, "").display().to_string();
        machine.run("helm", &["package", &folder]).unwrap();
        let archive = machine.path(format!("demo-{version}.tgz")).display().to_string();
        machine.run("helm", &["push", "--plain-http", &archive, &format!("oci://{repository}")]).unwrap();
    }
    let sources = sources(&[&registry.address]);
    let take = |range: &str| {
        let repository = manifests::Repository::new(&registry.address, "charts/demo").unwrap();
        resolve(&sources, "demo", ChartSource::Oci { repository, version: range.parse().unwrap() })
    };
    for range in ["^1", "1.2.0", "1.10.0+x", "~1.2", ">=1.0.0-0", "2.0.0-rc.1", "*", "^3", "9.9.9"] {
        let show = ["show", "chart", "--plain-http", &format!("oci://{repository}/demo"), "--version", range];
        let outcome = run(&mut machine.command("helm", &show).unwrap()).unwrap();
        let theirs = outcome.stdout.lines().find_map(|line| line.strip_prefix("version: ")).map(str::to_owned);
        let ours = take(range).ok().map(|resolved| resolved.item.as_chart().unwrap().version.clone());
        assert_eq!(ours, theirs, "{range}: {}", outcome.stderr);
    }
    let resolved = take("^1").unwrap();
    let chart = resolved.item.as_chart().unwrap();
    assert_eq!(chart.reference.to_string(), format!("{repository}/demo:1.10.0_x"));
    let name = format!("docker://{}", chart.reference);
    let inspect = ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", &name];
    let manifest = machine.run("skopeo", &["inspect", "--raw", "--tls-verify=false", &name]).unwrap();
    assert_eq!(chart.descriptor.digest, Digest::of(manifest.as_bytes()), "{inspect:?}");
    assert!(resolved.blobs.iter().any(|blob| blob.digest == chart.archive));
    let error = take("^3").unwrap_err();
    assert!(error.ends_with("has no version that fits `^3`; the newest are 2.0.0-rc.1, 1.10.0+x, 1.2.0"), "{error}");
}

#[test]
fn helm_accepts_a_folder_that_we_packaged_and_packages_the_same_files() {
    let machine = Machine::new().unwrap();
    let more = "dependencies: [{name: sub, version: 0.1.0, repository: \"\"}]\n";
    let folder = chart_folder(&machine, "demo", "1.0.0", more);
    machine.write("demo-1.0.0/.helmignore", "*.bak\nci/\n# comment\n").unwrap();
    for name in ["notes.bak", "ci/values.yaml", "templates/.hidden", "docs/README.md"] {
        machine.write(Path::new("demo-1.0.0").join(name), "text").unwrap();
    }
    machine.write("demo-1.0.0/charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0\n").unwrap();
    machine.run("helm", &["package", &folder.display().to_string()]).unwrap();
    let resolved = resolve(&sources(&[]), "demo", local(&folder)).unwrap();
    let chart = resolved.item.as_chart().unwrap();
    let blob = resolved.blobs.iter().find(|blob| blob.digest == chart.archive).unwrap();
    let Origin::Bytes(bytes) = &blob.origin else { panic!("it is in memory") };
    let ours = machine.write("ours.tgz", bytes).unwrap().display().to_string();
    let members = |archive: &str| {
        let mut names: Vec<String> =
            machine.run("tar", &["-tzf", archive]).unwrap().lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(members(&ours), members(&machine.path("demo-1.0.0.tgz").display().to_string()));
    machine.run("helm", &["lint", &ours]).unwrap();
    assert!(machine.run("helm", &["template", &ours]).unwrap().contains("a: hello"));
    let shown = machine.run("helm", &["show", "chart", &ours]).unwrap();
    assert!(shown.contains("version: 1.0.0\n") && "1.0.0".parse::<Version>().is_ok(), "{shown}");
}

/// An OpenPGP key in the format that helm reads.
fn signing_key(machine: &Machine) -> String {
    let ring = machine.path("secring.gpg").display().to_string();
    let unattended = ["--batch", "--passphrase", "", "--pinentry-mode", "loopback"];
    let make = ["--quick-generate-key", "rig", "rsa2048", "sign", "never"];
    machine.run("gpg", &[&unattended[..], &make[..]].concat()).unwrap();
    let export = ["--output", &ring, "--export-secret-keys", "rig"];
    machine.run("gpg", &[&unattended[..], &export[..]].concat()).unwrap();
    machine.run("gpgconf", &["--kill", "gpg-agent"]).unwrap();
    ring
}
