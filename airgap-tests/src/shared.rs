//! What several tests use at once and nobody may leave behind.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use anyhow::Result;

/// Something that is made for the first who asks, shared while anybody holds it, and dropped with the last: a `static`
/// itself would never be dropped.
#[derive(Debug)]
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The thing itself, made now if nobody has it.
    ///
    /// # Errors
    /// What `make` says.
    pub fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thing) = held.upgrade() {
            return Ok(thing);
        }
        let thing = Arc::new(make()?);
        *held = Arc::downgrade(&thing);
        Ok(thing)
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self::new()
    }
}
