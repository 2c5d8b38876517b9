//! Certificate authorities, and what they sign. As in RKE2 servers and clients have one each.

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use crate::contract::contract;
use crate::layout::Data;

/// Those of a cluster: every server has their keys.
pub(crate) const AUTHORITIES: [&str; 5] =
    ["server-ca", "client-ca", "request-header-ca", "etcd/server-ca", "etcd/peer-ca"];

/// A certificate and its key, as PEM.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Whom a certificate is for.
#[derive(Debug, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    pub(crate) group: Option<&'a str>,
    /// Names and addresses of a server.
    pub(crate) alternative: &'a [String],
}

/// Makes the authorities that a first server lacks.
pub(crate) fn make_missing(data: &Data) -> Result<()> {
    for name in AUTHORITIES {
        if data.read(&key_file(name)).is_none() {
            let key = KeyPair::generate().context("cannot make a key")?;
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            params.distinguished_name = rcgen::DistinguishedName::new();
            params
                .distinguished_name
                .push(DnType::CommonName, format!("{}-{}", contract().name, name.replace('/', "-")));
            let certificate = params.self_signed(&key).context("cannot make an authority")?;
            data.write(&certificate_file(name), certificate.pem())?;
            data.write(&key_file(name), key.serialize_pem())?;
        }
    }
    if data.read("server/tls/service.key").is_none() {
        let key = KeyPair::generate().context("cannot make a key")?;
        data.write("server/tls/service.pub", key.public_key_pem())?;
        data.write("server/tls/service.key", key.serialize_pem())?;
    }
    Ok(())
}

/// Where the certificate of an authority is.
pub(crate) fn certificate_file(name: &str) -> String {
    format!("server/tls/{name}.crt")
}

/// Where its key is.
pub(crate) fn key_file(name: &str) -> String {
    format!("server/tls/{name}.key")
}

/// Signs a certificate.
pub(crate) fn issue(data: &Data, authority: &str, subject: &Subject<'_>) -> Result<Credential> {
    let read = |place: String| data.read(&place).with_context(|| format!("{place} is missing"));
    let key = KeyPair::from_pem(&read(key_file(authority))?).context("the key of an authority is broken")?;
    let issuer =
        Issuer::from_ca_cert_pem(&read(certificate_file(authority))?, key).context("an authority is broken")?;
    let mut params = CertificateParams::new(subject.alternative.to_vec()).context("a name is none")?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(group) = subject.group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.distinguished_name.push(DnType::CommonName, subject.name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().context("cannot make a key")?;
    let certificate = params.signed_by(&key, &issuer).context("cannot sign a certificate")?.pem();
    Ok(Credential { certificate, key: key.serialize_pem() })
}

/// A kubeconfig with everything in it.
pub(crate) fn kubeconfig(server: &str, authority: &str, credential: &Credential) -> String {
    let [ca, certificate, key] =
        [authority, &credential.certificate, &credential.key].map(|text| BASE64_STANDARD.encode(text));
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: default\n  cluster:\n    server: {server}\n    \
         certificate-authority-data: {ca}\ncontexts:\n- name: default\n  context:\n    cluster: default\n    \
         user: default\ncurrent-context: default\nusers:\n- name: default\n  user:\n    \
         client-certificate-data: {certificate}\n    client-key-data: {key}\n"
    )
}
