//! Git repositories that controllers deploy from: what all their files ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;

use bundler::discovery::{Cluster, Discovered, RepositoryRequest, Request, TreeRequest, discover};

use crate::rig::{KUBERNETES, helm};

/// A repository `apps` of a component `gitops` with these files.
async fn discovered(files: &[(&str, &str)]) -> Discovered {
    let folder = tempfile::tempdir().unwrap();
    discovered_of(vec![tree(folder.path(), "main", files)]).await
}

fn tree(folder: &Path, at: &str, files: &[(&str, &str)]) -> TreeRequest {
    let file = |(number, (path, text)): (usize, &(&str, &str))| {
        let place = folder.join(format!("{at}-{number}"));
        std::fs::write(&place, text).unwrap();
        ((*path).to_owned(), place)
    };
    let files: BTreeMap<_, _> = files.iter().enumerate().map(file).collect();
    TreeRequest { at: at.to_owned(), files, links: BTreeSet::new(), unread: BTreeMap::new() }
}

async fn discovered_of(trees: Vec<TreeRequest>) -> Discovered {
    let repository = RepositoryRequest {
        component: "gitops".parse().unwrap(),
        repository: "apps".parse().unwrap(),
        places: vec!["https://git.example.org/apps".to_owned()],
        trees,
    };
    let cluster = Cluster::of(&KUBERNETES.parse().unwrap());
    let request = Request {
        cluster,
        charts: Vec::new(),
        manifests: Vec::new(),
        lists: Vec::new(),
        repositories: vec![repository],
    };
    discover(&helm().await, request, NonZeroUsize::new(2).unwrap()).await.unwrap()
}

/// The images, each with its file.
fn images(found: &Discovered) -> Vec<String> {
    found.sightings.iter().map(|seen| format!("{} {}", seen.reference, seen.origin)).collect()
}

/// What could not be looked through, and where.
fn failures(found: &Discovered) -> Vec<String> {
    found.failures.iter().map(|failure| format!("{} {}", failure.origin, failure.trouble)).collect()
}

fn pod(name: &str, image: &str) -> String {
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
