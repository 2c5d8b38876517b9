//! Texts and sizes as the report has them.

use std::fmt;

use airgap_console::ByteSize;
use serde::Serialize;

/// Characters of a text at most. What is longer was not written for people.
const LONGEST: usize = 300;

/// A text that comes from a bundle or from upstream: nobody need mean well who wrote it.
///
/// It is cut to a length that can be read, and what would not be seen, or would make the rest be seen otherwise (control
/// characters, marks that turn the direction of writing), is written as an escape. Escaping for HTML and Markdown is not done
/// here: the templates do that for everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// The text as it may be shown.
    pub fn of(text: &str) -> Self {
        let mut shown = String::new();
        for c in text.chars().take(LONGEST) {
            if is_unseen(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
        }
        if text.chars().nth(LONGEST).is_some() {
            shown.push('…');
        }
        Self(shown)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a character is not seen, or changes how others are seen.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Bytes: a number for programs, and in words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct Size(pub u64);

impl Size {
    /// To the byte: `1 234 567 bytes`.
    pub fn exact(&self) -> String {
        let digits = self.0.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        if self.0 == 1 { format!("{grouped} byte") } else { format!("{grouped} bytes") }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ByteSize(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_deceive_the_eye_is_shown() {
        assert_eq!(Text::of("plain, 中文").as_str(), "plain, 中文");
        assert_eq!(Text::of("a\u{202e}b\n\u{7}").as_str(), "a\\u{202e}b\\u{a}\\u{7}");
        let long = Text::of(&"x".repeat(5000));
        assert_eq!(long.as_str().chars().count(), LONGEST + 1);
        assert!(long.as_str().ends_with('…'));
    }

    #[test]
    fn sizes_are_told_to_the_byte() {
        for (size, exact) in [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_234_567, "1 234 567 bytes")] {
            assert_eq!(Size(size).exact(), exact);
        }
    }
}
