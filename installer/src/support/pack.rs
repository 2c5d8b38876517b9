//! One archive of all pages, for its owner alone.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use super::{Page, Redactor};

/// Writes pages, without secrets, into a new archive (tar with gzip). It is there whole or not at all.
///
/// # Errors
/// When it is there already, or can't be written.
pub fn write(path: &Path, pages: &[Page], redactor: &Redactor, now: Timestamp) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = tempfile::Builder::new().prefix(".support.").tempfile_in(folder)?;
    let mut archive = tar::Builder::new(GzEncoder::new(unfinished.as_file(), Compression::default()));
    for page in pages {
        let text = redactor.redact(&page.text);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(now.as_second()).unwrap_or_default());
        archive.append_data(&mut header, format!("support/{}", page.path), text.as_bytes())?;
    }
    archive.into_inner()?.finish()?;
    unfinished.as_file().set_permissions(Permissions::from_mode(0o600))?;
    unfinished.as_file().sync_all()?;
    unfinished.persist_noclobber(path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_archive_is_whole_and_without_secrets_and_takes_the_place_of_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("support.tar.gz");
        let mut redactor = Redactor::default();
        redactor.know("correct horse");
        let pages = [Page { path: "nodes/n1.txt".into(), text: "it said correct horse".into() }];
        write(&path, &pages, &redactor, Timestamp::UNIX_EPOCH).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(&path).unwrap()));
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("support/nodes/n1.txt"));
        assert_eq!(io::read_to_string(&mut entry).unwrap(), "it said [redacted]");
        assert_eq!(
            write(&path, &pages, &redactor, Timestamp::UNIX_EPOCH).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
