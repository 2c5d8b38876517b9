//! A bundle as people have them: components that share layers, signatures beside images, charts with provenance, packages.

use std::collections::BTreeMap;

use manifests::Digest;
use manifests::document::{CarriedFile, Chart, Files, Image, Item};
use manifests::evidence::{
    AppliedWaiver, Confidence, Decision, Evidence, FILE, Fate, Finding, OffImage, Purpose, Reference, RenderedChart,
    SET, SeenObject, Severity, Sighting, SignedBy, SignedKind, UpstreamSignature, Waiver,
};
use manifests::fake::FakeBundle;
use manifests::lock::Place;
use manifests::oci::{Descriptor, annotation, media_type};
use serde_json::{Value, json};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// An image of a sample.
pub struct Sample<'a> {
    pub reference: &'a str,
    pub component: &'a str,
    /// Each layer by a word that makes its content, and its size in bytes.
    pub layers: &'a [(&'a str, usize)],
    pub labels: Value,
    pub signed: bool,
}

/// Bytes that are the same for the same word.
pub fn bytes(word: &str, size: usize) -> Vec<u8> {
    let mut state = word
        .bytes()
        .fold(0x9e37_79b9_7f4a_7c15_u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

#[allow(clippy::needless_pass_by_value, reason = "what is written down on the spot")]
fn manifest(bundle: &mut FakeBundle, config: &Descriptor, layers: &[Descriptor], annotations: Value) -> Descriptor {
    let manifest = json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": layers,
        "annotations": annotations});
    bundle.blob(media_type::OCI_MANIFEST, manifest.to_string().as_bytes())
}

pub fn with_image(mut bundle: FakeBundle, sample: &Sample<'_>) -> FakeBundle {
    let config = json!({"architecture": "amd64", "os": "linux", "config": {"Labels": sample.labels},
        "rootfs": {"type": "layers", "diff_ids": []}, "created_by": sample.reference});
    let config = bundle.blob(CONFIG, config.to_string().as_bytes());
    let layers: Vec<Descriptor> =
        sample.layers.iter().map(|(word, size)| bundle.blob(LAYER, &bytes(word, *size))).collect();
    let descriptor = manifest(&mut bundle, &config, &layers, json!({}));
    let mut attached = Vec::new();
    if sample.signed {
        let empty = bundle.blob(media_type::OCI_EMPTY, b"{}");
        let payload = format!("a signature of {}", sample.reference);
        let payload = bundle.blob("application/vnd.dev.cosign.simplesigning.v1+json", payload.as_bytes());
        let mut signature = manifest(&mut bundle, &empty, &[payload], json!({"for": sample.reference}));
        let tag = format!("sha256-{}.sig", descriptor.digest.hex());
        signature.annotations.insert(annotation::REF_NAME.to_owned(), tag);
        attached.push(signature);
    }
    bundle.item(Item::from(Image {
        reference: sample.reference.parse().unwrap(),
        descriptor,
        platforms: vec!["linux/amd64".parse().unwrap()],
        attached,
        component: Some(sample.component.to_owned()),
    }))
}

/// A chart from a repository, with a provenance file.
pub fn with_chart(mut bundle: FakeBundle, component: &str, name: &str, version: &str, licence: &str) -> FakeBundle {
    let config = json!({"name": name, "version": version, "apiVersion": "v2",
        "annotations": {"artifacthub.io/license": licence}});
    let config = bundle.blob(media_type::HELM_CONFIG, config.to_string().as_bytes());
    let archive = bundle.blob(media_type::HELM_CHART, &bytes(name, 60_000));
    let provenance = bundle.blob(media_type::HELM_PROVENANCE, format!("provenance of {name}").as_bytes());
    let descriptor = manifest(&mut bundle, &config, &[archive.clone(), provenance.clone()], json!({}));
    bundle.item(Item::from(Chart {
        name: name.to_owned(),
        version: version.to_owned(),
        reference: format!("charts.example.org/{component}/{name}:{version}").parse().unwrap(),
        repository: Some(format!("https://charts.example.org/{component}")),
        descriptor,
        archive: archive.digest,
        provenance: Some(provenance.digest),
        attached: Vec::new(),
        component: Some(component.to_owned()),
    }))
}

/// A set of files from web servers.
pub fn with_files(mut bundle: FakeBundle, component: &str, files: &[(&str, usize, Option<&str>)]) -> FakeBundle {
    let config = bundle.blob(media_type::OCI_EMPTY, b"{}");
    let (mut layers, mut carried) = (Vec::new(), Vec::new());
    for (path, size, source) in files {
        let mut layer = bundle.blob(path, &bytes(path, *size));
        layer.annotations = BTreeMap::from([(annotation::TITLE.to_owned(), (*path).to_owned())]);
        let source = source.map(str::to_owned);
        carried.push(CarriedFile { path: (*path).to_owned(), digest: layer.digest, size: layer.size, source });
        layers.push(layer);
    }
    carried.sort_by(|a, b| a.path.cmp(&b.path));
    let descriptor = manifest(&mut bundle, &config, &layers, json!({}));
    let reference = format!("bundle.local/files/{component}:1").parse().unwrap();
    bundle.item(Item::from(Files { name: component.to_owned(), reference, descriptor, files: carried }))
}

/// What a build saw, as a set of files of its own.
pub fn with_evidence(mut bundle: FakeBundle, evidence: &[u8]) -> FakeBundle {
    let config = bundle.blob(media_type::OCI_EMPTY, b"{}");
    let mut layer = bundle.blob("application/json", evidence);
    layer.annotations = BTreeMap::from([(annotation::TITLE.to_owned(), FILE.to_owned())]);
    let file = CarriedFile { path: FILE.to_owned(), digest: layer.digest, size: layer.size, source: None };
    let descriptor = manifest(&mut bundle, &config, &[layer], json!({}));
    let reference = format!("bundle.local/files/{SET}:1").parse().unwrap();
    bundle.item(Item::from(Files { name: SET.to_owned(), reference, descriptor, files: vec![file] }))
}

/// What the build of the platform saw: an image that is served under another name, one that was decided about, one that is
/// left out, a finding that was let pass and one that was not, a signature of an image and one of another image.
pub fn evidence(bundle: &FakeBundle) -> Evidence {
    let seen = |image: &str, fate: Fate, pulled_from: Option<&str>, reason: Option<&str>| Reference {
        image: image.parse().unwrap(),
        fate,
        pulled_from: pulled_from.map(|from| from.parse().unwrap()),
        reason: reason.map(str::to_owned),
        confidence: Some(Confidence::Certain),
        sightings: vec![Sighting {
            component: "monitoring".parse().unwrap(),
            chart: Some("kube-prometheus-stack".to_owned()),
            text: image.to_owned(),
            object: Some(SeenObject {
                kind: "Deployment".into(),
                namespace: Some("monitoring".into()),
                name: "web".into(),
            }),
            file: Some("templates/web.yaml".to_owned()),
            path: "spec.template.spec.containers[0].image".to_owned(),
            variant: None,
            purpose: Purpose::Run,
            confidence: Confidence::Certain,
            reason: "the image of a container".to_owned(),
        }],
    };
    let waived = AppliedWaiver {
        reason: "the storage class is made by hand at the site".to_owned(),
        until: "2027-01-31".parse().ok(),
        asked: Place::new("stack.yaml", 41),
    };
    let finding = |id: &str, severity, object: &str, message: &str, waived| Finding {
        id: id.to_owned(),
        severity,
        object: object.to_owned(),
        message: message.to_owned(),
        asked: Some(Place::new("components/monitoring.yaml", 12)),
        seen: vec!["StatefulSet monitoring/prometheus in templates/prometheus.yaml".to_owned()],
        why: "pods stay pending inside the gap".to_owned(),
        help: "carry a component that provides it".to_owned(),
        waived,
    };
    let image = "quay.io/prometheus/prometheus:v3.1.0";
    let plan = bundle.plan();
    let images: Vec<_> = plan.document().items.iter().filter_map(Item::as_image).cloned().collect();
    let digest = |name: &str| images.iter().find(|one| one.reference.to_string() == name).unwrap().descriptor.digest;
    let signature = |item: &str, digest| UpstreamSignature {
        kind: SignedKind::Image,
        item: item.to_owned(),
        digest,
        scheme: SignedBy::Cosign,
        key: Digest::of(b"a key").to_string(),
        key_file: Some("prometheus.pub".to_owned()),
        rule: Place::new("stack.yaml", 20),
    };
    Evidence {
        rendered: vec![RenderedChart {
            chart: "kube-prometheus-stack".to_owned(),
            version: "68.1.0".to_owned(),
            component: "monitoring".parse().unwrap(),
            release: Some("monitoring".to_owned()),
            kubernetes: "1.30.6".to_owned(),
            variants: vec!["as given".to_owned(), "ingress.enabled: true".to_owned()],
        }],
        references: vec![
            seen("docker.io/bitnami/kubectl:1.30", Fate::LeftOut, None, Some("only a test hook runs it")),
            seen(
                "docker.io/grafana/grafana:11.4.0",
                Fate::Found,
                Some("mirror.example.org/grafana/grafana:11.4.0"),
                None,
            ),
            seen(image, Fate::Found, None, None),
        ],
        off: vec![OffImage {
            component: "monitoring".parse().unwrap(),
            chart: "kube-prometheus-stack".to_owned(),
            file: "charts/thanos/values.yaml".to_owned(),
            path: "thanos.image".to_owned(),
            image: "quay.io/thanos/thanos:v0.37.2".to_owned(),
        }],
        decisions: vec![Decision {
            text: "bitnami/kubectl:1.30".to_owned(),
            image: None,
            carry: false,
            reason: "only a test hook runs it".to_owned(),
            component: None,
            chart: None,
            asked: Place::new("stack.yaml", 33),
        }],
        waivers: vec![Waiver {
            finding: "storage-class-missing".to_owned(),
            object: "fast".to_owned(),
            reason: waived.reason.clone(),
            until: waived.until,
            component: None,
            asked: waived.asked.clone(),
            used: 1,
        }],
        findings: vec![
            finding(
                "storage-class-missing",
                Severity::Error,
                "fast",
                "no component provides the class `fast`",
                Some(waived),
            ),
            finding("image-floating", Severity::Warning, image, "the tag may move", None),
        ],
        signatures: vec![
            signature("docker.io/grafana/grafana:11.4.0", Digest::of(b"another image")),
            signature(image, digest(image)),
        ],
        ..Evidence::new()
    }
}

/// A platform, in a version of its own.
pub fn platform(version: &str) -> FakeBundle {
    let labels = json!({"org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.source": "https://github.com/example/project"});
    let base = ("a base that many share", 1_400_000);
    #[allow(clippy::type_complexity, reason = "a table: reference, component, layers, whether it is signed")]
    let images: [(&str, &str, &[(&str, usize)], bool); 9] = [
        ("quay.io/jetstack/cert-manager-controller:v1.16.2", "cert-manager", &[("cm", 900_000)], true),
        ("quay.io/jetstack/cert-manager-webhook:v1.16.2", "cert-manager", &[("cw", 700_000)], true),
        ("quay.io/jetstack/cert-manager-cainjector:v1.16.2", "cert-manager", &[("ci", 650_000)], true),
        ("docker.io/longhornio/longhorn-manager:v1.9.2", "longhorn", &[base, ("lm", 2_600_000)], false),
        ("docker.io/longhornio/longhorn-engine:v1.9.2", "longhorn", &[base, ("le", 3_100_000)], false),
        ("docker.io/longhornio/longhorn-ui:v1.9.2", "longhorn", &[base, ("lu", 400_000)], false),
        ("quay.io/prometheus/prometheus:v3.1.0", "monitoring", &[base, ("pr", 2_300_000)], true),
        ("docker.io/grafana/grafana:11.4.0", "monitoring", &[base, ("gr", 3_600_000)], false),
        ("registry.example.org/team/shop-frontend:4.12.0", "shop", &[base, ("sf", 800_000)], true),
    ];
    let mut bundle = FakeBundle::new("platform", version);
    for (reference, component, layers, signed) in images {
        let labels = if component == "longhorn" { json!({}) } else { labels.clone() };
        bundle = with_image(bundle, &Sample { reference, component, layers, labels, signed });
    }
    bundle = with_chart(bundle, "cert-manager", "cert-manager", "v1.16.2", "Apache-2.0");
    bundle = with_chart(bundle, "longhorn", "longhorn", "1.9.2", "Apache-2.0");
    bundle = with_chart(bundle, "monitoring", "kube-prometheus-stack", "68.1.0", "Apache-2.0");
    let release = "https://github.com/rancher/rke2/releases/download/v1.30.6%2Brke2r1";
    let (tar, sums) = (format!("{release}/rke2.linux-amd64.tar.gz"), format!("{release}/sha256sum-amd64.txt"));
    bundle = with_files(
        bundle,
        "rke2",
        &[
            ("rke2.linux-amd64.tar.gz", 5_200_000, Some(&tar)),
            ("sha256sum-amd64.txt", 1_800, Some(&sums)),
            ("motd", 40, None),
        ],
    );
    let packages: Vec<(String, Vec<u8>)> = (0..24)
        .map(|n| {
            let name = ["open-iscsi", "nfs-common", "jq", "libjq1"]
                .get(n)
                .map_or_else(|| format!("libsample{n}"), |n| (*n).to_owned());
            (format!("Package: {name}\nVersion: 2.{n}-1\nArchitecture: amd64\n"), bytes(&name, 20_000 + n * 3_000))
        })
        .collect();
    let packages: Vec<(&str, &[u8])> =
        packages.iter().map(|(control, bytes)| (control.as_str(), bytes.as_slice())).collect();
    bundle.packages(
        "noble",
        "amd64",
        &packages,
        &[("longhorn", "open-iscsi"), ("longhorn", "nfs-common"), ("shop", "jq")],
    )
}

/// The platform with what its build saw.
pub fn complete(version: &str) -> FakeBundle {
    let bundle = platform(version);
    let evidence = evidence(&bundle).to_json();
    with_evidence(bundle, &evidence)
}
