//! Lists of checksums, as `sha256sum` writes them, and files that are held against one of their component.

use bytes::Bytes;
use manifests::Digest;
use manifests::component::FileSource;
use manifests::document::CarriedFile;

use super::{FileError, FileProblem, FileSources, FoundFile};
use crate::content::Origin;
use crate::lock::Pins;
use crate::resolve::stack::ResolvedFile;

/// Bytes that a list may have.
const LIST: u64 = 4 << 20;

impl FileSources {
    /// Holds files that were looked up now against the lists that they name. What is pinned was held against one when it was.
    pub(super) async fn not_as_listed(
        &self,
        files: &[ResolvedFile],
        found: &[Result<FoundFile, FileProblem>],
        pins: &Pins,
    ) -> Vec<FileError> {
        let mut errors = Vec::new();
        for (file, came) in files.iter().zip(found) {
            let (Some(path), Ok(came)) = (&file.checksums, came) else { continue };
            let is_list = |other: &ResolvedFile| other.component == file.component && other.path == *path;
            // A list that can't be had is an error of its own.
            let list = files.iter().zip(found).find(|(other, _)| is_list(other));
            let (Some((asked, Ok(list))), None) = (list, pins.file(file)) else { continue };
            let held = match self.read(&asked.source, list).await {
                Ok(text) => {
                    lists(&text, &came.file).map_err(|why| FileProblem::NotAsListed { list: path.clone(), why })
                }
                Err(problem) => Err(problem),
            };
            errors.extend(held.err().map(|problem| FileError::new(file, problem)));
        }
        errors
    }

    /// The bytes of a list, wherever they are by now.
    async fn read(&self, source: &FileSource, list: &FoundFile) -> Result<Bytes, FileProblem> {
        let sha256 = Some(list.file.digest);
        let source = match (&list.origin, source) {
            (Origin::LocalFile { path }, _) | (_, FileSource::Local { path, .. }) => {
                FileSource::Local { path: path.clone(), sha256 }
            }
            (_, FileSource::Url { url, .. }) => FileSource::Url { url: url.clone(), sha256 },
        };
        self.small(&source, LIST).await
    }
}

/// Whether a list of checksums, as `sha256sum` writes it, has a file: by its path, or by the last part of it where one line alone
/// has that. Two files of one name may be of other versions, or for other machines.
pub(crate) fn lists(list: &[u8], file: &CarriedFile) -> Result<(), String> {
    let list = std::str::from_utf8(list).map_err(|_| "is not UTF-8")?;
    let name = file.path.rsplit('/').next().unwrap_or(&file.path);
    // `<hex>  name`, or `<hex> *name` for what was read as binary.
    let lines = list.lines().filter_map(|line| line.split_once(' '));
    let lines = lines.map(|(hex, listed)| (hex, listed.trim_start().trim_start_matches('*').trim_start_matches("./")));
    let of = |is_it: &dyn Fn(&str) -> bool| lines.clone().filter(|(_, listed)| is_it(listed)).collect::<Vec<_>>();
    let exact = of(&|listed| listed == file.path);
    let found = if exact.is_empty() { of(&|listed| listed.rsplit('/').next() == Some(name)) } else { exact };
    let hex = match found.as_slice() {
        [] => return Err(format!("does not list {name}")),
        [(hex, _)] => hex,
        [(first, _), rest @ ..] if rest.iter().all(|(hex, _)| hex == first) => first,
        _ => return Err(format!("lists {name} more than once, and none of them as {}", file.path)),
    };
    match Digest::from_hex(hex) {
        Ok(digest) if digest == file.digest => Ok(()),
        Ok(digest) => Err(format!("has {digest} for {name}, which is {}", file.digest)),
        Err(_) => Err(format!("has no SHA-256 of {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_sha256sum_writes_them() {
        let (right, wrong) = (Digest::of(b"a"), Digest::of(b"b"));
        let file = CarriedFile { path: "bin/tool".into(), digest: right, size: 1, source: None };
        for line in ["{}  tool", "{} *tool", "{}  ./tool", "{}  bin/tool", "{}  dist/tool"] {
            assert_eq!(lists(line.replace("{}", &right.hex()).as_bytes(), &file), Ok(()), "{line}");
            let said = lists(line.replace("{}", &wrong.hex()).as_bytes(), &file).unwrap_err();
            assert!(said.contains("for tool, which is"), "{said}");
        }
        for list in ["", "tool", &format!("{}  other", right.hex()), &format!("{}  tool.asc", right.hex())] {
            assert_eq!(lists(list.as_bytes(), &file), Err("does not list tool".to_owned()), "{list}");
        }
        assert!(lists(b"d41d8cd98f00b204e9800998ecf8427e  tool", &file).unwrap_err().contains("no SHA-256"));
        // An older one of the same name, or one for other machines, is another file.
        let (right, wrong) = (right.hex(), wrong.hex());
        let two = format!("{right}  v1.0/tool\n{wrong}  v1.1/tool\n");
        assert!(lists(two.as_bytes(), &file).unwrap_err().contains("more than once"));
        assert_eq!(lists(format!("{wrong}  v1.1/tool\n{right}  bin/tool\n").as_bytes(), &file), Ok(()));
    }
}
