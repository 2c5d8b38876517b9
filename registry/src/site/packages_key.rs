use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, Deserializable as _, DetachedSignature, KeyType, SignedKeyDetails,
    SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{
    KeyFlags, PacketTrait as _, PubKeyInner, PublicKey, SecretKey, SignatureConfig, SignatureType, Subpacket,
    SubpacketData, UserId,
};
use pgp::types::{KeyDetails as _, KeyVersion, Password, SignedUser, Timestamp as PgpTimestamp};

use super::authority::short_id;
use super::{SiteError, make_folder, read_text};
use crate::store::write_atomically;

/// When every site's key says that it was made: 2020-01-01. A node whose clock was never set must not take the key for
/// one of the future, and a bundle may be older than the site.
const MADE: u32 = 1_577_836_800;
/// Where the key that nodes get is, below the state folder.
const PUBLIC: &str = "apt/site.asc";
const SECRET: &str = "apt/site.key";

/// The site's OpenPGP key, which signs the indexes of packages: an Ed25519 key of version 4, which apt of every series
/// knows. It is made at the site and never leaves it.
pub struct PackagesKey {
    path: PathBuf,
    secret: SignedSecretKey,
    public: String,
}

impl fmt::Debug for PackagesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackagesKey").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PackagesKey {
    /// The site's key, which is made when the site has none.
    ///
    /// # Errors
    /// [`SiteError`] when the files can't be read or written, or hold no such key.
    pub fn load_or_create(state: &Path) -> Result<Self, SiteError> {
        let (path, public_path) = (state.join(SECRET), state.join(PUBLIC));
        let existing = read_text(&path)?;
        let secret = match &existing {
            Some(text) => SignedSecretKey::from_string(text).map_err(SiteError::certificate(&path))?.0,
            None => {
                let id = short_id()?;
                create(&format!("airgap site {id} (packages)")).map_err(SiteError::certificate(&path))?
            }
        };
        let armor = ArmorOptions::default;
        let public = secret.to_public_key().to_armored_string(armor()).map_err(SiteError::certificate(&path))?;
        if existing.is_none() {
            make_folder(&state.join("apt"))?;
            let text = secret.to_armored_string(armor()).map_err(SiteError::certificate(&path))?;
            write_atomically(&path, text.as_bytes(), 0o600)?;
        }
        if read_text(&public_path)?.as_ref() != Some(&public) {
            write_atomically(&public_path, public.as_bytes(), 0o644)?;
        }
        Ok(Self { path, secret, public })
    }

    /// The key that nodes get, armoured, as [`PackagesKey::load_or_create`] has written it; `None` before.
    ///
    /// # Errors
    /// [`SiteError`] when it can't be read.
    pub fn public_of(state: &Path) -> Result<Option<String>, SiteError> {
        Ok(read_text(&state.join(PUBLIC))?)
    }

    /// The key that nodes get, armoured.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// Signs a text in the clear: what `InRelease` is of `Release`. The same text and time give the same bytes.
    ///
    /// # Errors
    /// [`SiteError`] when it can't be signed.
    pub fn sign_clear(&self, text: &str, at: Timestamp) -> Result<String, SiteError> {
        // The end of the last line belongs to the frame (RFC 9580, section 7.2).
        let text = text.strip_suffix('\n').unwrap_or(text);
        let sign = || -> pgp::errors::Result<String> {
            let config = self.signature(SignatureType::Text, at)?;
            let message = CleartextSignedMessage::new(text, config, &self.secret.primary_key, &Password::empty())?;
            message.to_armored_string(ArmorOptions::default())
        };
        sign().map_err(SiteError::certificate(&self.path))
    }

    /// Signs bytes apart from them: what `Release.gpg` is to `Release`. The same bytes and time give the same signature.
    ///
    /// # Errors
    /// [`SiteError`] when they can't be signed.
    pub fn sign_detached(&self, bytes: &[u8], at: Timestamp) -> Result<String, SiteError> {
        let sign = || -> pgp::errors::Result<String> {
            let config = self.signature(SignatureType::Binary, at)?;
            let signature = config.sign(&self.secret.primary_key, &Password::empty(), bytes)?;
            DetachedSignature::new(signature).to_armored_string(ArmorOptions::default())
        };
        sign().map_err(SiteError::certificate(&self.path))
    }

    fn signature(&self, kind: SignatureType, at: Timestamp) -> pgp::errors::Result<SignatureConfig> {
        let seconds = u32::try_from(at.as_second()).unwrap_or(MADE).max(MADE);
        signature(self.secret.primary_key.public_key(), kind, seconds)
    }
}

/// What every signature of this key says, at `seconds` after 1970.
fn signature(key: &PublicKey, kind: SignatureType, seconds: u32) -> pgp::errors::Result<SignatureConfig> {
    let mut config = SignatureConfig::v4(kind, PublicKeyAlgorithm::EdDSALegacy, HashAlgorithm::Sha512);
    config.hashed_subpackets = vec![
        Subpacket::regular(SubpacketData::SignatureCreationTime(timestamp(seconds)?))?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    config.unhashed_subpackets = vec![Subpacket::regular(SubpacketData::IssuerKeyId(key.legacy_key_id()))?];
    Ok(config)
}

fn timestamp(seconds: u32) -> pgp::errors::Result<PgpTimestamp> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(seconds));
    PgpTimestamp::try_from(time).map_err(|error| std::io::Error::other(error).into())
}

/// A key that may certify and sign. All in it is of the same fixed time: its own signature, too, has to be older than
/// any that it makes.
fn create(user: &str) -> pgp::errors::Result<SignedSecretKey> {
    let (public, secret) = KeyType::Ed25519Legacy.generate(rand_core::OsRng)?;
    let inner = PubKeyInner::new(KeyVersion::V4, PublicKeyAlgorithm::EdDSALegacy, timestamp(MADE)?, None, public)?;
    let key = SecretKey::new(PublicKey::from_inner(inner)?, secret)?;
    let user = UserId::from_str(Default::default(), user)?;
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    let mut config = signature(key.public_key(), SignatureType::CertPositive, MADE)?;
    config.hashed_subpackets.extend([
        Subpacket::regular(SubpacketData::KeyFlags(flags))?,
        Subpacket::regular(SubpacketData::IsPrimary(true))?,
    ]);
    let certified = config.sign_certification(&key, key.public_key(), &Password::empty(), user.tag(), &user)?;
    let users = vec![SignedUser::new(user, vec![certified])];
    Ok(SignedSecretKey::new(key, SignedKeyDetails::new(vec![], vec![], users, vec![]), vec![], vec![]))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(PackagesKey::public_of(folder.path()).unwrap(), None);
        let first = PackagesKey::load_or_create(folder.path()).unwrap();
        let again = PackagesKey::load_or_create(folder.path()).unwrap();
        assert_eq!(first.public(), again.public());
        assert_eq!(PackagesKey::public_of(folder.path()).unwrap().unwrap(), first.public());
        assert!(!first.public().contains("PRIVATE"));
        for (file, mode) in [(SECRET, 0o600), (PUBLIC, 0o644)] {
            assert_eq!(folder.path().join(file).metadata().unwrap().permissions().mode() & 0o777, mode, "{file}");
        }
    }

    #[test]
    fn the_same_text_is_signed_with_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let sign = || PackagesKey::load_or_create(folder.path()).unwrap().sign_clear("Origin: airgap\n", at).unwrap();
        assert_eq!(sign(), sign());
        assert!(
            sign().starts_with("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: airgap\n-----BEGIN PGP")
        );
    }
}
