//! What objects deploy of git repositories is seen as it is deployed there.

use std::collections::BTreeSet;

use crate::repositories::{APPLICATION, discovered, discovered_in, failures, names, pod, repository, tree};

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

#[tokio::test(flavor = "multi_thread")]
async fn what_operations_put_into_an_object_is_seen_as_in_any_object() {
    let patch = |target: &str, operation: &str| {
        format!("patches:\n- target: {{{target}}}\n  patch: |-\n    [{{{operation}}}]\n")
    };
    let pod = "op: add, path: /spec/template/spec";
    for (target, operation, seen) in [
        (
            "kind: ConfigMap",
            "op: replace, path: /data/SIDECAR_IMAGE, value: 'nats:2.10'".to_owned(),
            "docker.io/library/nats:2.10 likely",
        ),
        (
            "kind: Deployment",
            format!("{pod}/containers/0/env/-, value: {{name: RELATED_IMAGE_OP, value: e.org/op}}"),
            "e.org/op:latest likely",
        ),
        (
            "kind: Cluster",
            "op: add, path: /spec/imageName, value: 'postgres:16'".to_owned(),
            "docker.io/library/postgres:16 likely",
        ),
        (
            "kind: Cluster, group: postgresql.cnpg.io",
            "op: add, path: /spec/imageName, value: 'postgres:16'".to_owned(),
            "docker.io/library/postgres:16 certain",
        ),
        (
            "kind: Deployment",
            format!("{pod}/containers/-, value: {{name: a, image: web}}"),
            "docker.io/library/web:latest certain",
        ),
        ("name: any", format!("{pod}/initContainers/0/image, value: web"), "docker.io/library/web:latest certain"),
        (
            "kind: Deployment",
            format!("{pod}/containers, value: [{{name: a, image: web}}]"),
            "docker.io/library/web:latest certain",
        ),
    ] {
        let found = discovered(&[("k/kustomization.yaml", &patch(target, &operation))]).await;
        assert_eq!(names(&found), [seen.to_owned()].into(), "{operation}: {:?}", found.failures);
    }
    // What is no container there, and what is only compared.
    for operation in [
        format!("{pod}/containers/0/ports/-, value: {{image: 'x:1', containerPort: 1}}").replace("image: 'x:1', ", ""),
        "op: test, path: /spec/template/spec/containers/0/image, value: 'e.org/old:1'".to_owned(),
    ] {
        let found = discovered(&[("k/kustomization.yaml", &patch("kind: Deployment", &operation))]).await;
        assert_eq!((names(&found), failures(&found)), (BTreeSet::new(), Vec::new()), "{operation}");
    }
    let deep = format!("op: add, path: {}, value: 1", "/a".repeat(100_000));
    let told = failures(&discovered(&[("k/kustomization.yaml", &patch("kind: Deployment", &deep))]).await);
    assert!(told.len() == 1 && told[0].contains("too deep in an object"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_or_named_in_another_way_is_seen_all_the_same() {
    let escaped = r#"{"apiVersion": "v1", "\u006bind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"image": "e.org/a:1"}]}}"#;
    assert_eq!(names(&discovered(&[("pod.json", escaped)]).await), certain(["a:1"]));
    // A folder of the same repository, by its URL.
    let remote =
        ("prod/kustomization.yaml", "resources: ['https://git.example.org/apps.git//apps/web/base?ref=main']\n");
    assert_eq!(with_base(&[remote]).await, certain(["web:base", "web:prod"]));
    let images = format!("{}images: [{{name: e.org/web, newTag: remote}}]\n", remote.1);
    assert_eq!(with_base(&[(remote.0, &images)]).await, certain(["web:prod", "web:remote"]));
    let tagged = [
        ("k/kustomization.yaml", "resources: [pod.yaml]\nimages: [{name: 'e.org/db:1', newTag: '2'}]\n"),
        ("k/pod.yaml", &pod("db", "e.org/db:1")),
    ];
    assert_eq!(names(&discovered(&tagged).await), certain(["db:2"]));
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2beta2\nkind: HelmRelease\nmetadata: {name: web}\nspec: {chart: {spec: {chart: \
                   './charts/${app}', valuesFile: charts/web/prod.yaml, sourceRef: {kind: GitRepository, name: x}}}}\n";
    let found = discovered(&[&CHART[..], &[("release.yaml", release)]].concat()).await;
    assert_eq!(names(&found), certain(["web:own", "web:prod"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn components_change_what_is_taken_before_them_and_nothing_else() {
    let files = [
        (
            "c1/kustomization.yaml",
            "kind: Component\nimages: [{name: e.org/side, newTag: '2'}, {name: e.org/web, newTag: '2'}]\n",
        ),
        ("c2/kustomization.yaml", "kind: Component\nresources: [side.yaml]\n"),
        ("c2/side.yaml", &pod("side", "e.org/side:1")),
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("base/pod.yaml", &pod("web", "e.org/web:1")),
        (
            "prod/kustomization.yaml",
            "resources: [../base]\ncomponents: [../c1, ../c2]\npatches:\n- target: {kind: Pod}\n  patch: '[{op: replace, path: \
             /spec/containers/0/image, value: \"e.org/web:hotfix\"}]'\n",
        ),
    ];
    assert_eq!(names(&discovered(&files).await), certain(["side:1", "web:2", "web:hotfix"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_within_others_are_seen_as_those_that_they_are() {
    let flux = "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: x}, spec: {path: apps/web/base, \
                sourceRef: {kind: GitRepository, name: x}, images: [{name: e.org/none, newName: e.org/web, newTag: prod}]}}";
    let argo = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: x}, spec: {source: {repoURL: \
                'https://git.example.org/apps.git', path: apps/web/base}}}";
    for holder in [
        format!("apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nspec: {{resources: [{flux}]}}\n"),
        format!(
            "apiVersion: work.open-cluster-management.io/v1\nkind: ManifestWork\nspec: {{workload: {{manifests: [{argo}]}}}}\n"
        ),
        "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nspec: {sync: {kind: GitRepository, url: \
         'https://git.example.org/apps.git', ref: refs/heads/main, path: apps/web/base}}\n"
            .to_owned(),
    ] {
        assert_eq!(with_base(&[("holder.yaml", &holder)]).await, certain(["web:base", "web:prod"]), "{holder}");
    }
    let old = "apiVersion: helm.fluxcd.io/v1\nkind: HelmRelease\nspec: {chart: {git: 'https://git.example.org/apps.git', ref: v1, path: \
               charts/web}, values: {tag: given}}\n";
    let found = discovered(&[&CHART[..], &[("release.yaml", old)]].concat()).await;
    assert_eq!(names(&found), certain(["web:given", "web:own"]));
    let git = found.inventory.repositories.iter().map(|at| (at.what.url.as_str(), at.what.revision.as_str()));
    assert_eq!(git.collect::<Vec<_>>(), [("https://git.example.org/apps.git", "v1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_that_are_run_are_seen_and_what_is_only_listed_is_not() {
    let test = |image: &str| pod("test", image).replace("name: test", "name: test, annotations: {helm.sh/hook: test}");
    assert_eq!(names(&discovered(&[("pod.yaml", &test("e.org/raw:1"))]).await), certain(["raw:1"]));
    let in_chart = test("e.org/test:1");
    let release = |runs: bool| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web}}\nspec: {{test: {{enable: {runs}}}, chart: \
             {{spec: {{chart: ./charts/web, sourceRef: {{kind: GitRepository, name: x}}}}}}}}\n"
        )
    };
    for (runs, seen) in [(true, &["test:1", "web:own"][..]), (false, &["web:own"])] {
        let files = [("charts/web/templates/test.yaml", in_chart.as_str()), ("release.yaml", &release(runs))];
        let seen: BTreeSet<String> = seen.iter().map(|image| format!("e.org/{image} certain")).collect();
        assert_eq!(names(&discovered(&[&CHART[..], &files].concat()).await), seen);
    }
    let listed = "apiVersion: image.toolkit.fluxcd.io/v1beta2\nkind: ImageRepository\nmetadata: {name: a}\nspec: {image: ghcr.io/team/web}\n";
    assert_eq!(names(&discovered(&[("list.yaml", listed)]).await), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_lies_where_the_source_of_flux_says() {
    let folder = tempfile::tempdir().unwrap();
    let web = pod("web", "e.org/web:base");
    let files = |image: &str| {
        [
            ("apps/kustomization.yaml".to_owned(), "resources: [pod.yaml]\n".to_owned()),
            ("apps/pod.yaml".to_owned(), web.replace("web:base", image)),
            (
                "prod/kustomization.yaml".to_owned(),
                "resources: [../apps]\nimages: [{name: e.org/web, newTag: prod}]\n".to_owned(),
            ),
        ]
    };
    let object = format!(
        "{FLUX}{{path: apps, sourceRef: {{kind: GitRepository, name: own}}}}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: \
         GitRepository\nmetadata: {{name: own}}\nspec: {{url: 'https://git.example.org/apps'}}\n"
    );
    let of = |name: &str, image: &str, more: &[(&str, &str)]| {
        let files = files(image);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        repository(name, vec![tree(folder.path(), name, &[&files[..], more].concat())])
    };
    let all = vec![of("apps", "web:here", &[("flux.yaml", &object)]), of("other", "web:there", &[])];
    assert_eq!(names(&discovered_in(all).await), certain(["web:here", "web:prod"]));
}
