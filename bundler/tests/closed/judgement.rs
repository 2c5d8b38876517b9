//! What a judgement refuses and tells.

use bundler::resolve::stack::load;
use manifests::evidence::Severity;

use crate::world::{CHART, HEAD, World, rendered, seen_image};

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

#[test]
fn a_chart_that_is_not_looked_through_is_told_with_its_reason() {
    let charts = "charts: [{name: web, path: ./web, release: front, withoutDiscovery: it needs a cluster}]\n";
    let world = World::new("", charts, "");
    assert_eq!(world.findings(), ["chart-unread shop/front components/shop.yaml:4"]);
    let told = &world.judge().told()[0];
    assert!(told.message.ends_with("is not looked through: it needs a cluster"), "{}", told.message);
    assert!(world.judge().check().is_ok());
}
