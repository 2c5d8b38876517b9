//! Profiles from real nodes: a dpkg status file, reduced to what a closure depends on.

use manifests::debian::{ControlError, Package, PackageError, Stanzas};

/// The fields that matter to a solver, in the order in which they are written.
const FIELDS: [&str; 18] = [
    "Package",
    "Status",
    "Priority",
    "Architecture",
    "Multi-Arch",
    "Essential",
    "Protected",
    "Important",
    "Source",
    "Version",
    "Provides",
    "Replaces",
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Breaks",
    "Conflicts",
];

/// A profile, and what is worth a word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduced {
    /// The reduced status file, in the order of names and architectures.
    pub status: Vec<u8>,
    /// How many packages are in it.
    pub packages: usize,
    /// Packages that are not wholly installed: apt would refuse to work on such a node.
    pub unsettled: Vec<String>,
}

/// A status file that can't be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProfileError {
    /// It is no control file.
    #[error("it is not a status file of dpkg")]
    #[diagnostic(help("take /var/lib/dpkg/status of a node that stands for the others"))]
    Control(#[from] ControlError),
    /// A stanza in it is no package.
    #[error("it is not a status file of dpkg")]
    #[diagnostic(help("take /var/lib/dpkg/status of a node that stands for the others"))]
    Package(#[from] PackageError),
    /// Nothing is installed there.
    #[error("no package is installed according to it")]
    #[diagnostic(help("take /var/lib/dpkg/status of a node that stands for the others"))]
    Empty,
}

/// Reduces a status file: only packages whose files are there, and only the fields that matter. Nothing that names
/// people or files is left.
///
/// # Errors
/// [`ProfileError`] when it is no status file, or of a system without packages.
pub fn reduce(status: &[u8]) -> Result<Reduced, ProfileError> {
    let mut kept: Vec<(&str, &str, String)> = Vec::new();
    let mut unsettled = Vec::new();
    for stanza in Stanzas::new(status) {
        let stanza = stanza?;
        let package = Package::parse(&stanza)?;
        // Without a status it is an index, which says nothing of a node.
        let Some(known) = package.status else { continue };
        if !known.state.has_files() {
            continue;
        }
        if known.reinstall || !known.state.is_settled() {
            unsettled.push(package.name.to_owned());
        }
        let mut text = String::new();
        // A description in some older encoding can't be read, and need not be.
        let fields: Vec<_> = stanza.fields().filter_map(Result::ok).collect();
        for name in FIELDS {
            if let Some(field) = fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)) {
                text.push_str(&format!("{name}: {}\n", field.value));
            }
        }
        kept.push((package.name, package.architecture, text));
    }
    if kept.is_empty() {
        return Err(ProfileError::Empty);
    }
    kept.sort_unstable();
    let packages = kept.len();
    let status = kept.into_iter().map(|(_, _, text)| text).collect::<Vec<_>>().join("\n").into_bytes();
    Ok(Reduced { status, packages, unsettled })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Package: web\nStatus: install ok installed\nMaintainer: Somebody <me@example.org>\n\
        Architecture: amd64\nVersion: 2.0-1\nDepends: libc6 (>= 2.36),\n lib (>= 1)\nConffiles:\n /etc/web.conf 0123\n\n\
        Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n\
        Package: lib\nStatus: hold ok half-configured\nArchitecture: amd64\nVersion: 1.2\n";

    #[test]
    fn what_does_not_matter_is_left_out() {
        let reduced = reduce(STATUS.as_bytes()).unwrap();
        let expected = "Package: lib\nStatus: hold ok half-configured\nArchitecture: amd64\nVersion: 1.2\n\n\
            Package: web\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.0-1\n\
            Depends: libc6 (>= 2.36),\n lib (>= 1)\n";
        assert_eq!(String::from_utf8(reduced.status.clone()).unwrap(), expected);
        assert_eq!((reduced.packages, reduced.unsettled.as_slice()), (2, ["lib".to_owned()].as_slice()));
        assert_eq!(reduce(&reduced.status).unwrap(), reduced, "it is a profile itself");
    }

    #[test]
    fn other_files_are_refused() {
        assert!(matches!(reduce(b"<html>\n"), Err(ProfileError::Package(_))));
        assert!(matches!(reduce(b""), Err(ProfileError::Empty)));
        let index = "Package: web\nVersion: 1\nArchitecture: amd64\nFilename: pool/web.deb\n";
        assert!(matches!(reduce(index.as_bytes()), Err(ProfileError::Empty)));
    }
}
