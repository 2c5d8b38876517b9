//! `airgap-bundle build`

use std::path::PathBuf;

use airgap_console::{ByteSize, CommonArgs, OutputArgs, OutputFormat, Table, UsageError};
use serde::Serialize;

use super::findings::{Findings, print_refused};
use super::keys::KeyArgs;
use super::resolve::{ResolveArgs, run_until_signal};
use super::view::SCHEMA_VERSION;
use crate::build::{BuildOptions, Built, LockUse, build};

/// Build a bundle: fetch all that a stack asks for into one signed archive
///
/// The archive is written beside its final name and gets it when it is whole. Stopped at any moment, the same command
/// goes on where it was. What an earlier bundle under the same name holds is not fetched again.
///
/// Where a lock lies beside the stack (`airgap-bundle lock`), it decides what tags, ranges and packages stand for; what the
/// stack asks for besides is looked up, and said. With --locked nothing is looked up.
#[derive(Debug, clap::Args)]
pub(super) struct BuildArgs {
    /// The bundle to write; with --split the name that the volumes share
    ///
    /// An earlier bundle of that name is replaced when the new one is whole. Anything else that has the name, or that of
    /// a volume or of FILE.set.json, is refused before anything is fetched: another file, a folder, a link, a device.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write volumes smaller than this, such as 4GiB for FAT32, instead of one file
    #[arg(long, value_name = "SIZE")]
    split: Option<ByteSize>,
    /// Build exactly what the stack's lock has, and fail where the stack asks for something else
    #[arg(long)]
    locked: bool,
    /// Write what is built into the stack's lock: make it, or bring it up to date with the stack
    #[arg(long, conflicts_with = "locked")]
    lock: bool,
    #[command(flatten)]
    resolve: ResolveArgs,
    #[command(flatten)]
    keys: KeyArgs,
    /// Leave it unsigned, to be signed later with `airgap-bundle sign`
    #[arg(long)]
    unsigned: bool,
    /// How the result is written to standard output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: OutputFormat,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    schema_version: u32,
    #[serde(flatten)]
    built: Built,
}

impl BuildArgs {
    pub(super) fn run(self, common: &CommonArgs) -> miette::Result<()> {
        let signers = self.keys.signers()?;
        if signers.is_empty() && !self.unsigned {
            return Err(UsageError::new("no key is given to sign the bundle with")
                .with_help(
                    "make one with `airgap-bundle keygen ci_ed25519` and give it with --key ci_ed25519; or build with \
                     --unsigned and sign later",
                )
                .into());
        }
        let lock = match (self.locked, self.lock) {
            (true, _) => LockUse::Required,
            (_, true) => LockUse::Written,
            _ => LockUse::IfThere,
        };
        let options = BuildOptions {
            resolve: self.resolve.options()?,
            lock,
            output: self.output,
            volume_size: self.split.map(|size| size.0),
        };
        let progress = common.progress();
        let output = OutputArgs { format: self.format };
        let built = run_until_signal(|stop| build(options, signers, progress, stop))
            .inspect_err(|error| print_refused(error, output))?;
        let report = Report { schema_version: SCHEMA_VERSION, built };
        output.print(&report, |report| table(&report.built))
    }
}

fn table(built: &Built) -> String {
    let mut table = Table::pairs();
    let state = match built.placed {
        0 => "up to date; its content was not read again, `airgap-bundle verify` does that",
        _ => "built",
    };
    table
        .row(["bundle", &format!("{} {}, {state}", built.name, built.version)])
        .row(["digest", &built.digest.to_string()])
        .row(["items", &built.items.to_string()])
        .row(["content", &format!("{} in {} blobs", ByteSize(built.content_size), built.blobs)])
        .row(["signatures", &built.signatures.to_string()]);
    for file in &built.files {
        table.row(["file", &file.display().to_string()]);
    }
    if let Some(lock) = &built.lock {
        table.row(["lock", &lock.display().to_string()]);
    }
    if built.findings.is_empty() {
        return table.to_string();
    }
    format!("{table}\n{}", Findings(&built.findings))
}
