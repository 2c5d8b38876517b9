//! Debian's vocabulary.
use std::fmt;
use std::str::FromStr;
macro_rules! word {
    ($name:ident, $ok:expr) => {
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        /// A word.
        pub struct $name(String);
        impl $name {
            /// Text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(t: &str) -> Result<Self, String> {
                let ok: fn(&str) -> bool = $ok;
                if ok(t) { Ok(Self(t.to_owned())) } else { Err(format!("`{t}`")) }
            }
        }
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(t: String) -> Result<Self, String> {
                t.parse()
            }
        }
        impl From<$name> for String {
            fn from(n: $name) -> String {
                n.0
            }
        }
    };
}
word!(Architecture, |t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
word!(Series, |t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
word!(PackageName, |t| t.len() > 1
    && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b)));
word!(Version, |t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.~:".contains(&b)));
word!(VersionConstraint, |t| !t.is_empty());
impl Architecture {
    /// All.
    pub fn all() -> Self {
        Self("all".into())
    }
    /// Is.
    pub fn is_all(&self) -> bool {
        self.0 == "all"
    }
}
