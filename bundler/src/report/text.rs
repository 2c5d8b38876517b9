//! Texts and sizes as the report has them.

use std::fmt;

use airgap_console::ByteSize;
use serde::{Serialize, Serializer};

/// Characters of a text at most. What is longer was not written for people.
const LONGEST: usize = 300;

/// A text that comes from a bundle or from upstream: nobody need mean well who wrote it.
///
/// What would not be seen, or would make the rest be seen otherwise (control characters, marks that turn the direction of
/// writing), is written as an escape. Pages show so much of it as can be read; programs get all that is kept. Escaping for HTML
/// and Markdown is not done here: the templates do that for everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    kept: String,
    /// Where a page cuts it, in bytes; none where it shows all of it.
    cut: Option<usize>,
}

impl Text {
    /// A text of which no more is kept than a page shows.
    pub fn of(text: &str) -> Self {
        let mut shown = Self::whole(text.chars().take(LONGEST).collect());
        if text.chars().nth(LONGEST).is_some() {
            shown.kept.push('…');
        }
        shown
    }

    /// A text that is kept whole, where what it stands in has a bound: the reasons that people gave.
    pub fn whole(text: String) -> Self {
        let cut = text.char_indices().nth(LONGEST).map(|(at, _)| at);
        if !text.contains(is_unseen) {
            return Self { kept: text, cut };
        }
        let (mut kept, mut shown) = (String::new(), None);
        for (at, c) in text.char_indices() {
            if cut == Some(at) {
                shown = Some(kept.len());
            }
            if is_unseen(c) { kept.extend(c.escape_unicode()) } else { kept.push(c) }
        }
        Self { kept, cut: shown }
    }

    /// All that is kept.
    pub fn as_str(&self) -> &str {
        &self.kept
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cut.and_then(|cut| self.kept.get(..cut)) {
            Some(shown) => write!(f, "{shown}…"),
            None => f.write_str(&self.kept),
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.kept)
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
        assert_eq!(long.to_string(), long.as_str());
    }

    #[test]
    fn what_is_kept_whole_is_cut_where_it_is_shown() {
        let short = Text::whole("a reason\u{7}".to_owned());
        assert_eq!((short.to_string().as_str(), short.as_str()), ("a reason\\u{7}", "a reason\\u{7}"));
        for (text, all) in
            [("é".repeat(LONGEST + 1), LONGEST + 1), (format!("\u{7}{}", "é".repeat(LONGEST)), LONGEST + 5)]
        {
            let text = Text::whole(text);
            assert_eq!(text.as_str().chars().count(), all);
            assert_eq!(text.to_string().chars().count(), all, "the last one gives way to an ellipsis");
            assert!(text.to_string().ends_with('…') && !text.as_str().ends_with('…'));
            assert_eq!(serde_json::to_value(&text).unwrap(), text.as_str());
        }
    }

    #[test]
    fn sizes_are_told_to_the_byte() {
        for (size, exact) in [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1_234_567, "1 234 567 bytes")] {
            assert_eq!(Size(size).exact(), exact);
        }
    }
}
