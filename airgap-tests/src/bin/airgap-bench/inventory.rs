//! Figures of the SBOM: an image of large layers, against reading and unpacking the same layers and nothing else.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use airgap_tests::{Machine, Random, signer};
use anyhow::{Context, Result};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use manifests::Digest;
use manifests::bundle::UnverifiedBundle;
use manifests::oci::{Descriptor, annotation, media_type};
use manifests::signature::TrustRoot;
use serde_json::json;

use crate::figure::Bound::AtMost;
use crate::figure::Figure;
use crate::measure;

/// The first argument by which a bench starts itself again, to be measured as a process of its own.
pub(crate) const AGAIN: &str = "unpack";

const LAYERS: u64 = 4;
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// A large program, and the files between such.
const PROGRAM: usize = 16 << 20;
const SMALL: usize = 4 << 10;
const SMALL_FILES: usize = 1000;

/// An image that unpacks to about `size` bytes.
pub(crate) fn measure(size: u64) -> Result<Vec<Figure>> {
    let machine = Machine::new()?;
    layout(&machine.path("layout"), size)?;
    let stack = "apiVersion: airgap/v1\nkind: Stack\nname: bench\nversion: 1.0.0\ncreated: 2026-01-01\nimages:\n  - image: \
                 example.com/bench:1\n    from:\n      ociLayout: layout\n";
    machine.write("stack.yaml", stack)?;
    signer(&machine, "ci", "allowed_signers")?;
    let build = ["build", "stack.yaml", "-o", "bench.tar.zst", "--key", "ci"];
    airgap_tests::run(&mut machine.ours("airgap-bundle", &build)?)?.success()?;
    let mut theirs = machine.command_at(&std::env::current_exe().context("a program has a path")?);
    theirs.arg(AGAIN).arg(machine.path("bench.tar.zst")).arg(machine.path("allowed_signers"));
    // Once beforehand, so that neither way reads a cold disk.
    measure::measure(&machine, &theirs)?;
    let theirs = measure::measure(&machine, &theirs)?;
    let words = ["sbom", "bench.tar.zst", "--trust", "allowed_signers", "--output", "sbom.json", "-q"];
    let ours = measure::measure(&machine, &machine.ours("airgap-bundle", &words)?)?;
    let found = fs::read_to_string(machine.path("sbom.json"))?.matches("pkg:npm/").count() as u64;
    anyhow::ensure!(found == LAYERS, "{found} packages were found");
    let what = format!("SBOM of an image of {:.1} GB / reading and unpacking its layers once", size as f64 / 1e9);
    let detail = format!("{:.2} s / {:.2} s", ours.seconds, theirs.seconds);
    Ok(vec![
        Figure::new(&what, ours.seconds / theirs.seconds, "", AtMost(1.3), detail),
        Figure::new("peak memory of sbom", ours.memory, " MiB", AtMost(128.0), String::new()),
    ])
}

/// What the process of its own does: reads all layers of a bundle, unpacks them, and looks at nothing.
pub(crate) fn unpack_here(arguments: &[String]) -> Result<()> {
    let [bundle, trust] = arguments else { anyhow::bail!("{AGAIN} BUNDLE TRUST") };
    let trust = TrustRoot::parse(&fs::read_to_string(trust)?, trust)?;
    let bundle = UnverifiedBundle::open(&[bundle])?.verify(&trust)?;
    let layers = bundle.document().blobs.iter().filter(|blob| blob.size > 1 << 20);
    for layer in layers {
        let packed = io::BufReader::with_capacity(128 << 10, bundle.read(&layer.digest)?);
        io::copy(&mut MultiGzDecoder::new(packed), &mut io::sink())?;
    }
    Ok(())
}

/// An OCI layout with the image.
fn layout(folder: &Path, size: u64) -> Result<()> {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    let put = |kind: &str, content: &[u8]| -> Result<Descriptor> {
        fs::write(blobs.join(Digest::of(content).hex()), content).context("cannot write a blob")?;
        Ok(Descriptor::of(kind, content))
    };
    let mut random = Random::new(13);
    let layers: Vec<Descriptor> =
        (0..LAYERS).map(|number| put(LAYER, &layer(number, size / LAYERS, &mut random)?)).collect::<Result<_>>()?;
    let config = put(CONFIG, br#"{"os": "linux", "architecture": "amd64"}"#)?;
    let manifest =
        json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": layers});
    let mut manifest = put(media_type::OCI_MANIFEST, manifest.to_string().as_bytes())?;
    manifest.annotations.insert(annotation::REF_NAME.to_owned(), "1".to_owned());
    let index = json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [manifest]});
    fs::write(folder.join("index.json"), index.to_string())?;
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    Ok(())
}

/// A layer of programs that shrink by half, of small files, and of one package.
fn layer(number: u64, size: u64, random: &mut Random) -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let package = format!(r#"{{"name": "layer-{number}", "version": "1.0.0"}}"#);
    add(&mut tar, &format!("node_modules/layer-{number}/package.json"), package.as_bytes())?;
    let mut written = 0;
    for place in 0.. {
        if written >= size {
            break;
        }
        let program = [&b"\x7fELF"[..], &random.bytes(PROGRAM / 2), &vec![7; PROGRAM / 2]].concat();
        add(&mut tar, &format!("usr/bin/{number}-{place}"), &program)?;
        for file in 0..SMALL_FILES {
            add(&mut tar, &format!("usr/share/{number}-{place}/{file}"), &program[file..file + SMALL])?;
        }
        written += (PROGRAM + SMALL_FILES * SMALL) as u64;
    }
    tar.into_inner()?.finish().context("cannot compress a layer")
}

fn add<W: Write>(tar: &mut tar::Builder<W>, path: &str, content: &[u8]) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, path, content).context("cannot write a layer")
}
