//! Lists of images that upstreams publish, as files for discovery.

use std::io::Read as _;
use std::path::Path;

use manifests::Digest;
use manifests::component::FileSource;
use manifests::lock::LockedList;
use serde_json::json;

use super::Looker;
use crate::build::error::{BuildError, ItemFailure};
use crate::discovery::ListRequest;
use crate::discovery::list::LARGEST;
use crate::files::FileError;
use crate::lock::Folder;
use crate::resolve::stack::{ResolvedImageList, ResolvedStack};

/// The lists of a stack, as a lock remembers them.
pub(super) fn locked(stack: &ResolvedStack, folder: &Folder) -> Vec<LockedList> {
    let one = |own: &ResolvedImageList| {
        let digest = match &own.list.source {
            // The reader of stacks refuses a list without.
            FileSource::Url { sha256, .. } => sha256.unwrap_or(Digest::of(b"")),
            // One that can't be read is told where it is looked for.
            FileSource::Local { path, .. } => {
                let bytes = std::fs::File::open(path).and_then(|file| {
                    let mut bytes = Vec::new();
                    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
                    Ok(bytes)
                });
                Digest::of(&bytes.unwrap_or_default())
            }
        };
        let choice = json!([own.list.placeholders, own.list.choice.only, own.list.choice.except]);
        LockedList {
            component: own.component.clone(),
            list: name(own, folder),
            asked: folder.place(&own.list.location),
            digest,
            choice: Digest::of(choice.to_string().as_bytes()),
        }
    };
    let mut lists: Vec<LockedList> = stack.image_lists.iter().map(one).collect();
    lists.sort();
    lists
}

fn name(own: &ResolvedImageList, folder: &Folder) -> String {
    crate::lock::file_source(&own.list.source, folder).0
}

impl Looker<'_> {
    /// Brings all lists to files in a folder. All that can't be had are told.
    pub(super) async fn lists(&self, folder: &Path) -> Result<Vec<ListRequest>, BuildError> {
        let (mut requests, mut failures) = (Vec::new(), Vec::new());
        for (at, own) in self.stack.image_lists.iter().enumerate() {
            let list = name(own, self.folder);
            match self.sources.small_file(&own.list.source, LARGEST).await {
                Ok(bytes) => {
                    let path = folder.join(format!("list-{at}"));
                    tokio::fs::write(&path, bytes).await.map_err(BuildError::Temporary)?;
                    let (placeholders, choice) = (own.list.placeholders.clone(), own.list.choice.clone());
                    requests.push(ListRequest { component: own.component.clone(), list, path, placeholders, choice });
                }
                Err(problem) => failures.push(ItemFailure::from(FileError::at(
                    &own.list.location,
                    &own.component,
                    "list of images",
                    &list,
                    problem,
                ))),
            }
        }
        let of = self.stack.image_lists.len();
        if failures.is_empty() { Ok(requests) } else { Err(BuildError::Unresolved { failures, of }) }
    }
}
