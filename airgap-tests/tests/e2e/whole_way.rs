//! The main job: built from real upstreams, carried, installed behind the gap, and used by real clients.

use airgap_tests::{Containerd, Delivery, Machine, Site, run};
use manifests::Digest;

const IMAGES: [&str; 4] = [
    "docker.io/library/tool:1.0",
    "docker.io/library/web:2.0",
    "docker.io/library/plain:1.0",
    "quay.io/library/tool:1.0",
];

/// The exact bytes of an image's manifest or index, as skopeo gets them.
fn raw_manifest(machine: &Machine, reference: &str, options: &[&str]) -> String {
    let reference = format!("docker://{reference}");
    machine.run("skopeo", &[&["inspect", "--raw", &reference], options].concat()).unwrap()
}

fn skopeo_options(site: &Site, client: &Machine) -> [String; 4] {
    let certs = client.path(format!("certs.d/{}", site.authority())).display().to_string();
    ["--cert-dir".into(), certs, "--creds".into(), format!("airgap:{}", site.password().unwrap())]
}

#[test]
fn every_client_gets_every_byte_under_the_original_names() {
    let delivery = Delivery::shared().unwrap();
    let mut site = Site::new(&delivery.trust()).unwrap();
    let bundle = site.carry(&delivery.bundle()).unwrap();
    site.serve(&[&bundle], &[]).unwrap();
    let client = site.client().unwrap();
    skopeo(&delivery, &site, &client);
    oras(&delivery, &site, &client);
    files(&delivery, &site, &client);
    charts(&delivery, &site, &client);
    containerd(&delivery, &site);
    assert_eq!(site.gap().escaped().unwrap(), 0, "something tried to reach the outside");
    site.stop().unwrap();
}

fn skopeo(delivery: &Delivery, site: &Site, client: &Machine) {
    let options = skopeo_options(site, client);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    for reference in IMAGES {
        let upstream = raw_manifest(delivery.machine(), reference, &[]);
        let here = raw_manifest(client, &format!("{}/{reference}", site.authority()), &options);
        assert_eq!(here, upstream, "{reference}");
        let source = format!("docker://{}/{reference}", site.authority());
        let copy =
            [&["copy", "--insecure-policy", "--all", "--preserve-digests", &source, "dir:copy"], &[][..]].concat();
        let mut source_options = options.clone();
        for (long, short) in [("--src-cert-dir", 0), ("--src-creds", 2)] {
            source_options[short] = long;
        }
        client.run("skopeo", &[&copy[..], &source_options].concat()).unwrap();
        std::fs::remove_dir_all(client.path("copy")).unwrap();
    }
    let index = Digest::of(raw_manifest(client, &format!("{}/{}", site.authority(), IMAGES[0]), &options).as_bytes());
    let signature = format!("docker.io/library/tool:{}.sig", index.to_string().replace(':', "-"));
    let upstream = raw_manifest(delivery.machine(), &signature, &[]);
    assert_eq!(raw_manifest(client, &format!("{}/{signature}", site.authority()), &options), upstream, "cosign's tag");
    let referrers = site.curl(client, &format!("/v2/docker.io/library/tool/referrers/{index}"), &[]).unwrap();
    assert!(String::from_utf8_lossy(&referrers).contains("application/spdx+json"), "the SBOM came along");
    let other = site.curl(client, "/v2/library/tool/manifests/1.0?ns=quay.io", &[]).unwrap();
    assert_eq!(String::from_utf8_lossy(&other), raw_manifest(delivery.machine(), IMAGES[3], &[]));
}

fn oras(delivery: &Delivery, site: &Site, client: &Machine) {
    let (authority, password) = (site.authority(), site.password().unwrap());
    let login = ["--ca-file", "ca.crt", "--username", "airgap", "--password", &password];
    let oras = |words: &[&str]| client.run("oras", &[words, &login].concat()).unwrap();
    let image = format!("{authority}/{}", IMAGES[0]);
    assert_eq!(oras(&["manifest", "fetch", &image]), raw_manifest(delivery.machine(), IMAGES[0], &[]));
    assert!(oras(&["discover", &image]).contains("application/spdx+json"), "the SBOM came along");
    let files = format!("{authority}/bundle.local/files/platform");
    let tag = oras(&["repo", "tags", &files]);
    oras(&["pull", &format!("{files}:{}", tag.trim()), "--output", "oras"]);
    for name in ["release/notes.txt", "release/data.bin"] {
        let content = std::fs::read(client.path("oras").join(name)).unwrap();
        assert!(content == delivery.upstream().fixtures().file(name).unwrap(), "{name} differs");
    }
    let from = ["--from-ca-file", "ca.crt", "--from-username", "airgap", "--from-password", &password];
    let copy = ["copy", "--recursive", &image, "--to-oci-layout", "oras-copy:1.0"];
    client.run("oras", &[&copy[..], &from].concat()).unwrap();
    let copied = client.run("oras", &["manifest", "fetch", "--oci-layout", "oras-copy:1.0"]).unwrap();
    assert_eq!(copied, raw_manifest(delivery.machine(), IMAGES[0], &[]));
}

fn files(delivery: &Delivery, site: &Site, client: &Machine) {
    for name in ["release/notes.txt", "release/empty.txt", "release/data.bin"] {
        let content = site.curl(client, &format!("/files/platform/{name}"), &[]).unwrap();
        assert!(content == delivery.upstream().fixtures().file(name).unwrap(), "{name} differs");
    }
    let part = site.curl(client, "/files/platform/release/data.bin", &["--range", "5000000-5000009"]).unwrap();
    assert_eq!(part, delivery.upstream().fixtures().file("release/data.bin").unwrap()[5_000_000..5_000_010]);
}

fn charts(delivery: &Delivery, site: &Site, client: &Machine) {
    let (authority, password) = (site.authority(), site.password().unwrap());
    let url = format!("https://{authority}/charts/charts.example.org/stable");
    let login = ["--username", "airgap", "--password", &password, "--ca-file", "ca.crt"];
    client.run("helm", &[&["pull", "hello", "--version", "1.3.0", "--repo", &url], &login[..]].concat()).unwrap();
    let original = delivery.upstream().fixtures().path("charts/stable/hello-1.3.0.tgz");
    assert!(std::fs::read(client.path("hello-1.3.0.tgz")).unwrap() == std::fs::read(&original).unwrap());
    client.run("helm", &[&["registry", "login", &authority], &login[..]].concat()).unwrap();
    let chart = format!("oci://{authority}/quay.io/charts/oci-hello");
    client.run("helm", &["pull", &chart, "--version", "0.3.0", "--ca-file", "ca.crt"]).unwrap();
    assert!(client.path("oci-hello-0.3.0.tgz").exists());
}

fn containerd(delivery: &Delivery, site: &Site) {
    let containerd = Containerd::start(site.client().unwrap()).unwrap();
    for (reference, greeting) in IMAGES.iter().zip([
        "tool 1.0 of the hub (amd64)\n",
        "web 2.0 (amd64)\n",
        "plain 1.0\n",
        "tool 1.0 of quay (amd64)\n",
    ]) {
        containerd.pull(reference).unwrap().success().unwrap();
        assert_eq!(containerd.run(reference).unwrap(), greeting, "{reference}");
        let upstream = raw_manifest(delivery.machine(), reference, &[]);
        assert_eq!(containerd.digest(reference).unwrap(), Digest::of(upstream.as_bytes()).to_string());
    }
}

#[test]
fn without_credentials_or_trust_nothing_is_handed_out() {
    let delivery = Delivery::shared().unwrap();
    let mut site = Site::new(&delivery.trust()).unwrap();
    let bundle = site.carry(&delivery.bundle()).unwrap();
    site.serve(&[&bundle], &["--in-place"]).unwrap();
    let client = site.client().unwrap();
    let url = format!("https://{}/v2/docker.io/library/tool/tags/list", site.authority());
    let refused = run(&mut client.command("curl", &["-sS", "--cacert", "ca.crt", "-i", &url]).unwrap()).unwrap();
    assert!(refused.success().unwrap().stdout.starts_with("HTTP/1.1 401"));
    run(&mut client.command("curl", &["-sS", &url]).unwrap()).unwrap().failure().unwrap();
}
