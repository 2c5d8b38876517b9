//! What a node says that its rules have to be made of.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::{Begun, Inside};

/// How many addresses of names and networks of the node are taken.
const MOST: usize = 4096;

/// What a node says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probed {
    pub(super) begun: Begun,
    /// The networks that it is part of, and the addresses of the site's names.
    pub(super) inside: Vec<IpNet>,
}

/// Reads the answer; none if it is none.
pub(super) fn parse(said: &str, asked: &Inside) -> Option<Probed> {
    let (mut boot, mut goes_on, mut inside) = (None, false, Vec::new());
    let mut unknown: BTreeSet<&str> = asked.names().collect();
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["boot", id] if boot.is_none() => boot = Some(id.to_owned()),
            ["counting"] => goes_on = true,
            // Links without an address of the internet have others.
            ["net", net] => inside.extend(net.parse::<IpNet>()),
            ["name", name, address] if asked.names().any(|known| known == name) => {
                // An address of its own link has the link behind it.
                let address: IpAddr = address.split('%').next()?.parse().ok()?;
                unknown.remove(name);
                inside.push(address.into());
            }
            _ => return None,
        }
    }
    let unknown = unknown.into_iter().map(str::to_owned).collect();
    let begun = Begun { boot: boot?, goes_on, unknown };
    (inside.len() <= MOST).then_some(Probed { begun, inside })
}

/// Who carries packets past the filter, in words.
pub(super) fn past(word: &str) -> Option<&'static str> {
    match word {
        "cilium" => Some("Cilium's eBPF"),
        "calico" => Some("Calico's eBPF"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_of_the_site_are_inside_where_the_node_finds_them() {
        let asked = Inside::named(&["harbor.example.org", "time.example.org"]);
        let said = "boot 7d5a\ncounting\nnet 127.0.0.1/8\nnet 10.0.7.11/24\nname harbor.example.org 192.0.2.7\n\
                    name harbor.example.org 2001:db8::7\nname harbor.example.org 192.0.2.7\n";
        let probed = parse(said, &asked).unwrap();
        let begun = Begun { boot: "7d5a".into(), goes_on: true, unknown: vec!["time.example.org".into()] };
        assert_eq!(probed.begun, begun);
        assert!(probed.inside.contains(&"192.0.2.7/32".parse().unwrap()), "{:?}", probed.inside);
        assert!(probed.inside.contains(&"2001:db8::7/128".parse().unwrap()), "{:?}", probed.inside);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let asked = Inside::named(&["harbor.example.org"]);
        for said in [
            "",
            "net 10.0.0.1/8\n",
            "boot a\nname other.example.org 10.0.0.1\n",
            "boot a\nname harbor.example.org x\n",
            "boot a\nboot b\n",
        ] {
            assert_eq!(parse(said, &asked), None, "{said}");
        }
    }
}
