//! Files in tar archives, the same bytes each time.

use std::io::Write;

use anyhow::{Context, Result};

/// A file or, with a target, a link.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Bytes(Vec<u8>),
    Link(&'static str),
    Folder,
}

impl Entry {
    pub(super) fn file(path: &str, mode: u32, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), mode, content: Content::Bytes(bytes.into()) }
    }

    pub(super) fn link(path: &str, target: &'static str) -> Self {
        Self { path: path.to_owned(), mode: 0o777, content: Content::Link(target) }
    }

    pub(super) fn folder(path: &str, mode: u32) -> Self {
        Self { path: path.to_owned(), mode, content: Content::Folder }
    }
}

/// Writes an archive and returns what it is written to.
pub(super) fn write<W: Write>(entries: &[Entry], to: W) -> Result<W> {
    let mut archive = tar::Builder::new(to);
    for entry in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.mode);
        let failed = || format!("cannot pack {}", entry.path);
        match &entry.content {
            Content::Bytes(bytes) => {
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, &entry.path, bytes.as_slice()).with_context(failed)?;
            }
            Content::Link(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                header.set_size(0);
                archive.append_link(&mut header, &entry.path, target).with_context(failed)?;
            }
            Content::Folder => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_size(0);
                archive.append_data(&mut header, &entry.path, std::io::empty()).with_context(failed)?;
            }
        }
    }
    archive.into_inner().context("cannot end an archive")
}
