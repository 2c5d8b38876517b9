//! The folder of a stack, which the paths in its lock are relative to: a lock is the same wherever the tree lies.

use std::path::{Component, Path, PathBuf};

use manifests::lock::Place;
use manifests::yaml::Location;

/// The folder of a stack.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder that a stack's file lies in.
    pub fn of(stack: &Path) -> Self {
        Self(stack.parent().unwrap_or(Path::new("")).to_owned())
    }

    /// A place, relative to the folder.
    pub fn place(&self, location: &Location) -> Place {
        Place::new(self.path(Path::new(location.file())), location.line())
    }

    /// A path, relative to the folder. What lies elsewhere on the disk stays as it is.
    pub fn path(&self, path: &Path) -> String {
        if path.has_root() != self.0.has_root() {
            return path.display().to_string();
        }
        let (folder, parts) = (parts(&self.0), parts(path));
        let shared = folder.iter().zip(&parts).take_while(|(one, other)| one == other).count();
        let up = folder[shared..].iter().map(|_| Component::ParentDir);
        let relative: PathBuf = up.chain(parts[shared..].iter().copied()).collect();
        relative.display().to_string()
    }
}

fn parts(path: &Path) -> Vec<Component<'_>> {
    let mut parts = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_folder_of_the_stack() {
        for (stack, path, expected) in [
            ("stack.yaml", "stack.yaml", "stack.yaml"),
            ("./stack.yaml", "components/a.yaml", "components/a.yaml"),
            ("stack.yaml", "../components/a.yaml", "../components/a.yaml"),
            ("stacks/p.yaml", "components/a.yaml", "../components/a.yaml"),
            ("/tree/stacks/p.yaml", "/tree/components/a.yaml", "../components/a.yaml"),
            ("../stacks/p.yaml", "../components/a.yaml", "../components/a.yaml"),
            ("stacks/p.yaml", "stacks/../images/x.tar", "../images/x.tar"),
            ("stacks/p.yaml", "/srv/x.tar", "/srv/x.tar"),
        ] {
            assert_eq!(Folder::of(Path::new(stack)).path(Path::new(path)), expected, "{stack} {path}");
        }
    }
}
