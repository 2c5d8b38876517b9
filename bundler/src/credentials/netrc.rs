//! netrc: logins by host, as curl, git and apt read them.

use std::fmt;
use std::io;
use std::path::Path;

use super::{Credential, CredentialError};
use crate::http::Secret;

/// The logins of a netrc file.
#[derive(Default)]
pub(super) struct Netrc {
    machines: Vec<Machine>,
}

struct Machine {
    /// None for `default`, which stands last.
    host: Option<String>,
    login: String,
    password: Secret,
}

impl fmt::Debug for Netrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Netrc({} machines)", self.machines.len())
    }
}

impl Netrc {
    /// Reads a file; a missing one is an empty one.
    pub(super) fn read(path: &Path) -> Result<Self, CredentialError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(CredentialError::Read { path: path.to_owned(), source }),
        }
    }

    fn parse(text: &str) -> Self {
        let mut machines: Vec<Machine> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let mut words = words(line).into_iter();
            while let Some(word) = words.next() {
                let mut value = || words.next().unwrap_or_default();
                let last = machines.last_mut();
                match (word.as_str(), last) {
                    ("machine", _) => machines.push(Machine::new(Some(value()))),
                    ("default", _) => machines.push(Machine::new(None)),
                    ("login", Some(machine)) => machine.login = value(),
                    ("password", Some(machine)) => machine.password = Secret::new(value()),
                    ("account", _) => drop(value()),
                    ("macdef", _) => {
                        // A macro reaches to the next empty line.
                        lines.by_ref().find(|line| line.trim().is_empty());
                        break;
                    }
                    _ => {}
                }
            }
        }
        Self { machines }
    }

    /// The login for a host.
    pub(super) fn login(&self, host: &str) -> Option<Credential> {
        let found = self.machines.iter().find(|machine| machine.host.as_deref().is_none_or(|name| name == host))?;
        Some(Credential::Login { user: found.login.clone(), password: found.password.clone() })
    }
}

impl Machine {
    fn new(host: Option<String>) -> Self {
        Self { host, login: String::new(), password: Secret::new("") }
    }
}

/// The words of a line: quotes hold spaces together, `\` takes the next character as it is, `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        match characters.peek() {
            None | Some('#') => return words,
            Some(_) => {}
        }
        let quoted = characters.next_if_eq(&'"').is_some();
        let mut word = String::new();
        while let Some(c) = characters.next() {
            match c {
                '\\' => word.extend(characters.next()),
                '"' if quoted => break,
                c if c.is_whitespace() && !quoted => break,
                c => word.push(c),
            }
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(text: &str, host: &str) -> Option<(String, String)> {
        match Netrc::parse(text).login(host)? {
            Credential::Login { user, password } => Some((user, password.expose().to_owned())),
            _ => None,
        }
    }

    #[test]
    fn logins_are_found_by_host_however_they_are_laid_out() {
        let text = "# comment\nmachine a.example\n  login u1\n  password \"p 1\"\nmachine b.example login u2 account x \
                    password p\\\"2 # more\nmacdef init\nmachine c.example\n\ndefault login anonymous password p3\n";
        assert_eq!(login(text, "a.example"), Some(("u1".to_owned(), "p 1".to_owned())));
        assert_eq!(login(text, "b.example"), Some(("u2".to_owned(), "p\"2".to_owned())));
        assert_eq!(login(text, "c.example"), Some(("anonymous".to_owned(), "p3".to_owned())));
        assert_eq!(login("machine a.example login u", "b.example"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "(machine|default|macdef|login|password|[a\"#\\\\ \n])*") {
            login(&text, "a");
        }
    }
}
