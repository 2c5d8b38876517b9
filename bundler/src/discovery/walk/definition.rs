//! Definitions of custom resources: of all their text only defaults are ever used.

use super::{Area, Context, Walk};
use crate::discovery::scan::{Naming, naming};
use crate::discovery::yaml::Tree;

impl Walk<'_> {
    /// Looks through the defaults of a definition.
    pub(super) fn definition(&mut self, tree: &Tree) {
        let Some(spec) = tree.get("spec") else { return };
        let mark = self.path.key("spec");
        self.defaults(spec, Naming::Not);
        self.path.back(mark);
    }

    /// `name` is how the property that a schema describes is named.
    fn defaults(&mut self, tree: &Tree, name: Naming) {
        match tree {
            Tree::Map(entries) => {
                for entry in entries {
                    let mark = self.path.key(&entry.key);
                    match (entry.key.as_str(), &entry.value) {
                        ("default", value) => self.value(value, &Context::new(Area::Default).named(name)),
                        ("properties", Tree::Map(properties)) => {
                            for property in properties {
                                let mark = self.path.key(&property.key);
                                self.defaults(&property.value, naming(&property.key));
                                self.path.back(mark);
                            }
                        }
                        (_, Tree::Scalar(_)) => {}
                        (_, value) => self.defaults(value, name),
                    }
                    self.path.back(mark);
                }
            }
            Tree::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    let mark = self.path.index(at);
                    self.defaults(item, name);
                    self.path.back(mark);
                }
            }
            Tree::Scalar(_) => {}
        }
    }
}
