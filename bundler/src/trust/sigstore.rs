//! Bundles of sigstore, as cosign 3 keeps its signatures: a statement of in-toto in an envelope (DSSE), or a signature over the
//! manifest itself.
//!
//! Sources: <https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md>,
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::Digest;
use serde::Deserialize;

use super::content::Content;
use super::cosign::{NO_KEY, about};
use super::keys::CosignKeys;

/// How the media types of bundles begin.
pub(super) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle";
/// The type of a statement of in-toto.
const STATEMENT: &str = "application/vnd.in-toto+json";
/// What a statement is about that signs an image, and says nothing else of it.
const SIGNED: &str = "https://sigstore.dev/cosign/sign/v1";
/// Signatures of one envelope, and subjects of one statement, that are looked at.
const MOST: usize = 100;
/// The largest manifest, in bytes.
const MANIFEST: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    #[serde(default)]
    dsse_envelope: Option<Envelope>,
    #[serde(default)]
    message_signature: Option<MessageSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
struct MessageSignature {
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
    #[serde(default)]
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

/// Which key has signed the image; none where the bundle is no signature of an image but a statement about one.
pub(super) async fn signer(
    bundle: &[u8],
    content: &Content<'_>,
    subject: &Digest,
    keys: &CosignKeys,
) -> Result<Option<usize>, String> {
    let bundle: Bundle =
        serde_json::from_slice(bundle).map_err(|error| format!("a bundle of sigstore can't be read: {error}"))?;
    match bundle {
        Bundle { dsse_envelope: Some(envelope), message_signature: None } => of_envelope(&envelope, subject, keys),
        Bundle { dsse_envelope: None, message_signature: Some(signed) } => {
            let manifest = content.read(subject, MANIFEST).await?;
            let signature = decoded(&signed.signature)?;
            keys.signer(&manifest, &signature).map(Some).ok_or_else(|| NO_KEY.to_owned())
        }
        _ => Err("a bundle of sigstore holds no signature, or two".to_owned()),
    }
}

fn of_envelope(envelope: &Envelope, subject: &Digest, keys: &CosignKeys) -> Result<Option<usize>, String> {
    let payload = decoded(&envelope.payload)?;
    if envelope.payload_type != STATEMENT {
        return Ok(None);
    }
    let statement: Statement =
        serde_json::from_slice(&payload).map_err(|error| format!("a statement can't be read: {error}"))?;
    if statement.predicate_type != SIGNED {
        return Ok(None);
    }
    let message = authenticated(&envelope.payload_type, &payload);
    let signatures = envelope.signatures.iter().take(MOST).filter_map(|signature| decoded(&signature.sig).ok());
    let key = signatures.into_iter().find_map(|signature| keys.signer(&message, &signature));
    let key = key.ok_or_else(|| NO_KEY.to_owned())?;
    let mut signed = statement.subject.iter().take(MOST).filter_map(|subject| subject.digest.get("sha256"));
    let name = keys.name(key);
    let first = signed.clone().next().ok_or_else(|| format!("{name} signed a statement about nothing"))?;
    if signed.any(|hex| *hex == subject.hex()) {
        return Ok(Some(key));
    }
    let first = Digest::from_hex(first).map_err(|_| format!("{name} signed a statement about what is no digest"))?;
    about(&first, subject, &name)?;
    Ok(Some(key))
}

fn decoded(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|_| "a bundle of sigstore holds what is no base64".to_owned())
}

/// What is signed of an envelope: its type and its payload, so that neither can be taken for the other.
fn authenticated(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_as_the_protocol_has_it() {
        // The example of the protocol.
        let message = authenticated("http://example.com/HelloWorld", b"hello world");
        assert_eq!(message, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
