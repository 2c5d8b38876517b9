//! From text to a tree, within limits.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::node::{Key, Node, Value};
use super::{Location, Problem, Problems, SourceFile, limits};

/// How many problems are gathered before the reading of lists stops: more than are shown, so that the shown ones are the
/// first of the file.
const ENOUGH: usize = 20 * limits::PROBLEMS;

/// Where problems are gathered while the reading goes on.
#[derive(Debug, Default)]
pub(crate) struct Sink(RefCell<Vec<Problem>>);

impl Sink {
    /// Adds a problem.
    pub(crate) fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// Whether so much is wrong that looking further is a waste of time.
    pub(crate) fn is_full(&self) -> bool {
        self.0.borrow().len() >= ENOUGH
    }

    /// Whether nothing is wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// What was gathered, in the order of the places.
    pub(crate) fn into_problems(self, file: &Arc<SourceFile>) -> Problems {
        let mut problems = self.0.into_inner();
        if problems.is_empty() {
            problems.push(Problem::new(&Location::new(file, 0..0), "the file says nothing", "nothing here"));
        }
        problems.sort_by_key(|problem| problem.location().offset());
        problems.truncate(limits::PROBLEMS);
        Problems::new(problems)
    }
}

/// Reads the one document of a file. Problems that leave the tree readable go to the sink.
///
/// # Errors
/// The problem after which nothing more can be read.
pub(crate) fn parse(file: &Arc<SourceFile>, sink: &Sink) -> Result<Node, Box<Problem>> {
    if file.text().len() > limits::FILE_SIZE {
        let message = format!("the file has {} bytes; at most {} are read", file.text().len(), limits::FILE_SIZE);
        return Err(Problem::new(&Location::new(file, 0..0), message, "file too large").into());
    }
    Builder { file, sink, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None }.run()
}

struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    sink: &'a Sink,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

/// A list or mapping whose end is not reached.
struct Open {
    anchor: usize,
    start: usize,
    content: Content,
    /// Where the names of a mapping stand, to find one that is given twice.
    names: HashMap<String, Location>,
}

enum Content {
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
    /// A mapping after a key.
    Value(Vec<(Key, Node)>, Key),
}

impl Builder<'_> {
    fn run(mut self) -> Result<Node, Box<Problem>> {
        let options = granit_parser::options! {
            emit_comments: false,
            flow_nesting_limit: limits::DEPTH,
            block_nesting_limit: limits::DEPTH,
        };
        for event in Parser::new_from_str_with_options(self.file.text(), options) {
            match event {
                Ok((event, span)) => self.event(event, span)?,
                Err(error) => {
                    let place = error.marker().byte_offset().unwrap_or_default();
                    let problem = Problem::new(&self.place(place, place), "this can't be read as YAML", error.info());
                    return Err(problem
                        .with_help("look at the indentation, quotes and colons around this line")
                        .into());
                }
            }
        }
        self.root.ok_or_else(|| {
            Problem::new(&Location::new(self.file, 0..0), "the file is empty", "nothing here")
                .with_help("begin with `apiVersion: airgap/v1` and `kind: Stack`, `kind: Component` or `kind: Site`")
                .into()
        })
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Problem>> {
        let range = span.byte_range().unwrap_or_default();
        let (start, end) = (range.start, range.end);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let place = self.place(start, end);
                return Err(Problem::new(&place, "the file has more than one document", "a second one starts here")
                    .with_help("put each into a file of its own")
                    .into());
            }
            Event::Scalar(text, style, anchor, tag) => {
                let location = self.place(start, end);
                self.refuse_tag(tag.is_some(), &location);
                let value = Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                self.node(Node { value, location }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(start, anchor, tag.is_some(), Content::List(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, tag) => self.open(start, anchor, tag.is_some(), Content::Map(Vec::new()))?,
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.content {
                    Content::List(items) => Value::List(items),
                    Content::Map(entries) | Content::Value(entries, _) => Value::Map(entries),
                };
                let location = self.place(open.start, end);
                self.node(Node { value, location }, open.anchor)?;
            }
            Event::Alias(id) => self.alias(id, &self.place(start, end))?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, start: usize, anchor: usize, tag: bool, content: Content) -> Result<(), Box<Problem>> {
        let location = self.place(start, start);
        self.refuse_tag(tag, &location);
        if self.open.len() >= limits::DEPTH {
            return Err(
                Problem::new(&location, "lists and mappings stand too deep in each other", "one too many").into()
            );
        }
        self.open.push(Open { anchor, start, content, names: HashMap::new() });
        Ok(())
    }

    fn alias(&mut self, id: usize, location: &Location) -> Result<(), Box<Problem>> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(Problem::new(location, "this alias refers to what it is part of", "refers to itself").into());
        };
        let (count, depth) = measure(&node);
        self.nodes += count;
        if self.open.len() + depth > limits::DEPTH {
            return Err(
                Problem::new(location, "lists and mappings stand too deep in each other", "by this alias").into()
            );
        }
        self.node(node, 0)
    }

    /// Puts a finished node where it belongs.
    fn node(&mut self, node: Node, anchor: usize) -> Result<(), Box<Problem>> {
        self.nodes += 1;
        if self.nodes > limits::NODES {
            let message = format!("the file has more than {} values", limits::NODES);
            return Err(Problem::new(&node.location, message, "one too many").into());
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(mut open) = self.open.pop() else {
            self.root = Some(node);
            return Ok(());
        };
        open.content = match open.content {
            Content::List(mut items) => {
                items.push(node);
                Content::List(items)
            }
            Content::Map(entries) => {
                let key = self.key(node, &mut open.names)?;
                Content::Value(entries, key)
            }
            Content::Value(mut entries, key) => {
                entries.push((key, node));
                Content::Map(entries)
            }
        };
        self.open.push(open);
        Ok(())
    }

    fn key(&self, node: Node, names: &mut HashMap<String, Location>) -> Result<Key, Box<Problem>> {
        let Value::Scalar { text, .. } = node.value else {
            return Err(Problem::new(node.head(), "a field's name must be text", "not text")
                .with_help("text that begins with `{` or `[` needs quotes")
                .into());
        };
        let key = Key { text, location: node.location };
        if key.text == "<<" {
            let problem = Problem::new(&key.location, "merge keys (`<<`) are not read", "YAML 1.1 only");
            self.sink.add(problem.with_help("write the fields out, or use an alias for the whole value"));
        } else if let Some(first) = names.get(&key.text) {
            let problem = Problem::new(&key.location, format!("`{}` is given twice", key.text), "given again");
            self.sink.add(problem.with_other(first, "first given here").with_help("keep one of them"));
        } else {
            names.insert(key.text.clone(), key.location.clone());
        }
        Ok(key)
    }

    fn refuse_tag(&self, tagged: bool, location: &Location) {
        if tagged {
            let problem = Problem::new(location, "tags (`!…`) are not read", "has a tag");
            self.sink.add(problem.with_help("remove the tag"));
        }
    }

    fn place(&self, start: usize, end: usize) -> Location {
        Location::new(self.file, start..end)
    }
}

/// How many values a tree has, and how deep they stand.
fn measure(node: &Node) -> (usize, usize) {
    let children: Vec<&Node> = match &node.value {
        Value::Scalar { .. } => return (1, 0),
        Value::List(items) => items.iter().collect(),
        Value::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
    };
    children.into_iter().map(measure).fold((1, 1), |(count, depth), (more, below)| (count + more, depth.max(below + 1)))
}
