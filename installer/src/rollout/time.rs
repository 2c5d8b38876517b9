//! Whom a node's clock follows: the servers of time that the site names, where the node has a service that can be told.

use std::fmt::Write as _;
use std::sync::Arc;

use manifests::site::Host as Server;

use super::want::{Part, WantedFile};
use crate::host::{Command, Host, HostError, Input};

const TIME: &str = include_str!("time.sh");
/// What `systemd-timesyncd` reads beside its own file.
const TIMESYNCD: &str = "/etc/systemd/timesyncd.conf.d/airgap.conf";
/// What chrony reads beside its own file, as Debian and Ubuntu set it up.
const CHRONY: &str = "/etc/chrony/sources.d/airgap.sources";
/// What both begin with.
const HEAD: &str = "# Written by airgap-install: changes are overwritten.\n";

/// What keeps a node's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeService {
    /// `systemd-timesyncd`.
    Timesyncd,
    /// chrony, which reads a folder of sources.
    Chrony,
    /// Something that is not told here.
    Other(String),
    /// Nothing that is known.
    None,
}

impl TimeService {
    /// Reads the word of the node.
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "timesyncd" => Self::Timesyncd,
            "chrony" => Self::Chrony,
            "" | "none" => Self::None,
            other => Self::Other(other.chars().filter(char::is_ascii_graphic).take(32).collect()),
        }
    }

    /// The file by which it is told; why there is none, if so.
    ///
    /// # Errors
    /// What keeps the clock instead, in words that go on after the node's name.
    pub fn file(&self, servers: &[Server]) -> Result<Option<WantedFile>, String> {
        let (path, text) = match self {
            _ if servers.is_empty() => return Ok(None),
            Self::Timesyncd => {
                let all: Vec<String> = servers.iter().map(Server::to_string).collect();
                (TIMESYNCD, format!("{HEAD}[Time]\nNTP={}\nFallbackNTP=\n", all.join(" ")))
            }
            Self::Chrony => {
                let mut text = HEAD.to_owned();
                for server in servers {
                    let _ = writeln!(text, "server {server} iburst");
                }
                (CHRONY, text)
            }
            Self::Other(name) => return Err(format!("its clock is kept by {name}, which is left as it is")),
            Self::None => return Err("nothing keeps its clock: it has neither systemd-timesyncd nor chrony".into()),
        };
        Ok(Some(WantedFile { part: Part::Time, ..WantedFile::text(path, 0o644, &text) }))
    }
}

/// Whether a file is one of those by which a service is told.
pub(super) fn is_ours(path: &str) -> bool {
    [TIMESYNCD, CHRONY].contains(&path)
}

/// Writes such a file and has the service read it; with no text, takes it away.
pub(super) async fn follow(host: &dyn Host, path: &str, text: &[u8]) -> Result<(), HostError> {
    let command = Command::script("let its clock follow the site's servers of time", TIME, &[path]);
    host.expect(&command.reading(Input::Bytes(Arc::from(text)))).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::rollout::want::Content;

    fn told(service: &str) -> (String, String) {
        let servers = ["10.0.7.2", "time.plant.example.org"].map(|server| server.parse().unwrap());
        let file = TimeService::parse(service).file(&servers).unwrap().unwrap();
        let Content::Text(text) = &file.content else { panic!("made here") };
        (file.path, String::from_utf8(text.0.to_vec()).unwrap())
    }

    #[test]
    fn a_service_is_told_in_its_own_words() {
        let (path, text) = told("timesyncd");
        assert_eq!(path, TIMESYNCD);
        assert_eq!(text, format!("{HEAD}[Time]\nNTP=10.0.7.2 time.plant.example.org\nFallbackNTP=\n"));
        let (path, text) = told("chrony");
        assert_eq!(path, CHRONY);
        assert_eq!(text, format!("{HEAD}server 10.0.7.2 iburst\nserver time.plant.example.org iburst\n"));
    }

    #[test]
    fn what_can_not_be_told_is_left_and_named() {
        let servers = ["10.0.7.2".parse().unwrap()];
        assert!(TimeService::parse("ntpsec").file(&servers).unwrap_err().contains("kept by ntpsec"));
        assert!(TimeService::parse("none").file(&servers).unwrap_err().contains("neither"));
        assert!(TimeService::parse("ntpsec").file(&[]).unwrap().is_none(), "the site names none");
    }
}
