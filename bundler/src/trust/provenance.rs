//! Provenance files of Helm: a text that names the SHA-256 of the chart's archive, signed with OpenPGP.
//!
//! Source: <https://helm.sh/docs/topics/provenance/>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use manifests::Digest;
use manifests::document::Chart;
use serde::Deserialize;

use super::keys::Ring;
use crate::packages::repository::openpgp::Clearsigned;

/// The largest provenance file that is read, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;
/// Values that are read of its list of files at most.
const NODES: usize = 10_000;

/// The list of files of a provenance file.
#[derive(Deserialize)]
struct Sums {
    files: BTreeMap<String, String>,
}

/// Who has signed that the archive is the chart's: the fingerprint of the key, and the file that it is from.
///
/// # Errors
/// Why nobody has, in words.
pub(super) fn signer(
    file: &[u8],
    chart: &Chart,
    rings: &[Ring],
    now: Timestamp,
) -> Result<(String, Option<String>), String> {
    let signed = Clearsigned::parse(file).map_err(|error| format!("its provenance file is not signed: {error}"))?;
    let mut reasons = Vec::new();
    for (ring, key_file) in rings {
        match ring.verify(&signed.text, &signed.signature, now) {
            Ok(signer) => {
                about(&signed.text, chart)?;
                return Ok((signer.fingerprint, key_file.clone()));
            }
            Err(error) => reasons.push(error.to_string()),
        }
    }
    Err(format!("its provenance file: {}", reasons.join("; ")))
}

/// Whether a text is about the chart's archive.
fn about(text: &[u8], chart: &Chart) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|_| "its provenance file is not UTF-8")?;
    // The chart's own metadata stand before the end of a document of YAML, the sums behind it.
    let (_, sums) = text.split_once("\n...\n").ok_or("its provenance file lists no files")?;
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_events: NODES, max_nodes: NODES, max_depth: 8, max_aliases: 0, max_anchors: 0 },
        with_snippet: false,
    };
    let sums: Sums = serde_yaml::from_str_with_options(sums, options)
        .map_err(|_| "the list of files in its provenance file can't be read")?;
    let name = format!("{}-{}.tgz", chart.name, chart.version);
    let said = sums.files.get(&name).ok_or_else(|| format!("its provenance file is about other files than {name}"))?;
    let said: Digest = said.parse().map_err(|_| format!("its provenance file has no SHA-256 of {name}"))?;
    if said == chart.archive {
        return Ok(());
    }
    Err(format!("its provenance file is about {said}, and the archive is {}", chart.archive))
}
