//! Whatever a tool may write in the published shapes.

use std::collections::BTreeMap;

use manifests::component::{Lfs, Submodules};
use manifests::debian::Architecture;
use manifests::document::{FailurePolicy, WorkloadKind};
use manifests::evidence::FindingId;
use manifests::kubernetes::{DistributionName, NamespaceName};
use manifests::schema::{
    ApiVersion, ChangedComponent, ChartChange, ChartFromRepository, ChartOnDisk, ChartRange, ChartShape, ChoiceShape,
    ComponentDecision, ComponentFile, ComponentKind, ComponentShape, Date, Day, DistributionShape, FileFromUrl,
    FileOnDisk, FileShape, GitCarried, GitFromUrl, GitOnDisk, GitShape, GitUrl, ImageChanges, ImageListFromUrl,
    ImageListOnDisk, ImageListShape, ImageName, ImageShape, ImageWithOptions, Kernel, LabelledNamespace, LackShape,
    LineOfText, Link, ListChoice, LocalPath, ManifestPath, MirrorShape, NameWithGroup, NamespaceShape, OciLayout,
    OffersShape, PackageShape, PackageTemplate, PackageWithOptions, PublicKeyFile, ReadyApiService, ReadyCondition,
    ReadyCrd, ReadyShape, ReadyWorkload, RegistryShape, ReleaseShape, Replacement, Sha256, SiteCaPlace, SiteCaShape,
    SiteCredentialsPlace, SiteCredentialsShape, SiteValueShape, SourceShape, SpdxExpression, StackDecision, StackFile,
    StackKind, SuiteName, SystemRepository, SystemShape, TimeWord, TrustShape, TrustedName, ValuePath, ValuesMapping,
    VariantShape, WaiverShape, WebUrl,
};
use manifests::{BundleName, ImageReference, Platform};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::Value;

use super::name_of;

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
        let place = SiteCredentialsPlace { secret: "airgap-pull".parse().unwrap(), namespace: None };
        let site_credentials = several.map(|several| match several {
            true => SiteCredentialsShape::Several(vec![place.clone(), place.clone()]),
            false => SiteCredentialsShape::One(place.clone()),
        });
        let needs = needs.iter().map(|name| name.parse().unwrap()).collect();
        ComponentFile { needs, namespace, manifests, ready, site_ca, site_credentials, ..file }
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
            Some(url) => {
                FileShape::FromUrl(FileFromUrl { path, url, sha256: Some(sha256).filter(|_| checked), checksums: None })
            }
            None => {
                FileShape::OnDisk(FileOnDisk { path, file, sha256: Some(sha256).filter(|_| checked), checksums: None })
            }
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
    let lfs = option::of(prop_oneof![Just(Lfs::Refuse), Just(Lfs::Pointers), Just(Lfs::Carry)]);
    let submodules = option::of(prop_oneof![Just(Submodules::Refuse), Just(Submodules::Carry)]);
    let commit = option::of("[0-9a-f]{39}[a-f]".prop_map(|commit| commit.parse().unwrap()));
    let reason = option::of(Just(LineOfText("only its sources".to_owned())));
    let carried = (option::of(reference()), commit, vec(reference(), 0..3), lfs, submodules, reason).prop_map(
        |(reference, commit, refs, lfs, submodules, without_discovery)| GitCarried {
            reference,
            commit,
            refs,
            lfs,
            submodules,
            without_discovery,
        },
    );
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
            needs: Vec::new(), namespace: None, manifests: Vec::new(), ready: Vec::new(), site_ca: None, site_credentials: None,
            provides: None, wants: None, decisions: Vec::new(), waivers: Vec::new(),
        }
    }
}

pub(crate) fn component_file() -> impl Strategy<Value = ComponentFile> {
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
    pub(crate) fn stack_file()(
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
