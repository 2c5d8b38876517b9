//! What must never be shown: passwords, tokens, and the parts of a URL that hold them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use url::Url;

/// A password or token. It shows as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The value of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorization {
    /// A user name and a password.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token.
    Bearer(Secret),
    /// What a server told to send, as it told it.
    Other(Secret),
}

impl Authorization {
    /// Basic authorization.
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Basic { user: user.into(), password: Secret::new(password) }
    }

    /// The header's value, marked as sensitive; none when the secret can't stand in a header.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let text = match self {
            Self::Basic { user, password } => format!("Basic {}", encode(user, password)),
            Self::Bearer(token) => format!("Bearer {}", token.expose()),
            Self::Other(value) => value.expose().to_owned(),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Replaces the secret in a text that a server sent: some answer with what they were sent.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let (secret, encoded) = match self {
            Self::Basic { user, password } => (password, encode(user, password)),
            Self::Bearer(token) | Self::Other(token) => (token, String::new()),
        };
        for hidden in [secret.expose(), &encoded] {
            if !hidden.is_empty() {
                text = text.replace(hidden, "***");
            }
        }
        text
    }
}

fn encode(user: &str, password: &Secret) -> String {
    STANDARD.encode(format!("{user}:{}", password.expose()))
}

/// A URL as it may be shown: without user, password and fragment, and without the values of a query, where storage
/// services put signatures.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that can't have a user.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    let has_query = url.query().is_some();
    url.set_query(None);
    let end = if has_query { "?…" } else { "" };
    format!("{url}{end}")
}

/// Takes user and password out of a URL.
pub(super) fn split_userinfo(url: &Url) -> (Url, Option<Authorization>) {
    let mut bare = url.clone();
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    let decode = |text: &str| percent_decode(text);
    let found = (!url.username().is_empty() || url.password().is_some())
        .then(|| Authorization::basic(decode(url.username()), decode(url.password().unwrap_or_default())));
    (bare, found)
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let decoded = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|digits| hex::decode(digits).ok());
        match decoded {
            Some(byte) => {
                out.extend(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        let authorization = Authorization::basic("user", "hunter2");
        assert_eq!(
            format!("{authorization:?} {} {:?}", Secret::new("hunter2"), authorization.header()),
            "Basic { user: \"user\", password: *** } *** Some(Sensitive)"
        );
        let url = Url::parse("https://user:hunter2@host:8443/a?X-Amz-Signature=hunter2#hunter2").unwrap();
        assert_eq!(shown(&url), "https://host:8443/a?…");
    }

    #[test]
    fn a_secret_that_comes_back_is_scrubbed() {
        let authorization = Authorization::basic("user", "hunter2");
        assert_eq!(authorization.scrub("user:hunter2 dXNlcjpodW50ZXIy"), "user:*** ***");
    }

    #[test]
    fn user_and_password_are_taken_out_of_a_url() {
        let (bare, found) = split_userinfo(&Url::parse("https://a%40b:p%3Aw@host/x").unwrap());
        assert_eq!(bare.as_str(), "https://host/x");
        assert_eq!(found, Some(Authorization::basic("a@b", "p:w")));
    }
}
