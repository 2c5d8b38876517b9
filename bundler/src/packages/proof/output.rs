//! Reads what `apt-get --simulate` says.

use super::ProofError;

/// A package that apt would install or upgrade.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Installation {
    /// Its name.
    pub name: String,
    /// The architecture of the package file, or `all`.
    pub architecture: String,
    /// The version that is installed then.
    pub version: String,
}

impl std::fmt::Display for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{} {}", self.name, self.architecture, self.version)
    }
}

/// The lines `Inst libc6:i386 [2.36-9] (2.36-10 Debian:12/stable [i386]) […]`.
///
/// # Errors
/// [`ProofError::Output`] for such a line that is otherwise.
pub(super) fn installations(output: &str) -> Result<Vec<Installation>, ProofError> {
    let lines = output.lines().filter_map(|line| Some((line, line.strip_prefix("Inst ")?)));
    lines.map(|(line, rest)| installation(rest).ok_or_else(|| ProofError::Output(line.to_owned()))).collect()
}

fn installation(text: &str) -> Option<Installation> {
    let (name, rest) = text.split_once(' ')?;
    let (_, rest) = rest.split_once('(')?;
    let (inner, _) = rest.split_once(')')?;
    let version = inner.split(' ').next()?;
    let architecture = inner.rsplit_once('[')?.1.strip_suffix(']')?;
    Some(Installation {
        name: name.split_once(':').map_or(name, |(name, _)| name).to_owned(),
        architecture: architecture.to_owned(),
        version: version.to_owned(),
    })
}

/// What a person needs of it: apt's reasons without its preamble.
pub(super) fn reasons(stdout: &str, stderr: &str) -> String {
    const MARK: &str = "The following packages have unmet dependencies:";
    let unmet = stdout.find(MARK).map_or("", |start| &stdout[start..]);
    let lines = unmet.lines().chain(stderr.lines()).map(str::trim_end).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.take(40).collect();
    if lines.is_empty() { stdout.trim_end().to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installations_are_read_with_their_versions() {
        let output = "Reading package lists...\nInst a (1.0 origin [all])\nInst libc6:i386 [2.36-9] (2.36-10 Debian:12.9/stable, \
                      Security:12 [i386]) []\nInst b [1] (2 [amd64]) [c:amd64 on b:amd64]\nConf a (1.0 origin [all])\n";
        let found: Vec<String> = installations(output).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["a:all 1.0", "libc6:i386 2.36-10", "b:amd64 2"]);
        assert!(installations("Inst a\n").is_err());
    }

    #[test]
    fn reasons_are_what_apt_says_of_them() {
        let stdout = "Reading package lists...\nThe following packages have unmet dependencies:\n a : Depends: b\n";
        let stderr = "E: Unable to correct problems, you have held broken packages.\n";
        let text = reasons(stdout, stderr);
        assert!(text.starts_with("The following") && text.ends_with("broken packages."), "{text}");
    }
}
