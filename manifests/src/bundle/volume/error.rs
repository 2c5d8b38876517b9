//! What can be wrong with a set of volumes.

use std::path::PathBuf;

use super::Absent;
use crate::Digest;

/// What can be wrong with a set of volumes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum VolumeError {
    /// Volumes are not there.
    #[error("{}", missing(.absent, *.count))]
    #[diagnostic(help("put all volumes into one folder, or name each of them"))]
    Missing {
        /// Those that are not there.
        absent: Vec<Absent>,
        /// How many the set has.
        count: u32,
    },
    /// Two files say that they are the same volume.
    #[error("{first} and {second} are both volume {number} of the set", first = first.display(), second = second.display())]
    Duplicate {
        /// The number of the volume.
        number: u32,
        /// One file.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// A volume has another size than it should.
    #[error("volume {number} ({path}) has {actual} bytes instead of {expected}", path = path.display())]
    #[diagnostic(help("carry this volume again"))]
    Size {
        /// The number of the volume.
        number: u32,
        /// The file.
        path: PathBuf,
        /// The size that its header names, in bytes.
        expected: u64,
        /// Its size in bytes.
        actual: u64,
    },
    /// A volume belongs to another bundle.
    #[error("{path} is a volume of another bundle: {actual}, not {expected}", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The digest of the document of this set.
        expected: Digest,
        /// That of the volume.
        actual: Digest,
    },
    /// The same bundle was split twice, and the parts were mixed.
    #[error("{path} is of the same bundle, but was split differently from the other volumes", path = path.display())]
    MixedUp {
        /// The file.
        path: PathBuf,
    },
    /// The file is no volume.
    #[error("{path} is not a volume of a bundle", path = path.display())]
    NotAVolume {
        /// The file.
        path: PathBuf,
    },
}

fn missing(absent: &[Absent], count: u32) -> String {
    let names: Vec<String> = absent.iter().map(|absent| format!("{} ({})", absent.number, absent.name)).collect();
    let (noun, verb) = if names.len() == 1 { ("volume", "is") } else { ("volumes", "are") };
    format!("{noun} {} of {count} {verb} missing", names.join(", "))
}
