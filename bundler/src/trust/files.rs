//! Signatures over files. The signature is a file of the same component, so it is carried too, and whoever has the bundle can
//! verify it again.

use jiff::Timestamp;
use manifests::document::{CarriedFile, Files};
use manifests::evidence::SignedBy;
use manifests::stack::DetachedScheme;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::Content;
use super::keys::Keys;
use crate::files::checksums::lists;
use crate::packages::repository::openpgp::Clearsigned;

/// The largest file that is read to verify a signature over all of it, in bytes. Of a larger one a list of checksums is signed.
const FILE: u64 = 64 << 20;
/// The largest list of checksums that is read, in bytes.
const LIST: u64 = 4 << 20;
/// The largest signature that is read, in bytes.
const SIGNATURE: u64 = 64 << 10;

/// What became of looking for the signature of a file.
pub(super) enum Looked {
    /// Who signed, and the file that the key is from.
    Signed { by: SignedBy, key: String, key_file: Option<String> },
    /// A file that would sign it is not there: its path.
    Unsigned(String),
    /// Why what is there does not count.
    Refused(String),
}

/// A file, and how it should be signed.
pub(super) struct Wanted<'a> {
    pub(super) file: &'a CarriedFile,
    pub(super) set: &'a Files,
    pub(super) how: &'a DetachedScheme,
    pub(super) keys: &'a Keys,
    pub(super) now: Timestamp,
}

impl Wanted<'_> {
    pub(super) async fn look(&self, content: &Content<'_>) -> Looked {
        match self.verified(content).await {
            Ok(signed) => signed,
            Err(Looking::Missing(path)) => Looked::Unsigned(path),
            Err(Looking::Refused(why)) => Looked::Refused(why),
        }
    }

    async fn verified(&self, content: &Content<'_>) -> Result<Looked, Looking> {
        let list = self.how.checksums.as_deref().map(|path| self.beside(path)).transpose()?;
        let signature = self.how.signature.as_deref().map(|path| self.beside(path)).transpose()?;
        let (signed, limit) = list.map_or((self.file, FILE), |list| (list, LIST));
        if list.is_none() && self.file.size > FILE {
            let size = self.file.size;
            let why =
                format!("it has {size} bytes, and {FILE} are read at most: have a list of checksums signed instead");
            return Err(why.into());
        }
        let bytes = content.read(&signed.digest, limit).await?;
        let (text, signature) = match signature {
            Some(signature) => (bytes.to_vec(), content.read(&signature.digest, SIGNATURE).await?.to_vec()),
            None => {
                let parsed = Clearsigned::parse(&bytes);
                let parsed =
                    parsed.map_err(|error| format!("`{}` does not hold its signature: {error}", signed.path))?;
                (parsed.text, parsed.signature)
            }
        };
        let (key, key_file) = self.signer(&text, &signature)?;
        if list.is_some() {
            lists(&text, self.file).map_err(|why| format!("`{}` {why}", signed.path))?;
        }
        let by = match (self.keys, list) {
            (Keys::OpenPgp(_), None) => SignedBy::OpenPgp,
            (Keys::OpenPgp(_), Some(_)) => SignedBy::OpenPgpChecksums,
            (Keys::Cosign(_), None) => SignedBy::Cosign,
            (Keys::Cosign(_), Some(_)) => SignedBy::CosignChecksums,
        };
        Ok(Looked::Signed { by, key, key_file })
    }

    /// A file of the same set.
    fn beside(&self, path: &str) -> Result<&CarriedFile, Looking> {
        let path = path.replace("{path}", &self.file.path);
        self.set.files.iter().find(|file| file.path == path).ok_or(Looking::Missing(path))
    }

    fn signer(&self, text: &[u8], signature: &[u8]) -> Result<(String, Option<String>), String> {
        match self.keys {
            Keys::Cosign(keys) => {
                let none = "its signature is by none of the keys of the rule, or the file was changed";
                let signature = STANDARD.decode(signature.trim_ascii()).map_err(|_| "its signature is no base64")?;
                keys.signer(text, &signature).map(|key| keys.told(key)).ok_or_else(|| none.to_owned())
            }
            Keys::OpenPgp(rings) => {
                let mut reasons = Vec::new();
                for (ring, file) in rings {
                    match ring.verify_detached(text, signature, self.now) {
                        Ok(signer) => return Ok((signer.fingerprint, file.clone())),
                        Err(error) => reasons.push(error.to_string()),
                    }
                }
                Err(reasons.join("; "))
            }
        }
    }
}

/// Why a signature was not verified.
enum Looking {
    /// There is no such file.
    Missing(String),
    /// In words.
    Refused(String),
}

impl From<String> for Looking {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}
