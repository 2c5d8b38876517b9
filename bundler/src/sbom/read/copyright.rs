//! Debian's files of copyrights, where they are of the form that machines read.

use std::collections::BTreeSet;

use manifests::debian::Stanzas;

use super::field;

/// The names of licences, sorted; none for a file of free text.
///
/// <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>
pub(super) fn read(text: &[u8]) -> Vec<String> {
    let is_of_the_form = |line: &[u8]| {
        let line = line.to_ascii_lowercase();
        line.starts_with(b"format") && memchr::memmem::find(&line, b"copyright-format").is_some()
    };
    if !text.split(|byte| *byte == b'\n').next().is_some_and(is_of_the_form) {
        return Vec::new();
    }
    // A stanza that is not right is left out: what people write by hand is often not.
    let stanzas = Stanzas::new(text).filter_map(Result::ok);
    let values = stanzas.filter_map(|stanza| stanza.get("License").ok().flatten().map(str::to_owned));
    let names = values.filter_map(|value| value.lines().next().map(field)).filter(|name| !name.is_empty());
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_names_of_licences_are_read() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n\n\
                    Files: *\nCopyright: 2020 Somebody\nLicense: GPL-2+\n\n\
                    Files: a\nCopyright: y\nLicense: Expat\n Permission is hereby granted\n\nLicense: GPL-2+\n text\n";
        assert_eq!(read(text.as_bytes()), ["Expat", "GPL-2+"]);
        assert!(read(b"This package was debianized by\n\nLicense: MIT\n").is_empty());
    }
}
