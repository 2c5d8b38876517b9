//! Looks whether the rest can work, before anything is changed. Finds everything that is wrong, not the first thing.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use airgap_console::ByteSize;
use rustix::fs::{Access, access, statvfs};

/// What is wrong with this machine.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this machine is not ready; nothing was changed")]
pub struct NotReady {
    /// Everything that was found.
    #[related]
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Problem {
    /// Too little room.
    #[error("`{}` needs {} of room and has {}", at.display(), ByteSize(*needed), ByteSize(*free))]
    #[diagnostic(help(
        "make room for {} more, keep the state elsewhere with --state DIR, or serve the bundle from where it lies with --in-place",
        ByteSize(needed - free)
    ))]
    Room {
        /// The folder on the file system in question.
        at: PathBuf,
        /// Bytes that will be written.
        needed: u64,
        /// Bytes that may be written.
        free: u64,
    },
    /// The state directory can't be written.
    #[error("cannot write to `{}`", at.display())]
    #[diagnostic(help("run the command as root, or keep the state elsewhere with --state DIR"))]
    NotWritable {
        /// The folder that exists and would have to be written to.
        at: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The server's own user can't get at it.
    #[error("`{}` keeps the server's own user from reading `{}`", at.display(), path.display())]
    #[diagnostic(help(
        "put it where everybody may read it, import the bundle instead of --in-place, or serve in this process with --foreground"
    ))]
    NotReadable {
        /// What has to be read.
        path: PathBuf,
        /// The file or folder that is in the way.
        at: PathBuf,
    },
    /// Somebody else has the port.
    #[error("port {} is in use by another program", listen.port())]
    #[diagnostic(help("stop that program (`ss -ltnp 'sport = :{}'` names it), or choose another port with {option}", listen.port()))]
    PortInUse {
        /// Where the server shall listen.
        listen: SocketAddr,
        /// The option that says so.
        option: &'static str,
    },
    /// The server needs git.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] registry::git::GitError),
    /// The port can't be had for another reason.
    #[error("cannot listen on {listen}")]
    #[diagnostic(help("choose an address of this machine and a port that you may use with {option}"))]
    Listen {
        /// Where the server shall listen.
        listen: SocketAddr,
        /// The option that says so.
        option: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// The ports that have to be free.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// For everything.
    pub listen: Option<SocketAddr>,
    /// For packages over plain HTTP.
    pub plain_packages: Option<SocketAddr>,
}

/// The folder itself, or the nearest one above it that exists.
pub fn nearest_existing(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."))
}

/// Checks that `state` can be written, has `room` bytes free, that `ports` can be had, that any user may read what is in
/// `public`, and with `git` that there is one. Returns the bytes that are free.
///
/// # Errors
/// [`NotReady`], with everything that is wrong.
pub fn check(state: &Path, room: u64, ports: Ports, public: &[PathBuf], git: bool) -> Result<u64, NotReady> {
    let at = match nearest_existing(state) {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    let mut problems = Vec::new();
    if let Err(source) = access(at, Access::WRITE_OK | Access::EXEC_OK) {
        problems.push(Problem::NotWritable { at: at.to_owned(), source: source.into() });
    }
    let free = free(at).unwrap_or(u64::MAX);
    if free < room {
        problems.push(Problem::Room { at: at.to_owned(), needed: room, free });
    }
    let wanted = [(ports.listen, "--listen"), (ports.plain_packages, "--plain-packages")];
    problems.extend(wanted.into_iter().filter_map(|(address, option)| port(address?, option)));
    problems.extend(public.iter().filter_map(|path| not_readable(path)));
    if git {
        problems.extend(registry::git::check().err().map(Problem::from));
    }
    if problems.is_empty() { Ok(free) } else { Err(NotReady { problems }) }
}

/// Bytes that may still be written to a folder's file system.
pub fn free(folder: &Path) -> io::Result<u64> {
    let stat = statvfs(folder)?;
    // Root may use the blocks that are kept for it.
    let blocks = if rustix::process::geteuid().is_root() { stat.f_bfree } else { stat.f_bavail };
    Ok(blocks.saturating_mul(stat.f_frsize))
}

/// The file or folder that keeps other users from reading a path, or what there is of it.
fn not_readable(path: &Path) -> Option<Problem> {
    let closed = |at: &&Path| {
        let Ok(metadata) = at.metadata() else { return false };
        let wanted = if metadata.is_dir() { 0o001 } else { 0o004 };
        metadata.permissions().mode() & wanted == 0
    };
    let at = path.ancestors().find(closed)?;
    Some(Problem::NotReadable { path: path.to_owned(), at: at.to_owned() })
}

/// Takes the port and gives it back at once.
fn port(listen: SocketAddr, option: &'static str) -> Option<Problem> {
    let error = TcpListener::bind(listen).err()?;
    Some(match error.kind() {
        io::ErrorKind::AddrInUse => Problem::PortInUse { listen, option },
        _ => Problem::Listen { listen, option, source: error },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn everything_that_is_wrong_is_found_at_once() {
        let state = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = taken.local_addr().unwrap();
        let ports = Ports { listen: Some(listen), ..Ports::default() };
        let found = check(&state.path().join("not/there/yet"), u64::MAX - 1, ports, &[], false).unwrap_err().problems;
        assert!(matches!(found[..], [Problem::Room { .. }, Problem::PortInUse { .. }]), "{found:?}");
        assert_eq!(found[1].to_string(), format!("port {} is in use by another program", listen.port()));
        drop(taken);
        assert!(check(state.path(), 1, ports, &[], true).is_ok());
    }

    #[test]
    fn what_other_users_can_not_read_is_found_with_the_folder_that_is_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let (closed, file) = (folder.path().join("closed"), folder.path().join("closed/bundle"));
        std::fs::create_dir(&closed).unwrap();
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for (mode, readable) in [(0o755, true), (0o700, false)] {
            std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(mode)).unwrap();
            let found = not_readable(&file);
            assert_eq!(found.is_none(), readable, "{found:?}");
            assert!(found.is_none_or(|found| found.to_string().starts_with(&format!("`{}`", closed.display()))));
        }
    }
}
