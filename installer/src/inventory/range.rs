//! Names that stand for many: `node[01:20]`, `rack-[a:f]`, `n[0:10:2]`. The last one is included.

/// How many machines an inventory may have.
pub(super) const MOST: usize = 5000;

/// The names that `pattern` stands for; none if it can't be read, or stands for too many.
pub(super) fn expand(pattern: &str) -> Option<Vec<String>> {
    let Some(open) = pattern.find('[') else {
        return if pattern.contains(']') { None } else { Some(vec![pattern.to_owned()]) };
    };
    let (before, rest) = pattern.split_at(open);
    let (range, after) = rest[1..].split_once(']')?;
    let after = expand(after)?;
    let middle = values(range)?;
    if middle.len().checked_mul(after.len())? > MOST {
        return None;
    }
    Some(middle.iter().flat_map(|value| after.iter().map(move |after| format!("{before}{value}{after}"))).collect())
}

fn values(range: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = range.split(':').collect();
    let (first, last, step) = match parts.as_slice() {
        [first, last] => (*first, *last, 1),
        [first, last, step] => (*first, *last, step.parse().ok().filter(|step| *step > 0)?),
        _ => return None,
    };
    let first = if first.is_empty() { "0" } else { first };
    if let (Some(from), Some(to)) = (letter(first), letter(last)) {
        let letters = (from..=to).step_by(step).map(|letter| char::from(letter).to_string()).collect::<Vec<_>>();
        return Some(letters).filter(|letters| !letters.is_empty());
    }
    let number = |text: &str| text.parse::<usize>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let (from, to) = (number(first)?, number(last)?);
    if from > to || (to - from) / step >= MOST {
        return None;
    }
    // Leading zeros say how wide all numbers are.
    let width = if first.starts_with('0') && first.len() > 1 { first.len() } else { 0 };
    Some((from..=to).step_by(step).map(|number| format!("{number:0width$}")).collect())
}

fn letter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [one] if one.is_ascii_alphabetic() => Some(*one),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges_are_as_ansible_has_them() {
        for (pattern, names) in [
            ("node", "node"),
            ("node[1:3]", "node1 node2 node3"),
            ("n[08:10].example.org", "n08.example.org n09.example.org n10.example.org"),
            ("r[a:b]-[1:2]", "ra-1 ra-2 rb-1 rb-2"),
            ("n[0:6:3]", "n0 n3 n6"),
            ("n[:1]", "n0 n1"),
        ] {
            assert_eq!(expand(pattern).unwrap().join(" "), names);
        }
        for wrong in
            ["n[", "n]", "n[1]", "n[3:1]", "n[1:x]", "n[1:2:0]", "n[0:99999]", "[0:99][0:99]", "n[+1:2]", "n[b:a]"]
        {
            assert_eq!(expand(wrong), None, "{wrong}");
        }
    }
}
