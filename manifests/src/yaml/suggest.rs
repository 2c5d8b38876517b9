//! "Did you mean …?"

/// The known name that is nearest to `wrong`, if any is near enough to be meant.
pub fn nearest<'a>(wrong: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    let wrong = plain(wrong);
    let most = (wrong.chars().count() / 3).clamp(1, 3);
    known
        .iter()
        .map(|name| (distance(&wrong, &plain(name)), *name))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, name)| name)
}

/// The edits (one letter more, less, another, or two swapped) from one text to the other: Damerau's distance in the
/// restricted form, in which no part is edited twice.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().take(64).collect();
    let to: Vec<char> = to.chars().take(64).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(a != b)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn it_finds_what_is_meant_and_nothing_else() {
        let known = ["images", "charts", "files", "platforms", "apiVersion", "insecureSkipVerify"];
        assert_eq!(nearest("image", &known), Some("images"));
        assert_eq!(nearest("cahrts", &known), Some("charts"));
        assert_eq!(nearest("api_version", &known), Some("apiVersion"));
        assert_eq!(nearest("insecure-skip-verify", &known), Some("insecureSkipVerify"));
        assert_eq!(nearest("secrets", &known), None);
        assert_eq!(nearest("", &known), None);
    }
}
