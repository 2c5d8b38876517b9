use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use manifests::Digest;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};

use super::authority::{BACKDATED, since_epoch};
use super::{SiteCa, SiteError, make_folder, read_text};
use crate::http::CertificateSlot;
use crate::store::{StoreError, write_atomically};

/// A certificate is good for a year,
const LIFETIME: Duration = Duration::from_secs(60 * 60 * 24 * 365);
/// and exchanged when less than a third of that is left.
const RENEW_BEFORE: Duration = Duration::from_secs(60 * 60 * 24 * 120);

/// The server's certificate, kept in files and renewed in time.
#[derive(Debug)]
pub struct ServerCertificate {
    folder: PathBuf,
    names: Vec<String>,
}

/// What is noted beside the certificate, so that nobody has to parse it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    names: Vec<String>,
    authority: Digest,
    not_before: Timestamp,
    not_after: Timestamp,
}

type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// When the certificate of a site ends, as far as it has one.
pub fn certificate_end(state: &Path) -> Option<Timestamp> {
    let text = read_text(&state.join("tls/server.json")).ok()??;
    serde_json::from_str::<Note>(&text).ok().map(|note| note.not_after)
}

impl ServerCertificate {
    /// The certificate of a site for these host names and addresses.
    pub fn new(state: &Path, names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self { folder: state.join("tls"), names }
    }

    /// Makes a slot with the certificate there is, or a new one where that is missing, for other names, of another CA
    /// or near its end.
    ///
    /// # Errors
    /// [`SiteError`] when the certificate can't be read, made or written.
    pub fn slot(&self, ca: &SiteCa, now: Timestamp) -> Result<Arc<CertificateSlot>, SiteError> {
        if !self.is_good(ca, now)? {
            self.issue(ca, now)?;
        }
        let (chain, key) = self.load()?;
        Ok(CertificateSlot::new(chain, key)?)
    }

    /// Renews the certificate when it is time. Returns whether it was.
    ///
    /// # Errors
    /// As [`ServerCertificate::slot`]; the old certificate stays in use then.
    pub fn renew(&self, ca: &SiteCa, slot: &CertificateSlot, now: Timestamp) -> Result<bool, SiteError> {
        if self.is_good(ca, now)? {
            return Ok(false);
        }
        self.issue(ca, now)?;
        let (chain, key) = self.load()?;
        slot.replace(chain, key)?;
        Ok(true)
    }

    /// Whether the certificate is there, for these names, of this CA, and not near its end.
    ///
    /// # Errors
    /// [`SiteError`] when it is there and can't be read.
    pub fn is_good(&self, ca: &SiteCa, now: Timestamp) -> Result<bool, SiteError> {
        let files = [self.path("server.crt"), self.path("server.key")];
        let Some(text) = read_text(&self.path("server.json"))?.filter(|_| files.iter().all(|file| file.exists()))
        else {
            return Ok(false);
        };
        // A note that can't be read is as good as none: a new certificate is cheap.
        let Ok(note) = serde_json::from_str::<Note>(&text) else { return Ok(false) };
        Ok(note.names == self.names
            && note.authority == Digest::of(ca.certificate_pem().as_bytes())
            && note.not_before <= now
            && since_epoch(now) + RENEW_BEFORE < since_epoch(note.not_after))
    }

    fn issue(&self, ca: &SiteCa, now: Timestamp) -> Result<(), SiteError> {
        let path = self.path("server.crt");
        let failed = || SiteError::certificate(&path);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed())?;
        let mut params = CertificateParams::new(self.names.clone()).map_err(failed())?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "airgap site server");
        let (begin, end) = (since_epoch(now).saturating_sub(BACKDATED), since_epoch(now) + LIFETIME);
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + begin;
        params.not_after = epoch + end;
        let certificate = params.signed_by(&key, &ca.issuer()?).map_err(failed())?.pem();
        make_folder(&self.folder)?;
        let note = Note {
            names: self.names.clone(),
            authority: Digest::of(ca.certificate_pem().as_bytes()),
            not_before: timestamp(begin),
            not_after: timestamp(end),
        };
        let note = serde_json::to_vec_pretty(&note).map_err(SiteError::certificate(&path))?;
        write_atomically(&self.path("server.key"), key.serialize_pem().as_bytes(), 0o600)?;
        write_atomically(&path, certificate.as_bytes(), 0o644)?;
        write_atomically(&self.path("server.json"), &note, 0o644)?;
        Ok(())
    }

    fn load(&self) -> Result<Pair, SiteError> {
        let (path, key_path) = (self.path("server.crt"), self.path("server.key"));
        let bytes = std::fs::read(&path).map_err(StoreError::io("read", &path))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
        let bytes = std::fs::read(&key_path).map_err(StoreError::io("read", &key_path))?;
        let key = PrivateKeyDer::from_pem_slice(&bytes).map_err(SiteError::certificate(&key_path))?;
        Ok((chain.map_err(SiteError::certificate(&path))?, key))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn timestamp(since_epoch: Duration) -> Timestamp {
    i64::try_from(since_epoch.as_secs()).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn day(number: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + number * 86_400).unwrap()
    }

    #[test]
    fn the_certificate_is_renewed_in_time_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let ca = SiteCa::load_or_create(folder.path(), day(0)).unwrap();
        let server = ServerCertificate::new(folder.path(), ["localhost".into(), "10.0.0.1".into()]);
        let slot = server.slot(&ca, day(0)).unwrap();
        assert!(!server.renew(&ca, &slot, day(200)).unwrap());
        assert!(server.renew(&ca, &slot, day(250)).unwrap());
        assert!(!server.renew(&ca, &slot, day(300)).unwrap());
        // A clock that was set back to before the certificate began gets one that it can use.
        assert!(server.renew(&ca, &slot, day(100)).unwrap());
        let other = ServerCertificate::new(folder.path(), ["registry.example".into()]);
        assert!(other.renew(&ca, &slot, day(100)).unwrap());
    }

    #[test]
    fn the_ca_stays_and_its_keys_are_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = SiteCa::load_or_create(folder.path(), day(0)).unwrap();
        ServerCertificate::new(folder.path(), ["localhost".into()]).slot(&first, day(0)).unwrap();
        let second = SiteCa::load_or_create(folder.path(), day(9)).unwrap();
        assert_eq!(first.certificate_pem(), second.certificate_pem());
        for (file, mode) in [("ca/ca.key", 0o600), ("tls/server.key", 0o600), ("ca/ca.crt", 0o644)] {
            assert_eq!(folder.path().join(file).metadata().unwrap().permissions().mode() & 0o777, mode, "{file}");
        }
        std::fs::remove_file(folder.path().join("ca/ca.key")).unwrap();
        assert!(SiteCa::load_or_create(folder.path(), day(9)).is_err());
    }
}
