//! Reads what a chart's archive says about itself.
//!
//! An archive comes from others. What it may try, and what stands against it:
//! - a small file that unpacks to a huge one: [`MAX_UNPACKED`] bytes are unpacked, nothing is written;
//! - very many members: [`MAX_MEMBERS`];
//! - members outside of the chart's folder, with absolute paths or drive letters: refused, as Helm refuses them;
//! - two `Chart.yaml`, of which different readers take different ones: refused.

use std::cell::Cell;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::metadata::{self, Metadata, MetadataError};
use crate::bounded::Bounded;

/// The largest chart archive that is read, in bytes.
pub const MAX_ARCHIVE: u64 = 32 << 20;
/// The most that an archive may unpack to, in bytes: Helm's own limit.
pub const MAX_UNPACKED: u64 = 100 << 20;
/// The most members that an archive may have.
pub const MAX_MEMBERS: usize = 20_000;

/// Reads the metadata out of a `.tgz`, and checks that all of it can be unpacked.
///
/// # Errors
/// [`ArchiveError`] for what is no chart's archive or goes beyond a limit.
pub fn read_metadata(archive: impl Read) -> Result<Metadata, ArchiveError> {
    let (mut chart, mut requirements) = (None, None);
    let mut twice = false;
    for_each_file(archive, |name, file| {
        let slot = match name {
            "Chart.yaml" => &mut chart,
            "requirements.yaml" => &mut requirements,
            _ => return Ok(()),
        };
        let mut content = Vec::new();
        file.take(metadata::MAX_SIZE as u64 + 1).read_to_end(&mut content)?;
        twice |= slot.replace(content).is_some();
        Ok(())
    })?;
    if twice {
        return Err(ArchiveError::TwoOfOne);
    }
    let chart = chart.ok_or(ArchiveError::NoChartYaml)?;
    Metadata::parse(&chart, requirements.as_deref()).map_err(ArchiveError::Metadata)
}

/// Hands out the files of a `.tgz`, each with its path below the chart's folder, and reads all of it.
///
/// # Errors
/// [`ArchiveError`] for what is no chart's archive or goes beyond a limit, and when a file can't be read.
pub(crate) fn for_each_file(
    archive: impl Read,
    take: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> Result<(), ArchiveError> {
    for_each_file_within(archive, &Cell::new(MAX_UNPACKED), take)
}

/// The same, of which no more than what is `left` is unpacked: archives within each other share it.
///
/// # Errors
/// As [`for_each_file`].
pub(crate) fn for_each_file_within(
    archive: impl Read,
    left: &Cell<u64>,
    mut take: impl FnMut(&str, &mut dyn Read) -> io::Result<()>,
) -> Result<(), ArchiveError> {
    let unpacked = Bounded { inner: MultiGzDecoder::new(archive), left };
    let mut tar = tar::Archive::new(unpacked);
    let mut members = 0;
    for entry in tar.entries().map_err(classify)? {
        let mut entry = entry.map_err(classify)?;
        members += 1;
        if members > MAX_MEMBERS {
            return Err(ArchiveError::TooManyMembers);
        }
        if !entry.header().entry_type().is_dir() {
            let path = path_in_chart(&String::from_utf8_lossy(&entry.path_bytes()))?;
            take(&path, &mut entry).map_err(classify)?;
        }
    }
    // The end of the compressed data holds its checksum.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(classify)?;
    Ok(())
}

/// The path below the chart's folder, which is the first part of a member's path.
fn path_in_chart(name: &str) -> Result<String, ArchiveError> {
    let bad = || ArchiveError::Path(name.chars().take(120).collect());
    // An archive made on Windows has backslashes.
    let name = name.replace('\\', "/");
    let (folder, rest) = name.split_once('/').ok_or_else(bad)?;
    // `./chart/Chart.yaml` is no chart to Helm: it takes the dot for the folder.
    let parts: Vec<&str> = rest.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let drive = |part: &&str| part.as_bytes().get(1) == Some(&b':');
    let outside = rest.starts_with('/') || parts.contains(&"..") || parts.first().is_some_and(drive);
    if outside || parts.is_empty() || folder == ".." {
        return Err(bad());
    }
    Ok(parts.join("/"))
}

fn classify(error: io::Error) -> ArchiveError {
    if error.kind() == io::ErrorKind::FileTooLarge { ArchiveError::TooLarge } else { ArchiveError::Unreadable(error) }
}

/// What is no chart's archive.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ArchiveError {
    /// It is no gzipped tar, or it is damaged.
    #[error("the chart's archive can't be unpacked")]
    Unreadable(#[source] io::Error),
    /// It unpacks to too much.
    #[error("the chart's archive unpacks to more than {} MiB", MAX_UNPACKED >> 20)]
    TooLarge,
    /// It has too many members.
    #[error("the chart's archive has more than {MAX_MEMBERS} members")]
    TooManyMembers,
    /// A member lies outside of the chart's folder.
    #[error("the chart's archive has a member outside of the chart's folder: `{0}`")]
    Path(String),
    /// Which one counts would be a guess.
    #[error("the chart's archive has Chart.yaml or requirements.yaml twice")]
    TwoOfOne,
    /// There is none.
    #[error("the chart's archive has no Chart.yaml")]
    NoChartYaml,
    /// `Chart.yaml` is not what it must be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Metadata(MetadataError),
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const CHART: &[u8] = b"apiVersion: v2\nname: demo\nversion: 1.0.0\n";

    fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, content) in members {
            let mut header = tar::Header::new_gnu();
            // The crate's own setter refuses the paths that are tested here.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append(&header, *content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn it_reads_the_chart_whatever_its_folder_is_called() {
        let bytes =
            archive(&[("any/values.yaml", b"a: 1"), ("any/Chart.yaml", CHART), ("any/charts/sub/Chart.yaml", b"{")]);
        assert_eq!(read_metadata(&*bytes).unwrap().name, "demo");
    }

    #[test]
    fn hostile_archives_are_refused() {
        for (members, word) in [
            (&[("demo/Chart.yaml", CHART), ("demo/../../etc/passwd", b"x")][..], "outside"),
            (&[("demo//etc/passwd", b"x")], "outside"),
            (&[("Chart.yaml", CHART)], "outside"),
            (&[("demo/c:/x", b"x")], "outside"),
            (&[("demo\\..\\..\\x", b"x")], "outside"),
            (&[("demo/Chart.yaml", CHART), ("other/Chart.yaml", CHART)], "twice"),
            (&[("demo/values.yaml", b"")], "no Chart.yaml"),
            (&[], "no Chart.yaml"),
        ] {
            let error = read_metadata(&*archive(members)).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        let many: Vec<(&str, &[u8])> = vec![("demo/x", b""); MAX_MEMBERS + 1];
        assert!(matches!(read_metadata(&*archive(&many)), Err(ArchiveError::TooManyMembers)));
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let mut header = tar::Header::new_gnu();
        header.set_path("demo/zeros").unwrap();
        header.set_size(MAX_UNPACKED * 2);
        header.set_cksum();
        gzip.write_all(header.as_bytes()).unwrap();
        io::copy(&mut io::repeat(0).take(MAX_UNPACKED * 2), &mut gzip).unwrap();
        assert!(matches!(read_metadata(&*gzip.finish().unwrap()), Err(ArchiveError::TooLarge)));
    }

    #[test]
    fn damage_and_other_files_are_told_apart_from_charts() {
        let good = archive(&[("demo/Chart.yaml", CHART)]);
        for bytes in [&good[..good.len() - 6], b"<html>not found</html>", b""] {
            assert!(matches!(read_metadata(bytes), Err(ArchiveError::Unreadable(_))));
        }
    }
}
