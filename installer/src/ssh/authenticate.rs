//! Saying who we are.

use std::env::var_os;
use std::sync::Arc;

use russh::MethodSet;
use russh::client::{AuthResult, Handle, Handler};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKey};

use super::host_keys::fingerprint;
use super::keyring::Identity;
use super::problem::Problem;
use super::signer::{OwnKey, SignError};

/// Where the agent is.
const AGENT: &str = "SSH_AUTH_SOCK";

/// What was tried, and what the server thinks of it.
#[derive(Default)]
struct Tried {
    keys: Vec<String>,
    /// What the server would take.
    accepts: Vec<String>,
    /// It took a key, and wants more.
    partly: bool,
}

/// Says who we are.
///
/// # Errors
/// Which keys were tried and what the server takes, when none of them is accepted.
pub(super) async fn authenticate<H: Handler>(
    handle: &mut Handle<H>,
    user: &str,
    identity: &Identity,
) -> Result<(), Problem> {
    let mut tried = Tried::default();
    let accepted = match identity {
        Identity::Agent => with_agent(handle, user, &mut tried).await?,
        Identity::Key { name, key, certificate } => {
            let mut accepted = false;
            if let Some(certificate) = certificate {
                tried.keys.push(format!("the certificate of {name} ({})", certificate.key_id()));
                let (certificate, hash) = (certificate.as_ref().clone(), hash(handle, key.algorithm()).await?);
                let mut signer = OwnKey(Arc::clone(key));
                let result = handle.authenticate_certificate_with(user, certificate, hash, &mut signer).await;
                let result = result.map_err(|error| match error {
                    SignError::Gone(_) => Problem::from(russh::Error::Disconnect),
                    SignError::Key(error) => {
                        Problem::lasting(format!("{name} does not sign: {error}"), "take a key of another kind")
                    }
                })?;
                accepted = tried.took(&result);
            }
            if !accepted {
                tried.keys.push(format!("{name} ({})", fingerprint(key.public_key())));
                let hash = hash(handle, key.algorithm()).await?;
                let key = PrivateKeyWithHashAlg::new(key.clone(), hash);
                accepted = tried.took(&handle.authenticate_publickey(user, key).await?);
            }
            accepted
        }
    };
    if accepted {
        return Ok(());
    }
    // A server that went away in between has refused nothing; one that is tired of keys closes, too.
    if handle.is_closed() && tried.accepts.is_empty() {
        return Err(russh::Error::Disconnect.into());
    }
    Err(tried.refused(user))
}

/// Tries the keys of the agent in its order, until one is accepted or the server has had enough.
async fn with_agent<H: Handler>(handle: &mut Handle<H>, user: &str, tried: &mut Tried) -> Result<bool, Problem> {
    let unusable = |text: String| {
        let help = "start an agent and give it the key (`eval $(ssh-agent); ssh-add KEY`), or name a file as `key:`";
        Problem::lasting(text, help)
    };
    if var_os(AGENT).is_none() {
        return Err(unusable(format!("there is no key for it: no `key:` is named, and {AGENT} is not set")));
    }
    let agent = AgentClient::connect_env().await;
    let mut agent = agent.map_err(|error| unusable(format!("the agent can't be asked: {error}")))?;
    let keys = agent.request_identities().await;
    let keys = keys.map_err(|error| unusable(format!("the agent does not say which keys it has: {error}")))?;
    if keys.is_empty() {
        return Err(unusable("the agent has no keys".into()));
    }
    for one in keys {
        let result = match one {
            AgentIdentity::PublicKey { key, comment } => {
                tried.keys.push(format!("{comment} of the agent ({})", fingerprint(&key)));
                let hash = hash(handle, key.algorithm()).await?;
                handle.authenticate_publickey_with(user, key, hash, &mut agent).await
            }
            AgentIdentity::Certificate { certificate, comment } => {
                let key = PublicKey::from(certificate.public_key().clone());
                tried.keys.push(format!("certificate {comment} of the agent ({})", fingerprint(&key)));
                let hash = hash(handle, key.algorithm()).await?;
                handle.authenticate_certificate_with(user, certificate, hash, &mut agent).await
            }
        };
        match result {
            Ok(result) if tried.took(&result) => return Ok(true),
            Ok(_) => {}
            Err(error) => tried.keys.push(format!("(the agent: {error})")),
        }
        if handle.is_closed() {
            break;
        }
    }
    Ok(false)
}

/// With which hash an RSA key signs: never with SHA-1, which servers have stopped to take.
async fn hash<H: Handler>(handle: &Handle<H>, kind: Algorithm) -> Result<Option<HashAlg>, Problem> {
    if !kind.is_rsa() {
        return Ok(None);
    }
    Ok(Some(handle.best_supported_rsa_hash().await?.flatten().unwrap_or(HashAlg::Sha256)))
}

impl Tried {
    /// Notes what the server says, and whether that is the end of it.
    fn took(&mut self, result: &AuthResult) -> bool {
        match result {
            AuthResult::Success => true,
            AuthResult::Failure { remaining_methods, partial_success } => {
                self.note(remaining_methods);
                self.partly |= partial_success;
                false
            }
        }
    }

    fn note(&mut self, methods: &MethodSet) {
        if !methods.is_empty() {
            self.accepts = methods.iter().map(|method| <&str>::from(method).to_owned()).collect();
        }
    }

    fn refused(self, user: &str) -> Problem {
        let (keys, accepts) = (self.keys.join(", "), self.accepts.join(", "));
        if self.partly {
            let help = "let the user in with a key alone: `AuthenticationMethods publickey` in sshd_config";
            return Problem::lasting(format!("it takes the key of {user} and wants more: {accepts}"), help);
        }
        Problem::lasting(
            format!("it does not let {user} in with {keys}; it takes {accepts}"),
            format!("add the public key to the `authorized_keys` of {user} on the machine, or correct `user` or `key`"),
        )
    }
}
