//! What there is to build bundles of: the components and the stacks in a folder.

use std::path::{Path, PathBuf};

use manifests::Component;
use manifests::yaml::{Problem, Problems};

use crate::lock::is_lock;
use crate::resolve::stack::{ResolveError, ResolvedStack, load, read};

/// A folder that can't be shown.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CatalogueError {
    /// It can't be listed.
    #[error("can't read the folder {}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing is in it.
    #[error("there is no file of YAML in the folder {}", folder.display())]
    #[diagnostic(help(
        "name the folder that the files are in, such as `--folder manifests/components`; those below it don't count"
    ))]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// A file in it can't be read.
    #[error("can't read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What files in it say is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Problems(#[from] Problems),
    /// A stack can't be put together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Resolve(#[from] ResolveError),
}

/// The components in a folder, in the order of their names.
///
/// # Errors
/// [`CatalogueError`]: the problems of all files together.
pub fn components(folder: &Path) -> Result<Vec<Component>, CatalogueError> {
    let mut components = Vec::new();
    let mut problems = Vec::new();
    for path in files(folder)? {
        let source = read(&path).map_err(|source| CatalogueError::Read { path: path.clone(), source })?;
        match Component::parse(&source) {
            Ok(component) => {
                problems.extend(misnamed(&path, &component));
                components.push(component);
            }
            Err(found) => problems.extend(found.into_list()),
        }
    }
    Problems::check(problems)?;
    Ok(components)
}

/// The stacks in a folder, in the order of their names, each with all that it stands on.
///
/// # Errors
/// [`CatalogueError`].
pub fn stacks(folder: &Path) -> Result<Vec<ResolvedStack>, CatalogueError> {
    files(folder)?.iter().map(|path| Ok(load(path)?)).collect()
}

/// The files of YAML in a folder, not in those below it. A lock that somebody has made beside its stack is none of them.
fn files(folder: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let wrong = |source| CatalogueError::Folder { folder: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") && !is_lock(&path) && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(CatalogueError::Empty { folder: folder.to_owned() });
    }
    // By the name, not by the file's: `.` comes behind `-`.
    files.sort_by_cached_key(|path| path.file_stem().map(ToOwned::to_owned));
    Ok(files)
}

/// A stack looks a component up by the name of its file.
fn misnamed(path: &Path, component: &Component) -> Option<Problem> {
    let name = &component.name;
    if path.file_stem().is_some_and(|stem| stem == name.as_str()) {
        return None;
    }
    let message = format!("the component in {} is called `{name}`", path.display());
    let problem = Problem::new(&component.location, message, "another name than the file's");
    Some(problem.with_help(format!("call the file `{name}.yaml`")))
}
