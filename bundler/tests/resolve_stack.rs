//! Stacks with their components, from disk: what comes out, and what is said where they don't fit together.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use airgap_console::error::render;
use bundler::resolve::ResolvedStack;
use bundler::resolve::stack::{ResolveError, created, load};
use manifests::component::{ChartSource, FileSource, ImageSource};

const STACK: &str = "apiVersion: airgap/v1\nkind: Stack\nname: site\nversion: 1.0.0\n";

fn component(name: &str) -> String {
    format!("apiVersion: airgap/v1\nkind: Component\nname: {name}\n")
}

/// Files in a folder of their own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, String)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = folder.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str) -> Result<ResolvedStack, ResolveError> {
        load(&self.path(name))
    }

    /// The error as people see it, with the folder left out.
    fn complaint(&self, name: &str) -> String {
        let error = self.load(name).unwrap_err();
        render(&error).replace(&format!("{}/", self.0.path().display()), "")
    }
}

#[test]
fn paths_are_those_of_the_file_that_names_them() {
    let app = component("app")
        + "images:\n  - {image: 'app:1', from: {ociLayout: ./layout}}\ncharts:\n  - {name: app, path: chart}\n\
           files:\n  - {path: a.txt, file: files/a.txt}\n";
    let stack = STACK.to_owned()
        + "components: [../shared/app.yaml]\nfiles:\n  - {path: motd, file: motd.txt}\n\
           registries:\n  quay.io: {ca: ca.pem, clientCert: c.pem, clientKey: k.pem}\n";
    let folder = Folder::new(&[("stacks/site.yaml", stack), ("shared/app.yaml", app)]);
    let stack = folder.load("stacks/site.yaml").unwrap();
    let same = |path: &Path, name: &str| assert_eq!(path, folder.path(name));
    let ImageSource::OciLayout(layout) = &stack.images[0].source else { panic!("a layout") };
    same(&layout.path, "stacks/../shared/./layout");
    let ChartSource::Local { path } = &stack.charts[0].source else { panic!("a chart on disk") };
    same(path, "stacks/../shared/chart");
    let files: Vec<_> = stack.files.iter().map(|file| (file.component.as_str(), file.path.as_str())).collect();
    assert_eq!(files, [("app", "a.txt"), ("site", "motd")]);
    let FileSource::Local { path, .. } = &stack.files[1].source else { panic!("a file on disk") };
    same(path, "stacks/motd.txt");
    let quay = &stack.registries["quay.io"];
    same(quay.ca.as_ref().unwrap(), "stacks/ca.pem");
    same(&quay.client.as_ref().unwrap().key, "stacks/k.pem");
}

#[test]
fn names_are_looked_up_beside_the_stack_and_above() {
    let near = component("near") + "images: [near:1]\n";
    let far = component("far") + "images: [far:1]\n";
    let stack = STACK.to_owned() + "components: [near, far]\n";
    let folder = Folder::new(&[
        ("a/b/site.yaml", stack),
        ("a/b/components/near.yaml", near),
        ("components/far.yaml", far),
        ("components/near.yaml", component("near")),
    ]);
    let stack = folder.load("a/b/site.yaml").unwrap();
    let names: Vec<String> = stack.images.iter().map(|image| image.reference.to_string()).collect();
    assert_eq!(names, ["docker.io/library/far:1", "docker.io/library/near:1"]);
}

#[test]
fn what_two_components_ask_for_alike_is_carried_once() {
    let one = component("one")
        + "images:\n  - {image: 'shared:1', platforms: [linux/arm64], attachments: false}\n  - only:1\n\
           charts: [{name: c, repository: 'https://charts.example.org', version: 1.0.0}]\n";
    let two = component("two")
        + "platforms: [linux/s390x]\nimages: [shared:1]\n\
           charts: [{name: c, repository: 'https://charts.example.org', version: 1.0.0}]\n";
    let stack = STACK.to_owned() + "platforms: [linux/amd64]\ncomponents: [./one.yaml, ./two.yaml]\n";
    let folder = Folder::new(&[("s.yaml", stack), ("one.yaml", one), ("two.yaml", two)]);
    let stack = folder.load("s.yaml").unwrap();
    assert_eq!((stack.images.len(), stack.charts.len()), (2, 1));
    let shared = &stack.images[1];
    let platforms: Vec<String> = shared.platforms.iter().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/arm64", "linux/s390x"]);
    assert!(shared.attachments, "one of them wants the signatures");
    assert_eq!(shared.component.as_str(), "one");
    assert_eq!(stack.images[0].platforms, [manifests::Platform::linux_amd64()]);
}

#[test]
fn a_stack_changes_its_components() {
    let app = component("app")
        + "images: [keep:1, drop:1, old:1]\n\
           charts: [{name: app, repository: 'https://charts.example.org', version: 1.0.0}]\n";
    let stack = STACK.to_owned()
        + "components:\n  - component: ./app.yaml\n    images:\n      add: [new:1]\n      remove: [drop:1]\n\
           \x20     replace:\n        - {image: 'old:1', with: {image: 'old:2', platforms: [linux/arm64]}}\n\
           \x20   charts: [{name: app, version: ~1.2}]\n";
    let folder = Folder::new(&[("s.yaml", stack), ("app.yaml", app)]);
    let stack = folder.load("s.yaml").unwrap();
    let names: Vec<&str> = stack.images.iter().map(|image| image.reference.repository().path()).collect();
    assert_eq!(names, ["library/keep", "library/new", "library/old"]);
    assert_eq!(stack.images[2].reference.tag(), Some("2"));
    assert!(stack.images[2].location.to_string().ends_with("s.yaml:11:42"), "{}", stack.images[2].location);
    let ChartSource::Repository { version, .. } = &stack.charts[0].source else { panic!("from a repository") };
    assert_eq!(version.to_string(), "~1.2");
}

#[test]
fn problems_of_all_files_come_together() {
    let app = component("app") + "images: [Bad]\ncharts: [{name: app, path: ./app}]\n";
    let other = component("another") + "images: [{image: 'x:1', from: {ociLayout: ./x}}]\n";
    let third = component("third") + "images: [x:1]\n";
    let stack = STACK.to_owned()
        + "components:\n  - app\n  - missing\n  - ./nowhere.yaml\n  - other\n  - component: third\n\
           \x20   images: {remove: [y:1]}\n    charts: [{name: z, version: 1.0.0}]\n  - ./x.yaml\n";
    let folder = Folder::new(&[
        ("s.yaml", stack),
        ("components/app.yaml", app),
        ("components/other.yaml", other.clone()),
        ("components/third.yaml", third),
        ("x.yaml", other),
    ]);
    insta::assert_snapshot!(folder.complaint("s.yaml"));
}

#[test]
fn a_stack_that_asks_for_nothing_or_is_not_there_says_so() {
    let folder = Folder::new(&[("s.yaml", STACK.to_owned()), ("binary.yaml", String::new())]);
    std::fs::write(folder.path("binary.yaml"), b"apiVersion: airgap/v1\nname: \xff\n").unwrap();
    let all = ["s.yaml", "none.yaml", "binary.yaml"].map(|name| folder.complaint(name)).concat();
    insta::assert_snapshot!(all);
}

#[test]
fn the_date_is_the_environments_or_the_stacks_and_never_the_clocks() {
    let dated = STACK.to_owned() + "created: 2026-11-21\nimages: [a:1]\n";
    let undated = STACK.to_owned() + "images: [a:1]\n";
    let folder = Folder::new(&[("dated.yaml", dated), ("undated.yaml", undated)]);
    let (dated, undated) = (folder.load("dated.yaml").unwrap(), folder.load("undated.yaml").unwrap());
    assert_eq!(created(&dated, None).unwrap().to_string(), "2026-11-21T00:00:00Z");
    assert_eq!(created(&dated, Some("86400")).unwrap().to_string(), "1970-01-02T00:00:00Z");
    assert_eq!(created(&undated, Some("0")).unwrap().to_string(), "1970-01-01T00:00:00Z");
    let shown = |result: Result<_, bundler::resolve::stack::CreatedError>| {
        render(&result.unwrap_err()).replace(&format!("{}/", folder.0.path().display()), "")
    };
    let all = [shown(created(&undated, None)), shown(created(&dated, Some("today")))].concat();
    insta::assert_snapshot!(all);
}

/// A stack's file that says more than its head.
fn stack(name: &str, more: &str) -> String {
    format!("apiVersion: airgap/v1\nkind: Stack\nname: {name}\nversion: 1.0.0\n{more}")
}

fn names(stack: &ResolvedStack) -> Vec<&str> {
    stack.components.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_stack_stands_on_others_and_what_is_nearest_holds() {
    let folder = Folder::new(&[
        (
            "base/base.yaml",
            stack(
                "base",
                "created: 2026-01-01\nplatforms: [linux/arm64]\ncomponents: [./web.yaml]\nregistries:\n  quay.io: {concurrency: 2}\n  docker.io: {concurrency: 2}\n",
            ),
        ),
        ("base/web.yaml", component("web") + "images: ['web:1']\n"),
        (
            "more.yaml",
            stack("more", "platforms: [linux/amd64]\ncomponents: [./db.yaml]\nfiles: [{path: a, file: ./a}]\n"),
        ),
        ("db.yaml", component("db") + "images: ['db:1']\n"),
        (
            "site.yaml",
            stack(
                "site",
                "extends: base/base.yaml\ninclude: [more.yaml]\ncomponents:\n  - component: base/web.yaml\n    images: {add: ['tool:1']}\nregistries:\n  docker.io: {concurrency: 8}\n",
            ),
        ),
    ]);
    let resolved = folder.load("site.yaml").unwrap();
    assert_eq!((resolved.name.as_str(), names(&resolved)), ("site", vec!["web", "db", "site"]));
    // What it includes says nothing of platforms, what it extends does; its own date is missing, so that of the base holds.
    assert_eq!(resolved.platforms, ["linux/arm64".parse().unwrap()]);
    assert_eq!(resolved.created.map(|time| time.to_string()).as_deref(), Some("2026-01-01T00:00:00Z"));
    let images: Vec<String> = resolved.images.iter().map(|image| image.reference.to_string()).collect();
    assert_eq!(images, ["docker.io/library/db:1", "docker.io/library/tool:1", "docker.io/library/web:1"]);
    assert_eq!(resolved.registries["docker.io"].concurrency, Some(8));
    assert_eq!(resolved.registries["quay.io"].concurrency, Some(2));
}

#[test]
fn one_of_several_components_is_taken() {
    let choose = "choose: [{name: postgres, oneOf: [./cnpg.yaml, ./edb.yaml]}]\n";
    let more = |choice: &str| stack("site", &format!("extends: base.yaml\n{choice}"));
    let folder = Folder::new(&[
        ("base.yaml", stack("base", choose)),
        ("cnpg.yaml", component("cnpg") + "images: ['cnpg:1']\n"),
        ("edb.yaml", component("edb") + "images: ['edb:1']\n"),
        ("first.yaml", more("")),
        ("other.yaml", more("choices: {postgres: edb}\n")),
        ("wrong.yaml", more("choices: {postgres: mysql, postgers: cnpg}\n")),
    ]);
    assert_eq!(names(&folder.load("first.yaml").unwrap()), ["cnpg"]);
    assert_eq!(names(&folder.load("other.yaml").unwrap()), ["edb"]);
    insta::assert_snapshot!(folder.complaint("wrong.yaml"));
}

#[test]
fn what_is_left_out_is_gone_and_whoever_needs_it_is_told() {
    let rke2 = component("rke2") + "files: [{path: rke2.tar.gz, file: ./rke2}]\n";
    let base = "distribution: {name: rke2, version: v1.30.6+rke2r1}\ncomponents: [./rke2.yaml, ./issuer.yaml, ./web.yaml, ./shop.yaml]\n";
    let needing = |name: &str, need: &str| component(name) + &format!("needs: [{need}]\nimages: ['{name}:1']\n");
    let folder = Folder::new(&[
        ("base.yaml", stack("base", base)),
        ("rke2.yaml", rke2),
        ("issuer.yaml", component("issuer") + "images: ['issuer:1']\n"),
        ("web.yaml", needing("web", "issuer")),
        ("shop.yaml", needing("shop", "web")),
        ("small.yaml", stack("small", "extends: base.yaml\nwithout: [shop]\n")),
        ("wrong.yaml", stack("wrong", "extends: base.yaml\nwithout: [issuer, shops]\n")),
    ]);
    assert_eq!(names(&folder.load("small.yaml").unwrap()), ["rke2", "issuer", "web"]);
    insta::assert_snapshot!(folder.complaint("wrong.yaml"));
}

#[test]
fn stacks_that_stand_on_themselves_are_refused() {
    let folder = Folder::new(&[
        ("one.yaml", stack("one", "extends: ./two.yaml\n")),
        ("two.yaml", stack("two", "include: [./one.yaml]\nextends: ./nowhere.yaml\n")),
    ]);
    insta::assert_snapshot!(folder.complaint("one.yaml"));
}

#[test]
fn a_variant_comes_over_the_values_of_the_component() {
    let chart = "charts:\n  - name: web\n    path: ./web\n    values: {replicas: 1, keep: a}\n    variants: [{name: ha, values: {replicas: 3}}]\n";
    let rke2 = component("rke2") + "files: [{path: rke2.tar.gz, file: ./rke2}]\n";
    let with = |how: &str| {
        let distribution = "distribution: {name: rke2, version: v1.30.6+rke2r1}\n";
        stack("site", &format!("{distribution}components:\n  - ./rke2.yaml\n  - component: ./app.yaml\n{how}"))
    };
    let folder = Folder::new(&[
        ("app.yaml", component("app") + chart),
        ("rke2.yaml", rke2),
        ("ha.yaml", with("    variant: ha\n    values: {web: {keep: b}}\n")),
        ("wrong.yaml", with("    variant: small\n")),
    ]);
    let resolved = folder.load("ha.yaml").unwrap();
    let values = &resolved.renderings[0].release.as_ref().unwrap().values;
    assert_eq!(serde_json::to_value(values).unwrap(), serde_json::json!({"replicas": 3, "keep": "b"}));
    insta::assert_snapshot!(folder.complaint("wrong.yaml"));
}

#[test]
fn two_components_that_want_different_settings_of_the_kernel_are_told() {
    let rke2 = component("rke2") + "files: [{path: rke2.tar.gz, file: ./rke2}]\n";
    let wanting = |name: &str, value: &str| {
        component(name) + &format!("sysctls: {{vm.max_map_count: '{value}'}}\nimages: ['{name}:1']\n")
    };
    let text = "distribution: {name: rke2, version: v1.30.6+rke2r1}\ncomponents: [./rke2.yaml, ./elastic.yaml, ./search.yaml]\n";
    let folder = Folder::new(&[
        ("site.yaml", stack("site", text)),
        ("rke2.yaml", rke2),
        ("elastic.yaml", wanting("elastic", "262144")),
        ("search.yaml", wanting("search", "1048576")),
    ]);
    insta::assert_snapshot!(folder.complaint("site.yaml"));
}
