//! Charts on disk: a folder, which is packaged, or a `.tgz`, which stays as it is.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use manifests::Digest;
use manifests::digest::Hasher;

use super::{ChartProblem, ChartSources, Packed, assemble, name};
use crate::charts::archive::{self, ArchiveError, MAX_ARCHIVE};
use crate::charts::package::package;
use crate::content::{Found, Origin, Resolved};
use crate::resolve::stack::ResolvedChart;

/// The largest provenance file that is read, in bytes.
pub(super) const MAX_PROVENANCE: u64 = 1 << 20;

pub(super) async fn find(sources: &ChartSources, chart: &ResolvedChart, path: &Path) -> Result<Resolved, ChartProblem> {
    let (owned, created) = (path.to_owned(), sources.0.created);
    let failed = |error| ChartProblem::Read { path: path.to_owned(), source: io::Error::other(error) };
    let packed = tokio::task::spawn_blocking(move || read(&owned, created)).await.map_err(failed)??;
    assemble(chart, packed)
}

fn read(path: &Path, created: Timestamp) -> Result<Packed, ChartProblem> {
    let failed = |source| ChartProblem::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.is_dir() {
        let packaged = package(path, created)?;
        let archive = (Digest::of(&packaged.archive), packaged.archive.len() as u64);
        return Ok(Packed {
            reference: name::local(&packaged.metadata)?,
            metadata: packaged.metadata,
            archive,
            origin: Origin::Bytes(packaged.archive.into()),
            provenance: None,
            repository: None,
            found: Found::Plainly,
        });
    }
    let wrong = |source| ChartProblem::Archive { place: path.display().to_string(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Hasher::new();
    let size = io::copy(&mut (&file).take(MAX_ARCHIVE + 1), &mut hasher).map_err(failed)?;
    if size > MAX_ARCHIVE {
        return Err(wrong(ArchiveError::TooLarge));
    }
    file.rewind().map_err(failed)?;
    let metadata = archive::read_metadata(io::BufReader::new(file)).map_err(wrong)?;
    Ok(Packed {
        reference: name::local(&metadata)?,
        metadata,
        archive: (hasher.finish(), size),
        origin: Origin::LocalFile { path: path.to_owned() },
        provenance: provenance(path)?,
        repository: None,
        found: Found::Plainly,
    })
}

/// The file beside the archive, with `.prov` behind its name.
fn provenance(archive: &Path) -> Result<Option<Bytes>, ChartProblem> {
    let mut path = archive.as_os_str().to_owned();
    path.push(".prov");
    let failed = |source| ChartProblem::Read { path: path.clone().into(), source };
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    let size = file.take(MAX_PROVENANCE + 1).read_to_end(&mut bytes).map_err(failed)? as u64;
    if size > MAX_PROVENANCE {
        return Err(failed(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    Ok(Some(bytes.into()))
}
