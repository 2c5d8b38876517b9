//! The names of the images in an archive, as `docker save` writes it or as an image layout.

use std::io::{self, Read};

use flate2::read::GzDecoder;
use manifests::Digest;
use manifests::oci::Index;
use serde::Deserialize;

/// More than any list of images in an archive has, in bytes.
const LIST_SIZE: u64 = 16 << 20;
/// More than any archive of images unpacks to, in bytes.
const UNPACKED_SIZE: u64 = 64 << 30;
/// The annotation by which containerd names an image in a layout.
const CONTAINERD_NAME: &str = "io.containerd.image.name";

/// An image in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The name.
    pub(super) name: String,
    /// The digest of its manifest or of its configuration, whichever the archive has.
    pub(super) content: Option<Digest>,
}

/// An entry of `manifest.json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
}

/// Reads an archive whose file has the name `file`: its ending says how it is compressed.
pub(super) fn images(file: &str, content: impl Read) -> io::Result<Vec<Named>> {
    if file.ends_with(".zst") {
        list(zstd::Decoder::new(content)?)
    } else if file.ends_with(".gz") {
        list(GzDecoder::new(content))
    } else {
        list(content)
    }
}

/// The lists stand anywhere in the archive, usually at its end.
fn list(content: impl Read) -> io::Result<Vec<Named>> {
    let mut archive = tar::Archive::new(content.take(UNPACKED_SIZE));
    let mut found = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path_bytes().into_owned();
        let text = |entry: &mut dyn Read| -> io::Result<Vec<u8>> {
            let mut text = Vec::new();
            entry.take(LIST_SIZE).read_to_end(&mut text)?;
            Ok(text)
        };
        match path.strip_prefix(b"./").unwrap_or(&path) {
            b"manifest.json" => found.extend(saved(&text(&mut entry)?)?),
            b"index.json" => found.extend(laid_out(&text(&mut entry)?)?),
            _ => {}
        }
    }
    Ok(found)
}

fn saved(text: &[u8]) -> io::Result<Vec<Named>> {
    let saved: Vec<Saved> = serde_json::from_slice(text)?;
    let of = |one: Saved| {
        // `HEX.json`, or `blobs/sha256/HEX`.
        let hex = one.config.rsplit('/').next().unwrap_or_default().trim_end_matches(".json").to_owned();
        let content = Digest::from_hex(&hex).ok();
        one.repo_tags.unwrap_or_default().into_iter().map(move |name| Named { name, content })
    };
    Ok(saved.into_iter().flat_map(of).collect())
}

fn laid_out(text: &[u8]) -> io::Result<Vec<Named>> {
    let index: Index = serde_json::from_slice(text)?;
    let named = index.manifests.into_iter().filter_map(|descriptor| {
        let name = descriptor.annotations.get(CONTAINERD_NAME)?.clone();
        Some(Named { name, content: Some(descriptor.digest) })
    });
    Ok(named.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tar(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn images_are_found_in_both_forms_and_however_they_are_compressed() {
        let config = Digest::of(b"config");
        let list = format!(
            r#"[{{"Config":"{}.json","RepoTags":["docker.io/rancher/pause:3.6"],"Layers":[]}},
                {{"Config":"blobs/sha256/{}","RepoTags":null,"Layers":[]}}]"#,
            config.hex(),
            config.hex()
        );
        let pause = Named { name: "docker.io/rancher/pause:3.6".into(), content: Some(config) };
        let plain = tar(&[("layer", "x"), ("manifest.json", &list)]);
        assert_eq!(images("images.tar", plain.as_slice()).unwrap(), std::slice::from_ref(&pause));
        let small = zstd::encode_all(plain.as_slice(), 1).unwrap();
        assert_eq!(images("images.tar.zst", small.as_slice()).unwrap(), [pause]);

        let layout = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{config}",
                "size":1,"annotations":{{"io.containerd.image.name":"docker.io/library/a:1"}}}}]}}"#
        );
        let found = images("a.tar", tar(&[("./index.json", &layout)]).as_slice()).unwrap();
        assert_eq!(found, [Named { name: "docker.io/library/a:1".into(), content: Some(config) }]);
    }

    #[test]
    fn what_is_no_archive_of_images_is_said_to_be_none() {
        assert!(images("images.tar.zst", &b"not compressed"[..]).is_err());
        assert!(images("images.tar", tar(&[("manifest.json", "{")]).as_slice()).is_err());
    }
}
