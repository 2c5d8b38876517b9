//! Where something is asked for.

use std::fmt;
use std::str::FromStr;

use crate::word::excerpt;

/// A line of a file, written `stack.yaml:12`. The file's path is relative to the folder of the lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    file: String,
    line: usize,
}

/// A text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a place: expected a file and a line, such as `stack.yaml:12`")]
pub struct PlaceError(String);

impl Place {
    /// A line of a file; lines count from 1.
    pub fn new(file: impl Into<String>, line: usize) -> Self {
        Self { file: file.into(), line }
    }

    /// The file's path.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = text.rsplit_once(':').and_then(|(file, line)| {
            let line = line.parse().ok().filter(|line| *line > 0)?;
            (!file.is_empty()).then(|| Self::new(file, line))
        });
        place.ok_or_else(|| PlaceError(excerpt(text)))
    }
}

impl serde::Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Place {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^.+:[1-9][0-9]*$",
            "description": "A line of a file, such as `stack.yaml:12`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_and_writes_the_same_words() {
        for text in ["stack.yaml:12", "../components/a b.yaml:1", "c:/x.yaml:7"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for text in ["", "stack.yaml", "stack.yaml:", "stack.yaml:0", "stack.yaml:x", ":1"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
