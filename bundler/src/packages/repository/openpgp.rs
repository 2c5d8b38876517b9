//! Signatures of repositories, judged as apt judges them: one good signature by a key of the repository is needed, and
//! a bad one by any of its keys spoils everything.

mod cleartext;
mod keyring;
mod verify;

pub use cleartext::{ClearsignError, Clearsigned};
pub use keyring::{KeyProblem, Keyring, KeyringError, MAX_SIZE as MAX_KEYRING};
pub use verify::{Signer, Verdict, VerifyError};
