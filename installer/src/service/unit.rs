//! The server as a systemd unit under its own user.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use manifests::Digest;
use registry::site::{SiteError, hand_over};
use registry::systemd::{UNIT, Unit};

use super::Settings;
use super::host::{Host, HostError};

/// The server's own user.
pub const USER: &str = "airgap";
/// Where an administrator's units are.
const UNITS: &str = "/etc/systemd/system";
/// The server's program, which lies beside this one.
const PROGRAM: &str = "airgap-registry";

/// Why the server can't run as a unit.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum UnitError {
    /// The program of the server is not there.
    #[error("cannot find `{PROGRAM}`, the server's program")]
    #[diagnostic(help(
        "put it beside airgap-install or into /usr/local/bin, or serve in this process with --foreground"
    ))]
    NoProgram,
    /// A file can't be read or written.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The system refuses.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Host(#[from] HostError),
    /// The files can't be given to the server's user.
    #[error(transparent)]
    #[diagnostic(transparent)]
    HandOver(#[from] SiteError),
}

/// The unit of one state directory on one machine.
#[derive(Debug)]
pub struct Service<'a, H> {
    state: &'a Path,
    settings: &'a Settings,
    host: &'a H,
    /// Where programs are looked for.
    programs: Vec<PathBuf>,
    units: PathBuf,
}

impl<'a, H: Host> Service<'a, H> {
    /// The unit that serves `state` by `settings`.
    pub fn new(state: &'a Path, settings: &'a Settings, host: &'a H) -> Self {
        let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
        let programs = beside.into_iter().chain(["/usr/local/bin".into(), "/usr/bin".into()]).collect();
        Self { state, settings, host, programs, units: UNITS.into() }
    }

    /// Whether the unit is one of this state directory and runs.
    pub fn runs(&self) -> bool {
        let text = fs::read_to_string(self.unit_file()).unwrap_or_default();
        self.is_ours(&text) && self.systemctl(&["is-active", "--quiet", UNIT]).is_ok()
    }

    /// What is missing, or nothing.
    pub fn lacks(&self) -> Option<String> {
        let installed = fs::read_to_string(self.unit_file()).unwrap_or_default();
        if installed.is_empty() {
            return Some(format!("{UNIT} is not installed"));
        }
        if installed != self.unit().text() {
            return Some(format!("{UNIT} is not as it shall be"));
        }
        if !self.program_is_current() {
            return Some("the server's program is another one".into());
        }
        (!self.runs()).then(|| format!("{UNIT} does not run"))
    }

    /// Fails if there is no program that the unit could run.
    ///
    /// # Errors
    /// [`UnitError::NoProgram`].
    pub fn check_program(&self) -> Result<(), UnitError> {
        let there = self.source().is_some() || self.program().is_file();
        if there { Ok(()) } else { Err(UnitError::NoProgram) }
    }

    /// Installs the unit, and restarts it if it runs already.
    ///
    /// # Errors
    /// [`UnitError`] when a part of that can't be done; the next run makes up for it.
    pub fn install(&self) -> Result<(), UnitError> {
        self.place_program()?;
        let (uid, gid) = self.user()?;
        hand_over(self.state, uid, gid)?;
        self.write_unit()?;
        self.systemctl(&["daemon-reload"])?;
        self.systemctl(&["enable", UNIT])?;
        // Type=notify: returns when the server is ready, or with its failure.
        self.systemctl(&["restart", UNIT])?;
        Ok(self.systemctl(&["is-active", UNIT])?)
    }

    /// Stops the unit and takes it away, with its user. Returns what went.
    ///
    /// # Errors
    /// [`UnitError`] when a part of that can't be done.
    pub fn uninstall(&self) -> Result<Vec<PathBuf>, UnitError> {
        let path = self.unit_file();
        let text = fs::read_to_string(&path).unwrap_or_default();
        if !self.is_ours(&text) {
            return Ok(Vec::new());
        }
        self.systemctl(&["disable", "--now", UNIT])?;
        fs::remove_file(&path).map_err(failed("remove", &path))?;
        self.systemctl(&["daemon-reload"])?;
        self.host.run("userdel", &[USER])?;
        Ok(vec![path])
    }

    fn unit(&self) -> Unit {
        let mut arguments: Vec<String> =
            self.settings.addresses.iter().flat_map(|name| ["--name".to_owned(), name.clone()]).collect();
        if self.settings.anonymous {
            arguments.push("--anonymous-pull".into());
        }
        Unit {
            binary: self.program(),
            state: self.state.to_owned(),
            listen: vec![self.settings.listen],
            plain_packages: self.settings.plain_packages.into_iter().collect(),
            user: USER.into(),
            arguments,
        }
    }

    /// Whether a unit's text is for this state directory.
    fn is_ours(&self, text: &str) -> bool {
        let state = self.state.display();
        text.contains(&format!("--state {state} ")) || text.contains(&format!("--state \"{state}\" "))
    }

    fn unit_file(&self) -> PathBuf {
        self.units.join(UNIT)
    }

    fn write_unit(&self) -> Result<(), UnitError> {
        let path = self.unit_file();
        put(&path, self.unit().text().as_bytes(), 0o644).map_err(failed("write", &path))
    }

    /// The program is kept with the state: where this one lies may be a medium that is carried away.
    fn program(&self) -> PathBuf {
        self.state.join("bin").join(PROGRAM)
    }

    fn source(&self) -> Option<PathBuf> {
        self.programs.iter().map(|folder| folder.join(PROGRAM)).find(|path| path.is_file())
    }

    /// A program that can't be found any more is no reason to touch the one that is there.
    fn program_is_current(&self) -> bool {
        let digest = |path: &Path| fs::read(path).ok().map(|bytes| Digest::of(&bytes));
        let there = digest(&self.program());
        there.is_some() && self.source().is_none_or(|source| digest(&source) == there)
    }

    fn place_program(&self) -> Result<(), UnitError> {
        if self.program_is_current() {
            return Ok(());
        }
        let source = self.source().ok_or(UnitError::NoProgram)?;
        let bytes = fs::read(&source).map_err(failed("read", &source))?;
        let path = self.program();
        let folder = self.state.join("bin");
        fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        put(&path, &bytes, 0o755).map_err(failed("write", &path))
    }

    /// The user's numbers; it is made if there is none.
    fn user(&self) -> Result<(u32, u32), UnitError> {
        if self.host.run("id", &["-u", USER]).is_err() {
            let home = self.state.display().to_string();
            let shell = ["--shell", "/usr/sbin/nologin"];
            let account = ["--system", "--user-group", "--no-create-home", "--home-dir", &home];
            self.host.run("useradd", &[&account[..], &shell, &[USER]].concat())?;
        }
        let number = |option| -> Result<u32, UnitError> {
            let text = self.host.run("id", &[option, USER])?;
            Ok(text.trim().parse().map_err(|_| HostError::odd("id", &text))?)
        };
        Ok((number("-u")?, number("-g")?))
    }

    fn systemctl(&self, arguments: &[&str]) -> Result<(), HostError> {
        self.host.run("systemctl", arguments).map(drop)
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> UnitError {
    let path = path.to_owned();
    move |source| UnitError::File { action, path, source }
}

/// Writes a file, whole or not at all.
fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let file = tempfile::Builder::new().prefix(".airgap.").tempfile_in(folder)?;
    fs::write(file.path(), bytes)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
