//! Looking at an index before the site puts its name to it: it has to describe exactly the packages that are carried.

use std::collections::HashMap;

use manifests::debian::Architecture;
use manifests::document::{CarriedPackage, Packages};

/// The longest line that is read, in bytes: the longest that archives have, a list of dependencies, is a tenth of it.
const LINE: usize = 256 << 10;
/// The fields that decide what apt fetches and where from.
const FIELDS: [&str; 6] = ["package", "version", "architecture", "filename", "size", "sha256"];

/// Why a bundle's index is not one that a site may sign.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// It is not in the format of apt's indexes.
    #[error("line {line} of the index is not one of a package's description: {problem}")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It describes something that is not carried, or differently.
    #[error("the index describes a package that is not carried, at line {line}: `{name}`")]
    Stranger {
        /// The line's number, from 1, behind the description.
        line: usize,
        /// What the description calls itself.
        name: String,
    },
    /// It lacks a package.
    #[error("the index does not describe {name} {version}, which is carried")]
    Missing {
        /// The package's name.
        name: String,
        /// The package's version.
        version: String,
    },
}

/// Checks the text of an architecture's index against what the document says is carried.
pub(super) fn check(text: &str, set: &Packages, architecture: &Architecture) -> Result<(), IndexError> {
    let belongs = |package: &&CarriedPackage| package.architecture.is_all() || package.architecture == *architecture;
    let mut expected: HashMap<&str, &CarriedPackage> =
        set.packages.iter().filter(belongs).map(|package| (package.path.as_str(), package)).collect();
    let mut stanza = Stanza::default();
    let end = text.lines().count();
    for (number, line) in text.split('\n').enumerate().map(|(index, line)| (index + 1, line)) {
        if !line.is_empty() {
            stanza.take(line).map_err(|problem| IndexError::Line { line: number, problem })?;
        } else if stanza.begun {
            std::mem::take(&mut stanza).settle(&mut expected, number)?;
        }
    }
    if stanza.begun {
        stanza.settle(&mut expected, end)?;
    }
    match expected.into_values().min_by_key(|package| &package.path) {
        None => Ok(()),
        Some(CarriedPackage { name, version, .. }) => {
            Err(IndexError::Missing { name: name.to_string(), version: version.to_string() })
        }
    }
}

/// What is read of one package's description.
#[derive(Default)]
struct Stanza<'t> {
    begun: bool,
    /// Whether the field that was read last may go on in the next line.
    continues: bool,
    values: [Option<&'t str>; FIELDS.len()],
}

impl<'t> Stanza<'t> {
    fn take(&mut self, line: &'t str) -> Result<(), &'static str> {
        if line.len() > LINE {
            return Err("it is too long");
        }
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err("it has a control character");
        }
        if line.starts_with([' ', '\t']) {
            let blank = line.trim_matches([' ', '\t']).is_empty();
            // To some readers a line of blanks ends the description, to others it does not.
            return if self.continues && !blank { Ok(()) } else { Err("it continues nothing, or is blank") };
        }
        let (name, value) = line.split_once(':').ok_or("it is no field")?;
        let graphic = |b: u8| b.is_ascii_graphic();
        if name.is_empty() || name.starts_with(['#', '-']) || !name.bytes().all(graphic) {
            return Err("it is no field");
        }
        (self.begun, self.continues) = (true, true);
        if let Some(place) = FIELDS.iter().position(|field| name.eq_ignore_ascii_case(field)) {
            // One line each: what stands behind it must not add to it.
            self.continues = false;
            if self.values[place].replace(value.trim_matches([' ', '\t'])).is_some() {
                return Err("the field stands there twice");
            }
        }
        Ok(())
    }

    /// Takes the package off the list of those that are expected.
    fn settle(self, expected: &mut HashMap<&str, &CarriedPackage>, line: usize) -> Result<(), IndexError> {
        let [name, version, architecture, path, size, sha256] = self.values.map(Option::unwrap_or_default);
        let same = |package: &CarriedPackage| {
            package.name.as_str() == name
                && package.version.as_str() == version
                && package.architecture.as_str() == architecture
                && package.size.to_string() == size
                && package.digest.hex() == sha256
        };
        match expected.remove(path) {
            Some(package) if same(package) => Ok(()),
            _ => Err(IndexError::Stranger { line, name: name.chars().take(120).collect() }),
        }
    }
}
