//! Findings that are waived, and what a waiver is for.

use manifests::evidence::Fate;

use crate::world::{CHART, HEAD, World, seen_image};

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
fn a_waiver_of_a_release_is_not_for_its_variants() {
    let failed = |variant: &str| {
        format!("  - {{component: shop, of: web, release: web, {variant}reason: no host, help: set it}}\n")
    };
    let seen = format!("  failures:\n{}{}", failed(""), failed("variant: large, "));
    let charts = "charts: [{name: web, path: ./web}]\n";
    let waiver = |object: &str| {
        format!("waivers: [{{finding: chart-unrendered, object: '{object}', reason: they are listed}}]\n")
    };
    let own = World::new(&waiver("shop/web"), charts, &seen);
    let all = World::new(&waiver("shop/web*"), charts, &seen);
    let place = "components/shop.yaml:4";
    assert_eq!(
        own.findings(),
        [format!("[chart-unrendered shop/web {place}]"), format!("chart-unrendered shop/web: large {place}")]
    );
    assert_eq!(
        all.findings(),
        [format!("[chart-unrendered shop/web {place}]"), format!("[chart-unrendered shop/web: large {place}]")]
    );
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
