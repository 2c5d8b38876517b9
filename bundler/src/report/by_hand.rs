//! How to check a bundle with stock tools: commands with this bundle's own file names.

use std::borrow::Cow;

use manifests::bundle::UnverifiedBundle;
use serde::Serialize;

use super::file_names;
use super::model::Trust;

/// The folder that is unpacked into.
const FOLDER: &str = "checked";
/// Stands for the numbers of volumes, of which there are three digits.
const NUMBERS: &str = ".[0-9][0-9][0-9]";

/// One command, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What the command shows.
    pub what: String,
    /// The command, for a shell in the folder of the bundle.
    pub command: String,
}

/// All commands, in their order. `allowed_signers` is the file that says whose signatures count.
pub(super) fn steps(bundle: &UnverifiedBundle, trust: &Trust) -> Vec<Step> {
    let (archive, unpack) = archive(bundle);
    let mut steps = Vec::new();
    let mut add = |what: &str, command: String| steps.push(Step { what: what.to_owned(), command });
    add("The archive is an undamaged file of zstd.", archive);
    let signatures: Vec<String> = (1..=bundle.signatures().len()).map(|n| format!("signatures/{n}.sig")).collect();
    let members = ["bundle.json", "SHA256SUMS"].into_iter().chain(signatures.iter().map(String::as_str));
    let members: Vec<&str> = members.collect();
    add(
        "Unpack the signed document, its signatures and the list of checksums.",
        format!("mkdir {FOLDER} && {unpack} -C {FOLDER} {}", members.join(" ")),
    );
    for signature in &signatures {
        add("Somebody in allowed_signers has signed the document.", verify(signature, trust));
    }
    let document = bundle.claimed();
    add("The document is the one of this report.", checksum(&bundle.document_digest(), "bundle.json"));
    add(
        "The list of checksums is the one that the signed document names.",
        checksum(&document.checksums.digest, "SHA256SUMS"),
    );
    add(
        "Every byte of the content is as listed.",
        format!("{unpack} -C {FOLDER} && (cd {FOLDER} && sha256sum --quiet --strict -c SHA256SUMS)"),
    );
    steps
}

/// The commands that test the archive and that unpack it.
fn archive(bundle: &UnverifiedBundle) -> (String, String) {
    let name = file_names(bundle).into_iter().next().unwrap_or_default();
    if bundle.volumes() == 0 {
        let name = quoted(&name);
        return (format!("zstd -t {name}"), format!("tar --zstd -xf {name}"));
    }
    let base = name.rsplit_once('.').map_or(name.as_str(), |(base, _)| base);
    let volumes = format!("cat {}{NUMBERS}", quoted(base));
    (format!("{volumes} | zstd -t"), format!("{volumes} | zstd -dc | tar -xf -"))
}

fn verify(signature: &str, trust: &Trust) -> String {
    let file = format!("{FOLDER}/{signature}");
    // Where one of several may have signed, the file itself says who it is.
    let known = match trust.signers.as_slice() {
        [only] if trust.signatures == 1 && is_plain(&only.principal) => Some(quoted(&only.principal).into_owned()),
        _ => None,
    };
    let found = || format!("\"$(ssh-keygen -Y find-principals -f allowed_signers -s {file} | head -n 1)\"");
    let signer = known.unwrap_or_else(found);
    format!(
        "ssh-keygen -Y verify -f allowed_signers -n {} -I {signer} -s {file} < {FOLDER}/bundle.json",
        manifests::signature::NAMESPACE
    )
}

/// Whether a line of allowed_signers names one signer, and no pattern.
fn is_plain(principal: &str) -> bool {
    !principal.is_empty() && !principal.contains(['*', '?', ',', '!'])
}

fn checksum(digest: &manifests::Digest, name: &str) -> String {
    format!("echo '{}  {FOLDER}/{name}' | sha256sum -c", digest.hex())
}

/// A word as the shell reads it. A name with a zero byte is no name.
fn quoted(word: &str) -> Cow<'_, str> {
    // What begins with a dash is taken for an option.
    if word.starts_with('-') {
        return quoted(&format!("./{word}")).into_owned().into();
    }
    shlex::try_quote(word).unwrap_or(Cow::Borrowed("BUNDLE"))
}
