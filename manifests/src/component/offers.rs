//! What components rely on beyond images and charts, and what they bring for others.

use crate::debian::PackageName;
use crate::kubernetes::ObjectName;
use crate::word::{excerpt, word};
use crate::yaml::Location;

/// What a component brings, or wants to be there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Offers {
    /// Classes of storage.
    pub storage_classes: Vec<Offer<ObjectName>>,
    /// Classes of ingresses.
    pub ingress_classes: Vec<Offer<ObjectName>>,
    /// Definitions of custom resources, such as `certificates.cert-manager.io`.
    pub crds: Vec<Offer<ObjectName>>,
    /// Modules of the kernel.
    pub kernel_modules: Vec<Offer<KernelModule>>,
    /// Packages on the nodes.
    pub packages: Vec<Offer<PackageName>>,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer<N> {
    /// Its name.
    pub name: N,
    /// Where it is named.
    pub location: Location,
}

/// The name of a module of the kernel. `-` and `_` are the same to the kernel, so it is kept with `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelModule(String);

word!(KernelModule, "^[A-Za-z0-9][A-Za-z0-9_-]{0,54}$", "The name of a module of the kernel, as `modprobe` takes it.");

impl std::str::FromStr for KernelModule {
    type Err = KernelModuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let good = text.len() <= 55 && text.bytes().all(word) && text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if good { Ok(Self(text.replace('-', "_"))) } else { Err(KernelModuleError(excerpt(text))) }
    }
}

/// A text that is no name of a module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a kernel's module")]
pub struct KernelModuleError(String);

impl Offers {
    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds those of another.
    pub fn extend(&mut self, other: Self) {
        self.storage_classes.extend(other.storage_classes);
        self.ingress_classes.extend(other.ingress_classes);
        self.crds.extend(other.crds);
        self.kernel_modules.extend(other.kernel_modules);
        self.packages.extend(other.packages);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_the_same_with_both_dashes() {
        let module = |text: &str| text.parse::<KernelModule>();
        assert_eq!(module("iscsi-tcp"), module("iscsi_tcp"));
        for text in ["", "-a", "a b", "a/b", &"a".repeat(56)] {
            assert!(module(text).is_err(), "{text}");
        }
    }
}
