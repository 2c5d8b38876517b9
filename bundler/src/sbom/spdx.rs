//! SPDX 2.3 in JSON: <https://spdx.github.io/spdx-spec/v2.3/>.
//!
//! Files are packages here, with the purpose `FILE`: SPDX wants the SHA-1 of what it calls a file, and a bundle knows none.

use std::collections::BTreeSet;
use std::io::{self, Write};

use manifests::Digest;
use serde::Serialize;

use super::document::{List, TOOL, created, told_by, uuid};
use super::inventory::{CarriedDeb, ChartContents, FileContents, ImageContents, Inventory, MirrorContents, Package};
use super::licence::{Licence, expression, reference};
use super::purl;

const NOTHING: &str = "NOASSERTION";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const BUNDLE: &str = "SPDXRef-bundle";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<P: Serialize, R: Serialize> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: P,
    relationships: R,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<LicenceText>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationInfo {
    created: String,
    creators: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Element {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_info: Option<String>,
    primary_package_purpose: &'static str,
    download_location: String,
    files_analyzed: bool,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LicenceText {
    license_id: String,
    extracted_text: String,
    name: String,
}

/// Writes an inventory. The same one gives the same bytes.
///
/// # Errors
/// When `output` can't be written.
pub fn write(inventory: &Inventory, mut output: impl Write) -> io::Result<()> {
    let document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: format!("{}-{}", inventory.bundle.name, inventory.bundle.version),
        document_namespace: uuid(inventory, "spdx"),
        creation_info: CreationInfo {
            created: created(inventory),
            creators: [format!("Tool: {TOOL}-{}", env!("CARGO_PKG_VERSION"))],
        },
        packages: List(|| elements(inventory).map(|(_, element)| element)),
        relationships: List(|| relationships(inventory)),
        has_extracted_licensing_infos: texts(inventory),
    };
    serde_json::to_writer_pretty(&mut output, &document)?;
    output.write_all(b"\n")
}

/// All elements, each with the one that contains it.
fn elements(inventory: &Inventory) -> impl Iterator<Item = (String, Element)> {
    let contained = |element: Element| (BUNDLE.to_owned(), element);
    let images = inventory.images.iter().enumerate().flat_map(move |(at, one)| {
        let image = image(at, one);
        let id = image.id.clone();
        let inside = one.packages.iter().enumerate().map(move |(at, package)| {
            let own = numbered("package", at);
            (id.clone(), described(format!("{id}-{}", own.trim_start_matches("SPDXRef-")), package))
        });
        std::iter::once(contained(image)).chain(inside)
    });
    let charts = inventory.charts.iter().enumerate().map(move |(at, one)| contained(chart(at, one)));
    let debs = inventory.systems.iter().flat_map(|system| &system.packages).enumerate();
    let debs = debs.map(move |(at, one)| contained(deb(at, one)));
    let mirrors = inventory.mirrors.iter().enumerate().map(move |(at, one)| contained(mirror(at, one)));
    let files = inventory.files.iter().enumerate().map(move |(at, one)| contained(file(at, one)));
    let bundle = std::iter::once((DOCUMENT.to_owned(), bundle(inventory)));
    bundle.chain(images).chain(charts).chain(debs).chain(mirrors).chain(files)
}

fn relationships(inventory: &Inventory) -> impl Iterator<Item = Relationship> {
    elements(inventory).map(|(by, element)| Relationship {
        relationship_type: if by == DOCUMENT { "DESCRIBES" } else { "CONTAINS" },
        spdx_element_id: by,
        related_spdx_element: element.id,
    })
}

fn numbered(kind: &str, at: usize) -> String {
    format!("SPDXRef-{kind}-{}", at + 1)
}

impl Element {
    fn new(id: String, name: String, version: Option<String>, purpose: &'static str) -> Self {
        Self {
            id,
            name,
            version_info: version,
            primary_package_purpose: purpose,
            download_location: NOTHING.to_owned(),
            files_analyzed: false,
            license_concluded: NOTHING,
            license_declared: NOTHING.to_owned(),
            copyright_text: NOTHING,
            checksums: Vec::new(),
            external_refs: Vec::new(),
            source_info: None,
            comment: None,
        }
    }

    fn with_digest(self, digest: &Digest) -> Self {
        Self { checksums: vec![Checksum { algorithm: "SHA256", checksum_value: digest.hex() }], ..self }
    }

    fn with_purl(self, purl: Option<String>) -> Self {
        let external_refs = purl.into_iter().map(|purl| ExternalRef {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: purl,
        });
        Self { external_refs: external_refs.collect(), ..self }
    }

    fn from(self, url: Option<&String>) -> Self {
        // `oci://` is not among the schemes that the specification names.
        let url = url.filter(|url| url.starts_with("https://") || url.starts_with("http://")).cloned();
        Self { download_location: url.unwrap_or_else(|| NOTHING.to_owned()), ..self }
    }
}

fn bundle(inventory: &Inventory) -> Element {
    let subject = &inventory.bundle;
    let element =
        Element::new(BUNDLE.to_owned(), subject.name.to_string(), Some(subject.version.to_string()), "ARCHIVE");
    // The digest is of the document that names all content, not of the file.
    Element { comment: Some(format!("its bundle.json is {}", subject.digest)), ..element }
}

fn image(at: usize, image: &ImageContents) -> Element {
    let name = image.reference.repository().to_string();
    let mut comment = vec![format!("{}: {}", image.reference, told_by(image))];
    comment.extend(image.unread.iter().map(ToString::to_string));
    let element = Element::new(numbered("image", at), name, Some(image.manifest.to_string()), "CONTAINER");
    Element { license_declared: expression(&image.licences), comment: Some(comment.join("\n")), ..element }
        .with_digest(&image.manifest)
        .with_purl(purl::of_image(image))
}

fn described(id: String, package: &Package) -> Element {
    let element = Element::new(id, package.full_name(), package.version.clone(), "LIBRARY");
    let places = (!package.places.is_empty()).then(|| format!("found in {}", package.places.join(", ")));
    Element { license_declared: expression(&package.licences), source_info: places, ..element }
        .with_purl(purl::of_package(package))
}

fn chart(at: usize, chart: &ChartContents) -> Element {
    let element = Element::new(numbered("chart", at), chart.name.clone(), Some(chart.version.clone()), "APPLICATION");
    Element { license_declared: expression(&chart.licences), ..element }
        .with_digest(&chart.digest)
        .with_purl(purl::of_chart(chart))
        .from(chart.repository.as_ref())
}

fn deb(at: usize, deb: &CarriedDeb) -> Element {
    described(numbered("deb", at), &deb.package).with_digest(&deb.digest)
}

fn mirror(at: usize, mirror: &MirrorContents) -> Element {
    let said = format!("{} packages, which are not listed here", mirror.packages);
    let element = Element::new(numbered("mirror", at), mirror.name.to_string(), None, "ARCHIVE");
    Element { comment: Some(said), ..element }.with_digest(&mirror.digest).from(Some(&mirror.source))
}

fn file(at: usize, file: &FileContents) -> Element {
    let name = format!("{}/{}", file.set, file.file.path);
    Element::new(numbered("file", at), name, None, "FILE")
        .with_digest(&file.file.digest)
        .from(file.file.source.as_ref())
}

/// The texts that stand for licences which SPDX has no name for.
fn texts(inventory: &Inventory) -> Vec<LicenceText> {
    let packages = inventory.images.iter().flat_map(|image| &image.packages);
    let debs = inventory.systems.iter().flat_map(|system| &system.packages).map(|deb| &deb.package);
    let of_packages = packages.chain(debs).map(|package| &package.licences);
    let of_images = inventory.images.iter().map(|image| &image.licences);
    let of_charts = inventory.charts.iter().map(|chart| &chart.licences);
    let all = of_packages.chain(of_images).chain(of_charts).flatten();
    let texts: BTreeSet<&str> =
        all.filter(|text| matches!(Licence::of(text), Licence::Text(_))).map(String::as_str).collect();
    let text = |text: &str| LicenceText {
        license_id: reference(text),
        extracted_text: text.to_owned(),
        name: text.to_owned(),
    };
    texts.into_iter().map(text).collect()
}
