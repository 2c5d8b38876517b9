//! From the events of the parser to trees, within limits.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::merge::merged;
use super::{Entry, Scalar, Tree};

/// Values in one text, those that anchors keep and aliases repeat included. The largest definitions of real charts have some 100,000.
const MOST_VALUES: usize = 1_000_000;
/// How deep values may stand in each other. Definitions of real charts come to some 60.
const DEPTH: usize = 120;
/// Bytes of text that anchors may keep and aliases repeat.
const MOST_REPEATED: usize = 16 << 20;

/// Reads the documents of one file, one after the other: all of them may not have many times the values that are written there.
pub(in crate::discovery) struct Reader {
    left: usize,
}

impl Reader {
    /// Of a file with this text.
    pub(in crate::discovery) fn of(text: &str) -> Self {
        Self { left: MOST_VALUES.max(text.len()) }
    }

    /// Whether nothing more is read.
    pub(in crate::discovery) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Reads all documents of a part of it.
    pub(in crate::discovery) fn read(&mut self, text: &str) -> Result<Vec<Tree>, String> {
        let mut builder = Builder { most: MOST_VALUES.min(self.left), ..Builder::default() };
        let read = builder.read(text);
        self.left = self.left.saturating_sub(builder.values);
        read
    }
}

impl Builder {
    fn read(&mut self, text: &str) -> Result<Vec<Tree>, String> {
        let options = granit_parser::options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            simple_key_max_lookahead: 64 << 10,
            flow_nesting_limit: DEPTH,
            block_nesting_limit: DEPTH,
        };
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, _)) => self.event(event)?,
                Err(error) => {
                    return Err(format!("{} (line {} of the document)", error.info(), error.marker().line()));
                }
            }
        }
        Ok(std::mem::take(&mut self.documents))
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Tree>,
    values: usize,
    /// How many there may be.
    most: usize,
    repeated: usize,
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
                    Content::Map { entries, .. } => Tree::Map(merged(entries)),
                };
                self.add(tree, anchor)
            }
            Event::Alias(id) => {
                // An alias within what it repeats has no end.
                let tree = self.anchors.get(&id).ok_or("an alias refers to what it is part of")?.clone();
                let depth = self.count(&tree)?;
                if self.open.len() + depth > DEPTH {
                    return Err("values stand too deep in each other".to_owned());
                }
                self.add(tree, 0)
            }
            Event::UnresolvedAlias(name) => self.add(Tree::Scalar(Scalar { text: format!("*{name}"), plain: true }), 0),
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) {
        self.open.push(open);
    }

    /// Counts what is held once more, and gives its depth.
    fn count(&mut self, tree: &Tree) -> Result<usize, String> {
        let Size { values, depth, bytes } = measure(tree);
        self.values += values;
        self.repeated += bytes;
        self.check()?;
        Ok(depth)
    }

    fn check(&self) -> Result<(), String> {
        if self.values > self.most {
            return Err(format!("it has more than {} values", self.most));
        }
        if self.repeated > MOST_REPEATED { Err("its anchors and aliases repeat too much".to_owned()) } else { Ok(()) }
    }

    /// Puts a finished value where it belongs.
    fn add(&mut self, tree: Tree, anchor: usize) -> Result<(), String> {
        self.values += 1;
        self.check()?;
        if anchor != 0 {
            self.count(&tree)?;
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

/// How large a tree is.
struct Size {
    values: usize,
    depth: usize,
    /// Of its texts.
    bytes: usize,
}

fn measure(tree: &Tree) -> Size {
    let (children, bytes): (Vec<&Tree>, usize) = match tree {
        Tree::Scalar(scalar) => return Size { values: 1, depth: 0, bytes: scalar.text.len() },
        Tree::List(items) => (items.iter().collect(), 0),
        Tree::Map(entries) => {
            (entries.iter().map(|entry| &entry.value).collect(), entries.iter().map(|entry| entry.key.len()).sum())
        }
    };
    let start = Size { values: 1, depth: 1, bytes };
    children.into_iter().map(measure).fold(start, |all, one| Size {
        values: all.values + one.values,
        depth: all.depth.max(one.depth + 1),
        bytes: all.bytes + one.bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn refused(text: &str) -> String {
        read(text).unwrap_err()
    }

    #[test]
    fn what_grows_without_end_is_refused() {
        let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, level| {
            let items = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("{text}a{level}: &a{level} [{items}]\n")
        });
        assert!(refused(&bomb).contains("more than 1000000 values"));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 20].join(", "));
        assert_eq!(refused(&long), "its anchors and aliases repeat too much");
        assert!(read(&format!("{}{}", "[".repeat(DEPTH + 1), "]".repeat(DEPTH + 1))).is_err());
        assert!(refused("a: &a [*a]").contains("part of"));
    }

    #[test]
    fn all_documents_of_a_file_have_an_end_together() {
        let one =
            |repeats: usize| format!("a: &a [{}]\nb: [{}]\n", ["x"; 100].join(","), vec!["*a"; repeats].join(","));
        let mut reader = Reader::of("");
        assert!((0..4).all(|_| reader.read(&one(2000)).is_ok()) && !reader.is_spent());
        assert!(reader.read(&one(2000)).is_err() && reader.is_spent());
    }

    #[test]
    fn of_a_key_that_is_given_twice_the_last_counts() {
        let trees = read("a: 1\na: 2\n'=': =\nb: *unknown\n").unwrap();
        let shown: Vec<_> = trees[0].entries().iter().map(|entry| (entry.key.as_str(), entry.shadowed)).collect();
        assert_eq!(shown, [("a", true), ("a", false), ("=", false), ("b", false)]);
        assert_eq!(trees[0].text_of("a"), Some("2"));
        assert_eq!((trees[0].text_of("="), trees[0].text_of("b")), (Some("="), Some("*unknown")));
    }
}
