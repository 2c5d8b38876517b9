//! Packages for a system, as a bundle carries them.

use std::collections::BTreeMap;

use super::FakeBundle;
use crate::ImageReference;
use crate::debian::{Architecture, Package, Series, Stanzas};
use crate::document::{CarriedPackage, Item, Packages, PackagesIndex, WantedPackage};
use crate::oci::{annotation, media_type};

impl FakeBundle {
    /// Adds packages for nodes of one architecture, to which those of another are foreign. Each is described by its control file, to which the place, the size
    /// and the digest are added, and has any bytes as its content; `wanted` are components with their packages, a `+` behind those
    /// that are installed with what they recommend.
    #[must_use]
    pub fn packages(
        mut self,
        series: &str,
        architecture: &str,
        packages: &[(&str, &[u8])],
        wanted: &[(&str, &str)],
    ) -> Self {
        let series: Series = series.parse().expect("a series");
        let architecture: Architecture = architecture.parse().expect("an architecture");
        let (mut carried, mut layers) = (Vec::new(), Vec::new());
        let mut texts: BTreeMap<Architecture, Vec<String>> = BTreeMap::from([(architecture.clone(), Vec::new())]);
        for (control, content) in packages {
            let package = self.package(control, content);
            let CarriedPackage { path, size, digest, .. } = &package;
            let hex = digest.hex();
            let own = if package.architecture.is_all() { &architecture } else { &package.architecture };
            let stanza = format!("{}\nFilename: {path}\nSize: {size}\nSHA256: {hex}\n", control.trim_end());
            texts.entry(own.clone()).or_default().push(stanza);
            let mut layer = self.blob(media_type::DEB, content);
            layer.annotations.insert(annotation::TITLE.to_owned(), path.clone());
            layers.push(layer);
            carried.push(package);
        }
        let mut indexes = Vec::new();
        for (architecture, text) in texts {
            let mut layer = self.blob("application/octet-stream", text.join("\n").as_bytes());
            layer.annotations.insert(annotation::TITLE.to_owned(), Packages::index_path(&series, &architecture));
            indexes.push(PackagesIndex { architecture, digest: layer.digest, size: layer.size });
            layers.push(layer);
        }
        let config = self.blob(media_type::OCI_EMPTY, b"{}");
        let descriptor = self.manifest(config, layers, Some(media_type::PACKAGES));
        let reference: ImageReference =
            format!("bundle.local/packages/{series}:{}", self.version.replace('+', "_")).parse().expect("a reference");
        let wanted = wanted.iter().map(|(component, name)| want(component, name, &architecture, &carried)).collect();
        let (architectures, profiles) = (vec![architecture], vec!["essential".to_owned()]);
        self.item(Item::from(Packages {
            series,
            reference,
            descriptor,
            architectures,
            wanted,
            packages: carried,
            indexes,
            profiles,
            unproved: None,
        }))
    }

    fn package(&mut self, control: &str, content: &[u8]) -> CarriedPackage {
        let stanza = Stanzas::new(control.as_bytes()).next().expect("a control file").expect("a stanza");
        let described = Package::parse(&stanza).expect("a package");
        let descriptor = self.blob(media_type::DEB, content);
        // As archives have it: without the epoch.
        let version = described.version.split_once(':').map_or(described.version, |(_, rest)| rest);
        let file = format!("{}_{version}_{}.deb", described.name, described.architecture);
        CarriedPackage {
            name: described.name.parse().expect("a name"),
            version: described.version.parse().expect("a version"),
            architecture: described.architecture.parse().expect("an architecture"),
            path: format!("pool/main/{}/{file}", &described.name[..1]),
            digest: descriptor.digest,
            size: descriptor.size,
        }
    }
}

fn want(component: &str, name: &str, nodes: &Architecture, carried: &[CarriedPackage]) -> WantedPackage {
    let (name, recommends) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
    let package = carried.iter().find(|package| package.name.as_str() == name).expect("a package that is carried");
    WantedPackage {
        component: component.to_owned(),
        package: package.name.clone(),
        architecture: nodes.clone(),
        version: package.version.clone(),
        foreign: Some(package.architecture.clone()).filter(|own| own != nodes && !own.is_all()),
        recommends,
    }
}
