//! How machines are reached: what holds for all of them, with what each says itself.

use std::collections::BTreeMap;

use super::{secret, words};
use crate::BundleName;
use crate::site::{Authentication, Bastion, Become, Host, HostKey, LocalFile, Placed, SecretSource, Ssh, UserName};
use crate::yaml::{Fields, Key, Location, Node as Tree, Problem, Sink, Value};

/// The port of SSH.
const SSH_PORT: u16 = 22;
/// What stands for no bastion where the site names one for all; so none can be called that.
const DIRECT: &str = "none";

/// What `ssh` says in one place: of the site, of a node or of a bastion.
#[derive(Default)]
pub(super) struct Said {
    port: Option<u16>,
    user: Option<UserName>,
    authentication: Option<Authentication>,
    /// Inner nothing: reached directly, whatever the site says.
    bastion: Option<Option<Placed<BundleName>>>,
}

/// The fields of a machine's own.
#[derive(Default)]
struct Own {
    host: Option<Host>,
    host_keys: Vec<HostKey>,
}

/// The field `ssh` of the site: what holds where a machine says nothing else.
pub(super) fn defaults(tree: Option<&Tree>, sink: &Sink) -> Said {
    let Some(mut fields) = tree.and_then(|tree| Fields::of(tree, "`ssh`", sink)) else { return Said::default() };
    for name in ["host", "hostKeys"] {
        if let Some(key) = fields.key(name) {
            let problem = Problem::new(key, format!("`{name}` is of one machine alone"), "not for all of them");
            sink.add(problem.with_help("write it under `ssh:` of the node"));
            fields.get(name);
        }
    }
    let said = said(&mut fields, sink);
    fields.finish();
    said
}

/// How a node is reached that has this address if it says nothing else. `place` is the node's.
pub(super) fn node(
    tree: Option<&Tree>,
    defaults: &Said,
    address: Option<Host>,
    place: &Location,
    sink: &Sink,
) -> Option<Ssh> {
    let (mut own, mut here) = (Own::default(), Said::default());
    if let Some(tree) = tree {
        let mut fields = Fields::of(tree, "`ssh`", sink)?;
        own = self::own(&mut fields, sink);
        here = said(&mut fields, sink);
        fields.finish();
    }
    let user = here.user.or_else(|| defaults.user.clone());
    if user.is_none() && tree.is_none_or(|tree| !has(tree, "user")) {
        sink.add(nobody(place, "`user:` under the site's `ssh:`, or under that of the node"));
    }
    Some(Ssh {
        host: own.host.or(address)?,
        port: here.port.or(defaults.port).unwrap_or(SSH_PORT),
        user: user?,
        authentication: or_default(here.authentication, defaults),
        host_keys: own.host_keys,
        bastion: here.bastion.or_else(|| defaults.bastion.clone()).flatten(),
    })
}

/// The field `bastions`. What the site's `ssh` says holds for them too, but for the bastion: the way has to begin
/// somewhere.
pub(super) fn bastions(fields: &mut Fields<'_>, defaults: &Said, sink: &Sink) -> BTreeMap<BundleName, Bastion> {
    let entries = fields.entries("bastions", "a mapping of bastions to how each is reached");
    entries
        .into_iter()
        .filter_map(|(key, tree)| bastion(key, tree, defaults, sink))
        .map(|one| (one.name.clone(), one))
        .collect()
}

fn bastion(key: &Key, tree: &Tree, defaults: &Said, sink: &Sink) -> Option<Bastion> {
    let name: Option<BundleName> = key.text.parse().ok().filter(|_| key.text != DIRECT);
    if name.is_none() {
        let problem = Problem::new(&key.location, "this can't be the name of a bastion", "this name");
        sink.add(problem.with_help("use lower-case letters, digits and `-`, such as `dmz`; `none` stands for none"));
    }
    let mut fields = Fields::of(tree, "a bastion", sink)?;
    let said_host = fields.required("host", "write the name or address by which the jump host reaches it").is_some();
    let own = own(&mut fields, sink);
    let here = said(&mut fields, sink);
    let user = here.user.or_else(|| defaults.user.clone());
    if user.is_none() && fields.key("user").is_none() {
        sink.add(nobody(&key.location, "`user:` here, or under the site's `ssh:`"));
    }
    fields.finish();
    let ssh = Ssh {
        host: own.host.filter(|_| said_host)?,
        port: here.port.unwrap_or(SSH_PORT),
        user: user?,
        authentication: or_default(here.authentication, defaults),
        host_keys: own.host_keys,
        bastion: here.bastion.flatten(),
    };
    Some(Bastion { name: name?, ssh, location: key.location.clone() })
}

/// What is said here, else for all of the site; else the agent has the keys.
fn or_default(here: Option<Authentication>, defaults: &Said) -> Authentication {
    here.or_else(|| defaults.authentication.clone()).unwrap_or(Authentication::Agent)
}

fn nobody(place: &Location, help: &str) -> Problem {
    Problem::new(place, "nothing says who logs in to this machine", "as whom?").with_help(format!("write {help}"))
}

fn has(tree: &Tree, name: &str) -> bool {
    matches!(&tree.value, Value::Map(entries) if entries.iter().any(|(key, _)| key.text == name))
}

fn own(fields: &mut Fields<'_>, sink: &Sink) -> Own {
    let host = fields.get("host").and_then(|tree| words::host(tree, sink));
    Own { host, host_keys: fields.list("hostKeys", host_key) }
}

fn said(fields: &mut Fields<'_>, sink: &Sink) -> Said {
    let port = words::port(fields, sink);
    let user = fields.get("user").and_then(|tree| user(tree, sink));
    let key = fields.get("key").and_then(|tree| words::file(tree, sink));
    let passphrase = fields.get("passphrase").and_then(|tree| secret::secret(tree, sink));
    let certificate = fields.get("certificate").and_then(|tree| words::file(tree, sink));
    let agent = fields.boolean("agent").unwrap_or(false);
    for name in ["passphrase", "certificate"] {
        if let (Some(place), None) = (fields.key(name), fields.key("key")) {
            let problem = Problem::new(place, format!("`{name}` needs `key` beside it"), "of which key?");
            sink.add(problem.with_help("name the file with the private key as `key:`"));
        }
    }
    if let (true, Some(place), Some(other)) = (agent, fields.key("agent"), fields.key("key")) {
        let problem = Problem::new(place, "a user is known by a key in a file or by those of an agent", "an agent");
        sink.add(problem.with_other(other, "a file").with_help("keep one of them"));
    }
    fields.refuse_secrets(
        &["password", "pass"],
        "there is no logging in with a password: use `key:`, or the keys of an agent; `become:` is for sudo's password",
    );
    let bastion = fields.get("bastion").and_then(|tree| way(tree, sink));
    Said { port, user, authentication: authentication(key, passphrase, certificate, agent), bastion }
}

/// The field `bastion`: a name, or the word for none.
fn way(tree: &Tree, sink: &Sink) -> Option<Option<Placed<BundleName>>> {
    if tree.text(sink)? == DIRECT {
        return Some(None);
    }
    Some(Some(Placed { value: tree.parse(sink)?, location: tree.location.clone() }))
}

fn authentication(
    key: Option<LocalFile>,
    passphrase: Option<SecretSource>,
    certificate: Option<LocalFile>,
    agent: bool,
) -> Option<Authentication> {
    match key {
        Some(key) => Some(Authentication::Key { key, passphrase, certificate }),
        None => agent.then_some(Authentication::Agent),
    }
}

fn user(tree: &Tree, sink: &Sink) -> Option<UserName> {
    if let Ok(user) = tree.text(sink)?.parse() {
        return Some(user);
    }
    let problem = Problem::new(&tree.location, "this can't be the name of a user", "this name");
    sink.add(problem.with_help("write the user's name alone, such as `ubuntu`"));
    None
}

fn host_key(tree: &Tree, sink: &Sink) -> Option<HostKey> {
    match tree.text(sink)?.parse() {
        Ok(key) => Some(key),
        Err(error) => {
            let error: crate::site::HostKeyError = error;
            let problem = Problem::new(&tree.location, error.to_string(), "this fingerprint");
            sink.add(problem.with_help(
                "write what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints on the machine: `SHA256:…`",
            ));
            None
        }
    }
}

/// What `become` says, of a node or of all.
#[derive(Clone)]
pub(super) enum Root {
    Nothing,
    Sudo,
    SudoWithPassword(SecretSource),
}

/// The field `become`.
pub(super) fn root(tree: &Tree, sink: &Sink) -> Option<Root> {
    if let Value::Scalar { .. } = tree.value {
        let sudo = words::choice(tree, "a way to become root", &[("sudo", true), ("none", false)], sink)?;
        return Some(if sudo { Root::Sudo } else { Root::Nothing });
    }
    let mut fields = Fields::of(tree, "`become`", sink)?;
    let password = fields.required("password", "say where sudo's password is: `password: {prompt: \"sudo password\"}`");
    let password = password.and_then(|tree| secret::secret(tree, sink));
    fields.finish();
    password.map(Root::SudoWithPassword)
}

/// How `user` becomes root. Where nothing is said, a user who is not root needs `sudo`. `place` is the node's.
pub(super) fn become_root(said: Option<&Root>, user: &UserName, place: &Location, sink: &Sink) -> Option<Become> {
    match said {
        _ if user.is_root() => Some(Become::Nothing),
        None | Some(Root::Sudo) => Some(Become::Sudo),
        Some(Root::SudoWithPassword(password)) => Some(Become::SudoWithPassword(password.clone())),
        Some(Root::Nothing) => {
            let message = format!("`{user}` logs in to this machine and does not become root");
            let problem = Problem::new(place, message, "with `become: none`");
            sink.add(problem.with_help("write `become: sudo`, or let `root` log in"));
            None
        }
    }
}
