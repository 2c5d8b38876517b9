//! One package of a `Packages` index, or of dpkg's `status`.

use std::ops::Range;

use super::architecture::Architecture;
use super::control::{ControlError, Stanza};
use super::name::is_name;
use super::version::is_version;
use crate::Digest;

mod error;
mod status;

pub use error::PackageError;
pub use status::{Selection, State, Status};

/// A stanza of an index with its types; texts are slices of the index.
///
/// Relations are left as they were written: see [`super::parse_relations`]. An index that lacks one has it empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package<'a> {
    /// The name.
    pub name: &'a str,
    /// The version; see [`super::version::compare`].
    pub version: &'a str,
    /// The architecture, or `all`.
    pub architecture: &'a str,
    /// Whether and how it goes along with other architectures.
    pub multi_arch: MultiArch,
    /// `Essential: yes`: every system has it.
    pub essential: bool,
    /// `Protected: yes`, or the older `Important: yes`: it is not removed unasked.
    pub protected: bool,
    /// `required`, `important`, `standard`, `optional`, `extra`; empty when there is none.
    pub priority: &'a str,
    /// What has to be configured before it is unpacked.
    pub pre_depends: &'a str,
    /// What it needs.
    pub depends: &'a str,
    /// What it is usually installed with.
    pub recommends: &'a str,
    /// What goes well with it.
    pub suggests: &'a str,
    /// What it goes well with.
    pub enhances: &'a str,
    /// What may not be unpacked beside it.
    pub conflicts: &'a str,
    /// What may not be configured beside it.
    pub breaks: &'a str,
    /// Whose files it may take over.
    pub replaces: &'a str,
    /// What else it counts as.
    pub provides: &'a str,
    /// Where the file is below the archive's root; of an index.
    pub filename: &'a str,
    /// The file's size in bytes; of an index.
    pub size: Option<u64>,
    /// The file's digest; of an index.
    pub sha256: Option<Digest>,
    /// The source package, with its version in parentheses where that differs; empty when it is named alike.
    pub source: &'a str,
    /// Which share of machines takes this version in an upgrade, in percent.
    pub phased_update_percentage: Option<u8>,
    /// What dpkg knows of it; of a `status` file.
    pub status: Option<Status>,
    /// Where the stanza is in the text, so that it can be copied as upstream wrote it.
    pub range: Range<usize>,
    /// The line that the stanza begins in, from 1.
    pub line: usize,
}

/// `Multi-Arch`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum MultiArch {
    /// Serves packages of its own architecture.
    #[default]
    No,
    /// May be installed for several architectures at once, all of the same version.
    Same,
    /// Serves packages of every architecture.
    Foreign,
    /// Serves packages of every architecture that ask for it by `:any`.
    Allowed,
}

impl<'a> Package<'a> {
    /// Reads a stanza.
    ///
    /// # Errors
    /// [`PackageError`] when a line is no field, a field is missing, is there twice or has a value that it can't have.
    pub fn parse(stanza: &Stanza<'a>) -> Result<Self, PackageError> {
        let mut package = Self::empty(stanza);
        let mut seen = 0_u32;
        for field in stanza.fields() {
            let field = match field {
                // A description in some older encoding is nothing that we have to understand.
                Err(ControlError { problem: super::control::ControlProblem::NoText, .. }) => continue,
                field => field?,
            };
            let Some(index) = NAMES.iter().position(|name| name.eq_ignore_ascii_case(field.name)) else { continue };
            if seen & (1 << index) != 0 {
                return Err(PackageError::twice(&field));
            }
            seen |= 1 << index;
            package.set(NAMES[index], field.value).ok_or_else(|| PackageError::value(&field))?;
        }
        for (index, name) in NAMES.iter().enumerate().take(REQUIRED) {
            let removed = package.status.is_some_and(|status| !status.state.has_files());
            if seen & (1 << index) == 0 && !removed {
                return Err(PackageError::Missing { line: stanza.line(), field: name });
            }
        }
        Ok(package)
    }

    fn empty(stanza: &Stanza<'a>) -> Self {
        Self {
            name: "",
            version: "",
            architecture: "",
            multi_arch: MultiArch::No,
            essential: false,
            protected: false,
            priority: "",
            pre_depends: "",
            depends: "",
            recommends: "",
            suggests: "",
            enhances: "",
            conflicts: "",
            breaks: "",
            replaces: "",
            provides: "",
            filename: "",
            size: None,
            sha256: None,
            source: "",
            phased_update_percentage: None,
            status: None,
            range: stanza.range(),
            line: stanza.line(),
        }
    }

    /// Sets the field of a name in [`NAMES`]; `None` when the value is none for it.
    fn set(&mut self, name: &str, value: &'a str) -> Option<()> {
        match name {
            "Package" if is_name(value) => self.name = value,
            "Version" if is_version(value) => self.version = value,
            "Architecture" => {
                value.parse::<Architecture>().ok()?;
                self.architecture = value;
            }
            "Package" | "Version" => return None,
            "Multi-Arch" => self.multi_arch = multi_arch(value)?,
            "Essential" => self.essential = is_yes(value)?,
            "Protected" | "Important" => self.protected |= is_yes(value)?,
            "Priority" => self.priority = value,
            "Pre-Depends" => self.pre_depends = value,
            "Depends" => self.depends = value,
            "Recommends" => self.recommends = value,
            "Suggests" => self.suggests = value,
            "Enhances" => self.enhances = value,
            "Conflicts" => self.conflicts = value,
            "Breaks" => self.breaks = value,
            "Replaces" => self.replaces = value,
            "Provides" => self.provides = value,
            "Filename" => self.filename = value,
            "Size" => self.size = Some(value.parse().ok()?),
            "SHA256" => self.sha256 = Some(Digest::from_hex(&value.to_ascii_lowercase()).ok()?),
            "Source" => self.source = value,
            "Phased-Update-Percentage" => {
                self.phased_update_percentage = Some(value.parse().ok().filter(|percentage| *percentage <= 100)?);
            }
            "Status" => self.status = Some(value.parse().ok()?),
            _ => {}
        }
        Some(())
    }
}

/// The fields that are read; those in front have to be there.
const NAMES: [&str; 23] = [
    "Package",
    "Version",
    "Architecture",
    "Multi-Arch",
    "Essential",
    "Protected",
    "Important",
    "Priority",
    "Pre-Depends",
    "Depends",
    "Recommends",
    "Suggests",
    "Enhances",
    "Conflicts",
    "Breaks",
    "Replaces",
    "Provides",
    "Filename",
    "Size",
    "SHA256",
    "Source",
    "Phased-Update-Percentage",
    "Status",
];

/// How many of [`NAMES`] have to be there.
const REQUIRED: usize = 3;

fn multi_arch(value: &str) -> Option<MultiArch> {
    match value {
        "no" => Some(MultiArch::No),
        "same" => Some(MultiArch::Same),
        "foreign" => Some(MultiArch::Foreign),
        "allowed" => Some(MultiArch::Allowed),
        _ => None,
    }
}

fn is_yes(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
