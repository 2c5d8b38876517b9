//! Signatures and trust: SSHSIG over the exact bytes of a document.
//!
//! The signatures are those of `ssh-keygen -Y sign`, and the trust file is OpenSSH's `allowed_signers`, so everything
//! here can be checked with `ssh-keygen -Y verify`. Sources: PROTOCOL.sshsig and PROTOCOL.u2f of OpenSSH, ssh-keygen(1).
//!
//! What a signature must be to count:
//!
//! - of namespace [`NAMESPACE`], over SHA-256 or SHA-512, by an accepted kind of key (see [`check_key`]);
//! - by a key of the trust file, in a line that allows the namespace and, at the document's own date, is valid;
//! - for a hardware key: made with a touch.
//!
//! Dates are compared with the document's signed `created`, never with a clock: a site whose clock is off must not be
//! locked out, and a bundle must not stop working by itself.

mod allowed_signers;
mod error;
mod key;
pub(crate) mod pattern;
mod private;
mod receipt;
mod sign;
mod sshsig;
mod timestamp;
mod trust;

pub use error::{LineError, Reason, Rejected, SignError, TrustError};
pub use key::{KeyRefused, check_key, fingerprint};
pub use private::{decrypt_private_key, read_private_key};
pub use receipt::{RECEIPT_NAMESPACE, ReceiptKey};
pub(crate) use sign::ARMOUR_START;
pub use sign::{armour, data_to_sign, sign};
pub use sshsig::{check, key_of};
pub use trust::{Signer, TrustRoot, Verdict};

/// The SSHSIG namespace of bundles; a site signs its receipts under [`RECEIPT_NAMESPACE`].
pub const NAMESPACE: &str = "airgap-bundle";

/// The largest armoured signature that is read, in bytes.
pub const MAX_SIGNATURE: usize = 16 << 10;
/// The most signatures that are looked at.
pub const MAX_SIGNATURES: usize = 32;
