//! A tree as plain data, for values that are handed on.

use serde_json::{Map, Number, Value as Plain};

use super::node::{Node, Value};
use super::{Problem, Sink};

impl Node {
    /// The tree as data. What readers of YAML disagree on is refused: whoever gets the data might read it otherwise.
    pub(crate) fn plain(&self, sink: &Sink) -> Option<Plain> {
        match &self.value {
            // All are read before one that can't be ends it: their problems belong together.
            Value::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.plain(sink)).collect();
                items.into_iter().collect::<Option<_>>().map(Plain::Array)
            }
            Value::Map(entries) => {
                let values: Vec<_> = entries.iter().map(|(key, value)| (key.text.clone(), value.plain(sink))).collect();
                let values = values.into_iter().map(|(name, value)| Some((name, value?)));
                values.collect::<Option<Map<_, _>>>().map(Plain::Object)
            }
            Value::Scalar { .. } if self.is_nothing() => Some(Plain::Null),
            Value::Scalar { text, plain: false } => Some(Plain::String(text.clone())),
            Value::Scalar { text, plain: true } => self.unquoted(text, sink),
        }
    }

    fn unquoted(&self, text: &str, sink: &Sink) -> Option<Plain> {
        match text {
            "true" | "True" | "TRUE" => return Some(Plain::Bool(true)),
            "false" | "False" | "FALSE" => return Some(Plain::Bool(false)),
            "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => {
                let problem =
                    Problem::new(&self.location, "this is text to some and a truth value to others", "which?");
                sink.add(problem.with_help(format!("write true or false, or \"{text}\" in quotes")));
                return None;
            }
            _ if !self.is_number() => return Some(Plain::String(text.to_owned())),
            _ => {}
        }
        let number = text.parse::<i64>().ok().map(Number::from);
        let number = number.or_else(|| text.parse::<u64>().ok().map(Number::from));
        let number = number.or_else(|| text.parse().ok().and_then(Number::from_f64));
        if let Some(number) = number.as_ref().filter(|number| number.to_string() == *text) {
            return Some(Plain::Number(number.clone()));
        }
        let read = number.map(|number| format!("`{number}`, or ")).unwrap_or_default();
        let problem =
            Problem::new(&self.location, format!("`{text}` is read as a number in more than one way"), "which?");
        sink.add(problem.with_help(format!("write {read}\"{text}\" in quotes if it is text")));
        None
    }
}
