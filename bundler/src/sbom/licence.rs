//! Licences, as sources name them and as documents want them.

use manifests::Digest;
use spdx::{Expression, ParseMode};

/// SPDX's own syntax, with names that were given up: packages go on using them.
const MODE: ParseMode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
/// What of a text goes into a name made of it.
const MAX_NAME: usize = 40;

/// What a text that names a licence is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Licence<'a> {
    /// A name of SPDX's list.
    Id(&'a str),
    /// Several, with operators between them.
    Expression(&'a str),
    /// A text that only people can read.
    Text(&'a str),
}

impl<'a> Licence<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        // Operators are written in capitals, whatever the library also takes; what refers to texts of another document
        // means nothing in this one.
        let foreign = text.contains("Ref-") || [" and ", " or ", " with "].iter().any(|word| text.contains(word));
        if spdx::license_id(text).is_some_and(|known| known.name == text) {
            Self::Id(text)
        } else if !foreign && Expression::parse_mode(text, MODE).is_ok() {
            Self::Expression(text)
        } else {
            Self::Text(text)
        }
    }

    /// Its form within an expression of SPDX.
    pub(super) fn in_expression(&self) -> String {
        match self {
            Self::Id(id) => (*id).to_owned(),
            Self::Expression(expression) => format!("({expression})"),
            Self::Text(text) => reference(text),
        }
    }
}

/// The name that a document gives to a text. Two texts never get the same one.
pub(super) fn reference(text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let plain: String = text.chars().map(|c| if is_plain(&c) { c } else { '-' }).take(MAX_NAME).collect();
    if plain == text {
        return format!("LicenseRef-{plain}");
    }
    format!("LicenseRef-{plain}-{}", Digest::of(text.as_bytes()).short())
}

/// All licences of something as one expression of SPDX.
pub(super) fn expression(licences: &[String]) -> String {
    match licences {
        [] => "NOASSERTION".to_owned(),
        [only] => match Licence::of(only) {
            Licence::Expression(expression) => expression.to_owned(),
            other => other.in_expression(),
        },
        several => several.iter().map(|text| Licence::of(text).in_expression()).collect::<Vec<_>>().join(" AND "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(licences: &[&str]) -> String {
        expression(&licences.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn texts_become_valid_expressions() {
        assert_eq!(shown(&[]), "NOASSERTION");
        assert_eq!(shown(&["MIT"]), "MIT");
        assert_eq!(shown(&["GPL-2.0"]), "GPL-2.0");
        assert_eq!(shown(&["MIT OR Apache-2.0"]), "MIT OR Apache-2.0");
        assert_eq!(shown(&["MIT OR Apache-2.0", "Expat"]), "(MIT OR Apache-2.0) AND LicenseRef-Expat");
        assert_eq!(shown(&["mit"]), "LicenseRef-mit");
        let free = shown(&["GPL v2 or later"]);
        assert!(free.starts_with("LicenseRef-GPL-v2-or-later-"), "{free}");
        assert_ne!(free, shown(&["GPL v2 or-later"]));
        assert_eq!(shown(&["LicenseRef-of-another AND MIT"]).matches("LicenseRef-").count(), 2);
        for text in ["MIT", "Expat", "a b", "GPL-2.0-or-later WITH Classpath-exception-2.0"] {
            let written = shown(&[text, "MIT OR ISC"]);
            assert!(Expression::parse_mode(&written, MODE).is_ok(), "{written}");
        }
    }
}
