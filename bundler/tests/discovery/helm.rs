//! Which Helm is taken, and what it may do.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bundler::discovery::helm::PATIENCE;
use bundler::discovery::{Helm, HelmError, Trouble, discover};
use miette::Diagnostic as _;

use crate::rig::{Written, helm, helm_program, request};

/// A program that answers every question with the same words.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("helm");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn found(script: &str) -> Result<Helm, HelmError> {
    let folder = tempfile::tempdir().unwrap();
    Helm::find(Some(&program(folder.path(), script)), None).await
}

#[tokio::test]
async fn the_real_helm_is_found_in_the_search_path_too() {
    let named = helm().await;
    let folder = helm_program().parent().unwrap().to_owned();
    let path = std::env::join_paths([Path::new("/nonexistent"), &folder]).unwrap();
    let found = Helm::find(None, Some(&path)).await.unwrap();
    assert_eq!((found.version(), found.program()), (named.version(), helm_program().as_path()));
}

#[tokio::test]
async fn no_helm_is_told_with_what_to_do() {
    let error = Helm::find(None, Some("/nonexistent".as_ref())).await.unwrap_err();
    assert_eq!(error.to_string(), "charts can't be rendered: there is no `helm` in the search path");
    assert!(error.help().unwrap().to_string().contains("AIRGAP_HELM"));
    let error = Helm::find(Some(Path::new("/nonexistent/helm")), None).await.unwrap_err();
    assert!(error.to_string().starts_with("can't start /nonexistent/helm"), "{error}");
}

#[tokio::test]
async fn versions_that_are_not_known_to_do_are_refused() {
    for (said, is_good) in [
        ("v3.8.0", true),
        ("v3.16+unreleased", true),
        ("v4.0.1", true),
        ("v3.7.2", false),
        ("v5.0.0", false),
        ("v2.17.0", false),
    ] {
        let found = found(&format!("echo {said}")).await;
        assert_eq!(found.is_ok(), is_good, "{said}: {found:?}");
    }
    assert!(found("echo hello").await.unwrap_err().to_string().contains("does not say which version"));
    assert!(found("echo no >&2; exit 3").await.unwrap_err().to_string().ends_with("`no`"));
}

/// What Helm sees of this machine: nothing of its environment, and no way to a network.
#[tokio::test(flavor = "multi_thread")]
async fn charts_see_nothing_of_this_machine() {
    let written = Written::new(&[("shop/templates/pod.yaml", "x: {{ env \"PATH\" }}\n")]);
    let failures = written.discovered().await.failures;
    let said = failures.iter().map(|failure| failure.trouble.to_string()).collect::<String>();
    assert!(said.contains("function \"env\" not defined"), "{said}");

    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let script = format!("case $1 in version) echo v3.16.0;; *) env > {0}; echo \"$@\" >> {0};; esac", seen.display());
    let helm = Helm::find(Some(&program(folder.path(), &script)), None).await.unwrap();
    let work = tempfile::tempdir().unwrap();
    discover(&helm, request(written.folder(), work.path()), NonZeroUsize::MIN).await.unwrap();
    let seen = fs::read_to_string(seen).unwrap();
    let user_home = std::env::home_dir().unwrap();
    assert!(!seen.contains(&format!("HOME={}\n", user_home.display())), "{seen}");
    for expected in [
        "HTTPS_PROXY=http://127.0.0.1:0\n",
        "--kube-version 1.30.6+rke2r1",
        "--include-crds",
        "--api-versions=helm.cattle.io/v1/HelmChart",
    ] {
        assert!(seen.contains(expected), "{expected} is not in {seen}");
    }
    let variables = seen.lines().filter(|line| line.starts_with("HELM_")).count();
    assert_eq!(variables, 4, "{seen}");
}

/// What comes of a chart when Helm answers like this.
async fn trouble(script: &str, patience: Duration) -> Trouble {
    let (written, folder, work) = (Written::new(&[]), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let script = format!("case $1 in version) echo v3.16.0;; *) {script};; esac");
    let helm = Helm::find(Some(&program(folder.path(), &script)), None).await.unwrap().with_patience(patience);
    let request = request(written.folder(), work.path());
    let mut found = discover(&helm, request, NonZeroUsize::MIN).await.unwrap();
    assert_eq!(found.failures.len(), 1, "{:?}", found.failures);
    found.failures.remove(0).trouble
}

/// A Helm that misbehaves costs its chart, not the run.
#[tokio::test(flavor = "multi_thread")]
async fn output_and_time_have_bounds() {
    let too_much = trouble("head -c 60000000 /dev/zero", PATIENCE).await;
    assert!(matches!(too_much, Trouble::TooMuch { .. }), "{too_much}");
    let late = trouble("exec sleep 600", Duration::from_secs(1)).await;
    assert_eq!(late.to_string(), "helm did not end within 1 s");
    let failed = trouble("echo 'Error: no luck' >&2; exit 1", PATIENCE).await;
    assert_eq!(failed.to_string(), "helm can't render it: no luck");
}

/// The real Helm, with less memory than a template wants.
#[tokio::test(flavor = "multi_thread")]
async fn memory_has_a_bound() {
    let big = "{{ $x := repeat 100000000 \"ab\" }}{{ range until 8 }}{{ $x = cat $x $x }}{{ end }}{{ $x }}";
    let written = Written::new(&[("shop/templates/big.yaml", big)]);
    let work = tempfile::tempdir().unwrap();
    let helm = helm().await.with_memory(256 << 20);
    let found = discover(&helm, request(written.folder(), work.path()), NonZeroUsize::MIN).await.unwrap();
    let said: Vec<String> = found.failures.iter().map(|failure| failure.trouble.to_string()).collect();
    assert_eq!(said, ["helm wanted more than 268435456 bytes of memory"]);
    // A chart as charts are has enough of it.
    let written = Written::new(&[("shop/templates/a.yaml", "kind: ConfigMap\n")]);
    let found = discover(&helm, request(written.folder(), work.path()), NonZeroUsize::MIN).await.unwrap();
    assert_eq!(found.failures, []);
}

/// A schema that leads out of its chart is not followed: neither to files nor to servers, also on this machine.
#[tokio::test(flavor = "multi_thread")]
async fn schemas_reach_neither_files_nor_servers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = format!("http://{}/schema.json", listener.local_addr().unwrap());
    let schema = |reference: &str| format!("{{\"properties\": {{\"a\": {{\"$ref\": \"{reference}\"}}}}}}");
    for (file, reference) in [
        ("values.schema.json", "file:///etc/hostname"),
        ("values.schema.json", server.as_str()),
        ("charts/db/values.schema.json", server.as_str()),
    ] {
        let chart = "apiVersion: v2\nname: db\nversion: 1.0.0\n";
        let path = format!("shop/{file}");
        let text = schema(reference);
        let written = Written::new(&[("shop/charts/db/Chart.yaml", chart), (&path, &text)]);
        let failures = written.discovered().await.failures;
        let said: Vec<String> = failures.iter().map(|failure| failure.trouble.to_string()).collect();
        assert_eq!(said, [format!("{file} refers to `{reference}`, outside of the chart")]);
    }
    assert!(listener.accept().is_err(), "nobody has asked");
    let written = Written::new(&[(
        "shop/values.schema.json",
        &schema("#/$defs/a").replace("}}}", "}}, \"$defs\": {\"a\": {}}}"),
    )]);
    assert_eq!(written.discovered().await.failures, []);
}

/// Charts within charts, packed: together they unpack to no more than one may.
#[tokio::test(flavor = "multi_thread")]
async fn archives_within_an_archive_share_what_may_be_unpacked() {
    let written = Written::new(&[]);
    let inner = Written::new(&[("shop/big.txt", &"0".repeat(12 << 20))]);
    let packed = bundler::charts::package::package(&inner.folder().join("shop"), jiff::Timestamp::UNIX_EPOCH).unwrap();
    let charts = written.folder().join("shop/charts");
    fs::create_dir(&charts).unwrap();
    for number in 0..9 {
        fs::write(charts.join(format!("part-{number}.tgz")), &packed.archive).unwrap();
    }
    let said: Vec<String> =
        written.discovered().await.failures.iter().map(|failure| failure.trouble.to_string()).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("it can't be read: ") && said[0].contains("unpacks to more than 100 MiB"), "{said:?}");
}
