//! Git repositories that controllers deploy from: what all their files ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;

use bundler::discovery::{Cluster, Discovered, RepositoryRequest, Request, TreeRequest, discover};

use crate::rig::{KUBERNETES, helm};

/// A repository `apps` of a component `gitops` with these files.
pub(crate) async fn discovered(files: &[(&str, &str)]) -> Discovered {
    let folder = tempfile::tempdir().unwrap();
    discovered_of(vec![tree(folder.path(), "main", files)]).await
}

pub(crate) fn tree(folder: &Path, at: &str, files: &[(&str, &str)]) -> TreeRequest {
    let file = |(number, (path, text)): (usize, &(&str, &str))| {
        let place = folder.join(format!("{at}-{number}"));
        std::fs::write(&place, text).unwrap();
        ((*path).to_owned(), place)
    };
    let files: BTreeMap<_, _> = files.iter().enumerate().map(file).collect();
    TreeRequest { at: at.to_owned(), files, links: BTreeSet::new(), unread: BTreeMap::new() }
}

pub(crate) async fn discovered_of(trees: Vec<TreeRequest>) -> Discovered {
    discovered_in(vec![repository("apps", trees)]).await
}

pub(crate) fn repository(name: &str, trees: Vec<TreeRequest>) -> RepositoryRequest {
    RepositoryRequest {
        component: "gitops".parse().unwrap(),
        repository: name.parse().unwrap(),
        places: vec![format!("https://git.example.org/{name}")],
        trees,
    }
}

pub(crate) async fn discovered_in(repositories: Vec<RepositoryRequest>) -> Discovered {
    let cluster = Cluster::of(&KUBERNETES.parse().unwrap());
    let request = Request { cluster, charts: Vec::new(), manifests: Vec::new(), lists: Vec::new(), repositories };
    discover(&helm().await, request, NonZeroUsize::new(2).unwrap()).await.unwrap()
}

/// The images, each with its file.
pub(crate) fn images(found: &Discovered) -> Vec<String> {
    found.sightings.iter().map(|seen| format!("{} {}", seen.reference, seen.origin)).collect()
}

/// What could not be looked through, and where.
pub(crate) fn failures(found: &Discovered) -> Vec<String> {
    found.failures.iter().map(|failure| format!("{} {}", failure.origin, failure.trouble)).collect()
}

pub(crate) fn pod(name: &str, image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn all_objects_of_a_tree_are_seen_with_their_file_and_line_and_nothing_else() {
    let web = pod("web", "e.org/web:1");
    let list = r#"{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"},
        "spec": {"containers": [{"name": "a", "image": "e.org/list:1"}]}}]}"#;
    let two = format!("# of the team\n---\n{web}---\n{}", pod("db", "e.org/db:1"));
    let broken = format!("{web}---\napiVersion: v1\nkind: Pod\n  image: 'e.org/broken:1'\n");
    let found = discovered(&[
        ("clusters/prod/web.yaml", &two),
        ("clusters/prod/list.json", list),
        ("broken.yml", &broken),
        ("values.yaml", "image: e.org/values:1\n"),
        ("compose.yaml", "services: {web: {image: 'e.org/compose:1'}}\n"),
        ("playbook.yaml", "- name: {{ broken }}\n   x: 1\n"),
    ])
    .await;
    assert_eq!(
        images(&found),
        [
            "e.org/broken:1 apps@main:broken.yml:5",
            "e.org/db:1 apps@main:clusters/prod/web.yaml:7",
            "e.org/list:1 apps@main:clusters/prod/list.json:1",
            "e.org/web:1 apps@main:broken.yml:1",
            "e.org/web:1 apps@main:clusters/prod/web.yaml:2",
        ]
    );
    let [broken] = &failures(&found)[..] else { panic!("{:?}", found.failures) };
    assert!(broken.starts_with("apps@main:broken.yml a document can't be read as YAML, from line 5 on"), "{broken}");
}

fn deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      containers: [{{name: \
         web, image: '{image}'}}]\n"
    )
}

/// The images alone, each once.
pub(crate) fn names(found: &Discovered) -> BTreeSet<String> {
    found.sightings.iter().map(|seen| format!("{} {}", seen.reference, seen.confidence)).collect()
}

pub(crate) const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  source: {repoURL: \
                           'https://git.example.org/apps.git', path: ";

#[tokio::test(flavor = "multi_thread")]
async fn images_are_seen_as_kustomize_leaves_them() {
    let base = deployment("APP_IMAGE");
    let patch = "- op: replace\n  path: /spec/template/spec/initContainers/0/image\n  value: e.org/patched:1\n- op: add\n  path: \
                 /spec/template/spec/containers/-\n  value: {name: side, image: side}\n";
    let prod = "resources: [../../base]\ncomponents: [../../parts/tls]\nimages:\n- {name: APP_IMAGE, newName: e.org/app, newTag: \
                v1}\n- {name: side, newName: e.org/side, newTag: '3'}\npatches:\n- {path: patch.yaml, target: {kind: \
                Deployment}}\nconfigMapGenerator:\n- {name: x, files: [x=settings.conf]}\n";
    let files = [
        ("base/kustomization.yaml", "resources: [deployment.yaml]\n"),
        ("base/deployment.yaml", base.as_str()),
        ("overlays/prod/kustomization.yaml", prod),
        ("overlays/prod/patch.yaml", patch),
        ("overlays/prod/settings.conf", "sidecar_image: e.org/config:1\n"),
        ("overlays/dev/kustomization.yml", "bases: [../../base]\nimages: [{name: APP_IMAGE, newName: e.org/dev}]\n"),
        ("parts/tls/kustomization.yaml", "kind: Component\nimages: [{name: e.org/app, newTag: v2}]\n"),
    ];
    let found = discovered(&files).await;
    let seen = [
        "e.org/app:v1 certain",
        "e.org/config:1 likely",
        "e.org/dev:latest certain",
        "e.org/patched:1 certain",
        "e.org/side:3 certain",
    ];
    assert_eq!(names(&found), seen.map(str::to_owned).into(), "{:?}", images(&found));
    assert_eq!(failures(&found), [""; 0]);

    // What an object names is deployed as it is there too, whatever stands on it.
    let application = format!("{APPLICATION}base}}\n");
    for application in [&application, &application.replace("git.example.org", "jump.site.internal/git")] {
        let found = discovered(&[&files[..], &[("app.yaml", application.as_str())]].concat()).await;
        let [failure] = &failures(&found)[..] else { panic!("{:?}", found.failures) };
        assert!(failure.starts_with("apps@main:base/deployment.yaml") && failure.contains("`APP_IMAGE`"), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kustomize_takes_from_elsewhere_or_can_not_take_is_told() {
    let kustomization = "resources:\n- https://github.com/team/base//deploy?ref=v1\n- https://e.org/install.yaml\n- \
                         ./missing.yaml\n- ../../outside\ntransformers: [plugin.yaml]\nimages:\n- {name: app, newName: e.org/app}\n- {name: \
                         web, newTag: '2'}\nhelmCharts: [{name: redis, repo: 'https://e.org/charts', version: 1.0.0}]\n";
    let found = discovered(&[
        ("web/kustomization.yaml", kustomization),
        ("web/plugin.yaml", "apiVersion: e.org/v1\nkind: Signer\nmetadata: {name: x}\n"),
        ("circle/a/kustomization.yaml", "resources: [../b]\n"),
        ("circle/b/kustomization.yaml", "resources: [../a]\n"),
        ("circle/kustomization.yaml", "resources: [a]\n"),
        ("lib/main.jsonnet", "{}"),
        (
            "fleet/fleet.yaml",
            "helm: {chart: mysql, repo: 'https://e.org/charts', version: 2.0.0}\noverlays: {prod: {}}\n",
        ),
        ("lfs/pod.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
    ])
    .await;
    let told = failures(&found);
    let parts = [
        ("apps@main:circle/", "in a circle"),
        ("apps@main:fleet/fleet.yaml ", "what Fleet makes of `overlays` in it is not followed"),
        ("apps@main:lfs/pod.yaml ", "it is kept in LFS"),
        ("apps@main:lib ", "there is Jsonnet in this folder"),
        ("apps@main:web/kustomization.yaml ", "`../../outside` is not among the files"),
        ("apps@main:web/kustomization.yaml ", "`./missing.yaml` is not among the files"),
        ("apps@main:web/kustomization.yaml ", "it renames images of `https://e.org/install.yaml`"),
        ("apps@main:web/kustomization.yaml ", "it renames images of `https://github.com/team/base//deploy?ref=v1`"),
        ("apps@main:web/kustomization.yaml ", "it renames images of the chart `redis`"),
        ("apps@main:web/plugin.yaml ", "a plugin of kustomize"),
    ];
    assert_eq!(told.len(), parts.len(), "{told:#?}");
    for (begin, part) in parts {
        assert!(told.iter().any(|told| told.starts_with(begin) && told.contains(part)), "{begin} {part}: {told:#?}");
    }
    let git = found.inventory.repositories.iter().map(|at| (at.what.url.as_str(), at.what.revision.as_str()));
    assert_eq!(git.collect::<Vec<_>>(), [("https://github.com/team/base", "v1")]);
    assert_eq!(
        found.inventory.downloads.iter().map(|at| at.what.as_str()).collect::<Vec<_>>(),
        ["https://e.org/install.yaml"]
    );
    assert_eq!(found.pulled_charts.iter().map(|at| at.what.name.as_str()).collect::<Vec<_>>(), ["mysql", "redis"]);
    assert_eq!(names(&found), BTreeSet::from(["docker.io/library/web:2 certain".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_apps_is_followed_and_a_folder_that_is_not_there_is_told() {
    let web = format!("{APPLICATION}apps/web, kustomize: {{images: ['web=e.org/web:2']}}}}\n");
    let lost = web.replace("apps/web", "apps/lost").replace("name: web", "name: lost");
    let other = web
        .replace("example.org/apps", "example.org/other")
        .replace("apps/web", "x")
        .replace("name: web", "name: other");
    let plugin = web.replace("kustomize: {", "plugin: {name: x}, x: {").replace("name: web", "name: plugin");
    let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux}\nspec: {path: ./gone, \
                sourceRef: {kind: GitRepository, name: x}, images: [{name: a, newName: e.org/flux, newTag: '1'}]}\n";
    let found = discovered(&[
        ("root/web.yaml", &web),
        ("root/lost.yaml", &lost),
        ("root/other.yaml", &other),
        ("root/plugin.yaml", &plugin),
        ("root/flux.yaml", flux),
        ("apps/web/pod.yaml", &pod("web", "e.org/web:1")),
    ])
    .await;
    let expected = ["e.org/flux:1 certain", "e.org/web:1 certain", "e.org/web:2 certain", "e.org/web:2 likely"];
    assert_eq!(names(&found), expected.map(str::to_owned).into());
    assert_eq!(
        failures(&found),
        [
            "apps@main:apps/lost Application lost deploys this folder, and there is nothing in it that is looked through",
            "apps@main:gone Kustomization flux deploys this folder, and there is nothing in it that is looked through",
            "apps@main:root/plugin.yaml Application plugin has a plugin of Argo CD make objects",
        ]
    );
    assert_eq!(found.inventory.repositories.len(), 4, "{:?}", found.inventory.repositories);
}

const TEMPLATE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, image: \
                        \"{{ .Values.repo }}:{{ required \"a tag is needed\" .Values.tag }}\"}]\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_in_a_repository_is_rendered_with_the_values_that_objects_give() {
    let chart = [
        ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("charts/web/values.yaml", "repo: e.org/web\n"),
        ("charts/web/prod.yaml", "tag: prod\n"),
        ("charts/web/templates/pod.yaml", TEMPLATE),
        ("values/site.yaml", "tag: site\n"),
    ];
    let found = discovered(&chart).await;
    let [failure] = &failures(&found)[..] else { panic!("{:?}", found.failures) };
    assert!(
        failure.starts_with("apps@main:charts/web helm can't render it") && failure.contains("a tag is needed"),
        "{failure}"
    );

    let application = |name: &str, helm: &str| {
        format!("{APPLICATION}charts/web, helm: {{{helm}}}}}\n").replace("name: web", &format!("name: {name}"))
    };
    let apps = [
        application("prod", "valueFiles: [prod.yaml], parameters: [{name: repo, value: e.org/other}]"),
        application("site", "valueFiles: [../../values/site.yaml]"),
        application("own", "valuesObject: {tag: own}"),
        application("gone", "valueFiles: [gone.yaml]"),
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: flux}\nspec:\n  chart: {spec: {chart: \
         ./charts/web, sourceRef: {kind: GitRepository, name: apps}}}\n  values: {tag: flux}\n"
            .to_owned(),
    ];
    let apps: Vec<(String, &String)> =
        apps.iter().enumerate().map(|(at, app)| (format!("apps/{at}.yaml"), app)).collect();
    let apps: Vec<(&str, &str)> = apps.iter().map(|(path, app)| (path.as_str(), app.as_str())).collect();
    let found = discovered(&[&chart[..], &apps].concat()).await;
    let place = "apps@main:charts/web/templates/pod.yaml";
    let expected = ["other:prod", "web:flux", "web:own", "web:site"].map(|image| format!("e.org/{image} {place}"));
    assert_eq!(images(&found), expected);
    assert_eq!(
        failures(&found),
        ["apps@main:charts/web Application gone gives it the values of `gone.yaml`, which is not in the repository"]
    );
    assert!(found.pulled_charts.is_empty(), "{:?}", found.pulled_charts);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_commit_that_is_carried_is_looked_through() {
    let folder = tempfile::tempdir().unwrap();
    let files = |tag: &str| [pod("web", "e.org/web:1"), pod("db", &format!("e.org/db:{tag}"))];
    let (now, then) = (files("2"), files("1"));
    let of =
        |at: &str, files: &[String; 2]| tree(folder.path(), at, &[("web.yaml", &files[0]), ("db.yaml", &files[1])]);
    let mut trees = vec![of("main", &now), of("v1", &then)];
    trees[1].unread.insert("large.yaml".to_owned(), "it has more than 1 bytes".to_owned());
    let found = discovered_of(trees).await;
    assert_eq!(
        names(&found),
        ["e.org/db:1 certain", "e.org/db:2 certain", "e.org/web:1 certain"].map(str::to_owned).into()
    );
    assert_eq!(failures(&found), ["apps@v1:large.yaml it can't be read: it has more than 1 bytes"]);
}
