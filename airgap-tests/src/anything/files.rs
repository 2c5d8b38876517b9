//! Files of releases: from where stacks ask for them, by way of another host.

use std::collections::BTreeMap;

use bundler::resolve::ResolvedStack;
use bundler::resolve::stack::ResolvedFile;
use manifests::Digest;
use manifests::component::FileSource;

use super::server::Reply;

/// The host that has the content.
const STORE: &str = "store.example.org";

/// Files by host and path.
#[derive(Debug)]
pub(super) struct Files {
    content: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// Those that stacks ask for.
    pub(super) fn of(stacks: &[ResolvedStack]) -> Self {
        let files = || stacks.iter().flat_map(|stack| &stack.files);
        let mut content = BTreeMap::new();
        for file in files() {
            let Some(place) = place(file) else { continue };
            let of_list = |other: &&ResolvedFile| {
                other.component == file.component && other.checksums.as_ref() == Some(&file.path)
            };
            let line = |other: &ResolvedFile| Some(format!("{}  {}\n", Digest::of(&made(other)?).hex(), other.path));
            let lines: String = files().filter(of_list).filter_map(line).collect();
            let bytes = if lines.is_empty() { made(file).unwrap_or_default() } else { lines.into_bytes() };
            content.insert(place, bytes);
        }
        Self { content }
    }

    pub(super) fn answer(&self, place: &str) -> Option<Reply> {
        match place.strip_prefix(STORE).and_then(|rest| rest.strip_prefix('/')) {
            Some(place) => Some(Reply::new("application/octet-stream", self.content.get(place)?.as_slice())),
            None => self.content.contains_key(place).then(|| Reply::redirect(format!("https://{STORE}/{place}"))),
        }
    }
}

/// Host and path of a file from a web server, as it is asked for.
fn place(file: &ResolvedFile) -> Option<String> {
    let FileSource::Url { url, .. } = &file.source else { return None };
    Some(format!("{}{}", url.host_str()?, url.path()))
}

/// What a file holds: where it comes from.
fn made(file: &ResolvedFile) -> Option<Vec<u8>> {
    Some(format!("{}\n", place(file)?).into_bytes())
}
