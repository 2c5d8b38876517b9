use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use jiff::Timestamp;
use manifests::debian::Series;
use manifests::document::WantedPackage;

use super::{AptSource, FormerPackage};

/// The steps, in the shell of POSIX.
const STEPS: &str = include_str!("node.sh");
/// The line of the steps that the values of one site and bundle take the place of.
const VALUES: &str = "# @values@\n";

/// What the script does when it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Installs what is missing.
    Install,
    /// Says what would be installed.
    Check,
    /// Lists what no bundle wants any more.
    Unneeded,
}

impl Action {
    /// Its word on the command line of the script.
    pub fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Check => "check",
            Self::Unneeded => "unneeded",
        }
    }
}

/// What apt needs for a server that speaks TLS.
#[derive(Clone, Default)]
pub struct Secured {
    /// The certificate of the site's authority, as PEM.
    pub authority: String,
    /// User and password; none where everybody may read.
    pub login: Option<(String, String)>,
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("login", &self.login.as_ref().map(|(user, _)| user)).finish_non_exhaustive()
    }
}

/// A script that brings packages to the node that it is run on.
#[derive(Debug)]
pub struct NodeScript<'a> {
    /// The release that the packages are for.
    pub series: &'a Series,
    /// Where the packages are; none where none are wanted any more.
    pub source: Option<AptSource>,
    /// `host:port` of the server.
    pub authority: String,
    /// What TLS needs; none for plain HTTP.
    pub secured: Option<Secured>,
    /// When the bundle was made: a clock that is behind it is wrong.
    pub created: Timestamp,
    /// What is to be installed.
    pub wanted: Vec<&'a WantedPackage>,
    /// What is not needed any more.
    pub former: &'a BTreeSet<FormerPackage>,
}

impl NodeScript<'_> {
    /// The script's text.
    pub fn text(&self) -> String {
        STEPS.replacen(VALUES, &self.values(), 1)
    }

    /// The values as assignments. Each is quoted, whatever it is made of.
    fn values(&self) -> String {
        let (host, _) = self.authority.rsplit_once(':').unwrap_or((&self.authority, ""));
        let secured = self.secured.clone().unwrap_or_default();
        let login = secured.login.map_or_else(String::new, |(user, password)| {
            format!("machine {} login {user} password {password}", self.authority)
        });
        // Of two components, one may want what the package recommends.
        let mut wanted: BTreeMap<[String; 3], bool> = BTreeMap::new();
        for package in &self.wanted {
            let words = [package.architecture.to_string(), package.full_name(), package.version.to_string()];
            *wanted.entry(words).or_default() |= package.recommends;
        }
        let wanted = wanted.into_iter().map(|([architecture, package, version], recommends)| {
            format!("{architecture} {package} {version} {}", if recommends { "yes" } else { "no" })
        });
        let wanted: Vec<String> = wanted.collect();
        let former = self.former.iter().map(|former| format!("{} {}", former.architecture, former.package));
        let former: Vec<String> = former.collect();
        let source = self.source.as_ref().map(AptSource::to_string).unwrap_or_default();
        let mut text = String::new();
        for (comment, name, value) in [
            ("The release that the packages are for, and when the bundle was made.", "series", self.series.to_string()),
            ("", "created", self.created.as_second().to_string()),
            ("The site's server.", "host", host.trim_matches(['[', ']']).to_owned()),
            ("", "source", source),
            ("For a server with TLS: the site's certificate authority, and who asks.", "authority", secured.authority),
            ("", "login", login),
            (
                "What is wanted: architecture, package, version, and whether with what it recommends.",
                "wanted",
                wanted.join("\n"),
            ),
            (
                "What an earlier bundle wanted, and none does any more: architecture and package.",
                "former",
                former.join("\n"),
            ),
        ] {
            if !comment.is_empty() {
                let _ = writeln!(text, "# {comment}");
            }
            let _ = writeln!(text, "{name}='{}'", value.replace('\'', r"'\''"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_quoted() {
        let source = AptSource { uri: "u".into(), series: "bookworm".into(), key: "k".into() };
        let secured = Secured { authority: "a'b".into(), login: Some(("airgap".into(), "p'$(x)".into())) };
        let (authority, created) = ("[fd00::5]:5000".into(), Timestamp::UNIX_EPOCH);
        let (series, former) = ("bookworm".parse().unwrap(), BTreeSet::new());
        let (source, secured) = (Some(source), Some(secured));
        let script =
            NodeScript { series: &series, source, authority, secured, created, wanted: vec![], former: &former };
        let text = script.text();
        assert!(!text.contains("@values@"));
        assert!(text.contains("\nauthority='a'\\''b'\n") && text.contains("password p'\\''$(x)'\n"), "{text}");
        assert!(text.contains("\nhost='fd00::5'\n"));
    }
}
