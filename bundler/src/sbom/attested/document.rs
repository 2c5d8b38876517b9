//! Documents of upstream: SPDX or CycloneDX, alone, in a statement of in-toto, or that in an envelope.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::marker::PhantomData;

use base64::prelude::BASE64_STANDARD;
use base64::read::DecoderReader;
use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{format, is_sbom};
use crate::sbom::inventory::{Distribution, Format, Package};
use crate::sbom::purl;
use crate::sbom::read::field;

/// The largest document, in bytes. What is not needed of it is not kept.
const MAX_DOCUMENT: u64 = 32 << 20;
/// The most elements of any list.
const MAX_ELEMENTS: usize = 200_000;
/// The most objects and lists in a document. What is made of one takes far more memory than the two characters that it may
/// be written with.
const MAX_OPENED: u64 = 1_000_000;

/// An SBOM, and what it is about.
pub(super) struct Document {
    /// SHA-256 digests in hex; none where the document does not say it itself.
    pub(super) about: Option<Vec<String>>,
    pub(super) sbom: Sbom,
}

/// What a document says.
pub(super) struct Reading {
    pub(super) format: Format,
    pub(super) packages: Vec<Package>,
    pub(super) distribution: Option<Distribution>,
}

/// Any of the forms; each has fields that no other one has.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Any {
    /// Of an envelope.
    payload: Option<String>,
    /// Of a bundle of Sigstore.
    dsse_envelope: Option<Envelope>,
    /// Of a statement.
    predicate_type: Option<String>,
    #[serde(deserialize_with = "bounded")]
    subject: Vec<Subject>,
    predicate: Option<Sbom>,
    /// Of an SBOM that stands alone.
    spdx_version: Option<String>,
    bom_format: Option<String>,
    #[serde(deserialize_with = "bounded")]
    packages: Vec<SpdxPackage>,
    #[serde(deserialize_with = "bounded")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Envelope {
    payload: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Subject {
    digest: SubjectDigest,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SubjectDigest {
    sha256: String,
}

/// SPDX or CycloneDX.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Sbom {
    spdx_version: Option<String>,
    bom_format: Option<String>,
    #[serde(deserialize_with = "bounded")]
    packages: Vec<SpdxPackage>,
    #[serde(deserialize_with = "bounded")]
    components: Vec<Component>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SpdxPackage {
    name: String,
    version_info: Option<String>,
    primary_package_purpose: Option<String>,
    license_concluded: Option<String>,
    license_declared: Option<String>,
    #[serde(deserialize_with = "bounded")]
    external_refs: Vec<ExternalRef>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExternalRef {
    reference_type: String,
    reference_locator: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    #[serde(deserialize_with = "bounded")]
    licenses: Vec<LicenceChoice>,
    #[serde(deserialize_with = "bounded")]
    components: Vec<Component>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LicenceChoice {
    expression: Option<String>,
    license: Option<Licence>,
}

#[derive(Deserialize)]
struct Licence {
    id: Option<String>,
    name: Option<String>,
}

impl Document {
    /// Reads a document of `size` bytes; none for one that is no SBOM.
    pub(super) fn read(blob: impl Read, size: u64) -> Result<Option<Self>, String> {
        if size > MAX_DOCUMENT {
            return Err(format!("it has more than {MAX_DOCUMENT} bytes"));
        }
        let mut any = Any::parse(blob)?;
        if let Some(payload) = any.payload.take().or_else(|| Some(any.dsse_envelope.take()?.payload)) {
            // Neither what wraps it nor the payload is held beside what it says.
            drop(any);
            any = Any::parse(DecoderReader::new(payload.as_bytes(), &BASE64_STANDARD))?;
        }
        Ok(any.sbom())
    }
}

/// A reader of JSON that fails where there is more structure than is read.
struct Sparing<R> {
    inner: R,
    opened: u64,
}

impl<R: Read> Read for Sparing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        // Those within texts count too: it is a bound, and no figure.
        let opened = buffer.iter().take(count).filter(|byte| matches!(byte, b'{' | b'[')).count();
        self.opened += opened as u64;
        if self.opened > MAX_OPENED {
            return Err(io::Error::other("it has more elements than are read"));
        }
        Ok(count)
    }
}

impl Any {
    fn parse(source: impl Read) -> Result<Self, String> {
        let source = BufReader::new(Sparing { inner: source, opened: 0 });
        serde_json::from_reader(source).map_err(|error| error.to_string())
    }

    fn sbom(self) -> Option<Document> {
        match (self.predicate_type, self.predicate) {
            (Some(kind), predicate) => {
                let about = self.subject.into_iter().map(|subject| subject.digest.sha256).collect();
                let sbom = predicate.filter(|_| is_sbom(&kind))?;
                Some(Document { about: Some(about), sbom })
            }
            (None, _) => {
                let Self { spdx_version, bom_format, packages, components, .. } = self;
                let known = spdx_version.is_some() || bom_format.is_some();
                let sbom = Sbom { spdx_version, bom_format, packages, components };
                known.then_some(Document { about: None, sbom })
            }
        }
    }
}

impl Sbom {
    pub(super) fn read(self) -> Reading {
        let is_spdx = self.spdx_version.is_some() || self.bom_format.is_none();
        let mut reading = Reading { format: format(is_spdx), packages: Vec::new(), distribution: None };
        self.packages.into_iter().for_each(|package| package.add_to(&mut reading));
        self.components.into_iter().for_each(|component| component.add_to(&mut reading));
        reading
    }
}

impl SpdxPackage {
    /// What has no package URL is a file, the image itself or the like.
    fn add_to(self, reading: &mut Reading) {
        if self.primary_package_purpose.as_deref() == Some("OPERATING-SYSTEM") {
            reading.distribution = Some(distribution(&self.name, self.version_info.as_deref()));
        }
        let url = self.external_refs.iter().find(|one| one.reference_type == "purl");
        let Some(mut package) = url.and_then(|url| purl::package(&url.reference_locator, Some(&self.name))) else {
            return;
        };
        let says_something = |text: &String| !matches!(text.as_str(), "" | "NOASSERTION" | "NONE");
        let licence = [self.license_concluded, self.license_declared].into_iter().flatten().find(says_something);
        package.licences = licence.iter().map(|text| field(text)).collect();
        reading.packages.push(package);
    }
}

impl Component {
    fn add_to(self, reading: &mut Reading) {
        if self.kind == "operating-system" {
            reading.distribution = Some(distribution(&self.name, self.version.as_deref()));
        }
        if let Some(mut package) = self.purl.as_ref().and_then(|url| purl::package(url, Some(&self.name))) {
            let text =
                |choice: LicenceChoice| choice.expression.or_else(|| choice.license.and_then(|it| it.id.or(it.name)));
            package.licences = self.licenses.into_iter().filter_map(text).map(|text| field(&text)).collect();
            reading.packages.push(package);
        }
        self.components.into_iter().for_each(|component| component.add_to(reading));
    }
}

fn distribution(name: &str, version: Option<&str>) -> Distribution {
    Distribution { id: field(name).to_ascii_lowercase(), version: version.map(field), name: None }
}

/// A list of not too many elements; none for `null`.
fn bounded<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: DeserializeOwned> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = list.next_element()? {
                if elements.len() == MAX_ELEMENTS {
                    return Err(serde::de::Error::custom("a list has more elements than are read"));
                }
                elements.push(element);
            }
            Ok(elements)
        }
    }
    deserializer.deserialize_any(List(PhantomData))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn read(text: &str) -> Option<(Option<Vec<String>>, Vec<String>)> {
        let document = Document::read(text.as_bytes(), text.len() as u64).unwrap()?;
        let packages = document.sbom.read().packages;
        Some((document.about, packages.iter().filter_map(purl::of_package).collect()))
    }

    const SPDX: &str = r#"{"spdxVersion": "SPDX-2.3", "packages": [
        {"name": "image"},
        {"name": "musl", "versionInfo": "1.2.5-r0", "licenseDeclared": "MIT", "externalRefs": [
            {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"},
            {"referenceType": "purl", "referenceLocator": "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64"}]}],
        "files": [{"x": 1}]}"#;
    const CYCLONE: &str = r#"{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "a",
        "purl": "pkg:npm/a@1", "components": [{"name": "b", "purl": "pkg:npm/b@2"}]}]}"#;

    #[test]
    fn each_form_is_read_and_what_is_no_sbom_is_none() {
        let musl = "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64".to_owned();
        assert_eq!(read(SPDX), Some((None, vec![musl.clone()])));
        assert_eq!(read(CYCLONE), Some((None, vec!["pkg:npm/a@1".to_owned(), "pkg:npm/b@2".to_owned()])));
        let statement = |kind: &str| {
            format!(
                r#"{{"predicateType": "{kind}", "subject": [{{"digest": {{"sha256": "aa"}}}}], "predicate": {SPDX}}}"#
            )
        };
        let spdx = statement("https://spdx.dev/Document");
        let about = Some((Some(vec!["aa".to_owned()]), vec![musl]));
        assert_eq!(read(&spdx), about);
        let payload = BASE64_STANDARD.encode(&spdx);
        assert_eq!(read(&format!(r#"{{"payload": "{payload}", "signatures": []}}"#)), about);
        assert_eq!(read(&format!(r#"{{"dsseEnvelope": {{"payload": "{payload}"}}}}"#)), about);
        assert_eq!(read(&statement("https://slsa.dev/provenance/v1")), None);
        assert_eq!(read("{}"), None);
    }

    #[test]
    fn what_is_broken_or_too_much_is_told() {
        let problem = |text: &str| Document::read(text.as_bytes(), 1).err().unwrap();
        assert!(problem(&SPDX[..100]).contains("EOF"));
        let many = format!(r#"{{"components": [{}{{}}]}}"#, "{},".repeat(MAX_ELEMENTS));
        assert!(problem(&many).starts_with("a list has more elements than are read"));
        assert!(Document::read(&b"{}"[..], MAX_DOCUMENT + 1).is_err());
        // Lists that are short, one by one.
        let nested = format!(r#"{{"components": [{}]}},"#, "{},".repeat(100_000).trim_end_matches(','));
        let many = format!(r#"{{"components": [{}]}}"#, nested.repeat(11).trim_end_matches(','));
        assert!(problem(&many).starts_with("it has more elements than are read"), "{}", problem(&many));
        let wrapped = format!(r#"{{"payload": "{}"}}"#, BASE64_STANDARD.encode(&many));
        assert!(problem(&wrapped).starts_with("it has more elements than are read"));
    }
}
