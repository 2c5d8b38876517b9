//! The one line of shell that the server hands to the user's shell.
//!
//! Whatever the user's profile does, the command finds the same: its environment, the root folder, an open mask. What the
//! profile writes comes before a mark that the command's own outputs begin with, and is thrown away.

use std::time::Duration;

use crate::host::Command;

/// What begins with an empty environment.
const ENV: &str = "/usr/bin/env";
/// What every command finds in its environment.
const ENVIRONMENT: [&str; 5] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
];
/// Writes the mark to both outputs and becomes the command.
const START: &str =
    r#"cd / && umask 022 && printf %s%s "$1" "$2" && printf %s%s "$1" "$2" >&2 && shift 2 && exec "$@""#;
/// How long a command has to end after it was asked to, in seconds.
const MERCY: &str = "5";

/// A command can't be written as a line of shell.
#[derive(Debug, thiserror::Error)]
#[error("an argument contains a zero byte, or there is none")]
pub(super) struct Unwritable;

/// The line that runs `command` behind `entrance`, what makes a root of the user (nothing for root). On the machine it
/// ends itself at its time, also when nobody is there any more to see it.
pub(super) fn line(entrance: &[&str], mark: &str, command: &Command) -> Result<String, Unwritable> {
    if command.argv.is_empty() {
        return Err(Unwritable);
    }
    let limit = seconds(command.patience);
    // In two parts: a shell that shows what it does does not show the mark.
    let (front, back) = mark.split_at(mark.len() / 2);
    let mut words = vec![ENV, "-i"];
    words.extend(ENVIRONMENT);
    if !entrance.is_empty() {
        words.extend(entrance);
        words.extend([ENV, "-i"]);
        words.extend(ENVIRONMENT);
    }
    words.extend(["timeout", "-k", MERCY, &limit, "/bin/sh", "-c", START, "sh", front, back]);
    words.extend(command.argv.iter().map(String::as_str));
    let quoted: Result<Vec<_>, _> = words.into_iter().map(shlex::try_quote).collect();
    Ok(format!("exec {}", quoted.map_err(|_| Unwritable)?.join(" ")))
}

/// A time as `timeout(1)` takes it; nothing means no limit to it.
fn seconds(patience: Duration) -> String {
    format!("{:.3}", patience.as_secs_f64().max(0.001))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shell_reads_are_the_words_that_were_meant() {
        let nasty = ["", " ", "a b", "'", "\"", "$HOME", "`id`", "*", "~", "\n", "\\", "-n", "é", "!x", "a=b", "#"];
        let argv: Vec<&str> = ["printf", "%s"].iter().chain(&nasty).copied().collect();
        let line = line(&["sudo", "-n"], "mark", &Command::new("print", &argv)).unwrap();
        let words = shlex::split(&line).unwrap();
        assert_eq!(words[words.len() - nasty.len()..], nasty);
        assert_eq!(words[0], "exec");
    }

    #[test]
    fn nothing_and_zero_bytes_are_refused() {
        assert!(line(&[], "mark", &Command::new("print", &["a\0b"])).is_err());
        assert!(line(&[], "mark", &Command::new("print", &[])).is_err());
    }
}
