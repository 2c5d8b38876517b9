//! Signatures of cosign over images and charts, made with a key: those beside the image under the tag `sha256-<hex>.sig` or as a
//! referrer (a payload of "simple signing" with the signature in an annotation), and those of cosign 3, which are bundles of
//! sigstore.
//!
//! What is verified is the signature of the key over the payload, and that the payload names the digest of the image. No
//! transparency log is asked: inside the gap there is none, and a key is not a certificate that lives for minutes.
//! Source: <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifests::Digest;
use manifests::oci::{Descriptor, Manifest};
use serde::Deserialize;

use super::content::Content;
use super::keys::CosignKeys;
use super::sigstore;

/// The media type of a payload.
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// What a payload says it is.
const PAYLOAD_TYPE: &str = "cosign container image signature";
/// Where the signature over a payload stands.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The largest manifest, payload or bundle that is read, in bytes.
const LARGEST: u64 = 1 << 20;
/// Signatures of one item that are looked at.
const SIGNATURES: usize = 100;

/// What a payload of simple signing says.
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: SignedImage,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct SignedImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: Digest,
}

/// What became of looking for a signature.
pub(super) enum Looked {
    /// One of the keys has signed: the number of the key.
    Signed(usize),
    /// Nothing that is a signature stands beside it.
    Unsigned,
    /// There are signatures, and none of them counts: why, for each.
    Refused(Vec<String>),
}

/// Looks for a signature over the manifest `subject` among what stands beside it.
pub(super) async fn look(
    content: &Content<'_>,
    subject: &Digest,
    attached: &[Descriptor],
    keys: &CosignKeys,
) -> Looked {
    let (mut seen, mut reasons) = (0, Vec::new());
    for descriptor in attached {
        let manifest = match content.read(&descriptor.digest, LARGEST).await {
            Ok(bytes) => serde_json::from_slice::<Manifest>(&bytes),
            Err(reason) => {
                reasons.push(reason);
                continue;
            }
        };
        let Ok(manifest) = manifest else { continue };
        for layer in &manifest.layers {
            let bundle = layer.media_type.starts_with(sigstore::MEDIA_TYPE);
            if layer.media_type != PAYLOAD && !bundle {
                continue;
            }
            seen += 1;
            if seen > SIGNATURES {
                reasons.push(format!("there are more than {SIGNATURES} signatures"));
                return Looked::Refused(reasons);
            }
            let judged = match content.read(&layer.digest, LARGEST).await {
                Ok(bytes) if bundle => sigstore::signer(&bytes, content, subject, keys).await,
                Ok(bytes) => signer(&bytes, layer, subject, keys).map(Some),
                Err(reason) => Err(reason),
            };
            match judged {
                Ok(Some(key)) => return Looked::Signed(key),
                // A statement about something, and no signature of an image.
                Ok(None) => seen -= 1,
                Err(reason) => reasons.push(reason),
            }
        }
    }
    if reasons.is_empty() { Looked::Unsigned } else { Looked::Refused(reasons) }
}

/// Which key has signed a payload that is about the image.
fn signer(payload: &[u8], layer: &Descriptor, subject: &Digest, keys: &CosignKeys) -> Result<usize, String> {
    let signature = layer.annotations.get(SIGNATURE).ok_or("a payload has no signature")?;
    let signature = STANDARD.decode(signature).map_err(|_| "a signature is no base64")?;
    let key = keys.signer(payload, &signature).ok_or_else(|| NO_KEY.to_owned())?;
    let said: Payload = serde_json::from_slice(payload)
        .map_err(|error| format!("what {} signed is no payload: {error}", keys.name(key)))?;
    if said.critical.kind != PAYLOAD_TYPE {
        return Err(format!("what {} signed is of another type than `{PAYLOAD_TYPE}`", keys.name(key)));
    }
    about(&said.critical.image.digest, subject, &keys.name(key))?;
    Ok(key)
}

/// Why a signature does not count that none of the keys has made.
pub(super) const NO_KEY: &str = "a signature is by none of the keys of the rule, or what it signs was changed";

/// Whether what is signed is the image.
pub(super) fn about(signed: &Digest, subject: &Digest, key: &str) -> Result<(), String> {
    if signed == subject {
        return Ok(());
    }
    Err(format!("{key} signed {signed}, and this is {subject}"))
}
