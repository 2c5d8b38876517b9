//! `site.yaml` on the jump host's disk, and the files beside it that it names.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use manifests::Site;
use manifests::site::{AuditPolicy, NamedFile, check_audit_policy};
use manifests::yaml::{Problem, Problems, SourceFile, limits};

use crate::checks::Waivers;

/// A file can't be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("can't read `{}`", path.display())]
pub struct ReadError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// Reads a file that people write: a byte more than is ever understood at most, so that the reader can say that it is
/// too large.
///
/// # Errors
/// [`ReadError`] when it can't be read, or is no UTF-8 text.
pub fn read_text(path: &Path) -> Result<String, ReadError> {
    let read = || {
        let mut text = String::new();
        File::open(path)?.take(limits::FILE_SIZE as u64 + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|source| ReadError { path: path.to_owned(), source })
}

/// Reads a `site.yaml` and looks for the files that it names.
///
/// # Errors
/// [`ReadError`], or [`Problems`] with everything that is wrong.
pub fn load(path: &Path) -> miette::Result<Site> {
    let site = Site::parse(&SourceFile::new(path.display().to_string(), &read_text(path)?))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Problems::check(site.files().into_iter().filter_map(|named| problem(folder, named)).collect())?;
    audit_policy(folder, &site)?;
    Waivers::of_site(&site)?;
    Ok(site)
}

/// The text of the audit policy of a site, where it has one of its own. `folder` is that of `site.yaml`.
///
/// # Errors
/// [`ReadError`], or [`Problems`] with everything that is wrong with the policy.
pub fn audit_policy(folder: &Path, site: &Site) -> miette::Result<Option<String>> {
    let Some(AuditPolicy::File(file)) = &site.options.audit_policy else { return Ok(None) };
    let path = folder.join(&file.path);
    let text = read_text(&path)?;
    check_audit_policy(&SourceFile::new(path.display().to_string(), &text))?;
    Ok(Some(text))
}

/// What is wrong with a file that a site names.
fn problem(folder: &Path, named: NamedFile<'_>) -> Option<Problem> {
    let place = &named.file.location;
    let path = folder.join(&named.file.path);
    let shown = path.display();
    match std::fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => {
            let problem = Problem::new(place, format!("`{shown}` is not a file"), "no file");
            Some(problem.with_help("name a file, relative to the folder of this one"))
        }
        Ok(metadata) if named.secret && metadata.mode() & 0o077 != 0 => {
            let message = format!("others than its owner may read `{shown}`, which holds a secret");
            let problem = Problem::new(place, message, format!("mode {:04o}", metadata.mode() & 0o7777));
            Some(problem.with_help(format!("run `chmod 600 {shown}`")))
        }
        Ok(_) => None,
        Err(error) => {
            let problem = Problem::new(place, format!("can't find `{shown}`: {error}"), "no such file");
            Some(problem.with_help("paths are relative to the folder of this file"))
        }
    }
}
