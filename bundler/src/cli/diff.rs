//! `airgap-bundle diff`

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use airgap_console::bundle::resolve;
use airgap_console::{ByteSize, CommonArgs, OutputArgs, OutputFormat, UsageError, output};
use manifests::Lock;
use manifests::bundle::{UnverifiedBundle, VerifiedBundle};
use serde::Serialize;

use super::changes::{Changes, Markdown, told_of_inside};
use super::look::{LookArgs, Looking};
use super::trust::{TrustArgs, appraise};
use super::view::SCHEMA_VERSION;
use crate::compare::{Comparison, Contents, Sizes};
use crate::{lock, sbom};

/// How a lock begins. Bundles begin with a frame of zstd, volumes with a header of their own.
const LOCK: &[u8] = b"apiVersion:";

/// Show what changed between two bundles or locks, and how much there is to carry
///
/// Each side is a bundle or a lock (`platform.lock.yaml`). Of two bundles, licences that came or went are told too: those that
/// images and charts name, and with --look-inside those of the packages in images. A lock knows of none.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The earlier bundle or lock
    from: PathBuf,
    /// The later bundle or lock
    to: PathBuf,
    /// How the result is written
    #[arg(short = 'o', long = "output", value_enum, value_name = "FORMAT", default_value_t)]
    format: DiffFormat,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    trust: TrustArgs,
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

/// One of the two.
enum Side {
    /// A file of one's own, which nobody needs to vouch for.
    Lock(Box<Lock>),
    /// A bundle, and whether somebody vouches for it.
    Bundle(Box<VerifiedBundle>, bool),
}

impl DiffArgs {
    pub(super) fn run(&self, common: &CommonArgs) -> miette::Result<()> {
        let mut looking = self.look.asked()?;
        let (from, to) = (self.open(&self.from)?, self.open(&self.to)?);
        let verified = from.is_verified() && to.is_verified();
        if !verified {
            tracing::warn!("UNVERIFIED: this is what the bundles say of themselves; check with --trust FILE");
        }
        if let Some(looking) = &mut looking {
            let into = [(&self.from, &from), (&self.to, &to)];
            into.into_iter().try_for_each(|(path, side)| side.can_be_looked_into(path))?;
            if let Side::Bundle(bundle, _) = &to {
                looking.ask_carried(bundle)?;
            }
        }
        let comparison =
            Comparison::between(&from.contents(looking.as_ref(), common)?, &to.contents(looking.as_ref(), common)?);
        let diff = Diff { schema_version: SCHEMA_VERSION, verified, comparison };
        let format = match self.format {
            DiffFormat::Markdown => return output::print(&Markdown(&diff.comparison).to_string()),
            DiffFormat::Table => OutputFormat::Table,
            DiffFormat::Json => OutputFormat::Json,
            DiffFormat::Yaml => OutputFormat::Yaml,
        };
        OutputArgs { format }.print(&diff, Diff::to_string)
    }

    fn open(&self, path: &Path) -> miette::Result<Side> {
        if is_lock(path) {
            let missing = || UsageError::new(format!("`{}` is not there any more", path.display()));
            return Ok(Side::Lock(Box::new(lock::read(path)?.ok_or_else(missing)?)));
        }
        let bundle = UnverifiedBundle::open(&[resolve(path)?])?;
        let verified = appraise(&bundle, self.trust.optional()?.as_ref())?.verified;
        let digest = bundle.document_digest();
        Ok(Side::Bundle(Box::new(bundle.verify_pinned(&digest)?), verified))
    }
}

impl Side {
    fn is_verified(&self) -> bool {
        matches!(self, Self::Lock(_) | Self::Bundle(_, true))
    }

    fn can_be_looked_into(&self, path: &Path) -> Result<(), UsageError> {
        match self {
            Self::Bundle(..) => Ok(()),
            Self::Lock(_) => {
                let message = format!("`{}` is a lock: it does not know what is inside of images", path.display());
                Err(UsageError::new(message).with_help("name two bundles, or leave out --look-inside"))
            }
        }
    }

    /// What it holds, and what a look inside shows, where that is asked for.
    fn contents(&self, looking: Option<&Looking<'_>>, common: &CommonArgs) -> miette::Result<Contents> {
        let bundle = match self {
            Self::Lock(lock) => return Ok(Contents::of_lock(lock)),
            Self::Bundle(bundle, _) => bundle,
        };
        let sizes = Sizes::of(bundle);
        let contents = Contents::of_bundle(bundle.document(), |item| sizes.size(item));
        Ok(match looking {
            Some(looking) => {
                let look = looking.take(bundle, common)?;
                contents.looked_into(look.inventory.licences(), look.findings)
            }
            None => contents.with_licences(sbom::named(bundle)),
        })
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
        if let Some(carry) = carry {
            let (bytes, shared) = (ByteSize(carry.bytes), ByteSize(carry.shared_bytes));
            writeln!(f, "\nto carry: {bytes} in {} blobs; {shared} are there already", carry.blobs)?;
        }
        told_of_inside(&self.comparison).iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
