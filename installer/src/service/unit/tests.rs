#![allow(clippy::unwrap_used)]
use std::sync::Mutex;

use super::*;

/// A machine that remembers what it was told, and knows users and whether the unit runs.
#[derive(Debug, Default)]
struct Fake {
    told: Mutex<Vec<String>>,
    user: Mutex<bool>,
    active: Mutex<bool>,
    fails: Option<&'static str>,
}

impl Host for Fake {
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, HostError> {
        let line = format!("{program} {}", arguments.join(" "));
        self.told.lock().unwrap().push(line.clone());
        if self.fails.is_some_and(|fails| line.starts_with(fails)) {
            return Err(HostError::odd(program, "it refuses"));
        }
        let (mut user, mut active) = (self.user.lock().unwrap(), self.active.lock().unwrap());
        match (program, arguments[0]) {
            ("useradd", _) => *user = true,
            ("userdel", _) => *user = false,
            ("systemctl", "restart") => *active = true,
            ("systemctl", "disable") => *active = false,
            ("systemctl", "is-active") if !*active => return Err(HostError::odd(program, "inactive")),
            ("id", _) if !*user => return Err(HostError::odd(program, "no such user")),
            ("id", "-u") => return Ok(format!("{}\n", rustix::process::geteuid().as_raw())),
            ("id", _) => return Ok(format!("{}\n", rustix::process::getegid().as_raw())),
            _ => {}
        }
        Ok(String::new())
    }
}

struct Folders {
    root: tempfile::TempDir,
    state: PathBuf,
}

impl Folders {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let state = root.path().join("state");
        for folder in ["state", "units", "programs"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("programs").join(PROGRAM), "a program").unwrap();
        Self { root, state }
    }

    fn service<'a>(&'a self, settings: &'a Settings, host: &'a Fake) -> Service<'a, Fake> {
        let programs = vec![self.root.path().join("programs")];
        Service { state: &self.state, settings, host, programs, units: self.root.path().join("units") }
    }
}

#[test]
fn the_unit_is_installed_once_and_then_lacks_nothing() {
    let (folders, host) = (Folders::new(), Fake::default());
    let settings = Settings { addresses: vec!["jump.example".into()], anonymous: true, ..Settings::default() };
    let service = folders.service(&settings, &host);
    assert_eq!(service.lacks().unwrap(), "airgap-registry.service is not installed");
    service.install().unwrap();
    assert_eq!(service.lacks(), None);
    let text = fs::read_to_string(folders.root.path().join("units").join(UNIT)).unwrap();
    assert!(text.contains("--name jump.example --anonymous-pull\n"), "{text}");
    let told: Vec<String> =
        host.told.lock().unwrap().iter().map(|line| line.replace(folders.state.to_str().unwrap(), "STATE")).collect();
    insta::assert_debug_snapshot!(told);

    let other = Settings { addresses: Vec::new(), ..settings.clone() };
    assert_eq!(folders.service(&other, &host).lacks().unwrap(), "airgap-registry.service is not as it shall be");
    fs::write(folders.root.path().join("programs").join(PROGRAM), "a newer program").unwrap();
    assert_eq!(service.lacks().unwrap(), "the server's program is another one");
}

#[test]
fn uninstalling_takes_away_what_was_made_and_only_for_its_own_state() {
    let (folders, host) = (Folders::new(), Fake::default());
    let settings = Settings::default();
    folders.service(&settings, &host).install().unwrap();
    let elsewhere = folders.root.path().join("elsewhere");
    let stranger = Service { state: &elsewhere, ..folders.service(&settings, &host) };
    assert!(stranger.uninstall().unwrap().is_empty());
    assert_eq!(folders.service(&settings, &host).uninstall().unwrap().len(), 1);
    assert_eq!(fs::read_dir(folders.root.path().join("units")).unwrap().count(), 0);
    assert!(!*host.user.lock().unwrap() && !*host.active.lock().unwrap());
}

#[test]
fn a_unit_that_does_not_start_is_an_error_and_the_next_run_makes_up_for_it() {
    let folders = Folders::new();
    let settings = Settings::default();
    let host = Fake { fails: Some("systemctl restart"), ..Fake::default() };
    assert!(folders.service(&settings, &host).install().is_err());
    assert_eq!(folders.service(&settings, &host).lacks().unwrap(), "airgap-registry.service does not run");
    let host = Fake { user: Mutex::new(true), ..Fake::default() };
    folders.service(&settings, &host).install().unwrap();
    assert_eq!(folders.service(&settings, &host).lacks(), None);
}
