//! `os-release(5)`.

use super::field;
use crate::sbom::inventory::Distribution;

/// Reads the fields that name a distribution; none without an `ID`.
pub(super) fn read(text: &str) -> Option<Distribution> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        Some(field(line.trim().trim_matches(['"', '\'']))).filter(|value| !value.is_empty())
    };
    Some(Distribution { id: value("ID")?, version: value("VERSION_ID"), name: value("PRETTY_NAME") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_off_and_a_file_that_names_nothing_is_nothing() {
        let found = read("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n").unwrap();
        assert_eq!((found.id.as_str(), found.version.as_deref()), ("debian", Some("12")));
        assert_eq!(found.name.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(read("NAME=nobody\n"), None);
    }
}
