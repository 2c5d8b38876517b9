//! CycloneDX 1.6 in JSON: <https://cyclonedx.org/docs/1.6/json/>.

use std::io::{self, Write};

use serde::Serialize;

use super::document::{List, TOOL, created, told_by, uuid};
use super::inventory::{CarriedDeb, ChartContents, FileContents, ImageContents, Inventory, MirrorContents, Package};
use super::licence::Licence;
use super::purl;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<C: Serialize, D: Serialize, P: Serialize> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: C,
    dependencies: D,
    compositions: P,
}

#[derive(Serialize)]
struct Metadata {
    timestamp: String,
    tools: Tools,
    component: Component,
}

#[derive(Serialize)]
struct Tools {
    components: [Component; 1],
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenceChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<ExternalReference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Component>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenceChoice {
    License(LicenceName),
    Expression(String),
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LicenceName {
    Id(String),
    Name(String),
}

#[derive(Serialize)]
struct ExternalReference {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Evidence {
    occurrences: Vec<Occurrence>,
}

#[derive(Serialize)]
struct Occurrence {
    location: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: Vec<String>,
}

const BUNDLE: &str = "bundle";

/// Writes an inventory. The same one gives the same bytes.
///
/// # Errors
/// When `output` can't be written.
pub fn write(inventory: &Inventory, mut output: impl Write) -> io::Result<()> {
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: uuid(inventory, "cyclonedx"),
        version: 1,
        metadata: metadata(inventory),
        components: List(|| components(inventory)),
        dependencies: List(|| dependencies(inventory)),
        compositions: List(|| compositions(inventory)),
    };
    serde_json::to_writer_pretty(&mut output, &bom)?;
    output.write_all(b"\n")
}

fn metadata(inventory: &Inventory) -> Metadata {
    let tool = Component {
        kind: "application",
        name: TOOL.to_owned(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        ..Component::default()
    };
    let bundle = Component {
        kind: "application",
        reference: Some(BUNDLE.to_owned()),
        name: inventory.bundle.name.to_string(),
        version: Some(inventory.bundle.version.to_string()),
        properties: vec![Property { name: "airgap:bundle", value: inventory.bundle.digest.to_string() }],
        ..Component::default()
    };
    Metadata { timestamp: created(inventory), tools: Tools { components: [tool] }, component: bundle }
}

/// Everything that stands directly in the bundle; what is inside an image stands in its component.
fn components(inventory: &Inventory) -> impl Iterator<Item = Component> {
    let debs = inventory.systems.iter().flat_map(|system| &system.packages);
    let images = inventory.images.iter().enumerate().map(|(at, one)| image(at, one));
    let charts = inventory.charts.iter().enumerate().map(|(at, one)| chart(at, one));
    let debs = debs.enumerate().map(|(at, one)| deb(at, one));
    let mirrors = inventory.mirrors.iter().enumerate().map(|(at, one)| mirror(at, one));
    let files = inventory.files.iter().enumerate().map(|(at, one)| file(at, one));
    images.chain(charts).chain(debs).chain(mirrors).chain(files)
}

/// A name within the document. Names of things are not unique, numbers are.
fn numbered(kind: &str, at: usize) -> String {
    format!("{kind}-{}", at + 1)
}

fn image(at: usize, image: &ImageContents) -> Component {
    let reference = numbered("image", at);
    let text = |name, value: Option<String>| value.map(|value| Property { name, value });
    let mut properties: Vec<Property> = [
        text("airgap:reference", Some(image.reference.to_string())),
        text("airgap:index", (image.digest != image.manifest).then(|| image.digest.to_string())),
        text("airgap:platform", image.platform.as_ref().map(ToString::to_string)),
        text("airgap:component", image.component.clone()),
        text("airgap:contents", Some(told_by(image))),
    ]
    .into_iter()
    .flatten()
    .collect();
    properties.extend(image.unread.iter().map(|one| Property { name: "airgap:unread", value: one.to_string() }));
    let system = image.distribution.iter().map(|distribution| Component {
        kind: "operating-system",
        reference: Some(format!("{reference}/system")),
        name: distribution.id.clone(),
        version: distribution.version.clone(),
        ..Component::default()
    });
    let inside = image.packages.iter().enumerate().map(|(at, package)| Component {
        reference: Some(format!("{reference}/{}", numbered("package", at))),
        ..described(package)
    });
    Component {
        kind: "container",
        name: image.reference.repository().to_string(),
        version: Some(image.manifest.to_string()),
        hashes: hashes(&image.manifest),
        licenses: licences(&image.licences),
        purl: purl::of_image(image),
        properties,
        components: system.chain(inside).collect(),
        reference: Some(reference),
        ..Component::default()
    }
}

fn described(package: &Package) -> Component {
    let occurrences: Vec<Occurrence> =
        package.places.iter().map(|place| Occurrence { location: place.clone() }).collect();
    Component {
        kind: "library",
        name: package.full_name(),
        version: package.version.clone(),
        licenses: licences(&package.licences),
        purl: purl::of_package(package),
        evidence: (!occurrences.is_empty()).then_some(Evidence { occurrences }),
        ..Component::default()
    }
}

fn chart(at: usize, chart: &ChartContents) -> Component {
    let from = chart.repository.iter().map(|url| ExternalReference { kind: "distribution", url: url.clone() });
    Component {
        kind: "application",
        reference: Some(numbered("chart", at)),
        name: chart.name.clone(),
        version: Some(chart.version.clone()),
        hashes: hashes(&chart.digest),
        licenses: licences(&chart.licences),
        purl: purl::of_chart(chart),
        external_references: from.collect(),
        ..Component::default()
    }
}

fn deb(at: usize, deb: &CarriedDeb) -> Component {
    Component { reference: Some(numbered("deb", at)), hashes: hashes(&deb.digest), ..described(&deb.package) }
}

fn mirror(at: usize, mirror: &MirrorContents) -> Component {
    let said = format!("{} packages, which are not listed here", mirror.packages);
    Component {
        kind: "data",
        reference: Some(numbered("mirror", at)),
        name: mirror.name.to_string(),
        hashes: hashes(&mirror.digest),
        external_references: vec![ExternalReference { kind: "distribution", url: mirror.source.clone() }],
        properties: vec![Property { name: "airgap:unread", value: said }],
        ..Component::default()
    }
}

fn file(at: usize, file: &FileContents) -> Component {
    let is_url = |source: &&String| source.contains("://");
    let from = file.file.source.iter().filter(is_url);
    Component {
        kind: "file",
        reference: Some(numbered("file", at)),
        name: format!("{}/{}", file.set, file.file.path),
        hashes: hashes(&file.file.digest),
        external_references: from.map(|url| ExternalReference { kind: "distribution", url: url.clone() }).collect(),
        ..Component::default()
    }
}

fn hashes(digest: &manifests::Digest) -> Vec<Hash> {
    vec![Hash { alg: "SHA-256", content: digest.hex() }]
}

/// An expression stands alone; beside others it is a text.
fn licences(licences: &[String]) -> Vec<LicenceChoice> {
    if let [only] = licences
        && let Licence::Expression(expression) = Licence::of(only)
    {
        return vec![LicenceChoice::Expression(expression.to_owned())];
    }
    let name = |text: &String| match Licence::of(text) {
        Licence::Id(id) => LicenceName::Id(id.to_owned()),
        Licence::Expression(text) | Licence::Text(text) => LicenceName::Name(text.to_owned()),
    };
    licences.iter().map(|text| LicenceChoice::License(name(text))).collect()
}

/// The bundle is made of what stands directly in it. How packages depend on each other is not known.
fn dependencies(inventory: &Inventory) -> impl Iterator<Item = Dependency> {
    let depends_on = components(inventory).filter_map(|component| component.reference).collect();
    std::iter::once(Dependency { reference: BUNDLE.to_owned(), depends_on })
}

/// What of the document is known to lack something.
fn compositions(inventory: &Inventory) -> impl Iterator<Item = Composition> {
    let images = inventory.images.iter().enumerate().filter(|(_, image)| !image.unread.is_empty());
    let mirrors = (0..inventory.mirrors.len()).map(|at| numbered("mirror", at));
    let lacking: Vec<String> = images.map(|(at, _)| numbered("image", at)).chain(mirrors).collect();
    let is_lacking = !lacking.is_empty();
    is_lacking.then_some(Composition { aggregate: "incomplete", assemblies: lacking }).into_iter()
}
