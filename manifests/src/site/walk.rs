//! What a site names outside of itself.

use super::{AuditPolicy, Authentication, Become, CertificatePair, Identity, LocalFile, SecretSource, Site, Ssh};

/// A file that a site names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamedFile<'s> {
    /// The file.
    pub file: &'s LocalFile,
    /// Whether it holds a secret: nobody but its owner should read it.
    pub secret: bool,
}

/// A secret that a site needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededSecret<'s> {
    /// What it is for, in people's words.
    pub purpose: String,
    /// Where it is.
    pub source: &'s SecretSource,
}

impl Site {
    /// The files that it names, each place once, in no order of meaning.
    pub fn files(&self) -> Vec<NamedFile<'_>> {
        let mut files: Vec<NamedFile<'_>> = Vec::new();
        let mut add = |file, secret| {
            if !files.iter().any(|known| known.file == file) {
                files.push(NamedFile { file, secret });
            }
        };
        for ssh in self.ways() {
            if let Authentication::Key { key, certificate, .. } = &ssh.authentication {
                add(key, true);
                certificate.iter().for_each(|file| add(file, false));
            }
        }
        self.registries.values().filter_map(|registry| registry.ca.as_ref()).for_each(|file| add(file, false));
        if let Some(AuditPolicy::File(file)) = &self.options.audit_policy {
            add(file, false);
        }
        self.certificates.trust.iter().for_each(|file| add(file, false));
        if let Some(pair) = self.brought() {
            add(&pair.certificate, false);
            add(&pair.key, true);
        }
        for secret in self.secrets() {
            if let SecretSource::File(file) = secret.source {
                add(file, true);
            }
        }
        files
    }

    /// The secrets that it needs. One that several machines share, because it is said once for all, is named once.
    pub fn secrets(&self) -> Vec<NeededSecret<'_>> {
        let mut secrets: Vec<NeededSecret<'_>> = Vec::new();
        let mut add = |purpose: String, source| {
            if !secrets.iter().any(|known| known.source == source) {
                secrets.push(NeededSecret { purpose, source });
            }
        };
        for secret in self.secrets_of_ssh() {
            add(secret.purpose, secret.source);
        }
        for (host, registry) in &self.registries {
            registry.login.iter().for_each(|login| add(format!("{} at {host}", login.user), &login.password));
        }
        for (name, component) in &self.components {
            component.secrets.iter().for_each(|(path, source)| add(format!("{path} of {name}"), source));
        }
        if let Some(CertificatePair { key, passphrase: Some(source), .. }) = self.brought() {
            add(format!("passphrase of {}", key.path.display()), source);
        }
        secrets
    }

    /// The secrets among them that it takes to reach the nodes and to become root there.
    pub fn secrets_of_ssh(&self) -> Vec<NeededSecret<'_>> {
        let mut secrets: Vec<NeededSecret<'_>> = Vec::new();
        let mut add = |purpose: String, source| {
            if !secrets.iter().any(|known| known.source == source) {
                secrets.push(NeededSecret { purpose, source });
            }
        };
        for ssh in self.ways() {
            if let Authentication::Key { key, passphrase: Some(source), .. } = &ssh.authentication {
                add(format!("passphrase of {}", key.path.display()), source);
            }
        }
        for node in &self.nodes {
            if let Become::SudoWithPassword(source) = &node.become_root {
                add(format!("sudo on {}", node.name), source);
            }
        }
        secrets
    }

    fn ways(&self) -> impl Iterator<Item = &Ssh> {
        self.bastions.values().map(|bastion| &bastion.ssh).chain(self.nodes.iter().map(|node| &node.ssh))
    }

    fn brought(&self) -> Option<&CertificatePair> {
        match &self.certificates.identity {
            Identity::Made => None,
            Identity::Authority(pair) | Identity::Server(pair) => Some(pair),
        }
    }
}
