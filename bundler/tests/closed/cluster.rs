//! What objects need of the cluster, and fetch in it.

use crate::world::{CHART, HEAD, World, rendered};

#[test]
fn objects_of_versions_that_kubernetes_lost_are_told() {
    let used = |kind: &str, name: &str, object: &str| {
        format!(
            "  - {{kind: {kind}, name: '{name}', component: shop, object: {{kind: {object}, name: x}}, file: x.yaml}}\n"
        )
    };
    let seen = format!(
        "  uses:\n{}{}{}",
        used("api", "apps/v2/Deployment", "Deployment"),
        used("api", "flowcontrol.apiserver.k8s.io/v1beta3/FlowSchema", "FlowSchema"),
        used("api", "policy/v1beta1/PodSecurityPolicy", "PodSecurityPolicy"),
    );
    let world = World::new("", CHART, &seen);
    assert_eq!(
        world.findings(),
        [
            "crd-missing Deployment.apps components/shop.yaml:4",
            "crd-missing PodSecurityPolicy.policy components/shop.yaml:4",
        ]
    );
    let told = &world.judge().findings[1].finding.message;
    assert!(told.ends_with("of `policy/v1beta1`, which Kubernetes 1.30 does not have"), "{told}");
}

#[test]
fn what_of_a_repository_is_not_looked_through_is_told_and_nothing_more() {
    let commit = |digit: &str| digit.repeat(40);
    let deploys = |revision: &str| {
        format!(
            "  - {{kind: git, name: 'https://git.example.org/apps.git', version: '{revision}', component: shop, object: \
             {{kind: Application, name: x}}, file: x.yaml}}\n"
        )
    };
    let seen = format!(
        "  git:\n  - {{component: shop, git: apps, commit: '{0}', refs: {{refs/heads/main: '{0}', refs/tags/v1: '{1}'}}}}\n  \
         uses:\n{2}{3}{4}{5}{6}  failures:\n  - {{component: shop, of: 'apps@main:web', git: apps, reason: no, help: x}}\n",
        commit("a"),
        commit("b"),
        deploys("main"),
        deploys("HEAD"),
        deploys("refs/tags/v1"),
        deploys("aaaaaaaa"),
        deploys(&commit("c")),
    );
    let git = |more: &str| format!("git: [{{name: apps, url: 'https://git.example.org/apps', refs: [v1]{more}}}]\n");
    let findings = [
        "git-unread https://git.example.org/apps.git components/shop.yaml:4",
        "git-unread shop/apps@main:web components/shop.yaml:4",
    ];
    let world = World::new("", &git(""), &seen);
    assert_eq!(world.findings(), findings);
    assert!(world.judge().check().is_err());
    let waived = "waivers: [{finding: git-unread, object: 'shop/apps@*', reason: its images are listed}]\n";
    assert_eq!(World::new(waived, &git(""), &seen).findings()[1], format!("[{}]", findings[1]));
    // Who says that it is not looked through is told so each time, and of nothing that it deploys.
    let world = World::new("", &git(", withoutDiscovery: only sources"), seen.split("  failures").next().unwrap());
    assert_eq!(world.findings(), ["chart-unread shop/apps components/shop.yaml:4"]);
    assert!(world.judge().check().is_ok());
}

#[test]
fn what_is_found_out_inside_is_not_asked_for_by_that_name() {
    let used = |about: &str, kind: &str| {
        format!("  - {{{about}, component: shop, object: {{kind: {kind}, name: x}}, file: x.yaml}}\n")
    };
    let commit = "a".repeat(40);
    let seen = format!(
        "  git: [{{component: shop, git: apps, commit: '{commit}', refs: {{refs/heads/main: '{commit}'}}}}]\n  uses:\n{}{}",
        used("kind: git, name: 'https://git.example.org/apps.git', version: '>=1.0.0'", "GitRepository"),
        used("kind: chart, name: '{{name}}', from: 'https://charts.example.org', version: '1.0.0'", "ApplicationSet"),
    );
    for (reference, help) in
        [("", "have it name a branch or a tag that is carried"), (", ref: main", "have it name a branch")]
    {
        let git = format!("git: [{{name: apps, url: 'https://git.example.org/apps'{reference}}}]\n");
        let world = World::new("", &git, &seen);
        let helps: Vec<String> = world.judge().findings.iter().map(|judged| judged.finding.help.clone()).collect();
        assert!(helps.iter().any(|told| told.starts_with(help)), "{helps:?}");
        assert!(helps.iter().any(|told| told.starts_with("add all charts that it may be to")), "{helps:?}");
    }
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
fn a_class_of_the_distribution_goes_with_what_the_stack_disables_and_of_two_nobody_knows_which_counts() {
    let release =
        "apiVersion: airgap/v1\nkind: Component\nname: k3s\nversion: v1.30.6+k3s1\nfiles: [{path: k3s, file: ./k3s}]\n";
    let shop = format!("apiVersion: airgap/v1\nkind: Component\nname: shop\n{CHART}");
    let installs =
        |kind: &str, name: &str| format!("  - {{kind: {kind}, name: {name}, component: shop, default: true}}\n");
    let wants = "wants: {storageClasses: [local-path], ingressClasses: [traefik]}\n";
    let findings = |disable: &str, shop: &str, seen: &str| {
        let platform = format!("distribution: {{name: k3s, version: v1.30.6+k3s1, disable: [{disable}]}}\n");
        let stack = HEAD.replace("[shop]", "[k3s, shop]") + &platform;
        World::of(&stack, &[("k3s", release.to_owned()), ("shop", shop.to_owned())], seen).findings()
    };
    let asks = format!("{shop}{wants}");
    assert_eq!(findings("servicelb", &asks, ""), [""; 0]);
    assert_eq!(
        findings("traefik, local-storage", &asks, ""),
        [
            "ingress-class-missing traefik components/shop.yaml:5",
            "storage-class-missing local-path components/shop.yaml:5"
        ]
    );
    let brings = format!("  installs:\n{}{}", installs("ingress-class", "traefik"), installs("storage-class", "fast"));
    assert_eq!(
        findings("servicelb", &shop, &brings),
        ["(default)", "traefik"]
            .map(|name| format!("ingress-class-twice {name} components/shop.yaml:4"))
            .into_iter()
            .chain(["storage-class-twice (default) components/shop.yaml:4".to_owned()])
            .collect::<Vec<_>>()
    );
    assert_eq!(
        findings("traefik, local-storage", &asks, &brings),
        ["storage-class-missing local-path components/shop.yaml:5"]
    );
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

#[test]
fn what_a_component_needs_goes_in_before_it() {
    let component = |name: &str, more: &str| {
        (
            name.to_owned(),
            format!(
                "apiVersion: airgap/v1\nkind: Component\nname: {name}\ncharts: [{{name: {name}, path: ./{name}}}]\n{more}"
            ),
        )
    };
    let release = "apiVersion: airgap/v1\nkind: Component\nname: rke2\nversion: v1.30.6+rke2r1\nfiles: [{path: rke2, file: ./rke2}]\n";
    let used = |kind: &str, name: &str| {
        let name = if name.is_empty() { String::new() } else { format!("name: {name}, ") };
        format!("  - {{kind: {kind}, {name}component: shop, object: {{kind: Pod, name: x}}, file: x.yaml}}\n")
    };
    let uses =
        ["cert.org/v1/Certificate", "cert.org/v1/Certificate", "metrics.org/v1/Any"].map(|name| used("api", name));
    let uses = format!("  uses:\n{}{}{}", uses.concat(), used("storage-class", ""), used("storage-class", "fast"));
    let installs = "  installs:\n  - {kind: api, name: cert.org/v1/Certificate, component: later}\n  - {kind: api, name: \
                    metrics.org/v1/*, component: later}\n  - {kind: crd, name: things.cert.org, component: later}\n  - {kind: \
                    storage-class, name: fast, component: later, default: true}\n";
    let seen = format!("{uses}{installs}");
    let judged = |order: &str, more: &str, shop: &str, later: &str| {
        let head = HEAD.replace("[shop]", order) + "distribution: {name: rke2, version: v1.30.6+rke2r1}\n" + more;
        let components = [component("shop", shop), component("later", later)];
        let mut components: Vec<(&str, String)> =
            components.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
        components.push(("rke2", release.to_owned()));
        World::of(&head, &components, &seen)
    };
    let wants = "wants: {crds: [things.cert.org]}\n";
    let world = judged("[rke2, shop, later]", "", wants, "");
    assert_eq!(
        world.findings(),
        [
            "provider-late (default) components/shop.yaml:4",
            "provider-late Any.metrics.org components/shop.yaml:4",
            "provider-late Certificate.cert.org components/shop.yaml:4",
            "provider-late fast components/shop.yaml:4",
            "provider-late things.cert.org components/shop.yaml:5",
        ]
    );
    let finding = &world.judge().findings[2].finding;
    assert_eq!(
        finding.message,
        "`shop` needs the definition of `Certificate.cert.org`, which `later` installs, and `later` goes in later"
    );
    assert_eq!(finding.seen.len(), 2, "{finding:?}");

    // What a controller applies out of a repository it tries again until it can.
    let apps = "git: [{name: apps, url: 'https://git.example.org/apps'}]\n";
    let mut of_git = judged("[rke2, shop, later]", "", &format!("{wants}{apps}"), "");
    of_git.seen.uses.iter_mut().for_each(|used| used.file = "apps@main:x.yaml:1".to_owned());
    let found = of_git.findings();
    let late: Vec<_> = found.iter().filter(|found| found.starts_with("provider-late")).collect();
    assert_eq!(late, ["provider-late things.cert.org components/shop.yaml:5"]);

    // In time by the stack's order, by a need, or because nodes can't be ready without it; or it is there anyway.
    let none: [&str; 0] = [];
    assert_eq!(judged("[rke2, later, shop]", "", wants, "").findings(), none);
    assert_eq!(judged("[rke2, shop, later]", "", &format!("{wants}needs: [later]\n"), "").findings(), none);
    let bootstrap = judged("[rke2, shop, later]", "", wants, "").findings().len();
    assert_eq!(bootstrap, 5);
    let said = judged("[rke2, shop, later]", "provides: {storageClasses: [fast]}\n", wants, "").findings();
    assert!(!said.iter().any(|found| found.contains("fast") || found.contains("default")), "{said:?}");
}
