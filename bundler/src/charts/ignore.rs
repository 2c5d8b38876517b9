//! `.helmignore`, with Helm's rules, which differ from git's: a line with `!` ignores everything that it does *not*
//! match, and `**` is an error.

use super::glob;

/// Which files of a chart's directory are left out.
#[derive(Debug)]
pub(super) struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: String,
    negated: bool,
    directories_only: bool,
    /// Compared with the whole path, not with the last part alone.
    whole_path: bool,
}

impl IgnoreRules {
    /// The rules of a file, and Helm's own: hidden files in `templates/`.
    pub(super) fn parse(text: &str) -> Result<Self, IgnoreError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut rules = Vec::new();
        for (index, line) in lines {
            let bad = |reason| IgnoreError { line: index + 1, pattern: line.chars().take(80).collect(), reason };
            if line.contains("**") {
                return Err(bad("`**` is not supported by Helm"));
            }
            glob::matches(line, "abc").ok_or_else(|| bad("it is not a valid pattern"))?;
            rules.push(Rule::new(line));
        }
        rules.push(Rule::new("templates/.?*"));
        Ok(Self { rules })
    }

    /// Whether a path, relative to the chart with `/` between its parts, is left out.
    pub(super) fn ignore(&self, path: &str, is_directory: bool) -> bool {
        for rule in &self.rules {
            let skipped_kind = rule.directories_only && !is_directory;
            let matched = !skipped_kind && rule.matches(path);
            if matched != rule.negated {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn new(line: &str) -> Self {
        let (line, negated) = line.strip_prefix('!').map_or((line, false), |rest| (rest, true));
        let (line, directories_only) = line.strip_suffix('/').map_or((line, false), |rest| (rest, true));
        let whole_path = line.contains('/');
        let pattern = line.strip_prefix('/').unwrap_or(line).to_owned();
        Self { pattern, negated, directories_only, whole_path }
    }

    fn matches(&self, path: &str) -> bool {
        let name = if self.whole_path { path } else { path.rsplit('/').next().unwrap_or(path) };
        glob::matches(&self.pattern, name) == Some(true)
    }
}

/// A line of `.helmignore` that Helm refuses too.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of .helmignore, `{pattern}`: {reason}")]
pub struct IgnoreError {
    line: usize,
    pattern: String,
    reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_leave_out_what_helm_leaves_out() {
        let rules = IgnoreRules::parse("# c\n\n*.swp\n/ci/\nnotes.txt\ndocs/*.md\n.git/\n").unwrap();
        for (path, directory) in [
            ("a.swp", false),
            ("x/y.swp", false),
            ("ci", true),
            ("sub/notes.txt", false),
            ("docs/a.md", false),
            (".git", true),
            ("templates/.hidden", false),
        ] {
            assert!(rules.ignore(path, directory), "{path}");
        }
        for (path, directory) in [
            ("Chart.yaml", false),
            ("sub/ci", true),
            ("ci", false),
            ("docs/x/a.md", false),
            ("templates/_a.tpl", false),
        ] {
            assert!(!rules.ignore(path, directory), "{path}");
        }
    }

    #[test]
    fn a_negated_line_leaves_out_everything_else() {
        let rules = IgnoreRules::parse("!*.yaml").unwrap();
        assert!(!rules.ignore("Chart.yaml", false));
        assert!(rules.ignore("README.md", false));
    }

    #[test]
    fn a_line_that_helm_refuses_is_named() {
        assert_eq!(
            IgnoreRules::parse("ok\n**/x").unwrap_err().to_string(),
            "line 2 of .helmignore, `**/x`: `**` is not supported by Helm"
        );
        assert!(IgnoreRules::parse("[a").is_err());
    }
}
