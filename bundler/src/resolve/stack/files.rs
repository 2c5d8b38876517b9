//! Reading a stack's file and those of its components.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use manifests::component::{ValuesFile, WantedChart};
use manifests::stack::{ComponentSource, ComponentUse};
use manifests::yaml::{Problem, Problems, SourceFile, limits};
use manifests::{Component, Stack, values};

use super::compose::{Composed, compose};
use super::{ResolvedStack, changes, merge};

/// How many folders are looked into for `components/`: the stack's own and those above it.
const LEVELS: usize = 8;

/// A stack that can't be resolved.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ResolveError {
    /// The stack's file can't be read.
    #[error("can't read the stack {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
        /// What to do.
        #[help]
        help: Option<&'static str>,
    },
    /// What the files say is wrong.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Problems(#[from] Problems),
}

/// Loads a stack and its components. The problems of all files are listed together.
///
/// # Errors
/// [`ResolveError`] when a file can't be read or says what can't be done.
pub fn load(path: &Path) -> Result<ResolvedStack, ResolveError> {
    let source = read(path).map_err(|source| {
        let wrong_name = matches!(source.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory);
        let help = wrong_name.then_some("name the stack's file, such as platform.yaml");
        ResolveError::Read { path: path.to_owned(), source, help }
    })?;
    let (Composed { mut stack, without }, mut problems) = compose(Stack::parse(&source)?, path);
    problems.extend(files_of_values(&mut stack.charts));
    let (mut components, mut removed) = (Vec::new(), Vec::new());
    for used in &stack.components {
        match component(used) {
            Ok(mut component) => {
                problems.extend(files_of_values(&mut component.charts));
                problems.extend(changes::apply(&mut component, used));
                removed.extend(changes::removed(&component, used));
                components.push(component);
            }
            Err(found) => problems.extend(found.into_list()),
        }
    }
    let (resolved, conflicts) = merge::merge(stack, components, removed, &without);
    problems.extend(conflicts);
    Problems::check(problems)?;
    Ok(resolved)
}

/// A component, from where the file that uses it says.
fn component(used: &ComponentUse) -> Result<Component, Problems> {
    let folder = Path::new(used.location.file()).parent().unwrap_or(Path::new(""));
    let path = match &used.component {
        ComponentSource::File(file) => folder.join(file),
        ComponentSource::Name(name) => find(folder, name.as_str()).ok_or_else(|| {
            Problem::new(&used.location, format!("there is no component `{name}`"), "not found").with_help(format!(
                "looked for components/{name}.yaml in the folder of the stack and those above it; \
                 a file elsewhere is named by its path, such as `./{name}.yaml`"
            ))
        })?,
    };
    let source = read(&path).map_err(|error| {
        let message = format!("can't read the component {}: {error}", path.display());
        Problem::new(&used.location, message, "named here").with_help("the path is relative to the stack's folder")
    })?;
    let component = Component::parse(&source)?;
    match &used.component {
        ComponentSource::Name(name) if *name != component.name => {
            let message = format!("the component in {} is called `{}`", path.display(), component.name);
            let problem = Problem::new(&component.location, message, "another name");
            Err(problem.with_other(&used.location, "used").with_help(format!("call it `{name}`")).into())
        }
        _ => Ok(component),
    }
}

/// Reads the files in which charts have their values.
fn files_of_values(charts: &mut [WantedChart]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for release in charts.iter_mut().filter_map(|chart| chart.release.as_mut()) {
        let Some(ValuesFile { mut path, location }) = release.values_file.take() else { continue };
        super::rebase(&mut path, &location);
        match read(&path) {
            Ok(source) => match values::parse(&source) {
                Ok(values) => release.values = values,
                Err(found) => problems.extend(found.into_list()),
            },
            Err(error) => {
                let message = format!("can't read the values {}: {error}", path.display());
                let problem = Problem::new(&location, message, "named here");
                problems.push(problem.with_help("the path is relative to this file's folder"));
            }
        }
    }
    problems
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let file = Path::new("components").join(format!("{name}.yaml"));
    let mut folder = folder.to_owned();
    for _ in 0..LEVELS {
        let candidate = folder.join(&file);
        if candidate.is_file() {
            return Some(candidate);
        }
        // A relative folder is climbed by `..`, so that paths in messages stay as people wrote them.
        folder = match (folder.parent(), folder.file_name()) {
            (Some(parent), Some(_)) => parent.to_owned(),
            _ if folder.has_root() => return None,
            _ => folder.join(".."),
        };
    }
    None
}

/// Reads a file of YAML, no larger than such a file may be.
pub(super) fn read(path: &Path) -> std::io::Result<Arc<SourceFile>> {
    let mut bytes = Vec::new();
    // One byte more than is read: the parser then says that the file is too large.
    std::fs::File::open(path)?.take(limits::FILE_SIZE as u64 + 1).read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        std::io::Error::new(std::io::ErrorKind::InvalidData, format!("line {line} is not UTF-8"))
    })?;
    Ok(SourceFile::new(path.display().to_string(), &text))
}
