//! Machines in memory that do what the scripts of a roll-out do, and what goes wrong with them.
//!
//! They hold files, packages, a unit and a mark, and refuse what no run may ask: to start before everything is everywhere, a
//! server before the one in front of it, or to remember what does not run.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::survey;
use super::want::{NodeWant, Part, WantedFile};
use crate::host::{Command, Exit, Host, HostError, Input, Output, files};

/// What goes wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection goes before it arrives.
    LostBefore,
    /// It is done, and the connection goes before anybody hears of it.
    LostAfter,
    /// It is done, and the machine reboots: what is enabled runs again.
    Reboot,
    /// The disk is full: nothing is written, and what only asks has its answer.
    Full,
    /// The installer is killed when it is done.
    Killed,
}

impl Fault {
    pub(super) const ALL: [Self; 5] = [Self::LostBefore, Self::LostAfter, Self::Reboot, Self::Full, Self::Killed];
}

/// Files by their paths: digest, as hexadecimal digits, and mode, as octal ones.
type Files = BTreeMap<String, (String, String)>;

/// What a machine holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) files: Files,
    pub(super) packages: BTreeSet<String>,
    /// The files that were brought.
    pub(super) ours: BTreeSet<String>,
    pub(super) active: bool,
    pub(super) enabled: bool,
    pub(super) started: Option<String>,
    pub(super) version: String,
}

/// All machines of a site.
#[derive(Debug)]
pub(super) struct Machines {
    state: Mutex<State>,
    /// Whether the installer is.
    killed: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    /// In the order of the site, the servers first.
    names: Vec<String>,
    wants: BTreeMap<String, NodeWant>,
    /// The files of all of it, as machines hold them.
    wanted: BTreeMap<String, Files>,
    held: BTreeMap<String, Held>,
    /// How many commands were asked for.
    asked: usize,
    /// What goes wrong with which command, counted over all machines.
    faults: BTreeMap<usize, Fault>,
    /// Machines that nobody reaches.
    dead: BTreeSet<String>,
    /// Machines that reach no other.
    cut_off: BTreeSet<String>,
    killed: bool,
}

impl Machines {
    pub(super) fn new(wants: &BTreeMap<String, NodeWant>, names: Vec<String>) -> Arc<Self> {
        let held = names.iter().map(|name| (name.clone(), Held::default())).collect();
        let wanted = wants.iter().map(|(name, want)| (name.clone(), files(want))).collect();
        let (wants, faults, dead, cut_off) = (wants.clone(), BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let state = State { names, wants, wanted, held, asked: 0, faults, dead, cut_off, killed: false };
        Arc::new(Self { state: Mutex::new(state), killed: watch::Sender::new(false) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn hosts(self: &Arc<Self>) -> BTreeMap<String, Arc<dyn Host>> {
        let host = |name: &String| -> (String, Arc<dyn Host>) {
            (name.clone(), Arc::new(Machine { name: name.clone(), all: Arc::clone(self) }))
        };
        self.state().names.iter().map(host).collect()
    }

    /// Lets go wrong what is asked from now on, counted from 0; nothing else does.
    pub(super) fn fail(&self, faults: BTreeMap<usize, Fault>) {
        let mut state = self.state();
        (state.asked, state.faults, state.killed) = (0, faults, false);
        self.killed.send_replace(false);
    }

    pub(super) fn kill(&self, name: &str) {
        self.state().dead.insert(name.to_owned());
    }

    pub(super) fn cut_off(&self, name: &str) {
        self.state().cut_off.insert(name.to_owned());
    }

    pub(super) fn asked(&self) -> usize {
        self.state().asked
    }

    /// Waits until the installer is killed.
    pub(super) async fn killed(&self) {
        self.killed.subscribe().wait_for(|killed| *killed).await.unwrap();
    }

    /// A file that an earlier installation has brought and that nothing asks for now.
    pub(super) fn leave_behind(&self, name: &str, path: &str) {
        let mut state = self.state();
        let held = state.held_by(name);
        held.files.insert(path.to_owned(), (String::new(), "600".to_owned()));
        held.ours.insert(path.to_owned());
    }

    pub(super) fn held(&self, name: &str) -> Held {
        self.state().held[name].clone()
    }
}

/// One of them.
#[derive(Debug)]
struct Machine {
    name: String,
    all: Arc<Machines>,
}

impl Host for Machine {
    fn name(&self) -> &str {
        &self.name
    }

    fn run<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Output, HostError>> {
        async move {
            // Others have their turn between any two commands of a machine.
            tokio::task::yield_now().await;
            let answer = self.all.state().answer(&self.name, command);
            if let Some(answer) = answer {
                return answer;
            }
            self.all.killed.send_replace(true);
            std::future::pending().await
        }
        .boxed()
    }
}

impl State {
    /// What a machine answers; nothing once the installer is killed.
    fn answer(&mut self, name: &str, command: &Command) -> Option<Result<Output, HostError>> {
        if self.killed {
            return None;
        }
        let fault = self.faults.get(&self.asked).copied();
        self.asked += 1;
        let lost = || Err(HostError::Lost { host: name.to_owned(), what: command.what.clone() });
        if self.dead.contains(name) || fault == Some(Fault::LostBefore) {
            return Some(lost());
        }
        if fault == Some(Fault::Full) && command.argv[0] == "/bin/sh" {
            return Some(Ok(output(1, "", "No space left on device")));
        }
        let (code, said) = self.perform(name, command);
        match fault {
            Some(Fault::LostAfter) => Some(lost()),
            Some(Fault::Reboot) => {
                let held = self.held.get_mut(name).unwrap();
                held.active = held.enabled;
                Some(lost())
            }
            Some(Fault::Killed) => {
                self.killed = true;
                None
            }
            _ => Some(Ok(output(code, &said, ""))),
        }
    }

    fn perform(&mut self, name: &str, command: &Command) -> (u32, String) {
        let words: Vec<&str> = command.argv.iter().map(String::as_str).collect();
        match words[..] {
            ["/bin/sh", "-c", survey::SCRIPT, ..] => (0, self.survey(name, &command.input)),
            ["/bin/sh", "-c", files::STEPS, _, _, path, mode, _, digest, ..] => {
                self.held_by(name).files.insert(path.to_owned(), (digest.to_owned(), mode.to_owned()));
                (0, "changed\n".into())
            }
            ["/bin/sh", "-c", include_str!("unpack.sh"), _, archive, _] => {
                assert!(self.held_by(name).files.remove(archive).is_some(), "{name} has the archive that it unpacks");
                let unpacked = files(&self.wants[name].part_alone(Part::Release));
                self.held_by(name).files.extend(unpacked);
                (0, String::new())
            }
            ["/bin/sh", "-c", include_str!("kernel.sh"), ..] => (0, String::new()),
            ["/bin/sh", "-c", include_str!("../facts/reach.sh"), _, target] => {
                (0, format!("{target}\t{}\n", if self.cut_off.contains(name) { "blocked" } else { "open" }))
            }
            ["/bin/sh", "-c", include_str!("remember.sh"), ..] => {
                let paths = lines(&command.input);
                self.held_by(name).ours.extend(paths);
                (0, String::new())
            }
            ["/bin/sh", "-c", include_str!("clear.sh"), ..] => {
                for path in lines(&command.input) {
                    assert!(self.held_by(name).ours.remove(&path), "{name} is told to remove {path}");
                    self.held_by(name).files.remove(&path);
                }
                (0, String::new())
            }
            // The cluster has its authority from its first start on.
            ["/bin/sed", "-n", _, "/var/lib/rancher/rke2/server/token"] if name == self.names[0] => {
                (0, if self.held[name].started.is_some() { format!("K10{}\n", "a".repeat(64)) } else { String::new() })
            }
            ["/bin/systemctl", "is-system-running"] => (0, "running\n".into()),
            ["/bin/systemctl", "is-active", "--quiet", _] => {
                (if self.held[name].active { 0 } else { 3 }, String::new())
            }
            ["/usr/bin/test", "-e", _] => (u32::from(self.held[name].started.is_none()), String::new()),
            [.., "label" | "taint", "node", _, _, _] => (u32::from(!self.held[name].active), String::new()),
            ["/bin/sh", "-s", "install"] => {
                self.held_by(name).packages = self.wants[name].packages.keys().cloned().collect();
                (0, String::new())
            }
            ["/bin/sh", "-c", include_str!("start.sh"), _, _, version] => {
                self.assert_may_start(name);
                let held = self.held_by(name);
                (held.active, held.enabled, held.version) = (true, true, version.to_owned());
                (0, String::new())
            }
            ["/bin/sh", "-c", include_str!("watch.sh"), _, _] => {
                (0, if self.held[name].active { "state active 0\n" } else { "state failed 0\n" }.into())
            }
            ["/bin/sh", "-c", include_str!("mark.sh"), _, fingerprint] => {
                assert!(self.held[name].active, "{name} runs what is remembered");
                self.held_by(name).started = Some(fingerprint.to_owned());
                (0, String::new())
            }
            [.., "get", "--raw", "/readyz"] if self.held[name].active => (0, "ok".into()),
            [.., "get", "node", node, "-o", shown] if self.held[name].active => {
                let held = &self.held[node];
                let is = if held.active { "True" } else { "Unknown" };
                // Nobody has drained one.
                let said = if shown.contains("annotations") { String::new() } else { format!("{is} {}", held.version) };
                (0, said)
            }
            [.., "get", "nodes", "-l", _, "-o", _] if self.held[name].active => {
                let servers = self.names.iter().filter(|name| self.wants[*name].unit.contains("server"));
                let joined = servers.filter(|name| !self.held[*name].version.is_empty());
                let line = |name: &String| {
                    format!("{name} {} True\n", if self.held[name].active { "True" } else { "Unknown" })
                };
                (0, joined.map(line).collect())
            }
            _ if words.contains(&"get") => (1, String::new()),
            _ => panic!("{name} is asked to {}, which no roll-out asks", command.what),
        }
    }

    fn held_by(&mut self, name: &str) -> &mut Held {
        self.held.get_mut(name).unwrap()
    }

    /// Everything is everywhere, the servers in front of a server run, and so do all servers in front of an agent.
    fn assert_may_start(&self, name: &str) {
        for (other, wanted) in &self.wanted {
            let all = wanted.iter().all(|(path, content)| self.held[other].files.get(path) == Some(content));
            assert!(all, "{name} starts before everything is on {other}");
        }
        let token = self.held[name].files.contains_key("/etc/rancher/rke2/airgap-join-token");
        assert_eq!(token, name != self.names[0], "{name} knows whom it joins");
        let is_server = |other: &&String| self.wants[*other].unit.contains("server");
        let before = self.names.iter().take_while(|other| *other != name).filter(is_server);
        for server in before {
            assert!(self.held[server].started.is_some(), "{name} starts before {server} is up");
        }
    }

    /// What the script of that name answers.
    fn survey(&self, name: &str, asked: &Input) -> String {
        let Input::Bytes(asked) = asked else { panic!("{name} is asked for nothing") };
        let held = &self.held[name];
        let mut said = String::new();
        for line in std::str::from_utf8(asked).unwrap().lines() {
            let answer = match line.split(' ').collect::<Vec<_>>()[..] {
                ["file", digest, mode, path] => match held.files.get(path) {
                    None => "absent",
                    Some((held, its)) if held == digest && its == mode => "same",
                    Some(_) => "differs",
                },
                ["package", package, _] if held.packages.contains(package) => "same",
                ["package", ..] => "absent",
                _ => panic!("{name} is asked for {line}"),
            };
            let _ = writeln!(said, "{} {answer}", line.split(' ').next().unwrap());
        }
        for path in held.ours.iter().filter(|path| held.files.contains_key(*path)) {
            let _ = writeln!(said, "ours {path}");
        }
        let (active, enabled) = (held.active, held.enabled);
        let _ = writeln!(
            said,
            "unit {} {}",
            if active { "active" } else { "inactive" },
            if enabled { "enabled" } else { "disabled" }
        );
        let _ = writeln!(said, "version {}", held.version);
        let _ = writeln!(said, "fingerprint {}", held.started.as_deref().unwrap_or_default());
        said
    }
}

/// The lines that a command reads.
fn lines(input: &Input) -> Vec<String> {
    let Input::Bytes(bytes) = input else { panic!("a list is text") };
    std::str::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

fn files(want: &NodeWant) -> Files {
    let content = |file: &WantedFile| (file.digest.hex(), format!("{:o}", file.mode));
    want.files.iter().map(|file| (file.path.clone(), content(file))).collect()
}

fn output(code: u32, stdout: &str, stderr: &str) -> Output {
    let (stdout, stderr) = (stdout.as_bytes().to_vec(), stderr.as_bytes().to_vec());
    Output { exit: Exit::Code(code), stdout, stderr, cut: false }
}
