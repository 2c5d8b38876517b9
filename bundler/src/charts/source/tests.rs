use std::fs;
use std::path::Path;

use manifests::yaml::{Location, SourceFile};
use miette::Diagnostic;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::charts::package::package;
use crate::http::Settings;
use crate::test_server::{Answer, Asked, TestServer};

fn sources(credentials: Credentials) -> ChartSources {
    let mut settings = Settings { use_proxies: false, ..Settings::default() };
    settings.patience.attempts = 1;
    let client = Client::new(settings, CancellationToken::new()).unwrap();
    let registries = Registries::new(client, credentials.clone(), Default::default());
    ChartSources::new(registries, credentials, Timestamp::UNIX_EPOCH)
}

fn wanted(name: &str, source: ChartSource) -> ResolvedChart {
    let location = Location::new(&SourceFile::new("component.yaml", "charts:\n- name: demo\n"), 16..20);
    ResolvedChart { name: name.to_owned(), source, component: "test".parse().unwrap(), location }
}

fn of_repository(url: &Url, version: &str) -> ResolvedChart {
    wanted("demo", ChartSource::Repository { url: url.clone(), version: version.parse().unwrap() })
}

fn archive(name: &str, version: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    fs::write(directory.path().join("Chart.yaml"), chart).unwrap();
    package(directory.path(), Timestamp::UNIX_EPOCH).unwrap().archive
}

fn index(entries: &[(&str, &str, Option<Digest>)]) -> String {
    let mut text = "apiVersion: v1\nentries:\n  demo:\n".to_owned();
    for (version, url, digest) in entries {
        text.push_str(&format!("  - name: demo\n    version: {version}\n    urls: [\"{url}\"]\n"));
        text.push_str(&digest.map(|digest| format!("    digest: {}\n", digest.hex())).unwrap_or_default());
    }
    text
}

const SIGNATURE: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: demo\n";

#[tokio::test]
async fn a_chart_of_a_repository_keeps_its_archive_and_provenance() {
    let tgz = archive("demo", "1.2.0+x");
    let list = index(&[
        ("1.2.0+x", "charts/demo.tgz", Some(Digest::of(&tgz))),
        ("2.0.0", "other.tgz", None),
        ("broken", "x.tgz", None),
    ]);
    let bytes = tgz.clone();
    let server = TestServer::start(move |asked| match asked.path.as_str() {
        "/repo/index.yaml" => Answer::ok(list.clone()),
        "/repo/charts/demo.tgz" => Answer::ok(bytes.clone()),
        "/repo/charts/demo.tgz.prov" => Answer::ok(SIGNATURE),
        _ => Answer::status(404),
    })
    .await;
    let sources = sources(Credentials::none());
    let charts = [of_repository(&server.url("repo/"), "~1"), of_repository(&server.url("repo/"), "1.x")];
    let resolved = sources.resolve(&charts).await.unwrap();
    let chart = resolved[0].item.as_chart().unwrap();
    assert_eq!((chart.name.as_str(), chart.version.as_str()), ("demo", "1.2.0+x"));
    let host = server.url.authority().to_owned();
    assert_eq!(chart.reference.to_string(), format!("{host}/repo/demo:1.2.0_x"));
    assert_eq!(chart.repository, Some(format!("http://{host}/repo/")));
    assert_eq!((chart.archive, chart.provenance), (Digest::of(&tgz), Some(Digest::of(SIGNATURE.as_bytes()))));
    let blob = resolved[0].blobs.iter().find(|blob| blob.digest == chart.archive).unwrap();
    assert!(matches!(&blob.origin, Origin::Bytes(bytes) if **bytes == tgz), "fetched once");
    assert_eq!(resolved[0].item, resolved[1].item);
    let indexes = server.asked().iter().filter(|asked| asked.path.ends_with("index.yaml")).count();
    assert_eq!(indexes, 1, "the index is read once for all charts");
}

#[tokio::test]
async fn a_page_in_place_of_a_provenance_file_is_none() {
    let tgz = archive("demo", "1.0.0");
    let list = index(&[("1.0.0", "demo.tgz", None)]);
    let server = TestServer::start(move |asked| match asked.path.as_str() {
        "/index.yaml" => Answer::ok(list.clone()),
        "/demo.tgz" => Answer::ok(tgz.clone()),
        _ => Answer::ok("<html>nothing here</html>"),
    })
    .await;
    let resolved = sources(Credentials::none()).resolve_one(&of_repository(&server.url, "1.0.0")).await.unwrap();
    assert_eq!(resolved.item.as_chart().unwrap().provenance, None);
}

#[tokio::test]
async fn an_archive_that_is_not_the_index_s_is_refused() {
    let (good, other) = (archive("demo", "1.0.0"), archive("other", "1.0.0"));
    let digest = Digest::of(&good);
    let served = other.clone();
    let list = index(&[
        ("1.0.0", "demo.tgz", Some(digest)),
        ("2.0.0", "demo.tgz", None),
        ("3.0.0", "page.tgz", None),
        ("4.0.0", "ftp://host/demo.tgz", None),
    ]);
    let server = TestServer::start(move |asked| match asked.path.as_str() {
        "/index.yaml" => Answer::ok(list.clone()),
        "/demo.tgz" => Answer::ok(served.clone()),
        _ => Answer::ok("<html>log in</html>"),
    })
    .await;
    let charts = ["1.0.0", "2.0.0", "3.0.0", "4.0.0", "^9"].map(|version| of_repository(&server.url, version));
    let errors = sources(Credentials::none()).resolve(&charts).await.unwrap_err();
    let problems: Vec<String> = errors.iter().map(|error| error.problem().to_string()).collect();
    let place = server.url("demo.tgz");
    assert_eq!(
        problems,
        [
            format!("{place}: the chart repository's index says {digest}, but the archive is {}", Digest::of(&other)),
            format!("{place} holds version 1.0.0 of the chart, but the index says 2.0.0"),
            format!("can't read the chart's archive {}", server.url("page.tgz")),
            "the chart repository gives no usable URL for version 4.0.0: `ftp://host/demo.tgz`".to_owned(),
            "chart `demo` has no version that fits `^9`; the newest are 4.0.0, 3.0.0, 2.0.0, 1.0.0".to_owned(),
        ]
    );
    assert_eq!(errors[0].to_string(), "can't take the chart `demo` of component `test`");
    assert_eq!(errors[0].labels().unwrap().next().unwrap().offset(), 16);
}

#[tokio::test]
async fn credentials_go_to_the_repository_s_host_alone() {
    let tgz = archive("demo", "1.0.0");
    let elsewhere = TestServer::start(move |_| Answer::ok(tgz.clone())).await;
    // Another name for the same address is another host.
    let mut cdn = elsewhere.url("demo.tgz");
    cdn.set_host(Some("localhost")).unwrap();
    let list = index(&[("1.0.0", cdn.as_str(), None), ("2.0.0", "moved.tgz", None)]);
    let target = cdn.to_string();
    let server = TestServer::start(move |asked: &Asked| match asked.path.as_str() {
        _ if asked.authorization.is_none() => Answer::status(401),
        "/index.yaml" => Answer::ok(list.clone()),
        _ => Answer::redirect(target.clone()),
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let netrc = directory.path().join("netrc");
    fs::write(&netrc, "machine 127.0.0.1 login user password secret\n").unwrap();
    let variable = |name: &str| (name == "NETRC").then(|| netrc.clone().into_os_string());
    let credentials = Credentials::from_environment(variable).unwrap();
    let sources = sources(credentials);
    sources.resolve_one(&of_repository(&server.url, "1.0.0")).await.unwrap();
    let redirected = sources.resolve_one(&of_repository(&server.url, "2.0.0")).await.unwrap_err();
    assert!(redirected.problem().to_string().contains("holds version 1.0.0"), "it came there");
    assert!(server.asked().iter().all(|asked| asked.authorization.as_deref() == Some("Basic dXNlcjpzZWNyZXQ=")));
    assert!(elsewhere.asked().iter().all(|asked| asked.authorization.is_none()));
}

#[tokio::test]
async fn a_repository_that_fails_fails_each_of_its_charts_with_one_question() {
    let server = TestServer::start(|_| Answer::status(404)).await;
    let charts = [of_repository(&server.url, "1.0.0"), of_repository(&server.url, "2.0.0")];
    let errors = sources(Credentials::none()).resolve(&charts).await.unwrap_err();
    assert_eq!(errors.len(), 2);
    assert_eq!(errors[1].problem().to_string(), format!("can't use the chart repository {}", server.url));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn local_charts_are_packaged_or_taken_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let (folder, tgz) = (directory.path().join("demo"), directory.path().join("demo-1.0.0.tgz"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: demo\nversion: 1.0.0\n").unwrap();
    fs::write(&tgz, archive("demo", "1.0.0")).unwrap();
    let local = |name: &str, path: &Path| wanted(name, ChartSource::Local { path: path.to_owned() });
    let sources = sources(Credentials::none());
    let from_folder = sources.resolve_one(&local("demo", &folder)).await.unwrap();
    let from_archive = sources.resolve_one(&local("demo", &tgz)).await.unwrap();
    let chart = from_folder.item.as_chart().unwrap();
    assert_eq!(chart.reference.to_string(), "bundle.local/charts/demo:1.0.0");
    assert_eq!(from_folder.item, from_archive.item, "the same files and time give the same chart");
    let blob = from_archive.blobs.iter().find(|blob| blob.digest == chart.archive).unwrap();
    assert!(matches!(&blob.origin, Origin::LocalFile { path } if *path == tgz));
    fs::write(directory.path().join("demo-1.0.0.tgz.prov"), SIGNATURE).unwrap();
    let signed = sources.resolve_one(&local("demo", &tgz)).await.unwrap();
    assert_eq!(signed.item.as_chart().unwrap().provenance, Some(Digest::of(SIGNATURE.as_bytes())));
    let other = sources.resolve_one(&local("web", &folder)).await.unwrap_err();
    assert_eq!(other.problem().to_string(), "the chart's archive is of a chart named `demo`, not `web`");
}
