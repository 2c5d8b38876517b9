//! From the events of the parser to trees, within limits.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::{Entry, Scalar, Tree};

/// Values in one text, those that aliases repeat included. The largest definitions of real charts have some 100,000.
const MOST_VALUES: usize = 1_000_000;
/// How deep values may stand in each other.
const DEPTH: usize = 200;

pub(super) fn read(text: &str) -> Result<Vec<Tree>, String> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        simple_key_max_lookahead: 64 << 10,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
    };
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, _)) => builder.event(event)?,
            Err(error) => {
                return Err(format!("{} (line {} of the document)", error.info(), error.marker().line()));
            }
        }
    }
    Ok(builder.documents)
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Tree>,
    values: usize,
    documents: Vec<Tree>,
}

/// A list or mapping whose end is not reached.
struct Open {
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Tree>),
    Map { entries: Vec<Entry>, places: HashMap<String, usize>, key: Option<String> },
}

impl Builder {
    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                self.add(Tree::Scalar(Scalar { text: text.into_owned(), plain }), anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Open { anchor, content: Content::List(Vec::new()) });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Map { entries: Vec::new(), places: HashMap::new(), key: None };
                self.open(Open { anchor, content });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, content }) = self.open.pop() else { return Ok(()) };
                let tree = match content {
                    Content::List(items) => Tree::List(items),
                    Content::Map { entries, .. } => Tree::Map(entries),
                };
                self.add(tree, anchor)
            }
            Event::Alias(id) => {
                // An alias within what it repeats has no end.
                let tree = self.anchors.get(&id).ok_or("an alias refers to what it is part of")?;
                let (count, depth) = measure(tree);
                self.values += count;
                self.check()?;
                if self.open.len() + depth > DEPTH {
                    return Err("values stand too deep in each other".to_owned());
                }
                let tree = tree.clone();
                self.add(tree, 0)
            }
            Event::UnresolvedAlias(name) => self.add(Tree::Scalar(Scalar { text: format!("*{name}"), plain: true }), 0),
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) {
        self.open.push(open);
    }

    fn check(&self) -> Result<(), String> {
        if self.values > MOST_VALUES { Err(format!("it has more than {MOST_VALUES} values")) } else { Ok(()) }
    }

    /// Puts a finished value where it belongs.
    fn add(&mut self, tree: Tree, anchor: usize) -> Result<(), String> {
        self.values += 1;
        self.check()?;
        if anchor != 0 {
            self.anchors.insert(anchor, tree.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.documents.push(tree),
            Some(Content::List(items)) => items.push(tree),
            Some(Content::Map { entries, places, key }) => match key.take() {
                None => *key = Some(as_key(tree)),
                Some(name) => {
                    if let Some(earlier) = places.insert(name.clone(), entries.len()) {
                        entries[earlier].shadowed = true;
                    }
                    entries.push(Entry { key: name, value: tree, shadowed: false });
                }
            },
        }
        Ok(())
    }
}

/// A key that is a list or mapping has no place in Kubernetes; a text stands for it.
fn as_key(tree: Tree) -> String {
    match tree {
        Tree::Scalar(scalar) => scalar.text,
        Tree::List(_) => "[…]".to_owned(),
        Tree::Map(_) => "{…}".to_owned(),
    }
}

/// How many values a tree has, and how deep they stand.
fn measure(tree: &Tree) -> (usize, usize) {
    let children: Vec<&Tree> = match tree {
        Tree::Scalar(_) => return (1, 0),
        Tree::List(items) => items.iter().collect(),
        Tree::Map(entries) => entries.iter().map(|entry| &entry.value).collect(),
    };
    children.into_iter().map(measure).fold((1, 1), |(count, depth), (more, below)| (count + more, depth.max(below + 1)))
}
