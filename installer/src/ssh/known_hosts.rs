//! `known_hosts`, as OpenSSH has it (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").

use aws_lc_rs::hmac;
use russh::keys::PublicKey;
use russh::keys::ssh_key::known_hosts::{Entry, HostPatterns, Marker};

/// The port that is not written.
const SSH_PORT: u16 = 22;

/// A file of known hosts.
#[derive(Debug, Default)]
pub(super) struct KnownHosts(Vec<(usize, Entry)>);

/// A line about a host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'k> {
    /// Its number, from 1.
    pub(super) line: usize,
    /// What the line says of the key.
    pub(super) meaning: Meaning,
    /// The key.
    pub(super) key: &'k PublicKey,
}

/// What a line says of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is the host's.
    Host,
    /// It signs certificates of the host.
    Authority,
    /// Nobody may show it.
    Revoked,
}

impl KnownHosts {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The number of the first line that can't be read. It may be one that forbids a key, so none is passed over.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        lines.map(|(number, line)| Ok((number, line.parse().map_err(|_| number)?))).collect::<Result<_, _>>().map(Self)
    }

    /// The lines about a machine.
    pub(super) fn of(&self, host: &str, port: u16) -> impl Iterator<Item = Known<'_>> {
        let name = name(host, port);
        self.0.iter().filter_map(move |(line, entry)| {
            let meaning = match entry.marker() {
                None => Meaning::Host,
                Some(Marker::CertAuthority) => Meaning::Authority,
                Some(Marker::Revoked) => Meaning::Revoked,
            };
            let patterns = entry.host_patterns();
            // An authority speaks for a host whatever its port.
            let meant = matches(patterns, &name) || meaning == Meaning::Authority && matches(patterns, host);
            meant.then_some(Known { line: *line, meaning, key: entry.public_key() })
        })
    }
}

/// What a machine is called in the file.
pub(super) fn name(host: &str, port: u16) -> String {
    if port == SSH_PORT { host.to_owned() } else { format!("[{host}]:{port}") }
}

fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
            hmac::verify(&key, name.as_bytes(), hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let hit = |wanted: &str| like(wanted.to_ascii_lowercase().as_bytes(), name.as_bytes());
            let denied = patterns.iter().filter_map(|pattern| pattern.strip_prefix('!')).any(hit);
            !denied && patterns.iter().any(|pattern| hit(pattern))
        }
    }
}

/// Whether a name is like a pattern, in which `*` stands for any text and `?` for one character.
fn like(pattern: &[u8], name: &[u8]) -> bool {
    // Where the last `*` was, and how much of the name it has taken.
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == name[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                at = place + 1;
                from = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";

    #[track_caller]
    fn knows(hosts: &str, host: &str, port: u16) -> bool {
        KnownHosts::parse(&format!("# a comment\n\n{hosts} {KEY} somebody\n")).unwrap().of(host, port).count() == 1
    }

    #[test]
    fn hosts_are_found_by_name_pattern_and_port() {
        assert!(knows("node-1,10.0.0.7", "10.0.0.7", 22));
        assert!(knows("[10.0.0.7]:2222", "10.0.0.7", 2222));
        assert!(!knows("10.0.0.7", "10.0.0.7", 2222));
        assert!(!knows("[10.0.0.7]:2222", "10.0.0.7", 22));
        assert!(knows("*.example.org", "a.example.org", 22));
        assert!(!knows("*.example.org,!a.example.org", "a.example.org", 22));
        assert!(knows("10.0.0.?", "10.0.0.7", 22) && !knows("10.0.0.?", "10.0.0.17", 22));
        assert!(knows("Node-1", "node-1", 22));
        assert!(knows("@cert-authority *", "node-1", 2222));
    }

    #[test]
    fn a_line_that_can_not_be_read_is_named() {
        assert_eq!(KnownHosts::parse(&format!("a {KEY}\nb ssh-ed25519 AAAA\n")).unwrap_err(), 2);
        assert_eq!(KnownHosts::parse(&format!("@revocked * {KEY}\n")).unwrap_err(), 1);
    }

    #[test]
    fn patterns_end_also_on_names_that_are_nearly_like_them() {
        assert!(!like("*a".repeat(30).as_bytes(), "a".repeat(29).as_bytes()));
        assert!(like(b"**", b"") && like(b"a*b*c", b"a-b-b-c") && !like(b"a*b*c", b"a-b-b-"));
    }
}
