//! Git repositories that controllers deploy from: the objects in all files of the carried commits, whatever path an Application names.
//! A path may be put together in the cluster, so what is not deployed is looked through too rather than guessed.

use super::{Found, LARGEST, Origin, Place, RepositoryRequest, TreeRequest, Trouble, read_text};

/// Whether a file says that its folder is a chart.
pub(crate) fn is_chart_file(path: &str) -> bool {
    name(path) == "Chart.yaml"
}

/// Whether a file says that its folder is one of kustomize.
pub(crate) fn is_kustomization(path: &str) -> bool {
    matches!(name(path), "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Goes through all files of a repository.
pub(super) fn read(request: &RepositoryRequest, found: &mut Found) {
    for tree in &request.trees {
        Files { request, tree, found }.read();
    }
}

/// The files of one commit.
struct Files<'a> {
    request: &'a RepositoryRequest,
    tree: &'a TreeRequest,
    found: &'a mut Found,
}

impl<'a> Files<'a> {
    fn read(&mut self) {
        for (path, why) in &self.tree.unread {
            self.fail(path, Trouble::Unreadable { why: why.clone() });
        }
        for path in self.tree.files.keys() {
            self.file(path);
        }
    }

    fn file(&mut self, path: &str) {
        let Some(file) = self.tree.files.get(path) else { return };
        match read_text(file, LARGEST) {
            Ok(text) if super::walk::may_be_object(&text) => self.found.file(&text, &self.place(path)),
            Ok(_) => {}
            Err(why) => self.fail(path, Trouble::Unreadable { why }),
        }
    }

    fn fail(&mut self, path: &str, trouble: Trouble) {
        let place = self.place(path);
        self.found.fail(&place, trouble);
    }

    fn place(&self, path: &str) -> Place<'a> {
        let (request, at) = (self.request, self.tree.at.clone());
        let origin =
            Origin::Repository { repository: request.repository.clone(), at, file: path.to_owned(), line: None };
        Place { component: &request.component, origin, variant: None, placeholders: &[] }
    }
}
