//! Whatever a tool writes in the published shapes is read back as what it wrote, as YAML and as JSON.
#![allow(clippy::unwrap_used)]

mod shapes;

use std::collections::BTreeMap;
use std::path::Path;

use manifests::component::{
    ChartSource, Component, FileSource, GitRef, GitSource, ImageSource, LocalImage, Offer, Offers, Verdict, Waiver,
    WantedChart, WantedImage, WantedImageList,
};
use manifests::evidence::FindingId;
use manifests::kubernetes::ObjectName;
use manifests::schema::{
    ChangedComponent, ChartFromRepository, ChartOnDisk, ChartShape, ComponentShape, FileShape, GitShape,
    ImageListShape, ImageShape, LineOfText, OffersShape, PackageShape, SourceShape, WaiverShape,
};
use manifests::yaml::SourceFile;
use manifests::{ImageReference, Stack, schema};
use proptest::prelude::*;
use shapes::{component_file, stack_file};

fn name_of(image: &ImageShape) -> ImageReference {
    match image {
        ImageShape::Reference(name) => name.0.parse().unwrap(),
        ImageShape::WithOptions(options) => options.image.0.parse().unwrap(),
    }
}

fn wrote_list(list: &ImageListShape) -> (bool, Vec<String>, Vec<String>, Vec<String>) {
    let (from_url, choice) = match list {
        ImageListShape::FromUrl(list) => (true, &list.choice),
        ImageListShape::OnDisk(list) => (false, &list.choice),
    };
    let texts = |list: &[LineOfText]| list.iter().map(|text| text.0.clone()).collect::<Vec<_>>();
    let placeholders = choice.placeholders.iter().map(|(name, text)| format!("{name}={}", text.0));
    (from_url, placeholders.collect(), texts(&choice.only), texts(&choice.except))
}

fn shown_list(list: &WantedImageList) -> (bool, Vec<String>, Vec<String>, Vec<String>) {
    let from_url = matches!(list.source, FileSource::Url { .. });
    let placeholders = list.placeholders.iter().map(|(name, text)| format!("{name}={text}"));
    (from_url, placeholders.collect(), list.choice.only.clone(), list.choice.except.clone())
}

/// What is brought or wanted, by its names.
fn names(offers: &Offers) -> Vec<String> {
    let words = |list: &[Offer<ObjectName>]| list.iter().map(|offer| offer.name.to_string()).collect::<Vec<_>>();
    let mut names = [words(&offers.storage_classes), words(&offers.ingress_classes), words(&offers.crds)].concat();
    names.extend(offers.kernel_modules.iter().map(|offer| offer.name.to_string()));
    names.extend(offers.packages.iter().map(|offer| offer.name.to_string()));
    names
}

fn wrote(offers: Option<&OffersShape>) -> Vec<String> {
    let Some(offers) = offers else { return Vec::new() };
    let words = |list: &[ObjectName]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut names = [words(&offers.storage_classes), words(&offers.ingress_classes)].concat();
    names.extend(offers.crds.iter().map(|name| name.0.clone()));
    names.extend(offers.kernel_modules.iter().map(ToString::to_string));
    names.extend(offers.packages.iter().map(ToString::to_string));
    names
}

fn shown_waiver(waiver: &Waiver) -> (FindingId, String, String, Option<String>) {
    (waiver.finding, waiver.object.clone(), waiver.reason.clone(), waiver.until.map(|until| until.to_string()))
}

fn wrote_waiver(waiver: &WaiverShape) -> (FindingId, String, String, Option<String>) {
    (waiver.finding, waiver.object.0.clone(), waiver.reason.0.clone(), waiver.until.clone().map(|until| until.0))
}

/// An image as one comparable value.
fn shown(image: &WantedImage) -> String {
    let WantedImage { reference, platforms, attachments, source, .. } = image;
    format!("{reference} {platforms:?} {attachments} {source:?}")
}

fn expected(image: &ImageShape) -> String {
    let reference = name_of(image);
    let (platforms, attachments, source) = match image {
        ImageShape::Reference(_) => (Vec::new(), true, ImageSource::Registry),
        ImageShape::WithOptions(options) => {
            let source = match &options.from {
                Some(SourceShape::OciLayout(layout)) => ImageSource::OciLayout(LocalImage {
                    path: layout.oci_layout.0.clone().into(),
                    name: layout.name.clone(),
                }),
                _ => ImageSource::Registry,
            };
            (options.platforms.clone(), options.attachments.unwrap_or(true), source)
        }
    };
    format!("{reference} {platforms:?} {attachments} {source:?}")
}

fn texts(value: &impl serde::Serialize) -> [(&'static str, String); 2] {
    [("yaml", serde_yaml::to_string(value).unwrap()), ("json", serde_json::to_string_pretty(value).unwrap())]
}

fn fail(text: &str, problems: &manifests::yaml::Problems) -> TestCaseError {
    let list: Vec<String> = problems.list().iter().map(|one| format!("{}: {one}", one.location())).collect();
    TestCaseError::fail(format!("{text}\n{}", list.join("\n")))
}

proptest! {
    #[test]
    fn a_written_component_is_read_as_it_was_meant(file in component_file()) {
        for (name, text) in texts(&file) {
            let read = Component::parse(&SourceFile::new(name, &text)).map_err(|problems| fail(&text, &problems))?;
            prop_assert_eq!(&read.name, &file.name);
            prop_assert_eq!(&read.description, &file.description);
            prop_assert_eq!(&read.version, &file.version);
            prop_assert_eq!(&read.platforms, &file.platforms);
            let images: Vec<String> = file.images.iter().map(expected).collect();
            prop_assert_eq!(read.images.iter().map(shown).collect::<Vec<_>>(), images);
            for (chart, shape) in read.charts.iter().zip(&file.charts) {
                match (&chart.source, shape) {
                    (ChartSource::Local { path }, ChartShape::OnDisk(shape)) => prop_assert_eq!(path.to_str(), Some(shape.path.0.as_str())),
                    (ChartSource::Repository { version, .. } | ChartSource::Oci { version, .. }, ChartShape::FromRepository(shape)) => {
                        prop_assert_eq!(version.to_string(), shape.version.0.clone());
                    }
                    (read, wrote) => prop_assert!(false, "{read:?} for {wrote:?}"),
                }
            }
            for (chart, shape) in read.charts.iter().zip(&file.charts) {
                let (ChartShape::OnDisk(ChartOnDisk { release: wrote, .. }) | ChartShape::FromRepository(ChartFromRepository { release: wrote, .. })) = shape;
                let read = (chart.release.as_ref(), chart.carried_as.as_ref());
                let (release, install) = match read {
                    (Some(release), None) => (release, None),
                    (None, Some(release)) => (release, Some(false)),
                    _ => return Err(TestCaseError::fail("a chart is installed or carried")),
                };
                prop_assert_eq!(wrote.install, install);
                prop_assert_eq!((&release.name, &release.namespace), (&wrote.release, &wrote.namespace));
                let values = wrote.values.clone().map(|values| values.0).unwrap_or_default();
                prop_assert_eq!(&release.values, &values);
                let variants: Vec<_> = wrote.variants.iter().map(|variant| (&variant.name, &variant.values.0)).collect();
                prop_assert_eq!(release.variants.iter().map(|read| (&read.name, &read.values)).collect::<Vec<_>>(), variants);
                let site_values: Vec<_> = wrote.site_values.iter().map(|value| (&value.path.0, &value.placeholder, &value.one_of)).collect();
                prop_assert_eq!(release.site_values.iter().map(|read| (&read.path, &read.placeholder, &read.one_of)).collect::<Vec<_>>(), site_values);
                prop_assert_eq!(release.values_file.is_some(), wrote.values_file.is_some());
                prop_assert_eq!(release.failure_policy, wrote.failure_policy.unwrap_or_default());
                prop_assert_eq!(release.timeout % 60, wrote.timeout.as_ref().map_or(0, |text| if text.0.ends_with('s') { 30 } else { 0 }));
            }
            let lists: Vec<_> = file.image_lists.iter().map(wrote_list).collect();
            prop_assert_eq!(read.image_lists.iter().map(shown_list).collect::<Vec<_>>(), lists);
            let unread = |chart: &WantedChart| chart.without_discovery.is_some();
            let on_disk = |chart: &WantedChart| matches!(chart.source, ChartSource::Local { .. });
            prop_assert!(read.charts.iter().all(|chart| unread(chart) == on_disk(chart)));
            prop_assert_eq!((names(&read.provides), names(&read.wants)), (wrote(file.provides.as_ref()), wrote(file.wants.as_ref())));
            let kernel = &read.deployment.kernel;
            prop_assert_eq!(kernel.modules.iter().map(|module| &module.name).collect::<Vec<_>>(), file.kernel_modules.iter().collect::<Vec<_>>());
            let sysctls: BTreeMap<_, _> = kernel.sysctls.iter().map(|sysctl| (sysctl.name.clone(), sysctl.value.clone())).collect();
            prop_assert_eq!(&sysctls, &file.sysctls);
            let (read_about, wrote_licenses): (_, Vec<_>) = (&read.about, file.licenses.iter().map(|licence| licence.0.clone()).collect());
            prop_assert_eq!(&read_about.licenses, &wrote_licenses);
            prop_assert_eq!((read_about.links.len(), read_about.offline.len()), (file.links.len(), file.offline.len()));
            let waivers: Vec<_> = file.waivers.iter().map(wrote_waiver).collect();
            prop_assert_eq!(read.waivers.iter().map(shown_waiver).collect::<Vec<_>>(), waivers);
            for (decision, shape) in read.decisions.iter().zip(&file.decisions) {
                prop_assert_eq!((&decision.text, &decision.reason, &decision.chart), (&shape.image.0, &shape.reason.0, &shape.chart));
                prop_assert_eq!(matches!(decision.verdict, Verdict::Carry(_)), shape.carry);
            }
            prop_assert_eq!(read.decisions.len(), file.decisions.len());
            let deployment = &read.deployment;
            prop_assert_eq!(deployment.needs.len(), file.needs.len());
            prop_assert_eq!(deployment.ready.len(), file.ready.len());
            let manifests: Vec<String> = file.manifests.iter().map(|path| format!("manifests/{}", path.0.rsplit('/').next().unwrap())).collect();
            prop_assert_eq!(&deployment.manifests, &manifests);
            let own = deployment.own_namespace(&read.name);
            prop_assert!(deployment.site_ca.iter().all(|place| place.namespace == own));
            prop_assert!(deployment.site_credentials.iter().all(|place| place.namespace == own));
            prop_assert_eq!(deployment.site_credentials.len(), deployment.site_ca.len());
            prop_assert_eq!(deployment.namespace.is_some(), file.namespace.is_some());
            for (file, shape) in read.files.iter().zip(&file.files) {
                match (&file.source, shape) {
                    (FileSource::Url { url, .. }, FileShape::FromUrl(shape)) => prop_assert_eq!(url.as_str(), &shape.url.0),
                    (FileSource::Local { sha256, .. }, FileShape::OnDisk(shape)) => prop_assert_eq!(sha256.is_some(), shape.sha256.is_some()),
                    (read, wrote) => prop_assert!(false, "{read:?} for {wrote:?}"),
                }
            }
            prop_assert_eq!((read.charts.len(), read.files.len()), (file.charts.len(), file.files.len() + file.manifests.len()));
            for (git, shape) in read.git.iter().zip(&file.git) {
                let (name, carried) = match (&git.source, shape) {
                    (GitSource::Url(_), GitShape::FromUrl(shape)) => (&shape.name, &shape.carried),
                    (GitSource::Local(_), GitShape::OnDisk(shape)) => (&shape.name, &shape.carried),
                    (read, wrote) => return Err(TestCaseError::fail(format!("{read:?} for {wrote:?}"))),
                };
                let head = carried.reference.clone().unwrap_or_else(GitRef::head);
                prop_assert_eq!((&git.name, &git.reference, &git.commit, &git.refs), (name, &head, &carried.commit, &carried.refs));
                prop_assert_eq!((git.lfs, git.submodules), (carried.lfs.unwrap_or_default(), carried.submodules.unwrap_or_default()));
                prop_assert_eq!(git.without_discovery.as_ref(), carried.without_discovery.as_ref().map(|reason| &reason.0));
            }
            prop_assert_eq!(read.git.len(), file.git.len());
            for (package, shape) in read.packages.iter().zip(&file.packages) {
                let (name, version) = match shape {
                    PackageShape::Named(name) => (name, None),
                    PackageShape::WithOptions(options) => (&options.package, options.version.as_ref()),
                };
                prop_assert_eq!((package.package.to_string(), package.version.as_ref()), (name.0.clone(), version));
            }
            prop_assert_eq!(read.packages.len(), file.packages.len());
        }
    }

    #[test]
    fn a_written_stack_is_read_as_it_was_meant(file in stack_file()) {
        for (name, text) in texts(&file) {
            let read = Stack::parse(&SourceFile::new(name, &text)).map_err(|problems| fail(&text, &problems))?;
            prop_assert_eq!(read.version.to_string(), file.version.clone());
            prop_assert_eq!(read.created.is_some(), file.created.is_some());
            prop_assert_eq!(read.components.len(), file.components.len());
            prop_assert_eq!(names(&read.provides), wrote(file.provides.as_ref()));
            for (read, wrote) in read.trust.iter().zip(&file.trust) {
                let names: Vec<_> = [&wrote.images, &wrote.charts, &wrote.files].into_iter().flatten().map(|name| &name.0).collect();
                prop_assert_eq!(read.patterns.iter().map(|pattern| &pattern.text).collect::<Vec<_>>(), names);
                let keys = wrote.cosign.len() + wrote.provenance.len() + wrote.openpgp.len();
                prop_assert_eq!((read.except.len(), read.keys.len()), (wrote.except.len(), keys));
                prop_assert_eq!(read.required, wrote.require.unwrap_or(true));
            }
            prop_assert_eq!(read.trust.len(), file.trust.len());
            let waivers: Vec<_> = file.waivers.iter().map(wrote_waiver).collect();
            prop_assert_eq!(read.waivers.iter().map(shown_waiver).collect::<Vec<_>>(), waivers);
            let scopes: Vec<_> = file.decisions.iter().map(|decision| (&decision.component, &decision.chart)).collect();
            prop_assert_eq!(read.decisions.iter().map(|decision| (&decision.component, &decision.chart)).collect::<Vec<_>>(), scopes);
            prop_assert_eq!(read.extends.as_ref().map(|other| other.path.as_path()), file.extends.as_ref().map(|path| Path::new(&path.0)));
            prop_assert_eq!(read.include.len(), file.include.len());
            let chosen: Vec<_> = read.choose.iter().map(|set| (&set.name, set.one_of.len())).collect();
            prop_assert_eq!(chosen, file.choose.iter().map(|set| (&set.name, set.one_of.len())).collect::<Vec<_>>());
            let chosen: BTreeMap<_, _> = read.choices.iter().map(|(name, chosen)| (name.clone(), chosen.name.clone())).collect();
            prop_assert_eq!(&chosen, &file.choices);
            prop_assert_eq!(read.without.iter().map(|left| &left.name).collect::<Vec<_>>(), file.without.iter().collect::<Vec<_>>());
            if let Some(ComponentShape::Changed(ChangedComponent { variant, images: Some(changes), charts, values, .. })) = file.components.get(1) {
                let used = &read.components[1];
                prop_assert_eq!(used.variant.as_ref().map(|choice| &choice.name), variant.as_ref());
                prop_assert_eq!(used.add_images.iter().map(shown).collect::<Vec<_>>(), changes.add.iter().map(expected).collect::<Vec<_>>());
                prop_assert_eq!(used.remove_images.len(), changes.remove.len());
                prop_assert_eq!(used.replace_images.len(), changes.replace.len());
                prop_assert_eq!(used.chart_versions.len(), charts.len());
                let read: Vec<_> = used.values.iter().map(|change| (&change.release, &change.values)).collect();
                prop_assert_eq!(read, values.iter().map(|(name, values)| (name, &values.0)).collect::<Vec<_>>());
            }
            for (read, wrote) in read.systems.iter().zip(&file.systems) {
                prop_assert_eq!(&read.series, &wrote.series);
                prop_assert_eq!(read.kernels.len(), wrote.kernels.len());
                for (read, wrote) in read.repositories.iter().zip(&wrote.repositories) {
                    prop_assert_eq!(read.suites.len(), wrote.suites.len());
                    prop_assert_eq!((read.priority, read.snapshot.is_some()), (wrote.priority, wrote.snapshot.is_some()));
                    prop_assert_eq!(read.allow_expired, wrote.allow_expired.unwrap_or(false));
                }
            }
            prop_assert_eq!((read.systems.len(), read.packages.len()), (file.systems.len(), file.packages.len()));
            for (read, wrote) in read.mirrors.iter().zip(&file.mirrors) {
                prop_assert_eq!(&read.name, &wrote.name);
                prop_assert_eq!(read.repository.suites.len(), wrote.suites.len());
                prop_assert_eq!(read.repository.allow_expired, wrote.allow_expired.unwrap_or(false));
            }
            prop_assert_eq!(read.mirrors.len(), file.mirrors.len());
            let read_distribution = read.distribution.as_ref().map(|read| (read.version.to_string(), read.files.to_string()));
            let wrote = file.distribution.as_ref().map(|wrote| {
                (wrote.version.to_string(), wrote.files.as_ref().map_or("rke2".to_owned(), ToString::to_string))
            });
            prop_assert_eq!(read_distribution, wrote);
            prop_assert_eq!(read.registries.keys().collect::<Vec<_>>(), file.registries.keys().collect::<Vec<_>>());
            for (read, wrote) in read.registries.values().zip(file.registries.values()) {
                prop_assert_eq!(read.mirrors.len(), wrote.mirrors.len());
                prop_assert_eq!(read.client.is_some(), wrote.client_key.is_some());
                prop_assert_eq!(read.plain_http, wrote.plain_http.unwrap_or(false));
                prop_assert_eq!(read.concurrency, wrote.concurrency);
            }
        }
    }

    /// Hostile text gives problems, never a panic.
    #[test]
    fn any_text_is_read_or_refused(text in "(apiVersion: airgap/v1\nkind: Stack\nname: a\n)?[ -~\n\t&*{}\\[\\]:#|>é]{0,200}") {
        let _ = Stack::parse(&SourceFile::new("any", &text));
        let _ = Component::parse(&SourceFile::new("any", &text));
    }
}

#[test]
fn what_is_written_fits_the_schema() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (stacks, components) = (schema::stack(), schema::component());
    let stacks = jsonschema::validator_for(&stacks).unwrap();
    let components = jsonschema::validator_for(&components).unwrap();
    for _ in 0..64 {
        let stack = serde_json::to_value(stack_file().new_tree(&mut runner).unwrap().current()).unwrap();
        let component = serde_json::to_value(component_file().new_tree(&mut runner).unwrap().current()).unwrap();
        for (validator, value) in [(&stacks, stack), (&components, component)] {
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(errors, [""; 0], "{value:#}");
        }
    }
}
