//! From lines to machines and groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifests::yaml::{Location, Problem, Problems, SourceFile};

use super::{Lines, range};

/// How much of an inventory is read: 1 MiB.
const MOST_BYTES: usize = 1 << 20;
/// How many problems are listed.
const MOST_PROBLEMS: usize = 50;

/// The part of an inventory that a line stands in.
enum Section {
    Machines(String),
    Children(String),
    Variables(String),
}

/// Reads all lines.
pub(super) fn lines(file: &Arc<SourceFile>) -> Result<Lines, Problems> {
    if file.text().len() > MOST_BYTES {
        let message = format!("the inventory has more than {MOST_BYTES} bytes");
        return Err(Problem::new(&Location::new(file, 0..0), message, "file too large").into());
    }
    let mut reading = Reading { lines: Lines::default(), section: Section::Machines("ungrouped".to_owned()) };
    let mut problems = Vec::new();
    let mut offset = 0;
    for line in file.text().split_inclusive('\n') {
        let text = line.trim();
        let start = offset + (line.len() - line.trim_start().len());
        offset += line.len();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        if let Err((message, help)) = reading.line(text) {
            let place = Location::new(file, start..start + text.len());
            problems.push(Problem::new(&place, message, "this line").with_help(help));
        }
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    Problems::check(problems)?;
    Ok(reading.lines)
}

struct Reading {
    lines: Lines,
    section: Section,
}

/// What is wrong with a line, and what to do.
type Wrong = (String, &'static str);

impl Reading {
    fn line(&mut self, text: &str) -> Result<(), Wrong> {
        // A name may begin with a range: only a section ends with its bracket and has no `:` range in it alone.
        if let Some(section) = section(text) {
            self.section = section?;
            let (Section::Machines(name) | Section::Children(name) | Section::Variables(name)) = &self.section;
            self.lines.groups.entry(name.clone()).or_default();
            return Ok(());
        }
        match &self.section {
            Section::Machines(group) => {
                let group = group.clone();
                self.machines(&group, text)
            }
            Section::Children(group) => {
                let child = text.split_whitespace().next().unwrap_or_default().to_owned();
                self.lines.groups.entry(child.clone()).or_default();
                self.lines.groups.entry(group.clone()).or_default().children.insert(child);
                Ok(())
            }
            Section::Variables(group) => {
                let (name, value) = text
                    .split_once('=')
                    .ok_or_else(|| ("this is not a variable with its value".to_owned(), "write `name=value`"))?;
                let group = self.lines.groups.entry(group.clone()).or_default();
                group.variables.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
                Ok(())
            }
        }
    }

    fn machines(&mut self, group: &str, text: &str) -> Result<(), Wrong> {
        let words = shlex::split(text).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| ("a quote has no end on this line".to_owned(), "close it"))?;
        let mut variables = BTreeMap::new();
        for word in &words[1..] {
            let (name, value) = word.split_once('=').ok_or_else(|| {
                ("behind a machine's name stand variables with their values".to_owned(), "write `name=value`")
            })?;
            variables.insert(name.to_owned(), value.to_owned());
        }
        let (pattern, port) = port(&words[0]);
        if let Some(port) = port {
            variables.entry("ansible_port".to_owned()).or_insert_with(|| port.to_owned());
        }
        let names = range::expand(pattern).ok_or_else(|| {
            (
                "this can't be read as the name of machines".to_owned(),
                "ranges are written as `node[1:3]` or `rack-[a:f]`",
            )
        })?;
        for name in names {
            self.lines.groups.entry(group.to_owned()).or_default().machines.insert(name.clone());
            let known = self.lines.machines.iter().position(|(known, _)| *known == name);
            match known {
                Some(at) => self.lines.machines[at].1.extend(variables.clone()),
                None if self.lines.machines.len() >= range::MOST => {
                    return Err(("there are too many machines".to_owned(), "take those of one site only"));
                }
                None => self.lines.machines.push((name, variables.clone())),
            }
        }
        Ok(())
    }
}

/// `[group]`, `[group:children]` or `[group:vars]`, if a line is one.
fn section(text: &str) -> Option<Result<Section, Wrong>> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    let after = after.trim();
    if !(after.is_empty() || after.starts_with(['#', ';'])) {
        return None;
    }
    let (name, kind) = inside.split_once(':').unwrap_or((inside, ""));
    let name = name.trim().to_owned();
    Some(match kind {
        _ if name.is_empty() => Err(("this group has no name".to_owned(), "write it as `[servers]`")),
        "" => Ok(Section::Machines(name)),
        "children" => Ok(Section::Children(name)),
        "vars" => Ok(Section::Variables(name)),
        _ => Err(("a group has machines, `:children` or `:vars`".to_owned(), "write it as `[servers:vars]`")),
    })
}

/// A name and the port behind it, if there is one. A `:` in a range is none, nor is one of an IPv6 address.
fn port(word: &str) -> (&str, Option<&str>) {
    let end = word.rfind(']').map_or(0, |at| at + 1);
    match word[end..].split_once(':') {
        Some((_, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (&word[..word.len() - port.len() - 1], Some(port))
        }
        _ => (word, None),
    }
}

fn unquoted(value: &str) -> &str {
    let within = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    within('"').or_else(|| within('\'')).unwrap_or(value)
}
