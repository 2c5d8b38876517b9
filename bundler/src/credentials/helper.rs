//! Credential helpers: programs `docker-credential-<name>` that keep credentials in a key ring or a cloud.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::{Credential, CredentialError};
use crate::http::Secret;

/// Helpers may ask a cloud service, but nobody waits for ever.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// Bytes of an answer that are read.
const ANSWER: u64 = 64 << 10;
/// The user name that marks an identity token.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

/// Asks a helper for the credential of a registry; none when it has none.
pub(super) async fn get(
    helper: &str,
    search_path: Option<&OsStr>,
    file: &Path,
    registry: &str,
) -> Result<Option<Credential>, CredentialError> {
    let failed = |problem: String| CredentialError::Helper {
        helper: helper.chars().take(80).collect(),
        file: file.to_owned(),
        registry: registry.to_owned(),
        problem,
    };
    if helper.is_empty() || !helper.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        return Err(failed("that is no name of a helper".to_owned()));
    }
    // Docker Hub's credentials are filed under its old address.
    let server = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
    let mut command = Command::new(format!("docker-credential-{helper}"));
    if let Some(search_path) = search_path {
        command.env("PATH", search_path);
    }
    let child = command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("it can't be started: {error}")))?;
    let (success, answer) = tokio::time::timeout(TIME_LIMIT, converse(child, server))
        .await
        .map_err(|_| failed(format!("it did not answer within {} s", TIME_LIMIT.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !success {
        let said = String::from_utf8_lossy(&answer);
        if said.contains("credentials not found") {
            return Ok(None);
        }
        let line = said.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200);
        return Err(failed(line.collect()));
    }
    let answer: Answer =
        serde_json::from_slice(&answer).map_err(|_| failed("its answer is not of the protocol".to_owned()))?;
    if answer.secret.is_empty() {
        return Ok(None);
    }
    let secret = Secret::new(answer.secret);
    Ok(Some(match answer.username.as_str() {
        TOKEN_USER => Credential::IdentityToken(secret),
        _ => Credential::Login { user: answer.username, password: secret },
    }))
}

async fn converse(mut child: Child, server: &str) -> std::io::Result<(bool, Vec<u8>)> {
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read is a helper that fails below, with its own words.
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let mut answer = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(ANSWER).read_to_end(&mut answer).await?;
    }
    Ok((child.wait().await?.success(), answer))
}
