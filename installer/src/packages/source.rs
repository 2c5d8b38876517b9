use std::fmt;

/// What apt reads to find the packages: a source in the deb822 format, with the site's key in it.
#[derive(Debug, Clone)]
pub struct AptSource {
    /// The repository's address.
    pub uri: String,
    /// The series.
    pub series: String,
    /// The site's key, armoured.
    pub key: String,
}

/// `Check-Date` and `Check-Valid-Until` are off because nothing of it depends on time: every bundle has an address of its
/// own, and a node's clock may be wrong until the packages are there that set it.
impl fmt::Display for AptSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uri, series, key } = self;
        writeln!(f, "Types: deb\nURIs: {uri}\nSuites: {series}\nComponents: main")?;
        writeln!(f, "Check-Date: no\nCheck-Valid-Until: no")?;
        write_key(f, key)
    }
}

/// The key, as it stands in a source.
pub(super) fn write_key(f: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    writeln!(f, "Signed-By:")?;
    // An empty line would end the source.
    key.trim_end().lines().try_for_each(|line| writeln!(f, " {}", if line.trim().is_empty() { "." } else { line }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_holds_its_key() {
        let source = AptSource {
            uri: "https://jump.example.org:5000/apt/0123456789abcdef/bookworm".into(),
            series: "bookworm".into(),
            key: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n".into(),
        };
        insta::assert_snapshot!(source);
    }
}
