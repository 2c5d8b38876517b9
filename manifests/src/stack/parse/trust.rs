//! Rules of trust.

use crate::component::{KeySource, values};
use crate::document::check_path;
use crate::stack::{DetachedForm, DetachedScheme, SignatureScheme, TrustPattern, TrustRule, TrustedKind};
use crate::yaml::{Fields, Location, Node, Problem, Sink};

/// Stands for a file's own path in that of its signature.
const OWN_PATH: &str = "{path}";

/// The fields that say how something is signed.
struct How<'a> {
    cosign: Option<(Vec<KeySource>, &'a Location)>,
    provenance: Option<(Vec<KeySource>, &'a Location)>,
    openpgp: Option<(Vec<KeySource>, &'a Location)>,
    signature: Option<&'a Node>,
    checksums: Option<&'a Node>,
}

pub(super) fn rule(node: &Node, sink: &Sink) -> Option<TrustRule> {
    let mut fields = Fields::of(node, "a rule of trust", sink)?;
    let kinds = [("images", TrustedKind::Images), ("charts", TrustedKind::Charts), ("files", TrustedKind::Files)];
    let mut about = Vec::new();
    for (name, kind) in kinds {
        let patterns = fields.list(name, pattern);
        if let Some(location) = fields.key(name) {
            about.push((kind, patterns, location.clone()));
        }
    }
    let except = fields.list("except", pattern);
    let mut keys = |name| fields.list(name, key);
    let lists = [keys("cosign"), keys("provenance"), keys("openpgp")];
    let required = fields.boolean("require").unwrap_or(true);
    let (signature, checksums) = (fields.get("signature"), fields.get("checksums"));
    let head = fields.location();
    let [cosign, provenance, openpgp] = lists;
    let how = How {
        cosign: fields.key("cosign").map(|at| (cosign, at)),
        provenance: fields.key("provenance").map(|at| (provenance, at)),
        openpgp: fields.key("openpgp").map(|at| (openpgp, at)),
        signature,
        checksums,
    };
    fields.finish();
    let (kind, patterns, location) = only_kind(about, head, sink)?;
    if patterns.is_empty() {
        let problem = Problem::new(&location, "this rule is about nothing", "no pattern that can be used");
        sink.add(
            problem.with_help("name what must be signed, such as `[\"docker.io/library/*\"]`; `*` stands for all"),
        );
        return None;
    }
    let (scheme, keys) = how.scheme(kind, head, sink)?;
    Some(TrustRule { kind, patterns, except, scheme, keys, required, location })
}

/// A rule is about one kind of items.
fn only_kind(
    mut about: Vec<(TrustedKind, Vec<TrustPattern>, Location)>,
    head: &Location,
    sink: &Sink,
) -> Option<(TrustedKind, Vec<TrustPattern>, Location)> {
    match about.len() {
        1 => about.pop(),
        0 => {
            let problem = Problem::new(head, "a rule of trust says what must be signed", "what of?");
            sink.add(problem.with_help("write `images:`, `charts:` or `files:` with a list of patterns"));
            None
        }
        _ => {
            let problem = Problem::new(&about[1].2, "a rule of trust is about one kind of items", "a second kind");
            sink.add(problem.with_other(&about[0].2, "the first").with_help("make two rules of it"));
            None
        }
    }
}

impl How<'_> {
    /// How what a rule is about is signed, and by which keys.
    fn scheme(self, kind: TrustedKind, head: &Location, sink: &Sink) -> Option<(SignatureScheme, Vec<KeySource>)> {
        let (cosign, provenance, openpgp) = (self.cosign, self.provenance, self.openpgp);
        let (name, (keys, at), unfit) = match (cosign, provenance, openpgp) {
            (Some(keys), None, None) => ("cosign", keys, false),
            (None, Some(keys), None) => ("provenance", keys, kind != TrustedKind::Charts),
            (None, None, Some(keys)) => ("openpgp", keys, kind != TrustedKind::Files),
            (None, None, None) => {
                let problem = Problem::new(head, "a rule of trust says by whom", "signed by whom?");
                sink.add(problem.with_help(by_whom(kind)));
                return None;
            }
            _ => {
                let problem = Problem::new(head, "a rule of trust has keys of one kind", "several kinds");
                sink.add(problem.with_help("make several rules of it: what two rules are about has to be as both say"));
                return None;
            }
        };
        if unfit {
            let problem = Problem::new(at, format!("{kind}s are not signed by `{name}`"), "not for these");
            sink.add(problem.with_help(by_whom(kind)));
            return None;
        }
        if keys.is_empty() {
            let problem = Problem::new(at, format!("`{name}` has no key that can be used"), "no key");
            sink.add(
                problem.with_help("name the files of public keys, or paste the keys: one of them has to have signed"),
            );
            return None;
        }
        let scheme = match (kind, name) {
            (TrustedKind::Files, name) => {
                let form = if name == "cosign" { DetachedForm::Cosign } else { DetachedForm::OpenPgp };
                SignatureScheme::Detached(detached(form, (self.signature, self.checksums), head, sink)?)
            }
            (_, name) => {
                let other = self.signature.or(self.checksums);
                if let Some(node) = other {
                    let problem = Problem::new(&node.location, format!("{kind}s have no such field"), "only for files");
                    sink.add(problem.with_help("their signatures stand beside them: remove the line"));
                    return None;
                }
                if name == "cosign" { SignatureScheme::Cosign } else { SignatureScheme::Provenance }
            }
        };
        Some((scheme, keys))
    }
}

fn by_whom(kind: TrustedKind) -> &'static str {
    match kind {
        TrustedKind::Images => "write `cosign:` with a list of public keys (PEM)",
        TrustedKind::Charts => {
            "write `provenance:` with a list of OpenPGP keyrings, or `cosign:` with public keys (PEM)"
        }
        TrustedKind::Files => "write `openpgp:` with a list of OpenPGP keyrings, or `cosign:` with public keys (PEM)",
    }
}

fn detached(
    form: DetachedForm,
    (signature, checksums): (Option<&Node>, Option<&Node>),
    head: &Location,
    sink: &Sink,
) -> Option<DetachedScheme> {
    if signature.is_none() && (checksums.is_none() || form != DetachedForm::OpenPgp) {
        let problem = Problem::new(head, "the signature of a file is a file too", "where is the signature?");
        sink.add(problem.with_help(
            "write `signature:` with its path in the same component, such as `\"{path}.asc\"`; a list of checksums that \
             holds its OpenPGP signature itself is named by `checksums:` alone",
        ));
        return None;
    }
    let has_signature = signature.is_some();
    let has_checksums = checksums.is_some();
    let signature = signature.and_then(|node| path(node, sink));
    let checksums = checksums.and_then(|node| path(node, sink));
    if has_signature != signature.is_some() || has_checksums != checksums.is_some() {
        return None;
    }
    Some(DetachedScheme { form, signature, checksums })
}

/// A path in the set of a file, in which `{path}` stands for the file's own.
fn path(node: &Node, sink: &Sink) -> Option<String> {
    let text = node.text(sink)?;
    if check_path(&text.replace(OWN_PATH, "x")).is_ok() {
        return Some(text.to_owned());
    }
    let problem = Problem::new(&node.location, format!("`{text}` is not the path of a file"), "this path");
    sink.add(problem.with_help(
        "write it as `files:` of the component has it; `{path}` stands for the path of the file that is signed",
    ));
    None
}

fn pattern(node: &Node, sink: &Sink) -> Option<TrustPattern> {
    let text = node.text(sink)?;
    if text.is_empty() || text.len() > 512 || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let problem = Problem::new(&node.location, "this is not a pattern of names", "this one");
        sink.add(problem.with_help("write a name, in which `*` stands for any text: `docker.io/library/*`"));
        return None;
    }
    Some(TrustPattern { text: text.to_owned(), location: node.location.clone() })
}

/// A file, or the key itself.
fn key(node: &Node, sink: &Sink) -> Option<KeySource> {
    let text = node.text(sink)?;
    if text.contains("PRIVATE KEY") {
        let problem = Problem::new(&node.location, "this is a private key", "not here");
        sink.add(problem.with_help("name the public key; and make a new pair, since this one was written into a file"));
        return None;
    }
    if text.trim_start().starts_with("-----BEGIN ") {
        return Some(KeySource::Inline(text.trim().to_owned()));
    }
    values::local_path(node, sink).map(KeySource::File)
}
