//! The names that a relation field mentions, without reading the rest of it.

/// The names in a list of relations, with their qualifier: `libc6`, `python3:any`. What is malformed gives some text that
/// no package is called.
pub(super) fn names(relations: &str) -> impl Iterator<Item = &str> {
    relations.split([',', '|']).filter_map(|part| {
        let part = part.trim_ascii_start();
        let end = part.bytes().position(|byte| matches!(byte, b' ' | b'(' | b'\t' | b'\r' | b'\n' | b'[' | b'<'));
        let name = &part[..end.unwrap_or(part.len())];
        (!name.is_empty()).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let text = "libc6 (>= 2.36), python3:any(>= 3),\n a | b (= 1|2) ,, c";
        let found: Vec<&str> = names(text).collect();
        // What stands within parentheses is no name in any index; here it only shows that nothing is lost.
        assert_eq!(found, ["libc6", "python3:any", "a", "b", "2)", "c"]);
    }
}
