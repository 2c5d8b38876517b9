//! Whose signatures count.

use std::num::NonZeroU32;

use jiff::Timestamp;

use super::allowed_signers::{self, AllowedSigner};
use super::key::type_name;
use super::sshsig::Envelope;
use super::{MAX_SIGNATURES, NAMESPACE, Reason, Rejected, TrustError, fingerprint, pattern};

/// Whose signatures count: an OpenSSH `allowed_signers` file and how many different signers it takes.
#[derive(Debug, Clone)]
pub struct TrustRoot {
    file: String,
    signers: Vec<AllowedSigner>,
    threshold: NonZeroU32,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Signer {
    /// The principals of the `allowed_signers` line that vouches for the key, as written there.
    pub principal: String,
    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// `ssh-ed25519` and the like.
    pub key_type: String,
}

/// What became of all signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Those that count: different keys and different principals.
    pub signers: Vec<Signer>,
    /// Those that don't, with the reason.
    pub rejected: Vec<Rejected>,
}

impl TrustRoot {
    /// Parses the text of an `allowed_signers` file; `file` names it in errors. Threshold 1.
    ///
    /// # Errors
    /// [`TrustError`] for a line that is wrong or that trusts a key which is not accepted, and for a file without any
    /// signer. A wrong line is never skipped: somebody meant something by it.
    pub fn parse(text: &str, file: &str) -> Result<Self, TrustError> {
        let signers = allowed_signers::parse(text, file)?;
        Ok(Self { file: file.to_owned(), signers, threshold: NonZeroU32::MIN })
    }

    /// Asks for signatures of at least this many different keys of different principals.
    #[must_use]
    pub fn with_threshold(self, threshold: NonZeroU32) -> Self {
        Self { threshold, ..self }
    }

    /// Checks armoured SSHSIG signatures over `message`; `when` is the signed document's `created`.
    ///
    /// # Errors
    /// [`TrustError::Unsigned`] without any signature, [`TrustError::NotEnough`] with what is wrong with each.
    pub fn verify(&self, message: &[u8], signatures: &[String], when: Timestamp) -> Result<Vec<Signer>, TrustError> {
        if signatures.is_empty() {
            return Err(TrustError::Unsigned);
        }
        let Verdict { signers, rejected } = self.examine(message, signatures, when);
        if signers.len() < self.threshold.get() as usize {
            return Err(TrustError::NotEnough {
                file: self.file.clone(),
                needed: self.threshold.get(),
                signers,
                rejected,
            });
        }
        Ok(signers)
    }

    /// Looks at every signature, without a verdict on whether they are enough. At most [`MAX_SIGNATURES`] are read.
    pub fn examine(&self, message: &[u8], signatures: &[String], when: Timestamp) -> Verdict {
        let mut verdict = Verdict::default();
        for (index, armoured) in signatures.iter().take(MAX_SIGNATURES).enumerate() {
            let reject = |by, reason| Rejected { number: index + 1, by, reason };
            let envelope = match Envelope::parse(armoured) {
                Ok(envelope) => envelope,
                Err(reason) => {
                    verdict.rejected.push(reject(None, reason));
                    continue;
                }
            };
            match self.judge(&envelope, message, when, &verdict.signers) {
                Ok(signer) => verdict.signers.push(signer),
                Err(reason) => verdict.rejected.push(reject(Some(envelope.by()), reason)),
            }
        }
        verdict
    }

    fn judge(
        &self,
        envelope: &Envelope,
        message: &[u8],
        when: Timestamp,
        counted: &[Signer],
    ) -> Result<Signer, Reason> {
        envelope.check_form()?;
        let line = self.line_for(envelope, when)?;
        envelope.check_message(message)?;
        let signer = Signer {
            principal: line.principals.clone(),
            fingerprint: fingerprint(&line.key),
            key_type: type_name(&line.key),
        };
        if counted.iter().any(|other| other.fingerprint == signer.fingerprint) {
            return Err(Reason::SameKey);
        }
        if counted.iter().any(|other| pattern::overlap(&other.principal, &signer.principal)) {
            return Err(Reason::SamePrincipal(signer.principal));
        }
        Ok(signer)
    }

    /// The first line that has the key and allows it; else why the last one that has it does not.
    fn line_for(&self, envelope: &Envelope, when: Timestamp) -> Result<&AllowedSigner, Reason> {
        let mut reason = Reason::UnknownKey { file: self.file.clone() };
        for signer in self.signers.iter().filter(|signer| signer.key == *envelope.key()) {
            match self.allows(signer, when) {
                Ok(()) => return Ok(signer),
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    fn allows(&self, signer: &AllowedSigner, created: Timestamp) -> Result<(), Reason> {
        let (file, line) = (self.file.clone(), signer.line);
        if let Some(namespaces) = signer.namespaces.as_ref().filter(|list| !pattern::matches_list(list, NAMESPACE)) {
            return Err(Reason::NotForBundles { file, line, namespaces: namespaces.clone() });
        }
        if let Some(from) = signer.valid_after.filter(|from| created < *from) {
            return Err(Reason::NotYetValid { file, line, from, created });
        }
        if let Some(until) = signer.valid_before.filter(|until| created > *until) {
            return Err(Reason::Expired { file, line, until, created });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
