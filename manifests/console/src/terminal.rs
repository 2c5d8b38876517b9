//! What standard error can show.

use std::io::IsTerminal;
use std::sync::LazyLock;

use indicatif::{MultiProgress, ProgressDrawTarget};

/// The bars of this process: one, since a process has one terminal. Whatever else writes to standard error does so
/// while the bars are lifted.
pub(crate) static BARS: LazyLock<MultiProgress> = LazyLock::new(|| {
    MultiProgress::with_draw_target(if bars() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() })
});

/// Whether bars can be drawn.
pub(crate) fn bars() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether colours are wanted on standard error: a terminal, and no `NO_COLOR` (<https://no-color.org>).
pub(crate) fn colours() -> bool {
    bars() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Makes control characters visible, so that a name out of a foreign file can't drive the terminal. Line ends stay.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            '\t' => out.push_str("    "),
            c if c.is_control() || is_direction(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Characters that turn the direction of the text behind them: they make a name look like another.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_direction_characters_become_visible() {
        assert_eq!(printable("a\x1b[31mb\u{202e}c\nd"), "a\\u{1b}[31mb\\u{202e}c\nd");
        assert_eq!(printable("grün"), "grün");
    }
}
