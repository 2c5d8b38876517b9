use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

use super::{SiteError, make_folder, read_text};
use crate::store::write_atomically;

/// Ten years, in days.
const LIFETIME_DAYS: u64 = 3653;
/// How far certificates reach into the past: clocks of nodes that are behind must not break TLS.
pub(super) const BACKDATED: Duration = Duration::from_secs(60 * 60 * 24 * 30);

/// The site's certificate authority.
#[derive(Debug)]
pub struct SiteCa {
    path: PathBuf,
    certificate: String,
    key: KeyPair,
}

impl SiteCa {
    /// The site's CA, which is made when the site has none.
    ///
    /// # Errors
    /// [`SiteError`] when the files can't be read or written, or don't belong together.
    pub fn load_or_create(state: &Path, now: Timestamp) -> Result<Self, SiteError> {
        let path = state.join("ca/ca.crt");
        let key_path = state.join("ca/ca.key");
        match (read_text(&path)?, read_text(&key_path)?) {
            (Some(certificate), Some(key)) => {
                let key = KeyPair::from_pem(&key).map_err(SiteError::certificate(&key_path))?;
                Ok(Self { path, certificate, key })
            }
            (None, None) => Self::create(path, &key_path, now),
            // Half a CA is no CA, and the nodes may trust the other half: that is for a person to decide.
            (Some(_), None) => Err(SiteError::certificate(&key_path)("the certificate is there, but not its key")),
            (None, Some(_)) => Err(SiteError::certificate(&path)("the key is there, but not its certificate")),
        }
    }

    fn create(path: PathBuf, key_path: &Path, now: Timestamp) -> Result<Self, SiteError> {
        let failed = || SiteError::certificate(&path);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed())?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "airgap");
        params.distinguished_name.push(DnType::CommonName, format!("airgap site CA {}", short_id()?));
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + (since_epoch(now).saturating_sub(BACKDATED));
        params.not_after = epoch + since_epoch(now) + Duration::from_secs(LIFETIME_DAYS * 24 * 60 * 60);
        let certificate = params.self_signed(&key).map_err(failed())?.pem();
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        write_atomically(key_path, key.serialize_pem().as_bytes(), 0o600)?;
        write_atomically(&path, certificate.as_bytes(), 0o644)?;
        Ok(Self { path, certificate, key })
    }

    /// The certificate as PEM: what clients have to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate
    }

    /// The file with the certificate.
    pub fn certificate_path(&self) -> &Path {
        &self.path
    }

    /// An issuer that signs with this CA.
    pub(super) fn issuer(&self) -> Result<Issuer<'static, &KeyPair>, SiteError> {
        Issuer::from_ca_cert_pem(&self.certificate, &self.key).map_err(SiteError::certificate(&self.path))
    }
}

/// Tells two sites' CAs apart in a trust store.
pub(super) fn short_id() -> Result<String, SiteError> {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| SiteError::Random)?;
    Ok(hex::encode(bytes))
}

/// The time since 1970; clocks before that count as 1970.
pub(super) fn since_epoch(now: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(now.as_second()).unwrap_or(0))
}
