//! From a file to a lock. The file is written by a program, so the first mistake in it is told and no more.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;

use super::{Lock, VERSION};
use crate::yaml::{Location, Problem, Problems, SourceFile};

/// The largest lock that is read, in bytes: one of some 50 000 items.
pub const FILE_SIZE: usize = 16 << 20;
/// Values that are read of a file at most.
const NODES: usize = 2_000_000;

const AGAIN: &str = "a lock is written by `airgap-bundle lock`: take it from version control again, or write it anew";

/// What tells a lock from other files, whatever else they say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: String,
    kind: String,
}

/// What tells a lock of another version apart. A stack has a version too, of another kind.
#[derive(Deserialize)]
struct Format {
    version: u64,
}

pub(super) fn read(file: &Arc<SourceFile>) -> Result<Lock, Problems> {
    let whole = || Location::new(file, 0..0);
    let size = file.text().len();
    if size > FILE_SIZE {
        let message = format!("the file has {size} bytes; at most {FILE_SIZE} are read");
        return Err(Problem::new(&whole(), message, "file too large").into());
    }
    let head: Head = parse(file)?;
    let refuse = |message: String| Problem::new(&whole(), message, "this file");
    if head.kind != "Lock" || head.api_version != "airgap/v1" {
        let message = "this is no lock: it does not begin with `apiVersion: airgap/v1` and `kind: Lock`";
        return Err(refuse(message.to_owned()).with_help("name the stack; its lock lies beside it").into());
    }
    let Format { version } = parse(file)?;
    if version != VERSION {
        let message = format!("this lock is of version {version}, and only version {VERSION} is known");
        return Err(refuse(message).with_help("use the version of airgap-bundle that wrote it, or lock anew").into());
    }
    let lock: Lock = parse(file)?;
    match twice(&lock) {
        Some(name) => Err(refuse(format!("{name} is in this lock twice")).with_help(AGAIN).into()),
        None => Ok(lock),
    }
}

fn parse<T: serde::de::DeserializeOwned>(file: &Arc<SourceFile>) -> Result<T, Problems> {
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_events: NODES, max_nodes: NODES, max_depth: 16, max_aliases: 0, max_anchors: 0 },
        with_snippet: false,
        strict_booleans: true,
    };
    serde_yaml::from_str_with_options(file.text(), options).map_err(|error| {
        let start = error.location().and_then(|location| location.span().byte_offset());
        let start = start.and_then(|start| usize::try_from(start).ok()).unwrap_or_default();
        // The place of the error stands beside the text, not in it.
        let text = error.without_snippet().to_string();
        let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
        let message = if message.contains('\n') { "this can't be read".to_owned() } else { message };
        Problem::new(&Location::new(file, start..start), message, "here").with_help(AGAIN).into()
    })
}

/// Something that a lock holds twice.
fn twice(lock: &Lock) -> Option<String> {
    let mut seen = HashSet::new();
    let images = lock.images.iter().map(|image| format!("image {}", image.image));
    let charts = lock.charts.iter().map(|chart| {
        format!("chart {} {} of {}", chart.chart, chart.wanted.as_deref().unwrap_or_default(), chart.from)
    });
    let files = lock.files.iter().map(|file| format!("file {} of {}", file.file, file.component));
    let git = lock.git.iter().map(|git| format!("git repository {} of {}", git.git, git.component));
    let systems = lock.systems.iter().map(|system| format!("system {}", system.series));
    let mirrors = lock.mirrors.iter().map(|mirror| format!("mirror {}", mirror.mirror));
    let packages = lock.systems.iter().flat_map(|system| {
        let name = |package: &super::LockedPackage| {
            format!("package {} {} {} of {}", package.package, package.version, package.architecture, system.series)
        };
        system.packages.iter().map(name)
    });
    images
        .chain(charts)
        .chain(files)
        .chain(git)
        .chain(systems)
        .chain(mirrors)
        .chain(packages)
        .find(|name| !seen.insert(name.clone()))
}
