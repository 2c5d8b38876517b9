//! Layers, databases and archives, made as their tools make them; and a folder with bundles of them.

use std::io::{Cursor, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use manifests::document::{Image, Item};
use manifests::fake::FakeBundle;
use manifests::oci::media_type;
use serde_json::Value;

use crate::site::Site;

/// A layer that is being made.
pub(crate) struct Layer(tar::Builder<Vec<u8>>);

impl Layer {
    pub(crate) fn new() -> Self {
        Self(tar::Builder::new(Vec::new()))
    }

    /// A file.
    pub(crate) fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let mut header = header(tar::EntryType::Regular, content.len() as u64);
        self.0.append_data(&mut header, path, content).unwrap();
        self
    }

    /// A folder.
    pub(crate) fn folder(mut self, path: &str) -> Self {
        self.0.append_data(&mut header(tar::EntryType::Directory, 0), path, &b""[..]).unwrap();
        self
    }

    /// A symbolic or hard link.
    pub(crate) fn link(mut self, kind: tar::EntryType, path: &str, target: &str) -> Self {
        self.0.append_link(&mut header(kind, 0), path, target).unwrap();
        self
    }

    /// A member whose path is written as it is.
    pub(crate) fn raw(mut self, path: &str, content: &[u8]) -> Self {
        let mut header = header(tar::EntryType::Regular, content.len() as u64);
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    pub(crate) fn plain(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    pub(crate) fn gzip(self) -> Vec<u8> {
        gzip(&self.plain())
    }

    pub(crate) fn zstd(self) -> Vec<u8> {
        zstd::encode_all(&self.plain()[..], 3).unwrap()
    }
}

fn header(kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `package.json` of a package of Node.
pub(crate) fn node(name: &str, version: &str) -> String {
    format!(r#"{{"name": "{name}", "version": "{version}", "license": "MIT"}}"#)
}

/// A zip of files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The same, written forwards: the sizes of files stand behind them.
pub(crate) fn zip_forwards(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new_stream(Vec::new());
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A header of RPM with these texts.
pub(crate) fn rpm_header(texts: &[(u32, &str)]) -> Vec<u8> {
    const TEXT: u32 = 6;
    let (mut entries, mut data) = (Vec::new(), Vec::new());
    for (tag, text) in texts {
        for number in [*tag, TEXT, data.len() as u32, 1] {
            entries.extend_from_slice(&number.to_be_bytes());
        }
        data.extend_from_slice(text.as_bytes());
        data.push(0);
    }
    let count = texts.len() as u32;
    [&count.to_be_bytes()[..], &(data.len() as u32).to_be_bytes(), &entries, &data].concat()
}

/// The header of bash as RHEL has it.
pub(crate) fn bash() -> Vec<u8> {
    rpm_header(&[
        (1000, "bash"),
        (1001, "5.1.8"),
        (1002, "9.el9"),
        (1014, "GPLv3+"),
        (1022, "x86_64"),
        (1044, "bash-5.1.8-9.el9.src.rpm"),
    ])
}

/// `rpmdb.sqlite`, made by SQLite with the tables that RPM makes.
pub(crate) fn rpm_sqlite(headers: &[Vec<u8>]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rpmdb.sqlite");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);
             CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);",
        )
        .unwrap();
    for header in headers {
        database.execute("INSERT INTO Packages (blob) VALUES (?1)", [header]).unwrap();
    }
    drop(database);
    std::fs::read(path).unwrap()
}

/// `Packages.db` with one page of slots.
pub(crate) fn rpm_slots(headers: &[Vec<u8>]) -> Vec<u8> {
    let number = |number: u32| number.to_le_bytes();
    let mut file = [&b"RpmP"[..], &number(0), &number(1), &number(1), &[0; 16]].concat();
    let mut blobs = Vec::new();
    for (at, header) in headers.iter().enumerate() {
        let place = (4096 + blobs.len()) / 16;
        file.extend_from_slice(&[&b"Slot"[..], &number(at as u32 + 1), &number(place as u32), &number(9)].concat());
        blobs.extend_from_slice(
            &[&b"BlbS"[..], &number(at as u32 + 1), &number(0), &number(header.len() as u32)].concat(),
        );
        blobs.extend_from_slice(header);
        blobs.resize(blobs.len().next_multiple_of(16), 0);
    }
    // Free slots.
    while file.len() < 4096 {
        file.extend_from_slice(&[&b"Slot"[..], &[0; 12]].concat());
    }
    [file, blobs].concat()
}

/// A program of Go, as far as it says what it was built from.
pub(crate) fn go_program(go: &str, modules: &str) -> Vec<u8> {
    let framed = format!("{}{modules}{}", "s".repeat(16), "e".repeat(16));
    let mut bytes = [&b"\x7fELF"[..], &[0; 200_000]].concat();
    bytes.extend_from_slice(b"\xff Go buildinf:\x08\x02");
    bytes.extend_from_slice(&[0; 16]);
    for text in [go, &framed] {
        bytes.extend_from_slice(&[(text.len() & 0x7f) as u8 | 0x80, (text.len() >> 7) as u8]);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// A folder with `b.tar.zst` of this bundle.
pub(crate) fn site(bundle: &FakeBundle) -> Site {
    let site = Site::new();
    bundle.write(&site.path("b.tar.zst"));
    site
}

/// A folder with a bundle of one image of these layers.
pub(crate) fn image(layers: &[Vec<u8>]) -> Site {
    let layers: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    site(&FakeBundle::new("b", "1.0.0").image("example.com/app:1", &layers))
}

/// A bundle with an image under indexes that name each other: `levels` of them, each with the one below as often as `times`.
pub(crate) fn nested(name: &str, levels: usize, times: usize) -> FakeBundle {
    let mut bundle = FakeBundle::new(name, "1.0.0");
    let labels = r#"{"os": "linux", "architecture": "amd64", "config": {"Labels": {"org.opencontainers.image.licenses": "MIT"}}}"#;
    let config = bundle.blob("application/vnd.oci.image.config.v1+json", labels.as_bytes());
    let layer = Layer::new().file("node_modules/a/package.json", node("a", "1.0.0")).gzip();
    let layer = bundle.blob("application/vnd.oci.image.layer.v1.tar+gzip", &layer);
    let manifest = serde_json::json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": config, "layers": [layer]});
    let mut below = bundle.blob(media_type::OCI_MANIFEST, manifest.to_string().as_bytes());
    for _ in 0..levels {
        let manifests = vec![below; times];
        let index = serde_json::json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests});
        below = bundle.blob(media_type::OCI_INDEX, index.to_string().as_bytes());
    }
    let reference = "example.com/app:1".parse().unwrap();
    let (platforms, attached) = (vec![], vec![]);
    bundle.item(Item::from(Image { reference, descriptor: below, platforms, attached, component: None }))
}

/// The SBOM of `b.tar.zst` as CycloneDX.
#[track_caller]
pub(crate) fn sbom(site: &Site, options: &str) -> Value {
    serde_json::from_str(&site.run(&format!("sbom b.tar.zst --trust trust -q {options}")).ok()).unwrap()
}

/// The package URLs of what is in the first image.
#[track_caller]
pub(crate) fn inside(site: &Site) -> Vec<String> {
    urls(&sbom(site, "")["components"][0])
}

/// The package URLs of what is in a component.
pub(crate) fn urls(component: &Value) -> Vec<String> {
    let inside = component["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    inside.iter().filter_map(|component| component["purl"].as_str().map(str::to_owned)).collect()
}

/// What was not read of the first image.
#[track_caller]
pub(crate) fn unread(site: &Site) -> Vec<String> {
    let sbom = sbom(site, "");
    let properties = sbom["components"][0]["properties"].as_array().unwrap();
    let unread = properties.iter().filter(|property| property["name"] == "airgap:unread");
    unread.map(|property| property["value"].as_str().unwrap().to_owned()).collect()
}
