//! What makes repositories at a git server: Gitea's API, and so Forgejo's.
//!
//! Source: <https://docs.gitea.com/api/1.22/>. It is asked by the machine's curl, which gets everything but its options on its
//! standard input: arguments are there for every user of the machine to see.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use url::Url;

use super::{Access, GitPushError};

/// The most that is read of an answer, in bytes.
const ANSWER: &str = "1048576";
/// Characters that are told of an answer.
const TOLD: usize = 200;

/// A kind of git server that can be asked to make repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Forge {
    /// Gitea, and Forgejo.
    Gitea,
}

/// What the server answers.
struct Answer {
    status: u16,
    said: String,
}

impl Forge {
    /// Makes a repository of the organisation or the user that `access` is about, unless it is there. Returns whether it was made.
    /// It is private, and its first branch is that of the carried one.
    pub(super) fn make(self, access: &Access, name: &str, branch: Option<&str>) -> Result<bool, GitPushError> {
        let Self::Gitea = self;
        let path = access.base.path().trim_matches('/');
        let (above, owner) =
            path.rsplit_once('/').map_or((String::new(), path), |(above, owner)| (format!("/{above}"), owner));
        let api = |rest: &str| {
            let mut url = access.base.clone();
            url.set_path(&format!("{above}/api/v1/{rest}"));
            url
        };
        let refused = |answer: &Answer| GitPushError::NotMade {
            name: format!("{owner}/{name}"),
            status: answer.status,
            said: told(&answer.said),
        };
        let there = ask(access, &api(&format!("repos/{owner}/{name}")), None)?;
        match there.status {
            200 => return Ok(false),
            404 => {}
            _ => return Err(refused(&there)),
        }
        let mut wanted = json!({"name": name, "private": true});
        if let Some(branch) = branch {
            wanted["default_branch"] = json!(branch);
        }
        let mut made = ask(access, &api(&format!("orgs/{owner}/repos")), Some(&wanted))?;
        if made.status == 404 {
            // It is no organisation: then it is the user who asks.
            made = ask(access, &api("user/repos"), Some(&wanted))?;
        }
        let full: Option<Value> = serde_json::from_str(&made.said).ok();
        let full = full.as_ref().and_then(|made| made["full_name"].as_str());
        let is_meant = full.is_some_and(|full| full.eq_ignore_ascii_case(&format!("{owner}/{name}")));
        if made.status == 201 && is_meant { Ok(true) } else { Err(refused(&made)) }
    }
}

/// Asks the server; with something to send, by POST.
fn ask(access: &Access, url: &Url, sent: Option<&Value>) -> Result<Answer, GitPushError> {
    let answer = tempfile::NamedTempFile::new();
    let answer = answer.map_err(|source| GitPushError::Work { path: std::env::temp_dir(), source })?;
    let failed = |source| GitPushError::Work { path: answer.path().to_owned(), source };
    let start = |source| GitPushError::Start { program: "curl", source };
    let mut command = Command::new("curl");
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    // Nothing of ~/.curlrc, and no way but the direct one.
    command.args([
        "--disable",
        "--silent",
        "--show-error",
        "--noproxy",
        "*",
        "--proto",
        "=https,http",
        "--max-time",
        "60",
    ]);
    command
        .args(["--max-filesize", ANSWER, "--write-out", "%{http_code}", "--config", "-", "--output"])
        .arg(answer.path());
    if let Some(ca) = &access.ca {
        command.arg("--cacert").arg(ca);
    }
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(start)?;
    if let Some(mut input) = child.stdin.take() {
        // One that has ended already says why on its own.
        input.write_all(configuration(access, url, sent).as_bytes()).ok();
    }
    let output = child.wait_with_output().map_err(start)?;
    let status = String::from_utf8_lossy(&output.stdout).trim().parse().ok().filter(|status| *status != 0);
    match status.filter(|_| output.status.success()) {
        Some(status) => {
            let said = std::fs::read(answer.path()).map_err(failed)?;
            Ok(Answer { status, said: String::from_utf8_lossy(&said).into_owned() })
        }
        None => {
            let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
            Err(GitPushError::Failed { what: "ask the server for the repository", said })
        }
    }
}

/// What curl reads.
fn configuration(access: &Access, url: &Url, sent: Option<&Value>) -> String {
    let mut text = format!("url = {}\nheader = \"Accept: application/json\"\n", quoted(url.as_str()));
    if let Some(login) = &access.login {
        text.push_str(&format!("user = {}\n", quoted(&format!("{}:{}", login.user, login.password.reveal()))));
    }
    if let Some(sent) = sent {
        text.push_str("request = \"POST\"\nheader = \"Content-Type: application/json\"\n");
        text.push_str(&format!("data-raw = {}\n", quoted(&sent.to_string())));
    }
    text
}

/// A text as curl reads it between quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], ""))
}

/// The message in an answer, as it may be shown.
fn told(said: &str) -> String {
    let answer: Option<Value> = serde_json::from_str(said).ok();
    let message = answer.as_ref().and_then(|answer| answer["message"].as_str()).unwrap_or_default();
    let message: String = message.chars().filter(|c| !c.is_control()).take(TOLD).collect();
    if message.is_empty() { message } else { format!(": {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_curl_reads_is_quoted() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\cd""#);
        assert_eq!(told(r#"{"message": "no\u001b right"}"#), ": no right");
        assert_eq!(told("<html>"), "");
    }
}
