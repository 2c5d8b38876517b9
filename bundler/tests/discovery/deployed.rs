//! What objects deploy of git repositories is seen as it is deployed there.

use std::collections::BTreeSet;

use crate::repositories::{APPLICATION, discovered, failures, names, pod};

const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set}\nspec: ";
const FLUX: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux}\nspec: ";
const CHART: [(&str, &str); 4] = [
    ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("charts/web/values.yaml", "tag: own\n"),
    ("charts/web/prod.yaml", "tag: prod\n"),
    (
        "charts/web/templates/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: \"e.org/web:{{ .Values.tag }}\"}]}\n",
    ),
];

/// What is seen of a base at a tag `base`, which an overlay makes a tag `prod` of, beside these files.
async fn with_base(files: &[(&str, &str)]) -> BTreeSet<String> {
    let base = [
        ("apps/web/base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("apps/web/base/pod.yaml", &pod("web", "e.org/web:base")),
        ("apps/web/prod/kustomization.yaml", "resources: [../base]\nimages: [{name: e.org/web, newTag: prod}]\n"),
    ];
    let found = discovered(&[&base[..], files].concat()).await;
    assert_eq!(failures(&found), [""; 0]);
    names(&found)
}

fn certain<const N: usize>(images: [&str; N]) -> BTreeSet<String> {
    images.map(|image| format!("e.org/{image} certain")).into()
}

/// An ApplicationSet of folders that a generator finds.
fn set_of(folders: &str, source: &str) -> String {
    let git = format!("{{git: {{repoURL: 'https://git.example.org/apps.git', directories: [{{path: {folders}}}]}}}}");
    let source = format!("{{repoURL: 'https://git.example.org/apps.git', {source}}}");
    format!("{SET}{{generators: [{git}], template: {{spec: {{source: {source}}}}}}}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folders_that_a_generator_finds_are_filled_in() {
    for (helm, tag) in [("valuesObject: {tag: given}", "given"), ("valueFiles: [prod.yaml]", "prod")] {
        for path in ["{{path}}", "{{ .path.path }}"] {
            let set = set_of("charts/*", &format!("path: '{path}', helm: {{{helm}}}"));
            let found = discovered(&[&CHART[..], &[("set.yaml", &set)]].concat()).await;
            assert_eq!(names(&found), certain(["web:own", &format!("web:{tag}")]), "{set}");
        }
    }
    let below = set_of("apps/*", "path: '{{path}}/base'");
    assert_eq!(with_base(&[("set.yaml", &below)]).await, certain(["web:base", "web:prod"]));
    // Only what is deployed counts as it is.
    let overlays = set_of("apps/*/prod", "path: '{{path}}'");
    assert_eq!(with_base(&[("set.yaml", &overlays)]).await, certain(["web:prod"]));
    let listed = format!(
        "{SET}{{generators: [{{list: {{elements: [{{at: apps/web}}], template: {{spec: {{source: {{path: '{{{{at}}}}/base'}}}}}}}}}}]}}\n"
    );
    assert_eq!(with_base(&[("set.yaml", &listed)]).await, certain(["web:base", "web:prod"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_merged_is_seen_where_it_is_merged() {
    let app = format!("{APPLICATION}charts/web, helm: {{valueFiles: [merged.yaml]}}}}\n");
    let merged = ("charts/web/merged.yaml", "common: &common {tag: merged}\n<<: *common\n");
    let found = discovered(&[&CHART[..], &[("app.yaml", &app), merged]].concat()).await;
    assert_eq!(names(&found), certain(["web:merged", "web:own"]));
    let images = "images:\n- &web {name: e.org/web, newTag: v2}\n- {<<: *web, name: e.org/db}\n";
    let files =
        [("k/kustomization.yaml", format!("resources: [pod.yaml]\n{images}")), ("k/pod.yaml", pod("db", "e.org/db:1"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(names(&discovered(&files).await), certain(["db:v2"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_a_kustomization_is_deployed_with_all_that_is_in_it() {
    let flux = |path: &str| format!("{FLUX}{{path: '{path}', sourceRef: {{kind: GitRepository, name: x}}}}\n");
    let argo = |more: &str| format!("{APPLICATION}apps{more}}}\n");
    for (object, sees_base) in [
        (flux("./apps"), true),
        (flux("./apps/${env}"), true),
        (flux("./apps/web/prod"), false),
        (argo("/web/base"), true),
        (argo(", directory: {recurse: true}"), true),
        // Argo CD looks into no folder below by itself.
        (argo(""), false),
    ] {
        let expected = if sees_base { certain(["web:base", "web:prod"]) } else { certain(["web:prod"]) };
        assert_eq!(with_base(&[("object.yaml", &object)]).await, expected, "{object}");
    }
    // Files that a folder elsewhere takes.
    let taken = [
        ("app/kustomization.yaml", "resources: [deploy/pod.yaml]\nimages: [{name: e.org/db, newTag: prod}]\n"),
        ("app/deploy/pod.yaml", &pod("db", "e.org/db:1")),
        ("object.yaml", &argo("x").replace("appsx", "app/deploy")),
    ];
    assert_eq!(names(&discovered(&taken).await), certain(["db:1", "db:prod"]));
}
