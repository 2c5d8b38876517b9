//! `airgap-bundle diff`

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use airgap_console::bundle::resolve;
use airgap_console::{ByteSize, OutputArgs, OutputFormat, UsageError, output};
use manifests::bundle::UnverifiedBundle;
use serde::Serialize;

use super::changes::{Changes, Markdown};
use super::trust::{TrustArgs, appraise};
use super::view::SCHEMA_VERSION;
use crate::compare::{Comparison, Contents, Sizes};
use crate::lock;

/// How a lock begins. Bundles begin with a frame of zstd, volumes with a header of their own.
const LOCK: &[u8] = b"apiVersion:";

/// Show what changed between two bundles or locks, and how much there is to carry
///
/// Each side is a bundle or a lock (`platform.lock.yaml`).
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The earlier bundle or lock
    from: PathBuf,
    /// The later bundle or lock
    to: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// How the result is written
    #[arg(short = 'o', long = "output", value_enum, value_name = "FORMAT", default_value_t)]
    format: DiffFormat,
}

/// How a difference is written.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum DiffFormat {
    /// For people. May change from version to version
    #[default]
    Table,
    /// For programs: stable, see docs/json-output.md
    Json,
    /// The same as YAML
    Yaml,
    /// For a merge request
    Markdown,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diff {
    schema_version: u32,
    verified: bool,
    #[serde(flatten)]
    comparison: Comparison,
}

/// One of the two, and whether somebody vouches for it.
struct Side {
    contents: Contents,
    verified: bool,
}

impl DiffArgs {
    pub(super) fn run(&self) -> miette::Result<()> {
        let (from, to) = (self.open(&self.from)?, self.open(&self.to)?);
        let verified = from.verified && to.verified;
        if !verified {
            tracing::warn!("UNVERIFIED: this is what the bundles say of themselves; check with --trust FILE");
        }
        let comparison = Comparison::between(&from.contents, &to.contents);
        let diff = Diff { schema_version: SCHEMA_VERSION, verified, comparison };
        let format = match self.format {
            DiffFormat::Markdown => return output::print(&Markdown(&diff.comparison).to_string()),
            DiffFormat::Table => OutputFormat::Table,
            DiffFormat::Json => OutputFormat::Json,
            DiffFormat::Yaml => OutputFormat::Yaml,
        };
        OutputArgs { format }.print(&diff, Diff::to_string)
    }

    /// Opens a side. A lock is a file of one's own, which nobody needs to vouch for.
    fn open(&self, path: &Path) -> miette::Result<Side> {
        if is_lock(path) {
            let missing = || UsageError::new(format!("`{}` is not there any more", path.display()));
            let lock = lock::read(path)?.ok_or_else(missing)?;
            return Ok(Side { contents: Contents::of_lock(&lock), verified: true });
        }
        let bundle = UnverifiedBundle::open_partial(&[resolve(path)?])?;
        let verified = appraise(&bundle, self.trust.optional()?.as_ref())?.verified;
        let digest = bundle.document_digest();
        let bundle = bundle.verify_pinned(&digest)?;
        let sizes = Sizes::of(&bundle);
        let contents = Contents::of_bundle(bundle.document(), |item| sizes.size(item));
        Ok(Side { contents, verified })
    }
}

fn is_lock(path: &Path) -> bool {
    let mut start = [0; LOCK.len()];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == LOCK
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { from, to, carry, .. } = &self.comparison;
        writeln!(f, "{from} -> {to}\n")?;
        write!(f, "{}", Changes(&self.comparison))?;
        let Some(carry) = carry else { return Ok(()) };
        writeln!(
            f,
            "\nto carry: {} in {} blobs; {} are there already",
            ByteSize(carry.bytes),
            carry.blobs,
            ByteSize(carry.shared_bytes)
        )
    }
}
