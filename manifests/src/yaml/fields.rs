//! The fields of a mapping, asked for one by one; what nobody asked for is a mistake.

use super::node::{Key, Node, Value};
use super::parse::Sink;
use super::suggest::nearest;
use super::{Location, Problem};

/// The fields of one mapping.
pub(crate) struct Fields<'a> {
    what: &'static str,
    node: &'a Node,
    entries: &'a [(Key, Node)],
    known: Vec<&'static str>,
    /// Names that were refused already.
    refused: Vec<&'static str>,
    sink: &'a Sink,
}

impl<'a> Fields<'a> {
    /// The fields of `node`, which describes `what` ("a chart").
    pub(crate) fn of(node: &'a Node, what: &'static str, sink: &'a Sink) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            return node.expected(&format!("{what} (a mapping)"), sink);
        };
        Some(Self { what, node, entries, known: Vec::new(), refused: Vec::new(), sink })
    }

    /// Where the mapping begins.
    pub(crate) fn location(&self) -> &'a Location {
        self.node.head()
    }

    /// A field's value. A field that is there without a value is a problem: nobody can tell what is meant.
    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'a Node> {
        self.known.push(name);
        let (key, value) = self.entries.iter().find(|(key, _)| key.text == name)?;
        if value.is_nothing() {
            let problem = Problem::new(&key.location, format!("`{name}` has no value"), "nothing follows");
            self.sink.add(problem.with_help("give it a value, or remove the line"));
            return None;
        }
        Some(value)
    }

    /// The place of a field's name, if the field is there.
    pub(crate) fn key(&self, name: &str) -> Option<&'a Location> {
        self.entries.iter().find(|(key, _)| key.text == name).map(|(key, _)| &key.location)
    }

    /// A field that must be there. `help` says what to write.
    pub(crate) fn required(&mut self, name: &'static str, help: &str) -> Option<&'a Node> {
        let value = self.get(name);
        if self.key(name).is_none() {
            let message = format!("{} needs `{name}`", self.what);
            let label = format!("`{name}` is missing here");
            self.sink.add(Problem::new(self.location(), message, label).with_help(help));
        }
        value
    }

    /// A field's text.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        let sink = self.sink;
        self.get(name)?.text(sink).map(str::to_owned)
    }

    /// A field's truth value.
    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        let sink = self.sink;
        self.get(name)?.boolean(sink)
    }

    /// The items of a list, each read by `read`; what can't be read is left out and among the problems.
    pub(crate) fn list<T>(&mut self, name: &'static str, read: impl Fn(&'a Node, &'a Sink) -> Option<T>) -> Vec<T> {
        let sink = self.sink;
        let items = self.get(name).and_then(|node| node.list(name, sink)).unwrap_or_default();
        items.iter().take_while(|_| !sink.is_full()).filter_map(|item| read(item, sink)).collect()
    }

    /// The entries of a mapping whose keys are names of people's own.
    pub(crate) fn entries(&mut self, name: &'static str, what: &'static str) -> Vec<(&'a Key, &'a Node)> {
        let sink = self.sink;
        let Some(Self { entries, .. }) = self.get(name).and_then(|node| Self::of(node, what, sink)) else {
            return Vec::new();
        };
        entries.iter().map(|(key, value)| (key, value)).collect()
    }

    /// Fields whose names are kept for later versions.
    pub(crate) fn reserved(&mut self, names: &[&'static str]) {
        for name in names {
            if let Some(key) = self.key(name) {
                let message = format!("`{name}` comes with a later version");
                let problem = Problem::new(key, message, "not supported yet");
                self.sink.add(
                    problem.with_help(
                        "remove it; this version carries images, charts, files, git repositories and packages",
                    ),
                );
                self.refused.push(name);
            }
        }
    }

    /// Fields in which people would put secrets.
    pub(crate) fn refuse_secrets(&mut self, names: &[&'static str], help: &str) {
        for name in names {
            if let Some(key) = self.key(name) {
                let problem = Problem::new(key, "credentials have no place in this file", "not here");
                self.sink.add(problem.with_help(help));
                self.refused.push(name);
            }
        }
    }

    /// Refuses the fields that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, _) in self.entries.iter().filter(|(key, _)| key.text != "<<") {
            if self.known.contains(&key.text.as_str()) || self.refused.contains(&key.text.as_str()) {
                continue;
            }
            if self.sink.is_full() {
                return;
            }
            let problem = Problem::new(&key.location, format!("{} has no field `{}`", self.what, key.text), "unknown");
            self.sink.add(match nearest(&key.text, &self.known) {
                Some(name) => problem.with_help(format!("did you mean `{name}`?")),
                None => problem.with_help(format!("its fields are {}", self.known.join(", "))),
            });
        }
    }
}
