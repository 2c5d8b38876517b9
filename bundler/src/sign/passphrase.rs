//! Where a passphrase comes from: a file, the environment, or the terminal.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::SignError;

/// The environment variable that may hold the passphrase.
const VARIABLE: &str = "AIRGAP_KEY_PASSPHRASE";
/// The longest passphrase, in bytes.
const MAX: u64 = 4096;

/// Where a passphrase comes from.
#[derive(Debug, Clone, Default)]
pub struct PassphraseSource {
    /// The file whose first line it is.
    pub file: Option<PathBuf>,
}

impl PassphraseSource {
    /// The passphrase of the key in `key`: from the file, else from `AIRGAP_KEY_PASSPHRASE`, else asked for on the
    /// terminal.
    pub(super) fn get(&self, key: &Path) -> Result<String, SignError> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let nobody = |_| SignError::NoPassphrase { path: key.to_owned() };
        let mut terminal = Terminal::open().map_err(nobody)?;
        terminal.ask(&format!("Passphrase of {}: ", key.display())).map_err(nobody)
    }

    /// The passphrase, if it is in the file or the environment.
    pub(super) fn given(&self) -> Result<Option<String>, SignError> {
        if let Some(file) = &self.file {
            let opened = File::open(file).map_err(SignError::io("open", file))?;
            return first_line(opened).map(Some).map_err(SignError::io("read", file));
        }
        Ok(std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()))
    }

    /// The passphrase for a new key: given, or typed twice.
    pub(super) fn for_new(&self, key: &Path) -> Result<String, SignError> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let nobody = |_| SignError::NoPassphrase { path: key.to_owned() };
        let mut terminal = Terminal::open().map_err(nobody)?;
        let first = terminal.ask("New passphrase: ").map_err(nobody)?;
        let second = terminal.ask("The same again: ").map_err(nobody)?;
        if first == second { Ok(first) } else { Err(SignError::Mistyped) }
    }
}

fn first_line(file: File) -> std::io::Result<String> {
    let mut line = String::new();
    BufReader::new(file.take(MAX)).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The terminal of this process, whatever its standard streams are.
struct Terminal(File);

impl Terminal {
    fn open() -> std::io::Result<Self> {
        OpenOptions::new().read(true).write(true).open("/dev/tty").map(Self)
    }

    /// Asks, and does not show what is typed.
    fn ask(&mut self, question: &str) -> std::io::Result<String> {
        let before = tcgetattr(&self.0)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&self.0, OptionalActions::Flush, &silent)?;
        let _restore = Restore(self.0.try_clone()?, before);
        self.0.write_all(question.as_bytes())?;
        first_line(self.0.try_clone()?)
    }
}

/// Shows what is typed again, whatever happened.
struct Restore(File, Termios);

impl Drop for Restore {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.0, OptionalActions::Now, &self.1);
    }
}
