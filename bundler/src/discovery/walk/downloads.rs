//! What commands in pods fetch from outside when they run: manifests, programs, charts.

use super::{Context, Walk, host};
use crate::discovery::yaml::Tree;

/// Programs that fetch what they are given the URL of.
const TOOLS: [&str; 5] = ["curl", "wget", "kubectl", "helm", "git"];
/// Words of flags after which kubectl reads a file.
const FILES: [&str; 4] = ["-f", "--filename", "-k", "--kustomize"];
/// What puts an end to a command in a line of a shell.
const ENDS: [&str; 6] = ["|", "||", "&&", "&", ";", "\\"];
/// Programs that only say what they are given.
const SAYS: [&str; 2] = ["echo", "printf"];
/// Keys of the words that a container is started with.
const WORDS: [&str; 2] = ["command", "args"];
/// Methods of HTTP that send something.
const SENDS: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];
/// Characters of a URL that are shown.
const LONGEST: usize = 300;

impl Walk<'_> {
    /// Notes what the command of a container, or of whatever has one, fetches.
    pub(super) fn commands(&mut self, tree: &Tree, context: &Context) {
        if !context.is_typed {
            return;
        }
        let lists = WORDS.iter().filter_map(|key| tree.get(key));
        let words: Vec<&str> =
            lists.flat_map(|list| list.text().into_iter().chain(list.items().iter().filter_map(Tree::text))).collect();
        // A word with blanks is a script for a shell, or an argument that is none.
        let (scripts, words): (Vec<&str>, Vec<&str>) =
            words.into_iter().partition(|word| word.contains(char::is_whitespace));
        self.fetched(of_words(words.into_iter()));
        scripts.into_iter().for_each(|script| self.fetched(of_script(script)));
    }

    /// Notes what a text fetches, if it is a script: by its first line or its name.
    pub(super) fn script(&mut self, text: &str) {
        if text.starts_with("#!") || self.path.shape().ends_with(".sh") {
            self.fetched(of_script(text));
        }
    }

    fn fetched(&mut self, urls: Vec<&str>) {
        for url in urls {
            let leads_out = host::host(url).is_some_and(|host| host::is_public(&host));
            if leads_out && !self.is_test && !self.is_of_site(url) {
                let url = self.at(url.chars().take(LONGEST).collect());
                self.found.inventory.downloads.push(url);
            }
        }
    }
}

/// What the commands of a script fetch.
fn of_script(script: &str) -> Vec<&str> {
    let mut found = Vec::new();
    // A line that goes on in the next one is one command.
    let mut command: Vec<&str> = Vec::new();
    for line in script.lines().filter(|line| !line.trim_start().starts_with('#')) {
        for word in line.split_whitespace() {
            let bare = word.trim_end_matches(';');
            if !ENDS.contains(&word) {
                command.push(bare);
            }
            if bare.len() < word.len() || (ENDS.contains(&word) && word != "\\") {
                found.extend(of_words(std::mem::take(&mut command).into_iter()));
            }
        }
        if !line.trim_end().ends_with('\\') {
            found.extend(of_words(std::mem::take(&mut command).into_iter()));
        }
    }
    found.extend(of_words(command.into_iter()));
    found
}

/// What one command fetches.
fn of_words<'t>(words: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let words: Vec<&str> = words.collect();
    let is_sent = sends(&words);
    let (mut found, mut tool, mut before) = (Vec::new(), None, "");
    for (at, word) in words.into_iter().enumerate() {
        let (program, is_run_within) = program(word);
        let is_tool = TOOLS.contains(&program) && (tool.is_none() || is_run_within);
        if is_tool || (at == 0 && SAYS.contains(&program)) {
            tool = Some(program);
        } else if let Some(tool) = tool {
            let is_fetched = fetches(tool, word, before) && !(tool == "curl" && is_sent);
            found.extend(url(word).filter(|_| is_fetched));
        }
        before = word;
    }
    found
}

/// Whether curl is told to send something: it speaks to a service then, and brings nothing.
fn sends(words: &[&str]) -> bool {
    let flags = ["-X", "--request"];
    let is_sent = |method: &str| SENDS.contains(&method.trim_matches(['"', '\'', '=']));
    let together = |word: &&str| flags.iter().any(|flag| word.strip_prefix(flag).is_some_and(is_sent));
    words.iter().any(together) || words.windows(2).any(|pair| flags.contains(&pair[0]) && is_sent(pair[1]))
}

/// The name of the program in a word, and whether it is run within another command: `$(curl`.
fn program(word: &str) -> (&str, bool) {
    let inner = word.rsplit(['(', '`', '{', '!']).next().unwrap_or_default();
    let name = inner.trim_matches(['"', '\'']).rsplit('/').next().unwrap_or_default();
    (name, inner.len() < word.len())
}

/// The URL in a word: `https://…`, `--repo=https://…`.
fn url(word: &str) -> Option<&str> {
    let begin = ["https://", "http://"].iter().filter_map(|scheme| word.find(scheme)).min()?;
    let url = &word[begin..];
    let end = url.find(['"', '\'', '`', ')', '>', '<', '|', ';', ',']).unwrap_or(url.len());
    Some(&url[..end])
}

/// Whether a program fetches a URL that stands in a word, behind another word: it may be a server that is spoken to.
fn fetches(tool: &str, word: &str, before: &str) -> bool {
    let is_flag = |names: &[&str]| {
        names.contains(&before) || names.iter().any(|name| word.strip_prefix(name).is_some_and(|rest| !rest.is_empty()))
    };
    match tool {
        "kubectl" => is_flag(&FILES),
        "helm" => !is_flag(&["--kube-apiserver"]),
        "curl" => !is_flag(&["-H", "--header", "-d", "--data", "-x", "--proxy", "-e", "--referer"]),
        "wget" | "git" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(script: &str) -> Vec<&str> {
        of_script(script)
    }

    #[test]
    fn what_commands_fetch_is_found_however_they_are_written() {
        let url = "https://example.org/a.yaml";
        for script in [
            "kubectl apply -f https://example.org/a.yaml",
            "kubectl apply --server-side --filename=https://example.org/a.yaml",
            "set -e; curl -fsSL https://example.org/a.yaml | kubectl apply -f -",
            "if ! /usr/bin/curl -o x \\\n  \"https://example.org/a.yaml\"; then exit 1; fi",
            "X=$(wget -qO- https://example.org/a.yaml)",
            "echo \"$(curl https://example.org/a.yaml)\"",
            "helm upgrade --install x https://example.org/a.yaml",
            "helm repo add x --repo=https://example.org/a.yaml",
            "git clone https://example.org/a.yaml && cd a",
            "true && wget https://example.org/a.yaml",
        ] {
            assert_eq!(found(script), [url], "{script}");
        }
        assert_eq!(of_words(["curl", "-sSL", url].into_iter()), [url]);
        assert_eq!(found("curl https://example.org/${VERSION}/x"), ["https://example.org/${VERSION}/x"]);
    }

    #[test]
    fn what_is_said_or_spoken_to_is_not_fetched() {
        for script in [
            "# curl https://example.org/a.yaml",
            "echo see https://example.org/a.yaml",
            "echo run: curl https://example.org/a.yaml",
            "kubectl --server https://example.org get pods",
            "kubectl apply -f - # https://example.org",
            "web --url=https://example.org/a.yaml",
            "helm --kube-apiserver https://example.org list",
            "curl -H https://example.org --proxy https://example.org $URL",
            "curl -X POST https://example.org/hook -d x",
            "curl -XPUT https://example.org/hook",
            "curl && web https://example.org/a.yaml",
            "",
        ] {
            assert_eq!(found(script), [""; 0], "{script}");
        }
    }
}
