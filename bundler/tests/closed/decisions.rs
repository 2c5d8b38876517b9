//! What is decided of images: once, and by whom.

use bundler::closed::evidence;
use manifests::evidence::Fate;

use crate::world::{CHART, World, seen_image};

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
