//! Console sessions in the documentation, run for real: as a test, against what they say is printed, and as the demo.
//!
//! A session is all the fenced `console` blocks of one Markdown file, in their order. A line that starts with a prompt is
//! a command, and where it ends with `\` the next line belongs to it; other lines are what it prints. A command that ends
//! with `&` goes on in the background. In the output `…` stands for anything: within a line, or, alone, for lines.
//!
//! | prompt | where |
//! |---|---|
//! | `ci$` | the connected side; `stack.yaml` is in the folder |
//! | `jump#` | the jump host behind the gap |
//! | `node#` | a client behind the gap, with a containerd |
//! | `server#` | a server behind the gap that boots a system of its own, as its distribution installs it |
//!
//! All of them have the courier's medium as the folder `usb`. Where a session names the release `bookworm`, that of this
//! machine is meant.

mod expected;
mod machines;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::node::codename;
use machines::Machines;

/// A command and what it prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The prompt, which says where it runs.
    pub prompt: String,
    /// The command.
    pub command: String,
    /// The lines that it prints.
    pub output: Vec<String>,
}

const PROMPTS: [&str; 4] = ["ci$ ", "jump# ", "node# ", "server# "];

/// The session of a Markdown text.
pub fn parse(markdown: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    let mut unfinished = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(step) = steps.last_mut().filter(|_| inside && unfinished) {
            step.command.push('\n');
            step.command.push_str(line);
            unfinished = line.ends_with('\\');
        } else if let Some(prompt) = PROMPTS.iter().find(|prompt| inside && line.starts_with(**prompt)) {
            let command = line.trim_start_matches(prompt).to_owned();
            unfinished = command.ends_with('\\');
            steps.push(Step { prompt: prompt.trim().to_owned(), command, output: Vec::new() });
        } else if let Some(step) = steps.last_mut().filter(|_| inside) {
            step.output.push(line.to_owned());
        }
    }
    steps
}

/// Runs the session of a Markdown file. `show` is told of every command before it runs and of its output afterwards.
///
/// # Errors
/// At the first command that fails or, where `strict`, prints something else than the file says.
pub fn play(file: &Path, strict: bool, show: &mut dyn FnMut(&Step, Option<&str>)) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let steps = parse(&text.replace("bookworm", &codename()?));
    if steps.is_empty() {
        bail!("{} has no session", file.display());
    }
    let mut machines = Machines::new()?;
    for step in &steps {
        show(step, None);
        let output = machines.run(step).with_context(|| format!("`{} {}` failed", step.prompt, step.command))?;
        show(step, Some(&output));
        if strict {
            let file = file.file_name().unwrap_or_default().to_string_lossy();
            let described = || format!("{file} does not say what `{} {}` prints", step.prompt, step.command);
            expected::compare(&step.output, &output).with_context(described)?;
        }
    }
    let escaped = machines.escaped()?;
    anyhow::ensure!(escaped == 0, "{escaped} packets tried to leave");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_the_console_blocks() {
        let text = "Text\n```console\nci$ one \\\n    two\nsaid\n```\nci$ no\n```yaml\nci$ no\n```\n```console\njump# x &\n```\n";
        let steps = parse(text);
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].command.as_str(), steps[0].output.len()), ("one \\\n    two", 1));
        assert_eq!(steps[1].prompt, "jump#");
    }
}
