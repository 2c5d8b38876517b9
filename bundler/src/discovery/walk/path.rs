//! The way to a value.

use std::fmt;

/// The way to a value, as people read it, and its shape without numbers, by which known fields are told.
#[derive(Debug, Default)]
pub(super) struct Path {
    shown: String,
    shape: String,
}

/// How long a path was before something was added.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(usize, usize);

impl Path {
    /// Goes to the value of a key.
    pub(super) fn key(&mut self, key: &str) -> Mark {
        let mark = self.mark();
        for text in [&mut self.shown, &mut self.shape] {
            if !text.is_empty() && !text.ends_with(' ') {
                text.push('.');
            }
        }
        let key: String = key.chars().take(120).collect();
        // A key with dots would look like several.
        if key.contains(['.', '/', ' ']) {
            if self.shown.ends_with('.') {
                self.shown.pop();
            }
            self.shown.push_str(&format!("[{key}]"));
        } else {
            self.shown.push_str(&key);
        }
        self.shape.push_str(&key);
        mark
    }

    /// Goes to an item of a list.
    pub(super) fn index(&mut self, index: usize) -> Mark {
        self.item(&index.to_string())
    }

    /// Goes to an item that has a name.
    pub(super) fn name(&mut self, name: &str) -> Mark {
        self.item(&name.chars().take(120).collect::<String>())
    }

    /// Goes into a text that has a structure of its own.
    pub(super) fn within(&mut self) -> Mark {
        let mark = self.mark();
        self.shown.push_str(": ");
        self.shape.push_str(": ");
        mark
    }

    /// Goes back.
    pub(super) fn back(&mut self, Mark(shown, shape): Mark) {
        self.shown.truncate(shown);
        self.shape.truncate(shape);
    }

    /// The path with `[]` for every number.
    pub(super) fn shape(&self) -> &str {
        &self.shape
    }

    /// Whether it is that of an item of a list.
    pub(super) fn is_item(&self) -> bool {
        self.shape.ends_with("[]")
    }

    /// Whether it is that of a container in the template of a pod: `….template.spec.containers[]`.
    pub(super) fn is_pod_template(&self) -> bool {
        let list = self.shape.strip_suffix("[]").and_then(|list| list.rsplit_once('.'));
        list.is_some_and(|(spec, _)| spec.ends_with("emplate.spec"))
    }

    fn item(&mut self, item: &str) -> Mark {
        let mark = self.mark();
        self.shown.push_str(&format!("[{item}]"));
        self.shape.push_str("[]");
        mark
    }

    fn mark(&self) -> Mark {
        Mark(self.shown.len(), self.shape.len())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
