//! How a stack is deployed: the order of its components, their releases and values, and what is said where they don't fit.
#![allow(clippy::unwrap_used)]

use airgap_console::error::render;
use bundler::resolve::stack::{ResolveError, ResolvedStack, load};
use serde_json::{Value, json};

const STACK: &str = "apiVersion: airgap/v1\nkind: Stack\nname: site\nversion: 1.0.0\n";
const DISTRIBUTION: &str = "distribution: {name: rke2, version: v1.30.6+rke2r1}\n";

fn component(name: &str) -> String {
    format!("apiVersion: airgap/v1\nkind: Component\nname: {name}\n")
}

fn rke2() -> (&'static str, String) {
    ("components/rke2.yaml", component("rke2") + "files: [{path: rke2.tar.gz, file: rke2.tar.gz}]\n")
}

fn load_all(files: &[(&str, String)]) -> (tempfile::TempDir, Result<ResolvedStack, ResolveError>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let loaded = load(&folder.path().join("s.yaml"));
    (folder, loaded)
}

fn complaint(files: &[(&str, String)]) -> String {
    let (folder, loaded) = load_all(files);
    render(&loaded.unwrap_err()).replace(&format!("{}/", folder.path().display()), "")
}

fn order(needs: &[(&str, &str)]) -> Vec<String> {
    let names: Vec<&str> = needs.iter().map(|(name, _)| *name).collect();
    let stack = format!("{STACK}{DISTRIBUTION}components: [{}, rke2]\n", names.join(", "));
    let mut files = vec![("s.yaml", stack), rke2()];
    let paths: Vec<String> = names.iter().map(|name| format!("components/{name}.yaml")).collect();
    for ((name, needs), path) in needs.iter().zip(&paths) {
        files.push((path, component(name) + &format!("needs: [{needs}]\n")));
    }
    let (_folder, stack) = load_all(&files);
    stack.unwrap().platform.unwrap().components.iter().map(|(component, _)| component.name.to_string()).collect()
}

#[test]
fn components_stand_behind_what_they_need_and_else_where_the_stack_has_them() {
    assert_eq!(order(&[("b", ""), ("a", ""), ("c", "")]), ["b", "a", "c", "rke2"]);
    assert_eq!(order(&[("b", "c"), ("a", ""), ("c", "")]), ["a", "c", "b", "rke2"]);
    assert_eq!(order(&[("a", "rke2"), ("b", "a"), ("c", "")]), ["c", "rke2", "a", "b"]);
}

#[test]
fn values_are_the_components_under_the_stacks() {
    let app = component("app")
        + "namespace: {name: apps, labels: {x: y}}\nmanifests: [./crds.yaml]\ncharts:\n\
           \x20 - {name: one, path: one, valuesFile: ./values/one.yaml, timeout: 1h}\n\
           \x20 - {name: one, path: one, release: two, namespace: other, failurePolicy: reinstall}\n\
           \x20 - {name: three, path: three, install: false}\n";
    let stack = format!(
        "{STACK}{DISTRIBUTION}components:\n  - rke2\n  - component: app\n    values:\n      one: {{a: {{b: null}}, l: [3]}}\n\
         \x20     two: {{z: 1}}\n"
    );
    let values = "a: {b: 1, c: 2}\nl: [1, 2]\n".to_owned();
    let files = [("s.yaml", stack), rke2(), ("components/app.yaml", app), ("components/values/one.yaml", values)];
    let (_folder, stack) = load_all(&files);
    let stack = stack.unwrap();
    let names: Vec<&str> = stack.charts.iter().map(|chart| chart.name.as_str()).collect();
    assert_eq!(names, ["one", "three"]);
    let (component, releases) = &stack.platform.as_ref().unwrap().components[1];
    let shown: Vec<String> =
        releases.iter().map(|one| format!("{}/{} of {}", one.namespace, one.name, one.chart)).collect();
    assert_eq!(shown, ["apps/one of 0", "other/two of 0"]);
    let values: Vec<Value> = releases.iter().map(|one| Value::Object(one.settings.values.clone())).collect();
    assert_eq!(values, [json!({"a": {"b": null, "c": 2}, "l": [3]}), json!({"z": 1})]);
    assert_eq!(
        (releases[0].settings.timeout, component.manifests.as_slice()),
        (3600, &["manifests/crds.yaml".to_owned()][..])
    );
    let namespaces: Vec<_> = component.namespaces.iter().map(|one| (one.name.as_str(), one.labels.len())).collect();
    assert_eq!(namespaces, [("apps", 1), ("other", 0)]);
    assert!(stack.files.iter().any(|file| file.path == "manifests/crds.yaml" && file.component.as_str() == "app"));
}

#[test]
fn without_a_distribution_nothing_of_it_is_looked_at() {
    let app = component("app") + "needs: [nothing]\nimages: [app:1]\n";
    let (_folder, stack) = load_all(&[("s.yaml", format!("{STACK}components: [./app.yaml]\n")), ("app.yaml", app)]);
    assert_eq!(stack.unwrap().platform, None);
}

#[test]
fn needs_that_are_unknown_or_go_round_are_told_at_their_line() {
    let a = component("a") + "needs: [b, rke]\n";
    let b = component("b") + "needs: [c]\n";
    let c = component("c") + "needs:\n  - a\n";
    let stack = format!("{STACK}{DISTRIBUTION}components: [./a.yaml, ./b.yaml, ./c.yaml, rke2]\n");
    let shown = complaint(&[("s.yaml", stack), ("a.yaml", a), ("b.yaml", b), ("c.yaml", c), rke2()]);
    assert!(shown.contains("the stack has no component `rke`") && shown.contains("did you mean `rke2`?"), "{shown}");
    assert!(shown.contains("`a` needs `b`, which needs `c`, which needs `a` (closed here: ./c.yaml:5:5)"), "{shown}");
    assert!(shown.contains("--> ./a.yaml:4:9"), "{shown}");
}

#[test]
fn what_can_not_be_installed_is_told() {
    let app = component("app")
        + "charts:\n  - {name: a, path: a}\n  - {name: b, path: b, release: a}\n  - {name: c_d, path: c}\n\
           \x20 - {name: e, path: e, valuesFile: none.yaml}\n";
    let old = component("rke2") + "version: v1.30.5+rke2r1\nfiles: [{path: a, file: a}]\n";
    let stack = format!(
        "{STACK}{DISTRIBUTION}components:\n  - ./rke2.yaml\n  - component: ./app.yaml\n    values: {{x: {{}}}}\n"
    );
    let shown = complaint(&[("s.yaml", stack), ("rke2.yaml", old), ("app.yaml", app.clone())]);
    for expected in [
        "two releases in `app` are called `a`",
        "`c_d` is not the name of a release",
        "can't read the values none.yaml",
        "the component `app` has no release `x`",
        "the component `rke2` is v1.30.5+rke2r1, not v1.30.6+rke2r1",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let without = component("app") + "images: [app:1]\n";
    let stack = format!("{STACK}{DISTRIBUTION}components: [./app.yaml]\n");
    let shown = complaint(&[("s.yaml", stack.clone()), ("app.yaml", without.clone())]);
    assert!(shown.contains("no component is called `rke2`"), "{shown}");
    let stack = stack.replace("rke2r1}", "rke2r1, files: app}");
    let shown = complaint(&[("s.yaml", stack), ("app.yaml", without)]);
    assert!(shown.contains("the component `app` has no files"), "{shown}");
}
