//! What of a git repository is not followed is told, and never passed over.

use crate::repositories::{
    APPLICATION, discovered, discovered_in, discovered_of, failures, images, names, pod, repository, tree,
};

const HELM_RELEASE: &str = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec: ";
const FLUX: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: flux}\nspec: ";
const SET: &str = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: set}\nspec: ";
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
const CHART: [(&str, &str); 3] = [
    ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    ("charts/web/values.yaml", "tag: own\n"),
    (
        "charts/web/templates/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: \"e.org/web:{{ .Values.tag }}\"}]}\n",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_may_change_an_image_and_is_not_followed_is_told() {
    let patch = |text: &str| {
        format!("patches:\n- target: {{kind: Any.*}}\n  patch: |-\n    {}\n", text.replace('\n', "\n    "))
    };
    let cases = [
        (
            "k/kustomization.yaml",
            patch(&format!("{HELM_RELEASE}{{values: {{tag: v2}}}}")),
            "lays `values` upon a HelmRelease",
        ),
        (
            "k/kustomization.yaml",
            patch(&format!("{HELM_RELEASE}{{chart: {{spec: {{version: 2.0.0}}}}}}")),
            "lays `chart` upon",
        ),
        ("k/kustomization.yaml", patch("[{op: add, path: /spec/source/helm, value: {x: y}}]"), "lays `source` upon a"),
        ("k/kustomization.yaml", patch("[{op: remove, path: /spec/values/tag}]"), "lays `values` upon a"),
        ("k/kustomization.yaml", patch("[{op: copy, from: /x, path: /spec/image}]"), "come from another field"),
        ("k/kustomization.yaml", "vars: [{name: X}]\n".to_owned(), "its `vars`"),
        ("k/kustomization.yaml", "configurations: [c.yaml]\n".to_owned(), "its `configurations`"),
        ("k/kustomization.yaml", "replacements: [{path: r.yaml}]\n".to_owned(), "its `replacements`"),
        (
            "k/kustomization.yaml",
            "replacements: [{targets: [{fieldPaths: [spec.containers.0.image]}]}]\n".to_owned(),
            "its `replacements`",
        ),
        (
            "flux.yaml",
            format!("{FLUX}\n  {}", patch(&format!("{HELM_RELEASE}{{values: {{a: b}}}}")).replace('\n', "\n  ")),
            "lays `values`",
        ),
        ("flux.yaml", format!("{FLUX}{{components: [../c]}}\n"), "the `components` of Kustomization flux"),
        ("flux.yaml", format!("{FLUX}{{images: [{{name: a, newTag: '${{tag}}'}}]}}\n"), "the image `a:${tag}`"),
        (
            "app.yaml",
            format!("{APPLICATION}'', kustomize: {{components: [../c]}}}}\n"),
            "the `components` of Application web",
        ),
        ("set.yaml", format!("{SET}{{templatePatch: 'spec: {{}}'}}\n"), "the `templatePatch` of ApplicationSet set"),
        (
            "set.yaml",
            format!("{SET}{{template: {{spec: {{source: {{kustomize: {{images: ['e.org/a:{{{{tag}}}}']}}}}}}}}}}\n"),
            "the image `e.org/a:{{tag}}`",
        ),
        (
            "config.yaml",
            "apiVersion: v1\nkind: ConfigMap\ndata: {OPERAND_IMAGE: '${reg}/op:${tag}'}\n".to_owned(),
            "`${reg}/op:${tag}`",
        ),
        ("w/.argocd-source-web.yaml", "kustomize: {images: ['e.org/a:2']}\n".to_owned(), "Argo CD puts what is in it"),
        ("k/kustomization.yaml", POINTER.to_owned(), "it is kept in LFS"),
    ];
    for (path, text, part) in &cases {
        let told = failures(&discovered(&[(path, text.as_str())]).await);
        assert!(told.iter().any(|told| told.contains(path) && told.contains(part)), "{text}: {told:#?}");
    }
    let plugin = |kind: &str| format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: x}}\n");
    for (kind, is_told) in [("PatchTransformer", true), ("LabelTransformer", false)] {
        let files = [("k/kustomization.yaml", "transformers: [t.yaml]\n"), ("k/t.yaml", &plugin(kind))];
        assert_eq!(!failures(&discovered(&files).await).is_empty(), is_told, "{kind}");
    }
    for (kind, change, is_told) in [
        ("ImageTagTransformer", "", true),
        ("LabelTransformer", "", false),
        ("LabelTransformer", "images: [{name: a}]\n", true),
    ] {
        let folder = format!("resources: [t.yaml]\n{change}");
        let files = [
            ("k/kustomization.yaml", "transformers: [../t]\n"),
            ("t/kustomization.yaml", &folder),
            ("t/t.yaml", &plugin(kind)),
        ];
        assert_eq!(!failures(&discovered(&files).await).is_empty(), is_told, "{kind} {change}");
    }
    // What changes no image is nobody's trouble.
    for text in
        [patch("[{op: add, path: /spec/replicas, value: 2}]"), "namespace: a\nlabels: [{pairs: {a: b}}]\n".to_owned()]
    {
        assert_eq!(failures(&discovered(&[("k/kustomization.yaml", &text)]).await), [""; 0], "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deployed_and_not_known_here_is_told() {
    let url = |generator: &str| {
        let source = "{repoURL: '{{url}}', targetRevision: main, path: deploy}";
        format!("{SET}{{generators: [{{{generator}}}], template: {{spec: {{source: {source}}}}}}}\n")
    };
    for generator in ["scmProvider: {github: {organization: x}}", "list: {elements: [{url: 'https://e.org/a.git'}]}"] {
        let told = failures(&discovered(&[("set.yaml", &url(generator))]).await);
        let expected = "apps@main:set.yaml ApplicationSet set has a git repository fetched whose URL is filled in inside: `{{url}}`";
        assert_eq!(told, [expected]);
    }
    let flux = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: a}\nspec: {url: \
                'https://git.example.org/apps.git', ref: {branch: main, ";
    for (reference, revision) in
        [("semver: '>=1.0.0'", ">=1.0.0"), ("name: refs/tags/v9", "refs/tags/v9"), ("tag: v1", "v1")]
    {
        let found = discovered(&[("flux.yaml", &format!("{flux}{reference}}}}}\n"))]).await;
        let revisions = found.inventory.repositories.iter().map(|at| at.what.revision.as_str());
        assert_eq!(revisions.collect::<Vec<_>>(), [revision]);
    }
    // Files that make no object here.
    let application = |path: &str| format!("{APPLICATION}{path}}}\n");
    let set = "{repoURL: 'https://git.example.org/apps.git', path: '{{path}}'}";
    let folders = "{git: {repoURL: 'https://git.example.org/apps.git', directories: [{path: apps/*}]}}";
    let set = format!("{SET}{{generators: [{folders}], template: {{spec: {{source: {set}}}}}}}\n");
    for object in [application("apps/web"), set] {
        let files = [
            ("object.yaml", object.as_str()),
            ("apps/web/helmfile.yaml", "releases: [{name: redis, chart: b/redis}]\n"),
        ];
        let told = failures(&discovered(&files).await);
        let [told] = &told[..] else { panic!("{told:?}") };
        assert!(told.starts_with("apps@main:apps/web ") && told.contains("no file in it is an object"), "{told}");
        let more = ("apps/web/pod.yaml", pod("a", "e.org/a:1"));
        assert_eq!(failures(&discovered(&[&files[..], &[(more.0, &more.1)]].concat()).await), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_and_texts_that_are_no_utf_8_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut tree = tree(folder.path(), "main", &[("a.yaml", ""), ("latin.yaml", "")]);
    let utf_16: Vec<u8> = pod("a", "e.org/a:1").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&tree.files["a.yaml"], [&[0xff, 0xfe], &utf_16[..]].concat()).unwrap();
    std::fs::write(&tree.files["latin.yaml"], b"name: caf\xe9\n").unwrap();
    tree.links.extend(["k/kustomization.yaml", "pod.yaml", "README.md"].map(str::to_owned));
    let told = failures(&discovered_of(vec![tree]).await);
    let link = |path: &str| format!("apps@main:{path} it is a link, which is not followed");
    let expected = [
        "apps@main:a.yaml it can't be read: it is no UTF-8".to_owned(),
        link("k/kustomization.yaml"),
        link("pod.yaml"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_rendered_as_each_that_deploys_them_has_it() {
    let with = async |files: &[(&str, &str)]| discovered(&[&CHART[..], files].concat()).await;
    let flux = |more: &str| {
        format!(
            "{HELM_RELEASE}{{chart: {{spec: {{chart: ./charts/web, {more}sourceRef: {{kind: GitRepository, name: x}}}}}}, postRenderers: [{{kustomize: {{images: [{{name: e.org/web, newName: e.org/b, newTag: v7}}]}}}}]}}\n"
        )
    };
    let found = with(&[("hr.yaml", &flux(""))]).await;
    assert_eq!(names(&found), ["e.org/b:v7 certain", "e.org/web:own certain"].map(str::to_owned).into());
    let told = failures(&with(&[("hr.yaml", &flux("valuesFiles: [prod.yaml], ")), ("prod.yaml", "tag: x\n")]).await);
    assert!(told.len() == 1 && told[0].contains("leave out `charts/web/values.yaml`"), "{told:?}");

    let own =
        "helmGlobals: {chartHome: ../charts}\nhelmCharts: [{name: web, valuesFile: v.yaml, valuesInline: {a: b}}]\n";
    let found = with(&[("k/kustomization.yaml", own), ("k/v.yaml", "tag: prod\n")]).await;
    assert!(names(&found).contains("e.org/web:prod certain"), "{:?}", names(&found));
    assert!(found.pulled_charts.is_empty() && found.failures.is_empty(), "{:?}", found.failures);
    // One that would be fetched, and is there already.
    let fetched =
        "helmCharts: [{name: web, repo: 'https://e.org/charts', version: 1.0.0, valuesInline: {tag: inline}}]\n";
    for (folder, is_there) in [("k/charts/web-1.0.0/web", true), ("k/charts/web", false)] {
        let chart = CHART.map(|(path, text)| (path.replace("charts/web", folder), text));
        let chart: Vec<(&str, &str)> = chart.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let found = discovered(&[&chart[..], &[("k/kustomization.yaml", fetched)]].concat()).await;
        assert_eq!(names(&found).contains("e.org/web:inline certain"), is_there, "{folder}");
        assert_eq!(found.pulled_charts.is_empty(), is_there, "{folder}");
    }

    // Files that need not be there; a library; a chart that only another one brings.
    let lacks = format!(
        "{APPLICATION}charts/web, helm: {{valueFiles: [/p.yaml, gone.yaml], ignoreMissingValueFiles: true}}}}\n"
    );
    let found = with(&[("app.yaml", &lacks), ("p.yaml", "tag: p\n")]).await;
    assert!(names(&found).contains("e.org/web:p certain") && found.failures.is_empty(), "{:?}", found.failures);
    let library = "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n";
    assert_eq!(failures(&with(&[("lib/Chart.yaml", library), ("lib/templates/_h.tpl", "")]).await), [""; 0]);
    let brought = format!("{APPLICATION}charts/web/charts/sub}}\n");
    let sub = [
        ("app.yaml", brought.as_str()),
        ("charts/web/charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
    ];
    let told = failures(&with(&sub).await);
    assert!(told.iter().any(|told| told.starts_with("apps@main:charts/web/charts/sub Application web")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_beside_a_chart_are_read_at_each_commit_that_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let app = format!("{APPLICATION}charts/web, helm: {{valueFiles: [../../v.yaml]}}}}\n");
    let of = |at: &str, tag: &str| {
        let files = [("app.yaml", app.as_str()), ("v.yaml", tag)];
        tree(folder.path(), at, &[&CHART[..], &files].concat())
    };
    let mut trees = vec![of("main", "tag: main\n"), of("v1", "tag: v1\n")];
    trees[0].links.insert("charts/web/README.md".to_owned());
    let found = discovered_of(trees).await;
    let expected = ["e.org/web:main certain", "e.org/web:own certain", "e.org/web:v1 certain"];
    assert_eq!(names(&found), expected.map(str::to_owned).into(), "{:?}", images(&found));
    assert_eq!(failures(&found), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_go_to_the_chart_of_the_repository_that_is_deployed() {
    let folder = tempfile::tempdir().unwrap();
    let app = format!("{APPLICATION}charts/web, helm: {{valuesObject: {{tag: given}}}}}}\n");
    let apps = tree(folder.path(), "main", &[&CHART[..], &[("app.yaml", app.as_str())]].concat());
    let other = tree(folder.path(), "other", &CHART);
    let found = discovered_in(vec![repository("apps", vec![apps]), repository("other", vec![other])]).await;
    let expected = [("given", "apps@main"), ("own", "apps@main"), ("own", "other@other")];
    let expected = expected.map(|(tag, at)| format!("e.org/web:{tag} {at}:charts/web/templates/pod.yaml"));
    assert_eq!(images(&found), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_end_is_ended_and_told() {
    let part = |at: usize| {
        (format!("c{at}/kustomization.yaml"), format!("kind: Component\ncomponents: [../c{0}, ../c{0}]\n", at + 1))
    };
    let bomb: Vec<(String, String)> = (0..30).map(part).collect();
    let bomb: Vec<(&str, &str)> = bomb.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let told = failures(&discovered(&bomb).await);
    assert!(told.iter().any(|told| told.contains("more than 100000 files and folders")), "{told:?}");

    let repeats = format!("a: &a [{}]\nb: [{}]\n---\n", ["x"; 100].join(","), vec!["*a"; 3000].join(","));
    let told =
        failures(&discovered(&[("bomb.yaml", &format!("{}{}", repeats.repeat(9), pod("a", "e.org/a:1")))]).await);
    assert!(told.len() == 1 && told[0].contains("aliases repeat too much before it"), "{told:?}");

    // Two folders a level, each of which changes other images.
    let side = |side: char, at: usize| {
        let images: String = (0..200).map(|image| format!("- {{name: {side}{at}-{image}, newTag: v1}}\n")).collect();
        let text = format!("resources: [../a{0}, ../b{0}]\nimages:\n{images}", at + 1);
        (format!("{side}{at}/kustomization.yaml"), text)
    };
    let ways: Vec<(String, String)> = (0..20).flat_map(|at| [side('a', at), side('b', at)]).collect();
    let ways: Vec<(&str, &str)> = ways.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let told = failures(&discovered(&ways).await);
    assert!(told.iter().any(|told| told.contains("in too many ways")), "{told:?}");

    let chart = |at: usize| (format!("c{at}/Chart.yaml"), "apiVersion: v2\n".to_owned());
    let charts: Vec<(String, String)> = (0..600).map(chart).collect();
    let charts: Vec<(&str, &str)> = charts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(failures(&discovered(&charts).await).len(), 501);

    // Each chart gives the next one its values.
    let app = |at: usize| format!("{APPLICATION}c{at}, helm: {{valuesObject: {{on: true}}}}}}\n");
    let link = |at: usize| {
        let template = format!("{{{{- if .Values.on }}}}\n{}{{{{- end }}}}\n", app(at + 1));
        let chart = format!("apiVersion: v2\nname: c{at}\nversion: 1.0.0\n");
        [(format!("c{at}/Chart.yaml"), chart), (format!("c{at}/templates/app.yaml"), template)]
    };
    let mut chain: Vec<(String, String)> = (0..9).flat_map(link).collect();
    chain.push(("app.yaml".to_owned(), app(0)));
    let chain: Vec<(&str, &str)> = chain.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let told = failures(&discovered(&chain).await);
    assert!(told.iter().any(|told| told.contains("6 times over")), "{told:?}");
}
