//! Figures of the site's repository for apt.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Instant;

use airgap_tests::{Daemon, Machine, run, signer, tool};
use anyhow::{Context, Result};
use manifests::Digest;
use manifests::bundle::{BundleWriter, Plan};
use manifests::debian::{Package, Stanzas};
use manifests::document::{Blob, CarriedPackage, Encoding, Item, Packages, PackagesIndex};
use manifests::oci::{Descriptor, Manifest, annotation, media_type};

use crate::figure::Bound::AtMost;
use crate::figure::Figure;
use crate::measure::peak_memory;

/// How many packages a large platform carries for its nodes.
const COUNT: usize = 2000;
const PORT: u16 = 6005;

/// From the start of a server to its first answer: it makes the repository on the way.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let machine = Machine::on(std::sync::Arc::new(airgap_tests::Network::new(&[])?))?;
    signer(&machine, "ci", "allowed_signers")?;
    let size = content()?.write(&machine)?;
    machine.bundle(&["sign", "packages.tar.zst", "--key", "ci"])?.success()?;
    let listen = format!("127.0.0.1:{PORT}");
    let words =
        ["serve", "--bundle", "packages.tar.zst", "--in-place", "--trust", "allowed_signers", "--state", "state"];
    let command = machine.ours("airgap-registry", &[&words[..], &["--listen", &listen]].concat())?;
    let start = Instant::now();
    let mut server = Daemon::start(&command, &machine.path("server.log"))?;
    machine.wait_for_port(&mut server, PORT)?;
    let seconds = start.elapsed().as_secs_f64();
    let memory = peak_memory(&server)?;
    let detail = format!("indexes of {:.1} MB", size as f64 / 1e6);
    Ok(vec![
        Figure::new("mirror of 2 000 packages, until it is served", seconds, " s", AtMost(5.0), detail),
        Figure::new("server memory, 2 000 packages", memory, " MiB", AtMost(128.0), String::new()),
    ])
}

/// A bundle of packages.
struct Content {
    item: Packages,
    blobs: BTreeMap<Digest, Vec<u8>>,
}

/// Packages as this machine's own archive describes them, each with a few bytes in the place of the real ones.
fn content() -> Result<Content> {
    let mut command = std::process::Command::new(tool("apt-cache")?);
    let described = run(command.arg("dumpavail"))?.success()?.stdout;
    let (mut packages, mut index, mut blobs) = (Vec::new(), String::new(), BTreeMap::new());
    let mut names = BTreeSet::new();
    for stanza in Stanzas::new(described.as_bytes()) {
        let stanza = stanza?;
        let package = Package::parse(&stanza)?;
        if package.sha256.is_none() || !package.filename.starts_with("pool/") || !names.insert(package.name) {
            continue;
        }
        let deb = format!("{} {}", package.name, package.version).into_bytes();
        let (digest, size) = (Digest::of(&deb), deb.len() as u64);
        let theirs = ["Filename:", "Size:", "SHA256:"];
        let text = std::str::from_utf8(stanza.text())?;
        let kept = text.lines().filter(|line| !line.is_empty() && !theirs.iter().any(|field| line.starts_with(field)));
        kept.for_each(|line| index.extend([line, "\n"]));
        index.push_str(&format!("Filename: {}\nSize: {size}\nSHA256: {}\n\n", package.filename, digest.hex()));
        packages.push(CarriedPackage {
            name: package.name.parse()?,
            version: package.version.parse()?,
            architecture: package.architecture.parse()?,
            path: package.filename.to_owned(),
            digest,
            size,
        });
        blobs.insert(digest, deb);
        if packages.len() == COUNT {
            break;
        }
    }
    anyhow::ensure!(packages.len() == COUNT, "apt knows only {} packages: run apt-get update", packages.len());
    assemble(packages, index.into_bytes(), blobs)
}

fn assemble(packages: Vec<CarriedPackage>, index: Vec<u8>, mut blobs: BTreeMap<Digest, Vec<u8>>) -> Result<Content> {
    let mut put = |bytes: Vec<u8>, media_type: &str| {
        let descriptor = Descriptor::of(media_type, &bytes);
        blobs.insert(descriptor.digest, bytes);
        descriptor
    };
    let series = airgap_tests::codename()?.parse()?;
    let architectures: BTreeSet<_> =
        packages.iter().filter(|it| !it.architecture.is_all()).map(|it| &it.architecture).collect();
    let architecture = (*architectures.first().context("no package is of an architecture")?).clone();
    let layer = |package: &CarriedPackage| {
        let mut layer = Descriptor::new(media_type::DEB, package.digest, package.size);
        layer.annotations.insert(annotation::TITLE.to_owned(), package.path.clone());
        layer
    };
    let index = put(index, "application/octet-stream");
    let layers = packages.iter().map(layer).chain([index.clone()]).collect();
    let config = put(b"{}".to_vec(), media_type::OCI_EMPTY);
    let manifest = Manifest {
        schema_version: 2,
        media_type: Some(media_type::OCI_MANIFEST.to_owned()),
        artifact_type: Some(media_type::PACKAGES.to_owned()),
        config,
        layers,
        subject: None,
        annotations: BTreeMap::new(),
    };
    let descriptor = put(serde_json::to_vec(&manifest)?, media_type::OCI_MANIFEST);
    let reference = format!("bundle.local/packages/{series}:1.0.0").parse()?;
    let indexes = vec![PackagesIndex { architecture: architecture.clone(), digest: index.digest, size: index.size }];
    let (architectures, wanted, profiles) = (vec![architecture], Vec::new(), Vec::new());
    let item =
        Packages { series, reference, descriptor, architectures, wanted, packages, indexes, profiles, unproved: None };
    Ok(Content { item, blobs })
}

impl Content {
    /// Writes the bundle without a signature; the result is the size of its index.
    fn write(self, machine: &Machine) -> Result<u64> {
        let size = self.item.indexes.iter().map(|index| index.size).sum();
        let blob = |(digest, bytes): (&Digest, &Vec<u8>)| Blob {
            digest: *digest,
            size: bytes.len() as u64,
            encoding: Encoding::Raw,
        };
        let blobs = self.blobs.iter().map(blob).collect();
        let created = "2026-01-01T00:00:00Z".parse()?;
        let plan = Plan::new("packages".parse()?, "1.0.0".parse()?, created, vec![Item::from(self.item)], blobs, None)?;
        let writer = BundleWriter::create(&machine.path("packages.tar.zst"), &plan, None)?;
        for blob in writer.pending_raw() {
            let mut sink = writer.sink(&blob.digest)?;
            sink.write_all(self.blobs.get(&blob.digest).context("a blob is missing")?)?;
            sink.finish()?;
        }
        writer.finish(&[])?;
        Ok(size)
    }
}
