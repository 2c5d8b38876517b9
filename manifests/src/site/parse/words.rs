//! Single values.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::component::values::local_path;
use crate::site::host::is_one_machine;
use crate::site::{Host, HostError, HostName, LocalFile, Placed};
use crate::yaml::{Fields, Node as Tree, Problem, Sink};

/// The longest name of a node: Linux and certificates take no longer one.
const LONGEST_NODE_NAME: usize = 63;

/// A file on the jump host.
pub(super) fn file(tree: &Tree, sink: &Sink) -> Option<LocalFile> {
    local_path(tree, sink).map(|path| LocalFile { path, location: tree.location.clone() })
}

/// A machine's name or address.
pub(super) fn host(tree: &Tree, sink: &Sink) -> Option<Host> {
    let text = tree.text(sink)?;
    match text.parse() {
        Ok(host) => Some(host),
        Err(error) => {
            sink.add(host_problem(tree, text, &error));
            None
        }
    }
}

fn host_problem(tree: &Tree, text: &str, error: &HostError) -> Problem {
    let lower = text.to_ascii_lowercase();
    let bare = text.rsplit_once(':').map(|(host, _)| host).filter(|host| host.parse::<Host>().is_ok());
    let help = match bare {
        Some(bare) => format!("write `{bare}` alone; a port has a field of its own"),
        None if lower != text && lower.parse::<Host>().is_ok() => format!("names are in lower case: `{lower}`"),
        None => "write a name such as `node-1.example.org`, or an IP address".to_owned(),
    };
    Problem::new(&tree.location, error.to_string(), "this machine").with_help(help)
}

/// A node's name.
pub(super) fn node_name(tree: &Tree, sink: &Sink) -> Option<HostName> {
    let text = tree.text(sink)?;
    let error = match text.parse::<HostName>() {
        Ok(name) if text.len() <= LONGEST_NODE_NAME => return Some(name),
        Ok(_) => format!("a node's name has at most {LONGEST_NODE_NAME} characters; this one has {}", text.len()),
        Err(_) => format!("`{}` can't be the name of a node", text.chars().take(80).collect::<String>()),
    };
    let lower = text.to_ascii_lowercase().replace('_', "-");
    let problem = Problem::new(&tree.location, error, "this name");
    sink.add(match lower.parse::<HostName>() {
        Ok(_) if lower != text && text.len() <= LONGEST_NODE_NAME => problem.with_help(format!("write `{lower}`")),
        _ => problem.with_help("use lower-case letters, digits and `-`, as in `server-1`"),
    });
    None
}

/// An IP address that one machine can have.
pub(super) fn address(tree: &Tree, sink: &Sink) -> Option<IpAddr> {
    let text = tree.text(sink)?;
    let (message, help) = match text.parse::<IpAddr>() {
        Ok(address) if is_one_machine(&address) => return Some(address),
        Ok(_) => (format!("`{text}` is not the address of one other machine"), "write the machine's own IP address"),
        Err(_) => (
            format!("`{}` is not an IP address", text.chars().take(80).collect::<String>()),
            "write it as `10.0.0.7` or `fd00::7`, without a prefix length and a port",
        ),
    };
    sink.add(Problem::new(&tree.location, message, "this address").with_help(help));
    None
}

/// The same with its place.
pub(super) fn placed_address(tree: &Tree, sink: &Sink) -> Option<Placed<IpAddr>> {
    address(tree, sink).map(|value| Placed { value, location: tree.location.clone() })
}

/// The field `port`.
pub(super) fn port(fields: &mut Fields<'_>, sink: &Sink) -> Option<u16> {
    fields.get("port").and_then(|tree| tree.count(u16::MAX, sink))
}

/// A folder on a node: absolute, and nothing in it that a shell or a unit would read otherwise.
pub(super) fn folder(tree: &Tree, sink: &Sink) -> Option<PathBuf> {
    let text = tree.text(sink)?;
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-');
    let parts = || text.split('/').skip(1);
    let plain = parts().all(|part| !matches!(part, "" | "." | ".."));
    if text.starts_with('/') && text.len() <= 255 && plain && text.bytes().all(good) {
        return Some(PathBuf::from(text));
    }
    let problem = Problem::new(&tree.location, "this is not a folder that a node's data can be in", "this folder");
    sink.add(problem.with_help(
        "write an absolute path of letters, digits, `.`, `_` and `-`, such as `/data/rancher`, without `/` at its end",
    ));
    None
}

/// One of some words. `what` is the name of the choice.
pub(super) fn choice<T: Copy>(tree: &Tree, what: &str, words: &[(&'static str, T)], sink: &Sink) -> Option<T> {
    let text = tree.text(sink)?;
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let help = match crate::yaml::suggest::nearest(text, &known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}", known.join(", ")),
    };
    let shown: String = text.chars().take(80).collect();
    sink.add(Problem::new(&tree.location, format!("`{shown}` is not {what}"), "this word").with_help(help));
    None
}
