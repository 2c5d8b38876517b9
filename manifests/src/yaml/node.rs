//! YAML as a tree in which every value has its place.

use std::sync::Arc;

use super::parse::Sink;
use super::{Location, Problem, SourceFile};

/// A value.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) location: Location,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Text as it is written; `plain` if it has no quotes, so that YAML may read something else than text in it.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// The name of a field.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) location: Location,
}

/// What YAML 1.2 (core schema) reads in a scalar without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Boolean,
    Number,
    Text,
}

impl Node {
    /// The value of a file in which nothing could be read.
    pub(crate) fn nothing(file: &Arc<SourceFile>) -> Self {
        Self { value: Value::Scalar { text: String::new(), plain: true }, location: Location::new(file, 0..0) }
    }

    /// What it is, in people's words.
    pub(crate) fn noun(&self) -> &'static str {
        match (&self.value, self.kind()) {
            (Value::List(_), _) => "a list",
            (Value::Map(_), _) => "a mapping",
            (_, Kind::Nothing) => "nothing",
            (_, Kind::Boolean) => "`true` or `false`",
            (_, Kind::Number) => "a number",
            (_, Kind::Text) => "text",
        }
    }

    /// Whether it is `null`, `~` or empty.
    pub(crate) fn is_nothing(&self) -> bool {
        self.kind() == Kind::Nothing
    }

    /// Whether YAML reads a number in it.
    pub(super) fn is_number(&self) -> bool {
        self.kind() == Kind::Number
    }

    /// A place short enough to be pointed at: for a mapping or list its beginning.
    pub(crate) fn head(&self) -> &Location {
        match &self.value {
            Value::Map(entries) => entries.first().map_or(&self.location, |(key, _)| &key.location),
            Value::List(items) => items.first().map_or(&self.location, Self::head),
            Value::Scalar { .. } => &self.location,
        }
    }

    /// The text.
    pub(crate) fn text(&self, sink: &Sink) -> Option<&str> {
        match (&self.value, self.kind()) {
            (Value::Scalar { text, .. }, Kind::Text) => Some(text),
            (Value::Scalar { text, .. }, Kind::Boolean | Kind::Number) => {
                let noun = if self.kind() == Kind::Number { "a number" } else { "a truth value" };
                let message = format!("`{text}` without quotes is {noun}, but text is expected here");
                sink.add(Problem::new(&self.location, message, "needs quotes").with_help(format!("write \"{text}\"")));
                None
            }
            _ => self.expected("text", sink),
        }
    }

    /// The text, read as `T`.
    pub(crate) fn parse<T>(&self, sink: &Sink) -> Option<T>
    where
        T: std::str::FromStr,
        T::Err: std::fmt::Display,
    {
        match self.text(sink)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                sink.add(Problem::new(&self.location, error.to_string(), "this one"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, sink: &Sink) -> Option<bool> {
        if let Value::Scalar { text, plain } = &self.value {
            match text.as_str() {
                "true" | "True" | "TRUE" if *plain => return Some(true),
                "false" | "False" | "FALSE" if *plain => return Some(false),
                // YAML 1.1 takes these for truth values, YAML 1.2 for text: nobody can tell what is meant.
                "true" | "false" | "yes" | "Yes" | "no" | "No" | "on" | "On" | "off" | "Off" => {
                    let problem =
                        Problem::new(&self.location, "expected `true` or `false`", "this is text in YAML 1.2");
                    sink.add(problem.with_help("write true or false, without quotes"));
                    return None;
                }
                _ => {}
            }
        }
        self.expected("`true` or `false`", sink)
    }

    /// A whole number from 1 to `most`.
    pub(crate) fn count(&self, most: u16, sink: &Sink) -> Option<u16> {
        let number = match &self.value {
            Value::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        };
        number
            .filter(|number| (1..=most).contains(number))
            .or_else(|| self.expected(&format!("a whole number from 1 to {most}"), sink))
    }

    /// The items of the list that a field holds.
    pub(crate) fn list(&self, field: &str, sink: &Sink) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => self.expected(&format!("a list in `{field}`, each item behind a `-`"), sink),
        }
    }

    /// Says that something else is expected.
    pub(crate) fn expected<T>(&self, what: &str, sink: &Sink) -> Option<T> {
        let noun = match &self.value {
            Value::Scalar { text, plain: true } if self.kind() == Kind::Number => &format!("`{text}`"),
            _ => self.noun(),
        };
        let label = if self.is_nothing() { "nothing here".to_owned() } else { format!("this is {noun}") };
        sink.add(Problem::new(self.head(), format!("expected {what}, found {noun}"), label));
        None
    }

    fn kind(&self) -> Kind {
        let Value::Scalar { text, plain: true } = &self.value else { return Kind::Text };
        match text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Kind::Nothing,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Boolean,
            text if is_number(text) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

/// YAML 1.2.2, section 10.3.2.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let all = |text: &str, digit: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(digit);
    if let Some(octal) = text.strip_prefix("0o") {
        return all(octal, |b| (b'0'..=b'7').contains(b));
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return all(hexadecimal, u8::is_ascii_hexdigit);
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let digits = |text: &str| all(text, u8::is_ascii_digit);
    let mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            (digits(whole) && (fraction.is_empty() || digits(fraction))) || (whole.is_empty() && digits(fraction))
        }
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn numbers_are_those_of_the_core_schema() {
        for text in ["0", "-12", "1.10", ".5", "1.", "1e3", "+1.5E-3", "0x1F", "0o17", ".inf", "-.INF", ".nan"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["1.2.3", "v1", "1_000", "0x", "e3", ".", "-", "1e", "12:30", "0b1", "--1"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
