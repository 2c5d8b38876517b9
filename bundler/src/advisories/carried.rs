//! A database that the bundle carries: a file at `advisories/NAME.zip` of any component's set.

use std::io;

use manifests::bundle::VerifiedBundle;
use manifests::document::{CarriedFile, Item};

use super::{AdvisoryError, Database};

/// All that a bundle carries. Each is copied to a temporary file without a name: a zip is read to and fro.
///
/// # Errors
/// [`AdvisoryError`] for damaged content, or when a temporary file can't be written.
pub fn carried(bundle: &VerifiedBundle) -> Result<Vec<Database>, AdvisoryError> {
    let sets = bundle.document().items.iter().filter_map(Item::as_files);
    let files = sets.flat_map(|set| set.files.iter().map(move |file| (format!("{}/{}", set.name, file.path), file)));
    files.filter(|(_, file)| is_database(file)).map(|(name, file)| open(bundle, name, file)).collect()
}

fn is_database(file: &CarriedFile) -> bool {
    file.path.starts_with("advisories/") && file.path.ends_with(".zip")
}

fn open(bundle: &VerifiedBundle, name: String, file: &CarriedFile) -> Result<Database, AdvisoryError> {
    let mut content = bundle.read(&file.digest)?;
    let copy = || -> io::Result<_> {
        let mut aside = tempfile::tempfile()?;
        io::copy(&mut content, &mut aside)?;
        Ok(aside)
    };
    let aside = { copy }().map_err(AdvisoryError::read(name.as_str()))?;
    Ok(Database::zip(name, aside))
}
