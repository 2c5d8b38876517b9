//! What is deployed from git repositories: looked through as it is carried, and remembered by the commits.

use std::fs;

use manifests::evidence::Fate;

use crate::discovered::{evidence, images};
use crate::upstream::Upstream;

const BUILD: &str = "build found.yaml --unsigned";

/// An upstream with a repository `apps` on disk, and a stack `found.yaml` that carries it.
async fn start() -> Upstream {
    let upstream = Upstream::start().await;
    git(&upstream, &["init", "--quiet", "--initial-branch=main", "apps"]);
    let address = &upstream.registry.address;
    let stack = format!(
        "apiVersion: airgap/v1\nkind: Stack\nname: found\nversion: 1.0.0\ncreated: 2026-11-21\nregistries: {{ \"{address}\": {{ \
         plainHTTP: true }} }}\ngit:\n  - name: apps\n    path: ./apps\n"
    );
    fs::write(upstream.path("found.yaml"), stack).unwrap();
    upstream
}

fn git(upstream: &Upstream, arguments: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.arg("-C").arg(upstream.path("")).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "T").env(format!("GIT_{who}_EMAIL"), "t@example.org");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(upstream: &Upstream, path: &str, text: &str) {
    let file = upstream.path("apps").join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
    git(upstream, &["-C", "apps", "add", "."]);
    git(upstream, &["-C", "apps", "commit", "--quiet", "-m", path]);
}

fn pod(image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers: [{{name: web, image: '{image}'}}]\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_repository_deploys_is_carried_and_locked_with_its_commits() {
    let upstream = start().await;
    let app = |name: &str| format!("{}/team/{name}:1", upstream.registry.address);
    upstream.push_image("web:1", "web\n");
    commit(&upstream, "clusters/prod/app.yaml", &pod(&app("app")));
    // No chart, so no Helm.
    let shown = upstream.run_with_helm("/nonexistent".as_ref(), "discover found.yaml").await.ok();
    assert!(shown.contains("apps@main:clusters/prod/app.yaml:1"), "{shown}");
    upstream.run("lock found.yaml").await.ok();
    let lock = bundler::lock::read(&upstream.path("found.lock.yaml")).unwrap().unwrap();
    assert_eq!(lock.images[0].found, ["found: apps@main:clusters/prod/app.yaml:1"]);
    let locked = &lock.discovery.as_ref().unwrap().git[0];
    assert_eq!((&locked.commit, &locked.refs), (&lock.git[0].commit, &lock.git[0].refs));

    upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "x.tar.zst"), ["team/app:1"]);
    assert_eq!(evidence(&upstream, "x.tar.zst").references[0].fate, Fate::Found);

    // What moves is seen anew, in the branches and tags that are carried too.
    git(&upstream, &["-C", "apps", "branch", "old"]);
    commit(&upstream, "clusters/prod/app.yaml", &pod(&app("web")));
    let refused = upstream.run(&format!("{BUILD} --locked -o y.tar.zst")).await.fails();
    assert!(refused.contains("apps"), "{refused}");
    upstream.run("lock found.yaml").await.ok();
    upstream.run(&format!("{BUILD} --locked -o y.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "y.tar.zst"), ["team/web:1"]);
    upstream.change("found.yaml", "path: ./apps", "path: ./apps\n    refs: [old]");
    let refused = upstream.run(&format!("{BUILD} --locked -o z.tar.zst")).await.fails();
    assert!(refused.contains("apps"), "{refused}");
    upstream.run(&format!("{BUILD} -o z.tar.zst")).await.ok();
    assert_eq!(images(&upstream, "z.tar.zst"), ["team/app:1", "team/web:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_of_other_rules_or_other_commits_is_told_and_seen_anew() {
    let upstream = start().await;
    commit(&upstream, "app.yaml", &pod(&format!("{}/team/app:1", upstream.registry.address)));
    upstream.run("lock found.yaml").await.ok();
    let path = upstream.path("found.lock.yaml");
    let whole = upstream.read("found.lock.yaml");
    let mut lock = bundler::lock::read(&path).unwrap().unwrap();
    lock.discovery.as_mut().unwrap().git[0].commit = "0".repeat(40).parse().unwrap();
    fs::write(&path, lock.to_yaml()).unwrap();
    let refused = upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.fails();
    assert!(refused.contains("the git repository `apps` of `found` was looked through at other commits"), "{refused}");
    // One that was written before repositories were looked through.
    let discovery = lock.discovery.as_mut().unwrap();
    (discovery.rules, discovery.git) = (6, Vec::new());
    fs::write(&path, lock.to_yaml()).unwrap();
    let refused = upstream.run(&format!("{BUILD} --locked -o x.tar.zst")).await.fails();
    assert!(refused.contains("the git repository `apps` of `found` is not looked through in the lock"), "{refused}");
    assert!(refused.contains("by the rules of another version of this program"), "{refused}");
    upstream.run("lock found.yaml").await.ok();
    assert!(upstream.read("found.lock.yaml") == whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_a_repository_refuses_the_bundle_by_file_and_line() {
    let upstream = start().await;
    commit(&upstream, "a/broken.yaml", "# first\napiVersion: v1\nkind: Pod\n  spec: {\n");
    let refused = upstream.run("lock found.yaml").await.fails();
    assert!(
        refused.contains("git-unread") && refused.contains("`apps@main:a/broken.yaml` of the component `found`"),
        "{refused}"
    );
    assert!(refused.contains("from line 1 on"), "{refused}");
    upstream.change("found.yaml", "path: ./apps", "path: ./apps\n    withoutDiscovery: only sources");
    let told = upstream.run("lock found.yaml").await.ok();
    assert!(told.contains("only sources"), "{told}");
}
