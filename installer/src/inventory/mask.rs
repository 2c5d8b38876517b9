//! Covers passwords.

/// The text with `*` over the values of variables that hold passwords. Its length stays the same.
pub(super) fn mask(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some(equals) = rest.find('=') {
            let (name, value) = rest.split_at(equals + 1);
            shown.push_str(name);
            let name = name[..equals].trim_end();
            let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
            if !is_secret(name) {
                rest = value;
                continue;
            }
            let space = value.len() - value.trim_start_matches([' ', '\t']).len();
            shown.push_str(&value[..space]);
            let value = &value[space..];
            let end = end_of(value);
            // What stands in a section of variables is a value to the line's end.
            let end = if space > 0 { value.trim_end().len().max(end) } else { end };
            shown.extend(std::iter::repeat_n('*', end));
            rest = &value[end..];
        }
        shown.push_str(rest);
    }
    shown
}

/// Whether a variable's name says that it is a secret. Names of files and switches with such words are covered too.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "token", "vault"].iter().any(|word| name.contains(word))
}

/// Where a value ends: at its closing quote, or at a space.
fn end_of(value: &str) -> usize {
    let line = value.trim_end_matches(['\r', '\n']).len();
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(line, |at| at + 2),
        _ => value.find(char::is_whitespace).unwrap_or(line),
    }
}
