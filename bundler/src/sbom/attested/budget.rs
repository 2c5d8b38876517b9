//! What all SBOMs of a bundle may cost together. Where it is used up, the layers of further images are read instead.

/// The most bytes of SBOMs that are read.
const BYTES: u64 = 1 << 30;
/// The most packages that are kept of them: in a large bundle there are some 100 000.
const PACKAGES: usize = 1_000_000;

/// What is left.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: u64,
    packages: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: BYTES, packages: PACKAGES }
    }
}

impl Budget {
    /// A document of so many bytes is read.
    pub(super) fn read(&mut self, bytes: u64) -> Result<(), String> {
        let used_up = || format!("all SBOMs in the bundle have more than {BYTES} bytes");
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(used_up)?;
        Ok(())
    }

    /// So many packages of a document are kept.
    pub(super) fn keep(&mut self, packages: usize) -> Result<(), String> {
        let used_up = || format!("all SBOMs in the bundle name more than {PACKAGES} packages");
        self.packages = self.packages.checked_sub(packages).ok_or_else(used_up)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_refused_and_what_still_fits_is_not() {
        let mut budget = Budget::default();
        budget.read(BYTES - 10).unwrap();
        assert!(budget.read(11).unwrap_err().starts_with("all SBOMs in the bundle have more than"));
        budget.read(10).unwrap();
        budget.keep(PACKAGES).unwrap();
        assert!(budget.keep(1).unwrap_err().ends_with("1000000 packages"));
    }
}
