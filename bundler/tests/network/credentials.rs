//! Credential helpers, as programs.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bundler::credentials::{Credential, Credentials};
use bundler::http::Secret;
use manifests::Repository;

use crate::fixtures::report;

/// A helper that is a script, found by `PATH` in a folder that also is `DOCKER_CONFIG`.
fn with_helper(folder: &Path, config: &str, script: &str) -> Credentials {
    fs::write(folder.join("config.json"), config).unwrap();
    let helper = folder.join("docker-credential-test");
    fs::write(&helper, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let path = OsString::from(format!("{}:/usr/bin:/bin", folder.display()));
    let folder = folder.to_owned();
    Credentials::from_environment(move |name| match name {
        "DOCKER_CONFIG" => Some(folder.clone().into()),
        "PATH" => Some(path.clone()),
        _ => None,
    })
    .unwrap()
}

fn repository(registry: &str) -> Repository {
    Repository::new(registry, "team/app").unwrap()
}

#[tokio::test]
async fn a_helper_is_asked_once_for_each_registry() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        r#"test "$1" = get || exit 1; read -r host; echo "$host" >> {0}/asked
        case "$host" in
            quay.io) echo '{{"Username": "user", "Secret": "hunter2"}}' ;;
            https://index.docker.io/v1/) echo '{{"Username": "<token>", "Secret": "1dentity"}}' ;;
            *) echo 'credentials not found in native keychain'; exit 1 ;;
        esac"#,
        folder.path().display()
    );
    let credentials = with_helper(folder.path(), r#"{"credsStore": "test"}"#, &script);
    for _ in 0..2 {
        let found = credentials.for_repository(&repository("quay.io")).await.unwrap();
        assert_eq!(found, Some(Credential::Login { user: "user".to_owned(), password: Secret::new("hunter2") }));
    }
    let found = credentials.for_repository(&repository("docker.io")).await.unwrap();
    assert_eq!(found, Some(Credential::IdentityToken(Secret::new("1dentity"))));
    assert_eq!(credentials.for_repository(&repository("ghcr.io")).await.unwrap(), None);
    let asked = fs::read_to_string(folder.path().join("asked")).unwrap();
    assert_eq!(asked, "quay.io\nhttps://index.docker.io/v1/\nghcr.io\n");
}

#[tokio::test]
async fn a_helper_that_fails_for_its_registry_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"credHelpers": {"quay.io": "test", "ghcr.io": "missing"}}"#;
    let credentials = with_helper(folder.path(), config, "echo 'the key ring is locked'; exit 1");
    let error = credentials.for_repository(&repository("quay.io")).await.unwrap_err();
    let text = report(&error);
    assert!(text.contains("`docker-credential-test`") && text.contains("the key ring is locked"), "{text}");
    assert!(text.contains("echo quay.io | docker-credential-test get"), "{text}");
    let error = credentials.for_repository(&repository("ghcr.io")).await.unwrap_err();
    assert!(error.to_string().contains("`docker-credential-missing`"), "{error}");
}

#[tokio::test]
async fn a_store_that_is_not_installed_does_not_keep_from_public_images() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"credsStore": "desktop", "auths": {"quay.io": {"username": "user", "password": "hunter2"}}}"#;
    let credentials = with_helper(folder.path(), config, "exit 1");
    assert_eq!(credentials.for_repository(&repository("ghcr.io")).await.unwrap(), None);
    assert!(credentials.for_repository(&repository("quay.io")).await.unwrap().is_some());
}

#[test]
fn files_are_looked_for_where_people_have_them() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    for path in [".docker/config.json", ".config/containers/auth.json", ".netrc"] {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::write(home.join(".netrc"), "machine charts.example login user password hunter2").unwrap();
    let variable = |name: &str| (name == "HOME").then(|| home.into());
    let credentials = Credentials::from_environment(variable).unwrap();
    let url = "https://charts.example/index.yaml".parse().unwrap();
    assert!(credentials.for_url(&url).is_some());
    assert!(!format!("{credentials:?}").contains("hunter2"));

    fs::write(home.join(".docker/config.json"), r#"{"auths": {"a.io": {"auth": hunter2}}}"#).unwrap();
    let error = Credentials::from_environment(variable).unwrap_err();
    assert!(error.to_string().contains("config.json is not a valid file of credentials: line 1"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"));
}
