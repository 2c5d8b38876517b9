//! Writing aside and renaming.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use manifests::Digest;

use super::aside::Aside;
use super::{ExtractError, Extraction};

/// Told of bytes as they are written; says whether to go on.
type Progress<'a> = &'a (dyn Fn(u64) -> bool + Sync);

/// A whole folder that is not there yet.
pub(super) fn as_folder(
    extraction: &Extraction<'_>,
    output: &Path,
    jobs: usize,
    progress: Progress<'_>,
) -> Result<PathBuf, ExtractError> {
    if !is_free(output)? {
        return Err(ExtractError::Exists { path: output.to_owned() });
    }
    let parent = parent(output);
    fs::create_dir_all(parent).map_err(ExtractError::io("create", parent))?;
    let aside = Aside::folder(output)?;
    for (name, text) in &extraction.texts {
        let path = aside.path().join(name);
        fs::write(&path, text).map_err(ExtractError::io("write", &path))?;
        go_on(progress, text.len())?;
    }
    write_blobs(extraction, aside.path(), jobs, progress)?;
    sync(aside.path()).map_err(ExtractError::io("sync", aside.path()))?;
    aside.rename(output).map_err(ExtractError::io("rename to", output))?;
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(ExtractError::io("sync", parent))?;
    Ok(output.to_owned())
}

/// Nothing there, or an empty folder: a rename takes its place.
fn is_free(output: &Path) -> Result<bool, ExtractError> {
    match fs::read_dir(output) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(ExtractError::io("read", output)(error)),
    }
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_blobs(
    extraction: &Extraction<'_>,
    dir: &Path,
    jobs: usize,
    progress: Progress<'_>,
) -> Result<(), ExtractError> {
    let queue = Mutex::new(extraction.blobs.iter());
    let work = || {
        while let Some((name, digest)) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            let path = dir.join(name);
            let folder = parent(&path);
            fs::create_dir_all(folder).map_err(ExtractError::io("create", folder))?;
            let file = File::create_new(&path).map_err(ExtractError::io("create", &path))?;
            copy(extraction, digest, &path, file, progress)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        let panicked = || Err(ExtractError::io("write to", dir)(io::Error::other("a thread failed")));
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| panicked()))
    })
}

/// Files that are added to a folder, each whole or not at all.
pub(super) fn into_folder(
    extraction: &Extraction<'_>,
    dir: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf, ExtractError> {
    fs::create_dir_all(dir).map_err(ExtractError::io("create", dir))?;
    let mut first = None;
    for (name, digest) in &extraction.blobs {
        let path = dir.join(name);
        let aside = Aside::file(&path)?;
        copy(extraction, digest, &path, aside.as_file(), progress)?;
        aside.as_file().sync_all().map_err(ExtractError::io("sync", &path))?;
        aside.rename_to_free(&path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExtractError::Exists { path: path.clone() },
            _ => ExtractError::io("rename to", &path)(error),
        })?;
        first.get_or_insert(path);
    }
    Ok(first.unwrap_or_else(|| dir.to_owned()))
}

/// Copies a blob. The reader fails at the end of content that is not what its digest says.
fn copy(
    extraction: &Extraction<'_>,
    digest: &Digest,
    path: &Path,
    mut file: impl Write,
    progress: Progress<'_>,
) -> Result<(), ExtractError> {
    let failed = |source| ExtractError::Blob { digest: *digest, path: path.to_owned(), source };
    let mut reader = extraction.bundle.read(digest)?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        let read = reader.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            return Ok(());
        }
        file.write_all(&buffer[..read]).map_err(failed)?;
        go_on(progress, read)?;
    }
}

fn go_on(progress: Progress<'_>, bytes: usize) -> Result<(), ExtractError> {
    if progress(bytes as u64) { Ok(()) } else { Err(ExtractError::Interrupted) }
}

fn sync(dir: &Path) -> io::Result<()> {
    rustix::fs::syncfs(File::open(dir)?).map_err(io::Error::from)
}
