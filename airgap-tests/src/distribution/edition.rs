//! Which distribution is stood in for, and in which version. One program stands in for all: which it is stands at its end.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use anyhow::{Context, Result};

/// What a program's last line begins with.
const MARK: &str = "\n#airgap-rig ";
/// No such line is longer, in bytes.
const LONGEST: usize = 128;

/// A distribution that is stood in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Rancher's RKE2.
    Rke2,
    /// Rancher's k3s.
    K3s,
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rke2 => "rke2",
            Self::K3s => "k3s",
        })
    }
}

/// A distribution in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Which.
    pub flavour: Flavour,
    /// Its version, as its release page has it.
    pub version: String,
}

impl Edition {
    /// RKE2 around the Kubernetes that the rig has.
    pub fn rke2() -> Self {
        Self { flavour: Flavour::Rke2, version: format!("{}+rke2r1", kubernetes()) }
    }

    /// k3s around the same.
    pub fn k3s() -> Self {
        Self { flavour: Flavour::K3s, version: format!("{}+k3s1", kubernetes()) }
    }

    /// A later one of the same distribution: so many minor versions and patches.
    ///
    /// # Panics
    /// When its own version is none.
    #[must_use]
    pub fn later(&self, minors: u64, patches: u64) -> Self {
        let mut version: semver::Version = self.version[1..].parse().expect("the version of an edition");
        version.minor += minors;
        version.patch += patches;
        Self { flavour: self.flavour, version: format!("v{version}") }
    }

    /// What the running program stands in for.
    ///
    /// # Errors
    /// When the program can't be read.
    pub fn of_this_program() -> Result<Self> {
        let mut program = File::open("/proc/self/exe").context("cannot open this program")?;
        let length = program.seek(SeekFrom::End(0)).context("cannot tell its length")?;
        program.seek(SeekFrom::Start(length.saturating_sub(LONGEST as u64))).context("cannot find its end")?;
        let mut end = Vec::new();
        program.read_to_end(&mut end).context("cannot read its end")?;
        Ok(Self::of(&end).unwrap_or_else(Self::rke2))
    }

    fn of(end: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(end);
        let (_, line) = text.rsplit_once(MARK)?;
        let (name, version) = line.trim_end().split_once(' ')?;
        let flavour = [Flavour::Rke2, Flavour::K3s].into_iter().find(|flavour| flavour.to_string() == name)?;
        Some(Self { flavour, version: version.to_owned() })
    }

    /// The program with the line at its end.
    pub(super) fn seal(&self, mut program: Vec<u8>) -> Vec<u8> {
        program.extend_from_slice(format!("{MARK}{} {}\n", self.flavour, self.version).as_bytes());
        program
    }
}

/// The version of Kubernetes that the rig has.
fn kubernetes() -> &'static str {
    let pinned = include_str!("../../kubernetes/go.mod").lines();
    let mut words = pinned.map(|line| line.split_whitespace().skip_while(|word| *word == "require"));
    let version = words.find_map(|mut words| (words.next()? == "k8s.io/kubernetes").then(|| words.next())?);
    version.unwrap_or("v0.0.0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_what_it_stands_in_for() {
        let next = Edition::rke2().later(0, 1);
        assert_eq!(Edition::of(&next.seal(b"\x7fELF".to_vec())), Some(next.clone()));
        assert_ne!(next, Edition::rke2());
        let k3s = Edition::k3s();
        assert_eq!(Edition::of(&k3s.seal(Vec::new())), Some(k3s));
        assert_eq!(Edition::of(b"\x7fELF"), None);
    }
}
