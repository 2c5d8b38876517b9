//! Whatever a tool writes in the published shapes is read back as what it wrote, as YAML and as JSON.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

use manifests::component::{
    ChartSource, Component, FileSource, GitRef, GitSource, ImageSource, Lfs, LocalImage, Offer, Offers, Submodules,
    Verdict, Waiver, WantedChart, WantedImage, WantedImageList,
};
use manifests::debian::Architecture;
use manifests::document::{FailurePolicy, WorkloadKind};
use manifests::evidence::FindingId;
use manifests::kubernetes::{DistributionName, NamespaceName, ObjectName};
use manifests::schema::{
    ApiVersion, ChangedComponent, ChartChange, ChartFromRepository, ChartOnDisk, ChartRange, ChartShape, ChoiceShape,
    ComponentDecision, ComponentFile, ComponentKind, ComponentShape, Date, Day, DistributionShape, FileFromUrl,
    FileOnDisk, FileShape, GitCarried, GitFromUrl, GitOnDisk, GitShape, GitUrl, ImageChanges, ImageListFromUrl,
    ImageListOnDisk, ImageListShape, ImageName, ImageShape, ImageWithOptions, Kernel, LabelledNamespace, LackShape,
    LineOfText, Link, ListChoice, LocalPath, ManifestPath, MirrorShape, NameWithGroup, NamespaceShape, OciLayout,
    OffersShape, PackageShape, PackageTemplate, PackageWithOptions, PublicKeyFile, ReadyApiService, ReadyCondition,
    ReadyCrd, ReadyShape, ReadyWorkload, RegistryShape, ReleaseShape, Replacement, Sha256, SiteCaPlace, SiteCaShape,
    SiteValueShape, SourceShape, SpdxExpression, StackDecision, StackFile, StackKind, SuiteName, SystemRepository,
    SystemShape, TimeWord, TrustShape, TrustedName, ValuePath, ValuesMapping, VariantShape, WaiverShape, WebUrl,
};
use manifests::yaml::SourceFile;
use manifests::{BundleName, ImageReference, Platform, Stack, schema};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::Value;

fn platforms() -> impl Strategy<Value = Vec<Platform>> {
    let all = ["linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64"];
    subsequence(all.to_vec(), 0..=3).prop_map(|names| names.iter().map(|name| name.parse().unwrap()).collect())
}

fn image_name() -> impl Strategy<Value = ImageName> {
    "([a-z]{1,5}\\.(io|org:5000)/)?[a-z0-9]{1,6}(/[a-z0-9]{1,6}([._-][a-z0-9]{1,3})?){0,2}(:[a-z0-9_][a-zA-Z0-9._-]{0,6})?(@sha256:[0-9a-f]{64})?"
        .prop_filter("digits alone are a number to YAML", |name| name.parse::<ImageReference>().is_ok())
        .prop_map(ImageName)
}

fn local_path() -> impl Strategy<Value = LocalPath> {
    "(\\./|\\.\\./|/)?[a-zA-Z0-9._ é-]{1,8}(/[a-z]{1,4}){0,2}".prop_map(LocalPath)
}

fn image() -> impl Strategy<Value = ImageShape> {
    let from = (local_path(), option::of("[ -~]{1,12}"))
        .prop_map(|(oci_layout, name)| SourceShape::OciLayout(OciLayout { oci_layout, name }));
    let with_options = (image_name(), platforms(), option::of(any::<bool>()), option::of(from)).prop_map(
        |(image, platforms, attachments, from)| {
            ImageShape::WithOptions(ImageWithOptions { image, platforms, attachments, from })
        },
    );
    prop_oneof![image_name().prop_map(ImageShape::Reference), with_options]
}

fn name_of(image: &ImageShape) -> ImageReference {
    match image {
        ImageShape::Reference(name) => name.0.parse().unwrap(),
        ImageShape::WithOptions(options) => options.image.0.parse().unwrap(),
    }
}

fn images() -> impl Strategy<Value = Vec<ImageShape>> {
    vec(image(), 0..5).prop_map(|mut images| {
        let mut seen = std::collections::HashSet::new();
        images.retain(|image| seen.insert(name_of(image)));
        images
    })
}

fn range() -> impl Strategy<Value = ChartRange> {
    prop_oneof!["v?[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}", "[~^]?[1-9](\\.[0-9])?", Just(">=1.2, <2 || 3.x".to_owned())]
        .prop_map(ChartRange)
}

fn values() -> impl Strategy<Value = ValuesMapping> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(Value::Null),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map("[a-z]{1,5}", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    btree_map("[a-z]{1,5}", value, 0..4).prop_map(|map| ValuesMapping(map.into_iter().collect()))
}

/// A site value of each form.
fn site_value() -> impl Strategy<Value = SiteValueShape> {
    let form = prop_oneof![
        Just((None, Vec::new())),
        any::<bool>().prop_map(|value| (Some(value.into()), Vec::new())),
        vec("[a-z]{1,4}".prop_map(Value::from), 2..4).prop_map(|values| (None, values)),
    ];
    ("[a-z]{1,4}(\\.[a-zA-Z0-9_-]{1,4}){0,2}", form).prop_map(|(path, (placeholder, one_of))| SiteValueShape {
        path: ValuePath(path),
        placeholder,
        one_of,
    })
}

prop_compose! {
    fn release()(
        release in option::of("[a-z]{1,6}(-[0-9])?".prop_map(|name| name.parse().unwrap())),
        namespace in option::of("[a-z]{1,6}(-[0-9])?".prop_map(|name| name.parse().unwrap())),
        values in option::of(values()),
        variants in vec(values(), 0..3),
        site_values in vec(site_value(), 0..2),
        file in local_path(),
        failure_policy in option::of(prop_oneof![Just(FailurePolicy::Abort), Just(FailurePolicy::Reinstall)]),
        timeout in option::of("[1-9][0-9]?m(30s)?".prop_map(TimeWord)),
        bootstrap in option::of(any::<bool>()),
        install in prop_oneof![9 => Just(true), 1 => Just(false)],
    ) -> ReleaseShape {
        if !install {
            let install = Some(false);
            return ReleaseShape { install, release, namespace, values, ..ReleaseShape::default() };
        }
        let values_file = Some(file).filter(|_| values.is_none());
        let named = |(at, values)| VariantShape { name: format!("variant-{at}").parse().unwrap(), values };
        let variants = variants.into_iter().enumerate().map(named).collect();
        let mut site_values: Vec<SiteValueShape> = site_values;
        site_values.dedup_by(|one, other| one.path == other.path);
        ReleaseShape { install: None, release, namespace, values, values_file, variants, site_values, failure_policy, timeout, bootstrap }
    }
}

/// A condition of each form.
fn ready() -> impl Strategy<Value = ReadyShape> {
    let namespace = || option::of("[a-z]{1,6}".prop_map(|name| name.parse().unwrap()));
    let name = || "[a-z]{1,6}(\\.[a-z]{1,4})?".prop_map(|name| name.parse().unwrap());
    let with_group = || "[a-z]{1,6}(\\.[a-z]{1,4}){1,2}".prop_map(NameWithGroup);
    let kind = prop_oneof![Just(WorkloadKind::Deployment), Just(WorkloadKind::PersistentVolumeClaim)];
    prop_oneof![
        (kind, namespace(), name()).prop_map(|(kind, namespace, name)| ReadyShape::Workload(ReadyWorkload {
            kind,
            namespace,
            name
        })),
        with_group().prop_map(|crd| ReadyShape::Crd(ReadyCrd { crd })),
        with_group().prop_map(|api_service| ReadyShape::ApiService(ReadyApiService { api_service })),
        (namespace(), name()).prop_map(|(namespace, name)| {
            let (api_version, kind) = ("example.org/v1".parse().unwrap(), "Cluster".parse().unwrap());
            let condition = "Ready".parse().unwrap();
            ReadyShape::Condition(ReadyCondition { api_version, kind, namespace, name, condition })
        }),
    ]
}

prop_compose! {
    /// What a component says of how it is deployed.
    fn deployed(file: ComponentFile)(
        needs in subsequence(vec!["cert-manager", "longhorn", "x"], 0..=3),
        namespace in option::of("[a-z]{1,6}".prop_map(|name| name.parse::<NamespaceName>().unwrap())),
        labelled in any::<bool>(),
        manifests in vec("[a-z]{1,6}", 0..3),
        ready in vec(ready(), 0..4),
        several in option::of(any::<bool>()),
        file in Just(file),
    ) -> ComponentFile {
        let namespace = namespace.map(|name| if labelled {
            let label = ("pod-security.kubernetes.io/enforce".parse().unwrap(), "privileged".parse().unwrap());
            NamespaceShape::WithLabels(LabelledNamespace { name, labels: [label].into() })
        } else {
            NamespaceShape::Named(name)
        });
        let folders = manifests.iter().enumerate();
        let manifests = folders.map(|(n, name)| ManifestPath(format!("./{name}/{n}.yaml"))).collect();
        let place = SiteCaPlace { config_map: "airgap-ca".parse().unwrap(), namespace: None };
        let site_ca = several.map(|several| match several {
            true => SiteCaShape::Several(vec![place.clone(), place.clone()]),
            false => SiteCaShape::One(place.clone()),
        });
        let needs = needs.iter().map(|name| name.parse().unwrap()).collect();
        ComponentFile { needs, namespace, manifests, ready, site_ca, ..file }
    }
}

fn charts() -> impl Strategy<Value = Vec<ChartShape>> {
    let repository = prop_oneof!["https://[a-z]{1,8}\\.org(/[a-z]{1,4})?", "oci://[a-z]{1,8}\\.org(:5000)?/[a-z]{1,4}"];
    let chart = (repository, option::of(range()), local_path(), release());
    btree_map("[a-z][a-z0-9]{0,5}(-[a-z]{1,3})?", chart, 0..4).prop_map(|charts| {
        let shape = |(name, (repository, version, path, release))| match version {
            Some(version) => {
                let without_discovery = None;
                ChartShape::FromRepository(ChartFromRepository {
                    name,
                    repository,
                    version,
                    without_discovery,
                    release,
                })
            }
            None => {
                let without_discovery = Some(LineOfText("listed by hand".to_owned()));
                ChartShape::OnDisk(ChartOnDisk { name, path, without_discovery, release })
            }
        };
        charts.into_iter().map(shape).collect()
    })
}

fn image_lists() -> impl Strategy<Value = Vec<ImageListShape>> {
    let patterns = || vec("[a-z*?./-]{1,10}".prop_map(LineOfText), 0..3);
    let placeholders = btree_map("[a-z][a-zA-Z_.-]{0,5}", "[a-z][ -~]{0,5}".prop_map(LineOfText), 0..3);
    let choice = (placeholders, patterns(), patterns());
    let choice = choice.prop_map(|(placeholders, only, except)| ListChoice { placeholders, only, except });
    let url = option::of("https?://[a-z]{1,8}\\.org/[a-z]{1,4}".prop_map(WebUrl));
    let list = (url, local_path(), "[0-9a-f]{64}".prop_map(Sha256), choice);
    let list = list.prop_map(|(url, file, sha256, choice)| match url {
        Some(url) => ImageListShape::FromUrl(ImageListFromUrl { url, sha256, choice }),
        None => ImageListShape::OnDisk(ImageListOnDisk { file, sha256: None, choice }),
    });
    vec(list, 0..3)
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

fn files() -> impl Strategy<Value = Vec<FileShape>> {
    let sha256 = "(sha256:)?[0-9a-f]{64}".prop_map(Sha256);
    let url = option::of("https?://[a-z]{1,8}\\.org/[a-z?=&%0-9]{0,8}".prop_map(WebUrl));
    let path = "[a-zA-Z0-9_ é]{1,8}(/[a-z]{1,4}){0,2}";
    btree_map(path, (url, sha256, local_path(), any::<bool>()), 0..4).prop_map(|files| {
        // A file can't stand in another file.
        let paths: Vec<String> = files.keys().cloned().collect();
        let stands_in_a_file = |path: &str| paths.iter().any(|other| path.starts_with(&format!("{other}/")));
        let files = files.into_iter().filter(|(path, _)| !stands_in_a_file(path));
        let shape = |(path, (url, sha256, file, checked))| match url {
            Some(url) => FileShape::FromUrl(FileFromUrl { path, url, sha256: Some(sha256).filter(|_| checked) }),
            None => FileShape::OnDisk(FileOnDisk { path, file, sha256: Some(sha256).filter(|_| checked) }),
        };
        files.map(shape).collect()
    })
}

fn repositories() -> impl Strategy<Value = Vec<GitShape>> {
    let url = prop_oneof![
        "https?://[a-z]{1,8}\\.org(:[1-9][0-9]{3})?/[a-z/]{1,8}",
        "ssh://git@[a-z]{1,8}\\.org/[a-z]{1,8}\\.git"
    ];
    let reference = || {
        "([a-z]{1,6}|v[1-9]\\.[a-z]|refs/(heads|tags)/[a-z]{1,4}(/[a-z]{1,3})?)".prop_map(|name| name.parse().unwrap())
    };
    let lfs = option::of(prop_oneof![Just(Lfs::Refuse), Just(Lfs::Pointers)]);
    let submodules = option::of(prop_oneof![Just(Submodules::Refuse), Just(Submodules::Carry)]);
    let commit = option::of("[0-9a-f]{39}[a-f]".prop_map(|commit| commit.parse().unwrap()));
    let carried = (option::of(reference()), commit, vec(reference(), 0..3), lfs, submodules)
        .prop_map(|(reference, commit, refs, lfs, submodules)| GitCarried { reference, commit, refs, lfs, submodules });
    btree_map("[a-z][a-z0-9]{0,5}([._-][a-z]{1,3})?x", (option::of(url), local_path(), carried), 0..3).prop_map(|all| {
        let shape = |(name, (url, path, carried)): (String, (Option<String>, LocalPath, GitCarried))| {
            let name = name.parse().unwrap();
            match url {
                Some(url) => GitShape::FromUrl(GitFromUrl { name, url: GitUrl(url), carried }),
                None => GitShape::OnDisk(GitOnDisk { name, path, carried }),
            }
        };
        all.into_iter().map(shape).collect()
    })
}

/// Version, recommendations, a foreign architecture, and those of nodes.
type Options = (Option<String>, Option<bool>, Option<Architecture>, Vec<&'static str>);

fn packages() -> impl Strategy<Value = Vec<PackageShape>> {
    let version = option::of("(>= |<< |= )?([1-9]:)?[1-9]\\.[0-9]{1,2}-[1-9]");
    let foreign = option::of(Just("i386".parse().unwrap()));
    let package = (version, option::of(any::<bool>()), foreign, subsequence(vec!["amd64", "arm64"], 0..=2));
    btree_map("[a-z][a-z0-9+.]{1,6}(-\\{kernel\\})?", package, 0..4).prop_map(|packages| {
        let shape = |(name, (version, recommends, foreign, architectures)): (String, Options)| {
            let package = PackageTemplate(name);
            if version.is_none() && foreign.is_none() && architectures.is_empty() {
                return PackageShape::Named(package);
            }
            let architectures = architectures.iter().map(|name| name.parse().unwrap()).collect();
            let version = version.map(|version| version.parse().unwrap());
            PackageShape::WithOptions(PackageWithOptions {
                package,
                version,
                recommends,
                foreign,
                series: Vec::new(),
                architectures,
            })
        };
        packages.into_iter().map(shape).collect()
    })
}

prop_compose! {
    fn repository()(
        url in "https?://[a-z]{1,8}\\.org/[a-z]{1,8}".prop_map(WebUrl),
        suites in vec("[a-z]{1,8}(-updates)?".prop_map(SuiteName), 1..3),
        key in local_path(),
        snapshot in option::of("https://[a-z]{1,8}\\.org/2026".prop_map(WebUrl)),
        priority in option::of(1_i16..),
        allow_expired in option::of(any::<bool>()),
    ) -> SystemRepository {
        let (components, architectures) = (vec!["main".to_owned()], Vec::new());
        SystemRepository { url, suites, components, key: key.0, snapshot, priority, architectures, allow_expired }
    }
}

prop_compose! {
    fn system()(
        kernels in vec("[1-9]\\.[1-9]{1,2}\\.0-[0-9]{1,2}-amd64".prop_map(Kernel), 0..2),
        repositories in vec(repository(), 0..3),
        essential in any::<bool>(),
    ) -> SystemShape {
        let base = if essential { vec![LocalPath("essential".to_owned())] } else { Vec::new() };
        let architectures = vec!["amd64".parse().unwrap()];
        let series = "bookworm".parse().unwrap();
        SystemShape { series, architectures, foreign: Vec::new(), base, kernels, repositories }
    }
}

prop_compose! {
    fn mirror()(name in "[a-z]{1,8}", repository in repository()) -> MirrorShape {
        let SystemRepository { url, suites, components, key, snapshot, allow_expired, .. } = repository;
        let architectures = vec!["amd64".parse().unwrap()];
        let name = name.parse().unwrap();
        MirrorShape { name, url, suites, components, architectures, key, snapshot, allow_expired }
    }
}

fn line() -> impl Strategy<Value = LineOfText> {
    "[ -~é]{0,12}[a-z]".prop_map(LineOfText)
}

prop_compose! {
    fn decision()(
        image in image_name(),
        carry in any::<bool>(),
        reason in line(),
        component in option::of("[a-z]{1,6}"),
        chart in option::of("[a-z]{1,6}"),
    ) -> StackDecision {
        let component = component.map(|name| name.parse().unwrap());
        StackDecision { image: LineOfText(image.0), carry, reason, component, chart }
    }
}

prop_compose! {
    fn waiver()(
        finding in proptest::sample::select(FindingId::ALL.to_vec()),
        object in line(),
        reason in line(),
        until in option::of("20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])".prop_map(Day)),
    ) -> WaiverShape {
        WaiverShape { finding, object, reason, until }
    }
}

prop_compose! {
    fn offers()(
        classes in vec("[a-z]{1,6}", 0..2),
        crds in vec("[a-z]{1,6}\\.[a-z]{1,6}\\.org".prop_map(NameWithGroup), 0..2),
        modules in vec("[a-z]{1,6}[_-][a-z]{1,6}", 0..2),
        packages in vec("[a-z]{2,6}", 0..2),
    ) -> OffersShape {
        let classes: Vec<_> = classes.iter().map(|name| name.parse().unwrap()).collect();
        OffersShape {
            storage_classes: classes.clone(),
            ingress_classes: classes,
            crds,
            kernel_modules: modules.iter().map(|name| name.parse().unwrap()).collect(),
            packages: packages.iter().map(|name| name.parse().unwrap()).collect(),
        }
    }
}

prop_compose! {
    fn judged(file: ComponentFile)(
        file in Just(file),
        provides in option::of(offers()),
        wants in option::of(offers()),
        decisions in vec(decision(), 0..2),
        waivers in vec(waiver(), 0..2),
    ) -> ComponentFile {
        let own = |StackDecision { image, carry, reason, chart, .. }| ComponentDecision { image, carry, reason, chart };
        let decisions = decisions.into_iter().map(own).collect();
        ComponentFile { provides, wants, decisions, waivers, ..file }
    }
}

prop_compose! {
    fn described(file: ComponentFile)(
        file in Just(file),
        licenses in vec("[A-Z]{2,5}-[1-9]\\.0( OR MIT)?".prop_map(SpdxExpression), 0..2),
        links in vec("https://[a-z]{1,5}\\.org(/[a-z]{1,5})?".prop_map(Link), 0..2),
        offline in vec((line(), line()).prop_map(|(lacks, instead)| LackShape { lacks, instead }), 0..2),
        kernel_modules in btree_set("[a-z]{1,6}_[a-z]{1,6}", 0..3),
        sysctls in btree_map("[a-z]{1,4}(\\.[a-z_0-9]{1,6}){1,3}", "[1-9][0-9]{0,5}( [0-9]{1,3})?", 0..3),
    ) -> ComponentFile {
        let kernel_modules = kernel_modules.iter().map(|name| name.parse().unwrap()).collect();
        let sysctls = sysctls.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        ComponentFile { licenses, links, offline, kernel_modules, sysctls, ..file }
    }
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

prop_compose! {
    fn carrying()(
        name in "[a-z]([a-z0-9-]{0,8}[a-z0-9])?",
        description in option::of("\\PC{0,20}"),
        version in option::of("[ -~]{1,10}"),
        platforms in platforms(),
        (images, image_lists) in (images(), image_lists()),
        charts in charts(),
        files in files(),
        git in repositories(),
        packages in packages(),
    ) -> ComponentFile {
        let (api_version, kind, name) = (ApiVersion::V1, ComponentKind::Component, name.parse().unwrap());
        let repositories = Vec::new();
        ComponentFile {
            api_version, kind, name, description, version, platforms, images, image_lists, charts, files, git, packages, repositories,
            artifacts: Vec::new(), licenses: Vec::new(), links: Vec::new(), offline: Vec::new(),
            kernel_modules: Vec::new(), sysctls: BTreeMap::new(),
            needs: Vec::new(), namespace: None, manifests: Vec::new(), ready: Vec::new(), site_ca: None,
            provides: None, wants: None, decisions: Vec::new(), waivers: Vec::new(),
        }
    }
}

fn component_file() -> impl Strategy<Value = ComponentFile> {
    carrying().prop_flat_map(deployed).prop_flat_map(judged).prop_flat_map(described)
}

fn changes() -> impl Strategy<Value = ComponentShape> {
    let replace = (image_name(), image()).prop_map(|(image, with)| Replacement { image, with });
    let images = (images(), vec(image_name(), 0..3), vec(replace, 0..2))
        .prop_map(|(add, remove, replace)| ImageChanges { add, remove, replace });
    let charts = vec(("[a-z]{1,6}", range()).prop_map(|(name, version)| ChartChange { name, version }), 0..2);
    let values = btree_map("[a-z]{1,6}".prop_map(|name| name.parse().unwrap()), values(), 0..2);
    let variant = option::of("[a-z]{1,6}".prop_map(|name| name.parse().unwrap()));
    ("\\./[a-z]{1,6}\\.yaml", variant, option::of(images), charts, values).prop_map(
        |(component, variant, images, charts, values)| {
            ComponentShape::Changed(ChangedComponent { component, variant, images, charts, values })
        },
    )
}

fn registry() -> impl Strategy<Value = RegistryShape> {
    let mirrors = vec("https?://[a-z]{1,8}\\.org(:[1-9][0-9]{1,3})?(/[a-z]{1,4})?".prop_map(WebUrl), 0..3);
    (
        mirrors,
        option::of(local_path()),
        option::of((local_path(), local_path())),
        any::<[Option<bool>; 2]>(),
        option::of(1_u16..=64),
    )
        .prop_map(|(mirrors, ca, client, [plain_http, insecure_skip_verify], concurrency)| {
            let (client_cert, client_key) = client.unzip();
            RegistryShape { mirrors, ca, client_cert, client_key, plain_http, insecure_skip_verify, concurrency }
        })
}

type Composed =
    (Option<LocalPath>, Vec<LocalPath>, Vec<ChoiceShape>, BTreeMap<BundleName, BundleName>, Vec<BundleName>);

fn composed() -> impl Strategy<Value = Composed> {
    let name = || "[a-z]{1,6}".prop_map(|name| name.parse::<BundleName>().unwrap());
    let one_of = |names: Vec<BundleName>| names.iter().map(|name| ComponentShape::Named(name.to_string())).collect();
    let choose = btree_map(name(), vec(name(), 2..4), 0..3).prop_map(move |sets| {
        sets.into_iter().map(|(name, names)| ChoiceShape { name, one_of: one_of(names) }).collect()
    });
    (option::of(local_path()), vec(local_path(), 0..2), choose, btree_map(name(), name(), 0..2), vec(name(), 0..2))
}

prop_compose! {
    fn stack_file()(
        base in carrying(),
        version in "[1-9][0-9]?\\.[0-9]\\.[0-9](-rc\\.[1-9])?",
        created in option::of("20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])(T0[0-9]:00:00Z)?".prop_map(Date)),
        changed in option::of(changes()),
        registries in btree_map("[a-z]{1,6}\\.org(:5000)?", registry(), 0..3),
        systems in vec(system(), 0..2),
        mirrors in vec(mirror(), 0..2),
        distribution in option::of((1_u8..40, option::of("[a-z]{1,6}"))),
        provides in option::of(offers()),
        decisions in vec(decision(), 0..2),
        waivers in vec(waiver(), 0..2),
        (trust, (extends, include, choose, choices, without)) in (vec(trust(), 0..3), composed()),
    ) -> StackFile {
        let distribution = distribution.map(|(patch, files)| DistributionShape {
            name: DistributionName::Rke2,
            version: format!("v1.30.{patch}+rke2r1").parse().unwrap(),
            files: files.map(|name| name.parse().unwrap()),
            disable: vec!["rke2-ingress-nginx".parse().unwrap()],
        });
        let components = [ComponentShape::Named("app".to_owned())].into_iter().chain(changed).collect();
        let ComponentFile { api_version, name, description, platforms, images, image_lists, charts, files, git, packages, .. } = base;
        let kind = StackKind::Stack;
        StackFile {
            api_version, kind, name, version, description, created, platforms, components, images, image_lists, charts, files, git,
            packages, systems, mirrors, distribution, registries, provides, decisions, waivers, trust,
            artifacts: Vec::new(), extends, include, choose, choices, without,
        }
    }
}

prop_compose! {
    fn trust()(
        names in vec("[a-z][a-z*?./-]{0,10}".prop_map(TrustedName), 1..3),
        except in vec("[a-z][a-z*]{0,5}".prop_map(TrustedName), 0..2),
        keys in vec(local_path().prop_map(|path| PublicKeyFile(path.0)), 1..3),
        kind in 0..3_u8,
        require in option::of(any::<bool>()),
    ) -> TrustShape {
        let rule = TrustShape { except, require, ..TrustShape::default() };
        match kind {
            0 => TrustShape { images: names, cosign: keys, ..rule },
            1 => TrustShape { charts: names, provenance: keys, ..rule },
            _ => TrustShape { files: names, openpgp: keys, signature: Some("{path}.asc".to_owned()), ..rule },
        }
    }
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
