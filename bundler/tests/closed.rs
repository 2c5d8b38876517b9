//! Findings, from what a stack says and what was seen in its charts.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use bundler::closed::{Judgement, evidence, judge};
use bundler::lock::Folder;
use bundler::resolve::ResolvedStack;
use bundler::resolve::stack::{ResolvedImage, load};
use manifests::evidence::{Fate, Severity};
use manifests::lock::LockedDiscovery;
use manifests::yaml::SourceFile;
use manifests::{Lock, Platform};

const HEAD: &str = "apiVersion: airgap/v1\nkind: Stack\nname: site\nversion: 1.0.0\ncomponents: [shop]\n";
const DAY: &str = "2026-11-21";

/// A stack with a component `shop`, on disk.
struct World {
    folder: tempfile::TempDir,
    stack: ResolvedStack,
    seen: LockedDiscovery,
}

impl World {
    /// `stack` and `shop` go behind the heads of the files; `seen` is what a lock would say of the charts.
    fn new(stack: &str, shop: &str, seen: &str) -> Self {
        let shop = format!("apiVersion: airgap/v1\nkind: Component\nname: shop\n{shop}");
        Self::of(&format!("{HEAD}{stack}"), &[("shop", shop)], seen)
    }

    fn of(stack: &str, components: &[(&str, String)], seen: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("components")).unwrap();
        for (name, text) in components {
            std::fs::write(path(&format!("components/{name}.yaml")), text).unwrap();
        }
        std::fs::write(path("stack.yaml"), stack).unwrap();
        let loaded =
            load(&path("stack.yaml")).unwrap_or_else(|error| panic!("{}", airgap_console::error::render(&error)));
        let lock = format!(
            "apiVersion: airgap/v1\nkind: Lock\nversion: 1\nstack: site\ndiscovery:\n  rules: 2\n  kubernetes: v1.30.6\n{seen}"
        );
        let lock =
            Lock::parse(&SourceFile::new("lock", &lock)).unwrap_or_else(|problems| panic!("{:?}", problems.list()));
        Self { folder, stack: loaded, seen: lock.discovery.unwrap() }
    }

    fn folder(&self) -> Folder {
        Folder::of(&self.path())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("stack.yaml")
    }

    fn judge(&self) -> Judgement {
        self.judge_with(|_| Vec::new())
    }

    /// With platforms that upstream lacks.
    fn judge_with(&self, lacks: impl Fn(&ResolvedImage) -> Vec<Platform>) -> Judgement {
        judge(&self.stack, &self.seen, lacks, DAY.parse().unwrap(), &self.folder())
    }

    /// Id, object, and where it is asked for; what is waived in brackets.
    fn findings(&self) -> Vec<String> {
        let judged = self.judge();
        let shown = judged.findings.iter().map(|judged| {
            let finding = &judged.finding;
            let place = finding.asked.as_ref().map(ToString::to_string).unwrap_or_default();
            let text = format!("{} {} {place}", finding.id, finding.object);
            if finding.waived.is_some() { format!("[{text}]") } else { text }
        });
        shown.collect()
    }
}

/// What is seen of an image: a container, or a text that may be one.
fn seen_image(image: &str, component: &str, confidence: &str) -> String {
    format!(
        "  - image: {image}\n    seen:\n    - component: {component}\n      chart: web\n      text: {image}\n      object: \
         {{kind: Deployment, name: web}}\n      file: web/templates/web.yaml\n      path: spec.x\n      confidence: \
         {confidence}\n      reason: it is an image\n"
    )
}

const SHA: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

fn rendered(component: &str) -> String {
    format!(
        "  - {{component: {component}, chart: web, version: '1', namespace: x, asked: 's.yaml:1', archive: '{SHA}', values: \
         '{SHA}'}}\n"
    )
}

const CHART: &str = "charts: [{name: web, path: ./web}]\n";

#[test]
fn images_of_a_chart_are_carried_decided_or_refused() {
    let images: String = [("a.org/sure:1", "certain"), ("a.org/maybe:1", "likely"), ("a.org/text:1", "possible")]
        .iter()
        .map(|(image, confidence)| seen_image(image, "shop", confidence))
        .collect();
    let seen = format!("  references:\n{images}");
    let world = World::new("", CHART, &seen);
    assert_eq!(
        world.findings(),
        ["image-undecided a.org/maybe:1 components/shop.yaml:4", "image-undecided a.org/text:1 components/shop.yaml:4"]
    );
    let judged = world.judge();
    assert!(judged.check().is_err());
    let found = &judged.images()[0];
    assert_eq!((found.reference.to_string().as_str(), found.component.as_str()), ("a.org/sure:1", "shop"));
    assert_eq!(found.platforms, ["linux/amd64".parse().unwrap()]);

    let decisions = "decisions:\n  - {image: 'a.org/maybe:1', carry: true, reason: the operator starts it}\n";
    let shop = format!("{CHART}platforms: [linux/arm64]\n{decisions}");
    let waiver = "waivers:\n  - {finding: image-undecided, object: 'a.org/t*', reason: a comment}\n";
    let world = World::new(waiver, &shop, &seen);
    assert_eq!(world.findings(), ["[image-undecided a.org/text:1 components/shop.yaml:4]"]);
    let judged = world.judge();
    assert!(judged.check().is_ok());
    let names: Vec<String> = judged.images().iter().map(|image| image.reference.to_string()).collect();
    assert_eq!(names, ["a.org/maybe:1", "a.org/sure:1"]);
    assert_eq!(judged.images()[0].platforms, ["linux/arm64".parse().unwrap()]);
    let fates: Vec<Fate> = judged.fates.references.iter().map(|reference| reference.fate).collect();
    assert_eq!(fates, [Fate::Decided, Fate::Found, Fate::Waived]);
    let evidence = evidence(&world.stack, &world.seen, &judged, Vec::new(), &world.folder()).unwrap();
    assert_eq!((evidence.waivers[0].used, evidence.decisions[0].carry), (1, true));
}

#[test]
fn a_test_that_surely_uses_an_image_decides_nothing_for_what_runs() {
    let run = seen_image("a.org/maybe:1", "shop", "likely");
    let test =
        run.split_once("    seen:\n").unwrap().1.replace("likely", "certain").replace("path: spec.x", "path: spec.y");
    let test = test.replace("      reason:", "      purpose: test\n      reason:");
    let world = World::new("", CHART, &format!("  references:\n{run}{test}"));
    assert_eq!(world.findings(), ["image-undecided a.org/maybe:1 components/shop.yaml:4"]);
    assert!(world.judge().images().is_empty() && world.judge().check().is_err());
}

#[test]
fn a_decision_is_for_its_component_and_chart_alone() {
    let seen = format!("  references:\n{}", seen_image("a.org/maybe:1", "shop", "likely"));
    for (scope, findings) in
        [("component: shop", 0), ("component: shop, chart: web", 0), ("chart: other", 2), ("component: other", 2)]
    {
        let decision = format!("decisions: [{{image: 'a.org/maybe:1', carry: false, reason: no image, {scope}}}]\n");
        let world = World::new(&decision, CHART, &seen);
        // One that meets nothing is told too.
        assert_eq!(world.findings().len(), findings, "{scope}: {:?}", world.findings());
    }
}

#[test]
fn of_decisions_the_closest_counts_and_opposites_are_refused() {
    let seen = format!("  references:\n{}", seen_image("a.org/maybe:1", "shop", "likely"));
    let decision =
        |carry: bool, scope: &str| format!("  - {{image: 'a.org/maybe:1', carry: {carry}, reason: said{scope}}}\n");
    for (one, other, findings, fate) in [
        (decision(false, ""), decision(true, ", chart: web"), 0, Fate::Decided),
        (decision(true, ""), decision(false, ", chart: web"), 0, Fate::LeftOut),
        (decision(true, ", component: shop, chart: web"), decision(false, ", chart: web"), 0, Fate::Decided),
        (decision(true, ""), decision(true, ""), 0, Fate::Decided),
        (decision(true, ""), decision(false, ""), 1, Fate::Decided),
        (decision(false, ", chart: web"), decision(true, ", component: shop"), 1, Fate::LeftOut),
    ] {
        let world = World::new(&format!("decisions:\n{one}{other}"), CHART, &seen);
        let judged = world.judge();
        assert_eq!(judged.findings.len(), findings, "{one}{other}: {:?}", world.findings());
        assert_eq!(judged.fates.references[0].fate, fate, "{one}{other}");
        if let Some(told) = judged.findings.first().map(|judged| &judged.finding) {
            assert_eq!(world.findings(), ["decision-conflicting a.org/maybe:1 stack.yaml:8"]);
            assert!(told.message.contains("the opposite of the one in line 7 of"), "{}", told.message);
            assert_eq!(told.seen.len(), 1, "{:?}", told.seen);
        }
    }
    // What a component brings along, the stack decides otherwise.
    let shop = format!("{CHART}decisions:\n{}", decision(false, ", chart: web"));
    let world = World::new(&format!("decisions:\n{}", decision(true, "")), &shop, &seen);
    assert_eq!(world.findings(), [""; 0]);
    assert_eq!(world.judge().fates.references[0].fate, Fate::Decided);
}

#[test]
fn objects_of_versions_that_kubernetes_lost_and_deployed_repositories_are_told() {
    let used = |kind: &str, name: &str, object: &str| {
        format!(
            "  - {{kind: {kind}, name: '{name}', component: shop, object: {{kind: {object}, name: x}}, file: x.yaml}}\n"
        )
    };
    let seen = format!(
        "  uses:\n{}{}{}{}",
        used("api", "apps/v2/Deployment", "Deployment"),
        used("api", "flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema", "FlowSchema"),
        used("api", "policy/v1beta1/PodSecurityPolicy", "PodSecurityPolicy"),
        used("git", "https://git.example.org/apps.git", "Application"),
    );
    let shop = format!("{CHART}git: [{{name: apps, url: 'https://git.example.org/apps'}}]\n");
    let world = World::new("", &shop, &seen);
    assert_eq!(
        world.findings(),
        [
            "crd-missing Deployment.apps components/shop.yaml:4",
            "crd-missing PodSecurityPolicy.policy components/shop.yaml:4",
            "git-unread https://git.example.org/apps.git components/shop.yaml:4",
        ]
    );
    let told = &world.judge().findings[1].finding.message;
    assert!(told.ends_with("of `policy/v1beta1`, which Kubernetes 1.30 does not have"), "{told}");
    let waived = "waivers: [{finding: git-unread, object: '*', reason: all of it is listed}]\n";
    assert!(World::new(waived, &shop, &seen).findings().iter().any(|found| found.starts_with("[git-unread")));
}

#[test]
fn what_is_taken_out_and_still_used_needs_a_waiver() {
    let seen = format!("  references:\n{}", seen_image("a.org/sure:1", "shop", "certain"));
    let stack = "apiVersion: airgap/v1\nkind: Stack\nname: site\nversion: 1.0.0\ncomponents:\n  - component: shop\n    \
                 images: {remove: ['a.org/sure:1']}\n";
    let shop = format!("apiVersion: airgap/v1\nkind: Component\nname: shop\nimages: ['a.org/sure:1']\n{CHART}");
    let world = World::of(stack, &[("shop", shop.clone())], &seen);
    assert_eq!(world.findings(), ["image-missing a.org/sure:1 stack.yaml:7"]);
    assert!(world.judge().images().is_empty());
    let waived = format!("{stack}waivers: [{{finding: image-missing, object: '*', reason: nothing starts it}}]\n");
    let world = World::of(&waived, &[("shop", shop)], &seen);
    assert_eq!(world.findings(), ["[image-missing a.org/sure:1 stack.yaml:7]"]);
    assert_eq!(world.judge().fates.references[0].fate, Fate::Waived);
    assert!(world.judge().images().is_empty() && world.judge().check().is_ok());
}

#[test]
fn a_waiver_holds_until_its_last_day_and_for_its_own_component() {
    let used = |component: &str| {
        format!(
            "  - {{kind: storage-class, name: fast, component: {component}, object: {{kind: Pod, name: x}}, file: x.yaml}}\n"
        )
    };
    for (until, waived) in [("2026-11-20", false), ("2026-11-21", true), ("2027-01-01", true)] {
        let waiver = format!(
            "waivers:\n  - {{finding: storage-class-missing, object: fast, reason: the site, until: {until}}}\n"
        );
        let world = World::new(&waiver, CHART, &format!("  uses:\n{}", used("shop")));
        let findings = world.findings();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].starts_with('['), waived, "{until}: {findings:?}");
        let help = &world.judge().findings[0].finding.help;
        assert_eq!(help.contains("the waiver at stack.yaml:7 has ended"), !waived, "{help}");
    }
    let head = |name: &str| format!("apiVersion: airgap/v1\nkind: Component\nname: {name}\n{CHART}");
    let waiver = "waivers: [{finding: storage-class-missing, object: fast, reason: it makes it}]\n";
    let components = [("a", format!("{}{waiver}", head("a"))), ("b", head("b"))];
    let stack = HEAD.replace("[shop]", "[a, b]");
    let world = World::of(&stack, &components, &format!("  uses:\n{}{}", used("a"), used("b")));
    let of = ["storage-class-missing fast components/b.yaml:4", "[storage-class-missing fast components/a.yaml:4]"];
    let mut findings = world.findings();
    findings.sort_by_key(|text| text.starts_with('['));
    assert_eq!(findings, of);
}

#[test]
fn what_objects_rely_on_is_installed_provided_or_of_the_distribution() {
    let used = |kind: &str, name: &str| {
        let name = if name.is_empty() { String::new() } else { format!("name: {name}, ") };
        format!("  - {{kind: {kind}, {name}component: shop, object: {{kind: Pod, name: x}}, file: x.yaml}}\n")
    };
    let uses = format!(
        "  uses:\n{}{}{}{}{}{}{}{}",
        used("api", "shop.org/v1/Gadget"),
        used("api", "shop.org/v2/Gadget"),
        used("api", "helm.cattle.io/v1/HelmChart"),
        used("api", "metrics.k8s.io/v1beta1/PodMetrics"),
        used("storage-class", ""),
        used("ingress-class", "internal"),
        used("chart", "tools"),
        used("git", "https://git.example.org/apps.git"),
    );
    let installs = "  installs:\n  - {kind: api, name: shop.org/v1/Gadget, component: shop}\n  - {kind: api, name: \
                    metrics.k8s.io/v1beta1/*, component: shop}\n";
    let seen = format!("{uses}{installs}");
    let place = "components/shop.yaml:4";
    let missing = |object: &str| format!("{object} {place}");
    let world = World::new("", CHART, &seen);
    assert_eq!(
        world.findings(),
        [
            "chart-at-run-time tools",
            "crd-missing Gadget.shop.org",
            "crd-missing HelmChart.helm.cattle.io",
            "git-missing https://git.example.org/apps.git",
            "ingress-class-missing internal",
            "storage-class-missing (default)",
        ]
        .map(missing)
    );
    let told = &world.judge().findings[1].finding.message;
    assert!(told.contains("`shop.org/v2`, which is installed in v1 alone"), "{told}");

    // The distribution has its own, the site says the rest, and a chart that is carried is looked through.
    let release =
        "apiVersion: airgap/v1\nkind: Component\nname: k3s\nversion: v1.30.6+k3s1\nfiles: [{path: k3s, file: ./k3s}]\n";
    let shop = "apiVersion: airgap/v1\nkind: Component\nname: shop\ncharts: [{name: web, path: ./web}, {name: tools, path: \
                ./tools, install: false}]\ngit: [{name: apps, url: 'https://git.example.org/apps'}]\n";
    let stack = HEAD.replace("[shop]", "[k3s, shop]")
        + "distribution: {name: k3s, version: v1.30.6+k3s1}\nprovides: {ingressClasses: [internal], crds: [gadgets.shop.org]}\n";
    let world = World::of(&stack, &[("k3s", release.to_owned()), ("shop", shop.to_owned())], &seen);
    assert_eq!(world.findings(), [""; 0]);
}

#[test]
fn what_components_want_has_to_be_brought_by_somebody() {
    let wants = format!(
        "{CHART}wants:\n  storageClasses: [fast]\n  crds: [gadgets.shop.org]\n  kernelModules: [iscsi-tcp]\n  packages: \
         [open-iscsi, nfs-common]\n"
    );
    let systems = "systems:\n  - series: noble\n    architectures: [amd64]\n    base: [node.status]\n    repositories:\n      - \
                   {url: 'https://archive.example.org/x', suites: [noble], components: [main], key: k.asc}\n";
    let world = World::new(systems, &wants, "");
    assert_eq!(
        world.findings(),
        [
            "crd-missing gadgets.shop.org components/shop.yaml:7",
            "kernel-module-missing iscsi_tcp components/shop.yaml:8",
            "package-missing nfs-common components/shop.yaml:9",
            "package-missing open-iscsi components/shop.yaml:9",
            "storage-class-missing fast components/shop.yaml:6",
        ]
    );
    // A profile of the nodes has one, the stack carries the other, and the site says the rest.
    let status = "Package: open-iscsi\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\n";
    let provides = "packages: [nfs-common]\nprovides: {storageClasses: [fast], crds: [gadgets.shop.org], kernelModules: \
                    [iscsi_tcp]}\n";
    let world = World::new(&format!("{systems}{provides}"), &wants, "");
    std::fs::write(world.folder.path().join("node.status"), status).unwrap();
    assert_eq!(world.findings(), [""; 0]);
}

#[test]
fn nodes_of_a_platform_that_images_lack_are_told_once_for_each_component() {
    let images = "images: ['a.org/a:1', 'a.org/b:1', {image: 'a.org/c:1', platforms: [linux/arm64]}]\n";
    let systems = "systems:\n  - series: noble\n    architectures: [amd64, arm64]\n    base: [essential]\n    repositories:\n      \
                   - {url: 'https://archive.example.org/x', suites: [noble], components: [main], key: k.asc}\n";
    let world = World::new(systems, images, "");
    assert_eq!(
        world.findings(),
        [
            "image-platform-missing shop linux/amd64 components/shop.yaml:4",
            "image-platform-missing shop linux/arm64 components/shop.yaml:4"
        ]
    );
    assert!(world.judge().findings[1].finding.message.contains("2 images are not carried for it"));
    let world = World::new(&format!("{systems}platforms: [linux/amd64, linux/arm64]\n"), "images: ['a.org/a:1']\n", "");
    assert_eq!(world.findings(), [""; 0]);
}

#[test]
fn warnings_and_notes_refuse_nothing() {
    let stack = "decisions: [{image: 'a.org/gone:1', carry: true, reason: once}]\nwaivers: [{finding: crd-missing, object: x, \
                 reason: once}]\n";
    let shop = format!("{CHART}images: ['a.org/a:latest', 'a.org/b']\n");
    let world = World::new(stack, &shop, &format!("  rendered:\n{}", rendered("shop")));
    assert_eq!(
        world.findings(),
        [
            "decision-unused a.org/gone:1 stack.yaml:6",
            "image-floating a.org/a:latest components/shop.yaml:5",
            "image-floating a.org/b:latest components/shop.yaml:5",
            "waiver-unused crd-missing x stack.yaml:7",
            "image-unused a.org/a:latest components/shop.yaml:5",
            "image-unused a.org/b:latest components/shop.yaml:5",
        ]
    );
    let judged = world.judge();
    assert!(judged.check().is_ok());
    assert_eq!(judged.told().len(), 4);
    assert_eq!(judged.findings.last().unwrap().finding.severity, Severity::Note);
}

#[test]
fn charts_that_cant_be_rendered_are_told() {
    let failures = "  failures:\n  - {component: shop, of: web, reason: it wants a host, help: set it}\n  - {component: shop, \
                    of: web, variant: large, refusesKubernetes: true, reason: it is for 1.31, help: take another}\n";
    let world = World::new("", CHART, failures);
    let findings = [
        "chart-refuses-kubernetes shop/web components/shop.yaml:4",
        "chart-unrendered shop/web components/shop.yaml:4",
    ];
    assert_eq!(world.findings(), findings);
    assert!(
        world.judge().findings[0].finding.message.contains("`web` of the component `shop` with large: it is for 1.31")
    );
}

#[test]
fn two_hundred_components_are_judged_alike_in_any_order() {
    let names: Vec<String> = (0..200).map(|number| format!("c{number:03}")).collect();
    let component = |name: &str| format!("apiVersion: airgap/v1\nkind: Component\nname: {name}\nneeds: []\n{CHART}");
    let texts: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), component(name))).collect();
    let seen: String = names
        .iter()
        .flat_map(|name| {
            let own = seen_image(&format!("a.org/{name}:1"), name, "certain");
            [own, seen_image(&format!("a.org/{name}-x:1"), name, "possible")]
        })
        .collect();
    let mut judged = Vec::new();
    for reversed in [false, true] {
        let mut order = names.clone();
        if reversed {
            order.reverse();
        }
        let stack = HEAD.replace("[shop]", &format!("[{}]", order.join(", ")));
        let world = World::of(&stack, &texts, &format!("  references:\n{seen}"));
        let images: Vec<String> = world.judge().images().iter().map(|image| image.reference.to_string()).collect();
        judged.push((world.findings(), images));
    }
    assert_eq!((judged[0].0.len(), judged[0].1.len()), (200, 200));
    assert_eq!(judged[0], judged[1]);
}

#[test]
fn no_component_takes_the_name_of_the_evidence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("components")).unwrap();
    let component = "apiVersion: airgap/v1\nkind: Component\nname: evidence\nimages: ['a:1']\n";
    std::fs::write(folder.path().join("components/evidence.yaml"), component).unwrap();
    std::fs::write(folder.path().join("stack.yaml"), HEAD.replace("[shop]", "[evidence]")).unwrap();
    let error = load(&folder.path().join("stack.yaml")).unwrap_err();
    assert!(airgap_console::error::render(&error).contains("no component is called `evidence`"));
}

/// A chart that an object has the cluster fetch.
fn pulled(more: &str) -> String {
    format!(
        "  - {{kind: chart, name: tools, {more}component: shop, object: {{kind: HelmChart, name: x}}, file: x.yaml}}\n"
    )
}

#[test]
fn a_chart_that_is_fetched_at_run_time_is_another_one_in_another_version_or_place() {
    let charts = "charts:\n  - {name: web, path: ./web}\n  - {name: tools, repository: 'https://charts.example.org/a/', version: \
                  ~1.2, install: false}\n";
    let rendered =
        format!("  rendered:\n{}", rendered("shop").replace("chart: web", "chart: tools").replace("'1'", "1.2.5"));
    for (asked, told) in [
        ("", None),
        ("from: 'https://charts.example.org/a', version: 1.2.5, ", None),
        ("from: some-repository, version: 1.x, ", None),
        ("version: 1.3.0, ", Some("; the one that is carried has the version 1.2.5")),
        (
            "from: 'https://charts.example.org/b', ",
            Some("; the one that is carried comes from https://charts.example.org/a"),
        ),
        (
            "from: 'oci://charts.example.org/a/tools', ",
            Some("; the one that is carried comes from https://charts.example.org/a"),
        ),
    ] {
        let world = World::new("", charts, &format!("{rendered}  uses:\n{}", pulled(asked)));
        let found: Vec<String> = world.judge().findings.iter().map(|judged| judged.finding.message.clone()).collect();
        match told {
            None => assert_eq!(found, [""; 0], "{asked}"),
            Some(told) => assert!(found.len() == 1 && found[0].ends_with(told), "{asked}: {found:?}"),
        }
    }
    // The same of a registry, with the chart's name at the end or without it. One on disk has no such place.
    let oci = "charts:\n  - {name: web, path: ./web}\n  - {name: tools, repository: 'oci://reg.example.org/charts', version: 1.2.5, \
               install: false}\n";
    let disk = "charts: [{name: web, path: ./web}, {name: tools, path: ./tools, install: false}]\n";
    for (charts, from, found) in [
        (oci, "oci://reg.example.org/charts/tools", 0),
        (oci, "oci://reg.example.org/charts", 0),
        (oci, "reg.example.org/charts", 0),
        (oci, "oci://reg.example.org/other", 1),
        (disk, "oci://reg.example.org/charts", 1),
    ] {
        let asked = pulled(&format!("from: '{from}', version: 1.2.5, "));
        let world = World::new("", charts, &format!("{rendered}  uses:\n{asked}"));
        assert_eq!(world.findings().len(), found, "{from}: {:?}", world.findings());
    }
}

#[test]
fn a_waiver_of_a_release_is_for_no_other_release_of_its_chart() {
    let charts = "charts:\n  - {name: web, path: ./web, release: one}\n  - {name: web, path: ./web, release: two}\n";
    let failed = |release: &str| {
        format!("  - {{component: shop, of: web, release: {release}, reason: no host, help: set it}}\n")
    };
    let seen = format!("  failures:\n{}{}", failed("one"), failed("two"));
    let waiver = "waivers: [{finding: chart-unrendered, object: shop/one, reason: its images are listed}]\n";
    let world = World::new(waiver, charts, &seen);
    assert_eq!(
        world.findings(),
        ["[chart-unrendered shop/one components/shop.yaml:5]", "chart-unrendered shop/two components/shop.yaml:6"]
    );
    assert!(world.judge().findings[1].finding.message.starts_with("`web` of the component `shop` as `two`: no host"));
}

#[test]
fn a_pattern_of_a_waiver_leaves_out_nothing_that_is_there() {
    let seen = format!("  references:\n{}", seen_image("a.org/sure:1", "shop", "certain"));
    for (object, fate, carried) in
        [("*", Fate::Found, 1), ("a.org/*", Fate::Found, 1), ("a.org/sure:1", Fate::Waived, 0)]
    {
        let waiver = format!("waivers: [{{finding: image-missing, object: '{object}', reason: nothing starts it}}]\n");
        let judged = World::new(&waiver, CHART, &seen).judge();
        assert_eq!((judged.fates.references[0].fate, judged.images().len()), (fate, carried), "{object}");
        assert!(judged.check().is_ok());
    }
}

#[test]
fn a_chart_that_is_not_looked_through_is_told_with_its_reason() {
    let charts = "charts: [{name: web, path: ./web, release: front, withoutDiscovery: it needs a cluster}]\n";
    let world = World::new("", charts, "");
    assert_eq!(world.findings(), ["chart-unread shop/front components/shop.yaml:4"]);
    let told = &world.judge().told()[0];
    assert!(told.message.ends_with("is not looked through: it needs a cluster"), "{}", told.message);
    assert!(world.judge().check().is_ok());
}

#[test]
fn an_image_is_carried_for_the_platforms_of_all_that_use_it() {
    let head = |name: &str| format!("apiVersion: airgap/v1\nkind: Component\nname: {name}\n");
    let one = format!("{}platforms: [linux/amd64]\nimages: ['a.org/sure:1']\n", head("a"));
    let user = format!("{}platforms: [linux/amd64, linux/arm64]\n{CHART}", head("b"));
    let seen = |confidence: &str| format!("  references:\n{}", seen_image("a.org/sure:1", "b", confidence));
    let stack = HEAD.replace("[shop]", "[a, b]");
    let platforms = |user: &str, confidence: &str| {
        let world = World::of(&stack, &[("a", one.clone()), ("b", user.to_owned())], &seen(confidence));
        let judged = world.judge();
        assert!(judged.images().is_empty(), "it is listed");
        judged.fates.listed[0].platforms.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(platforms(&user, "certain"), ["linux/amd64", "linux/arm64"]);
    // A text that may be one says nothing; and who lists it himself says for which platforms.
    assert_eq!(platforms(&user, "possible"), ["linux/amd64"]);
    let own = format!("{user}images: [{{image: 'a.org/sure:1', platforms: [linux/amd64]}}]\n");
    assert_eq!(platforms(&own, "certain"), ["linux/amd64"]);
}

#[test]
fn images_of_lists_are_listed_and_what_is_wrong_with_a_list_is_told_there() {
    let shop = "platforms: [linux/arm64]\nimageLists: [{file: ./images.txt}]\n";
    let line = "  - image: a.org/x:1\n    seen: [{component: shop, text: 'a.org/x:1', file: components/images.txt, path: line 3, \
                confidence: likely, reason: upstream's list of images names it}]\n";
    let list = format!(
        "  lists: [{{component: shop, list: components/images.txt, asked: 'components/shop.yaml:5', digest: '{SHA}', choice: \
         '{SHA}'}}]\n  references:\n{line}"
    );
    let world = World::new("", shop, &list);
    assert_eq!(world.findings(), [""; 0]);
    let judged = world.judge();
    let image = &judged.images()[0];
    assert_eq!((judged.fates.references[0].fate, image.component.as_str()), (Fate::Listed, "shop"));
    assert_eq!((image.location.line(), image.platforms[0].to_string().as_str()), (5, "linux/arm64"));

    let failed = "  failures: [{component: shop, of: components/images.txt, reason: line 2 is none, help: look}]\n";
    let world = World::new("", shop, &format!("{list}{failed}"));
    assert_eq!(world.findings(), ["list-unread shop/components/images.txt components/shop.yaml:5"]);
}

#[test]
fn a_platform_that_upstream_lacks_is_refused_at_its_line_unless_it_is_waived() {
    let images = "platforms: [linux/amd64, linux/arm64]\nimages: ['a.org/a:1', 'a.org/b:1', 'a.org/c:1']\n";
    let lacks = |image: &ResolvedImage| match image.reference.to_string().as_str() {
        "a.org/b:1" => Vec::new(),
        _ => vec!["linux/arm64".parse().unwrap()],
    };
    let waiver = "waivers:\n  - {finding: image-platform-unavailable, object: 'a.org/c:1 linux/arm64', reason: it runs on the \
                  jump host}\n";
    let judged = World::new(waiver, images, "").judge_with(lacks);
    let [open, waived] = judged.findings.as_slice() else { panic!("{:?}", judged.findings) };
    let (open, waived) = (&open.finding, &waived.finding);
    assert_eq!((open.id.as_str(), open.object.as_str()), ("image-platform-unavailable", "a.org/a:1 linux/arm64"));
    assert_eq!(open.asked.as_ref().unwrap().to_string(), "components/shop.yaml:5");
    assert!(
        open.message.contains("`a.org/a:1` is not made for linux/arm64; of what is wanted it is made for linux/amd64")
    );
    assert_eq!(waived.waived.as_ref().unwrap().reason, "it runs on the jump host");
    assert!(judged.check().is_err() && waived.object == "a.org/c:1 linux/arm64");
    // It is carried for what it has.
    assert_eq!(judged.fates.carried().count(), 3);
}

#[test]
fn a_decision_against_what_surely_runs_is_told_and_one_about_another_place_is_not() {
    let sure = seen_image("a.org/sure:1", "shop", "certain");
    let maybe = "    - component: shop\n      chart: docs\n      text: a.org/sure:1\n      object: {kind: ConfigMap, name: \
                 x}\n      file: docs/x.yaml\n      path: data.x\n      confidence: possible\n      reason: it may be\n";
    let seen = format!("  references:\n{sure}{maybe}");
    let decision =
        |more: &str| format!("decisions: [{{image: 'a.org/sure:1', carry: false, reason: not needed{more}}}]\n");
    let world = World::new(&decision(""), CHART, &seen);
    assert_eq!(world.findings(), ["decision-overruled a.org/sure:1 stack.yaml:6"]);
    let finding = &world.judge().findings[0].finding;
    assert!(finding.help.contains("waive `image-missing` for `a.org/sure:1`"), "{}", finding.help);
    assert_eq!(finding.seen.len(), 1, "{:?}", finding.seen);
    // The ConfigMap of the other chart may well hold an example.
    assert_eq!(World::new(&decision(", chart: docs"), CHART, &seen).findings(), [""; 0]);
    // A waiver is what leaves it out; then both say the same.
    let waiver = "waivers: [{finding: image-missing, object: 'a.org/sure:1', reason: never started}]\n";
    let world = World::new(&format!("{}{waiver}", decision("")), CHART, &seen);
    assert_eq!(world.findings(), ["[image-missing a.org/sure:1 components/shop.yaml:4]"]);
}

#[test]
fn what_commands_fetch_and_what_was_not_rendered_is_told() {
    let seen = "  uses:\n  - {kind: download, name: 'https://dl.example.org/a.yaml', component: shop, chart: web, object: {kind: \
                Job, name: setup}, file: web/templates/job.yaml}\n  unrendered:\n  - {component: shop, chart: web, release: \
                web, values: [a, b.c], rendered: 26, of: 1280}\n";
    let world = World::new("", CHART, seen);
    assert_eq!(
        world.findings(),
        [
            "download-at-run-time https://dl.example.org/a.yaml components/shop.yaml:4",
            "combinations-unrendered shop/web components/shop.yaml:4"
        ]
    );
    let judged = world.judge();
    let messages: Vec<&str> = judged.findings.iter().map(|judged| judged.finding.message.as_str()).collect();
    assert_eq!(messages[0], "a command in Job setup fetches `https://dl.example.org/a.yaml` when it runs");
    assert!(
        messages[1].contains("rendered with 26 combinations of what sites may say for `a`, `b.c`"),
        "{}",
        messages[1]
    );
    assert!(messages[1].contains("not with 1254 more"), "{}", messages[1]);
    assert!(judged.check().is_err());
    let waiver =
        "waivers: [{finding: download-at-run-time, object: 'https://dl.example.org/*', reason: off at the site}]\n";
    assert!(World::new(waiver, CHART, seen).judge().check().is_ok());
}
