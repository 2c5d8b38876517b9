//! A stack that stands on others: `extends` one, `include`s some, takes one of several, and leaves components out.
//!
//! What it extends comes first, what it includes next, its own last. What can be said only once, such as the distribution,
//! is that of the file which is nearest to the one that is built.

mod join;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use manifests::stack::{OtherStack, StackChoice};
use manifests::yaml::{Location, Problem, suggest};
use manifests::{BundleName, Platform, Stack};

use super::files;
use join::{Part, join, put_below};

/// How many files may stand on each other: more is a mistake.
const LEVELS: usize = 8;

/// A stack with all that it stands on.
pub(super) struct Composed {
    /// What it says, all in all.
    pub(super) stack: Stack,
    /// The components that it leaves out, and where that is said.
    pub(super) without: BTreeMap<BundleName, Location>,
}

/// Puts a stack that was read from `path` together with those that it stands on.
pub(super) fn compose(stack: Stack, path: &Path) -> (Composed, Vec<Problem>) {
    let mut reader = Reader { way: vec![path.to_owned()], problems: Vec::new() };
    let mut stack = reader.on_others(stack);
    let mut problems = reader.problems;
    choose(&mut stack, &mut problems);
    stack.components = join(std::mem::take(&mut stack.components));
    let without = leave_out(&mut stack, &mut problems);
    if stack.platforms.is_empty() {
        stack.platforms.push(Platform::linux_amd64());
    }
    (Composed { stack, without }, problems)
}

struct Reader {
    /// The files from the first to the one that is being read.
    way: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Reader {
    /// Reads what a stack stands on, and puts it below.
    fn on_others(&mut self, mut stack: Stack) -> Stack {
        let (extends, include) = (stack.extends.take(), std::mem::take(&mut stack.include));
        let mut others = Vec::new();
        others.extend(extends.and_then(|other| Some((Part::All, self.other(&other)?))));
        others.extend(include.iter().filter_map(|other| Some((Part::Content, self.other(other)?))));
        others.into_iter().rev().fold(stack, |stack, (part, below)| put_below(stack, below, part))
    }

    fn other(&mut self, other: &OtherStack) -> Option<Stack> {
        let mut path = other.path.clone();
        super::rebase(&mut path, &other.location);
        let problem = |message: String, label| Problem::new(&other.location, message, label);
        if self.way.iter().any(|before| is_same(before, &path)) {
            let problem = problem(format!("{} would stand on itself", path.display()), "round in a circle");
            self.problems.push(problem.with_help("one of these files has to go without the other"));
            return None;
        }
        if self.way.len() == LEVELS {
            let problem = problem(format!("more than {LEVELS} stacks stand on each other"), "too deep");
            self.problems.push(problem.with_help("name those that it stands on side by side, under `include`"));
            return None;
        }
        let source = match files::read(&path) {
            Ok(source) => source,
            Err(error) => {
                let problem = problem(format!("can't read the stack {}: {error}", path.display()), "named here");
                self.problems.push(problem.with_help("the path is relative to this file's folder"));
                return None;
            }
        };
        match Stack::parse(&source) {
            Ok(stack) => {
                self.way.push(path);
                let stack = self.on_others(stack);
                self.way.pop();
                Some(stack)
            }
            Err(found) => {
                self.problems.extend(found.into_list());
                None
            }
        }
    }
}

/// Whether two paths are of one file, by whatever names.
fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Takes one of each set of components: the one that is named under `choices`, else the first.
fn choose(stack: &mut Stack, problems: &mut Vec<Problem>) {
    let choices = std::mem::take(&mut stack.choices);
    let sets = std::mem::take(&mut stack.choose);
    for StackChoice { name, one_of, .. } in &sets {
        let taken = match choices.get(name) {
            None => one_of.first(),
            Some(choice) => {
                let found = one_of.iter().find(|used| used.component.to_string() == choice.name.as_str());
                if found.is_none() {
                    let names: Vec<String> = one_of.iter().map(|used| format!("`{}`", used.component)).collect();
                    let message = format!("`{}` is not one of those that `{name}` is chosen from", choice.name);
                    let problem = Problem::new(&choice.location, message, "not among them");
                    problems.push(problem.with_help(format!("choose {}", names.join(" or "))));
                }
                found
            }
        };
        stack.components.extend(taken.cloned());
    }
    for (name, choice) in choices.iter().filter(|(name, _)| sets.iter().all(|set| set.name != **name)) {
        let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        let problem = Problem::new(&choice.location, format!("nothing called `{name}` is to be chosen"), "this choice");
        problems.push(match suggest::nearest(name.as_str(), &names) {
            Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
            None if names.is_empty() => problem.with_help("no stack that this one stands on has `choose`"),
            None => problem.with_help(format!("there is {}", names.join(", "))),
        });
    }
}

/// Leaves components out. One that is not there is a problem: what it was to change has moved on.
fn leave_out(stack: &mut Stack, problems: &mut Vec<Problem>) -> BTreeMap<BundleName, Location> {
    let mut without = BTreeMap::new();
    for left in std::mem::take(&mut stack.without) {
        let before = stack.components.len();
        let names: Vec<String> = stack.components.iter().map(|used| used.component.to_string()).collect();
        stack.components.retain(|used| used.component.to_string() != left.name.as_str());
        if stack.components.len() == before && !without.contains_key(&left.name) {
            let problem =
                Problem::new(&left.location, format!("there is no component `{}`", left.name), "nothing to leave out");
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            problems.push(match suggest::nearest(left.name.as_str(), &names) {
                Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
                None => problem.with_help("name a component of the stacks that this one stands on"),
            });
        }
        without.insert(left.name, left.location);
    }
    without
}
