//! Questions at the terminal whose answers are not shown.

use std::fs::File;
use std::io::{self, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use super::Secret;

/// The terminal of whoever started this, whatever the standard streams are.
const TERMINAL: &str = "/dev/tty";
/// How long an answer may be, in bytes; a terminal hands out no longer lines.
const ANSWER: usize = 4096;

/// Whether there is somebody to ask.
pub(super) fn is_there() -> bool {
    open().is_ok()
}

/// Asks a question and reads one line that is not shown while it is typed.
pub(super) fn ask(question: &str) -> io::Result<Secret> {
    let mut terminal = open()?;
    let answer = {
        let shown = terminal.try_clone()?;
        let _silent = Silent::on(&shown)?;
        write!(terminal, "{}: ", question.trim_end_matches([':', ' ']))?;
        line(&mut terminal)
    };
    // The end of the line was not shown either.
    writeln!(terminal)?;
    answer
}

fn open() -> io::Result<File> {
    File::options().read(true).write(true).open(TERMINAL)
}

fn line(terminal: &mut File) -> io::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(ANSWER));
    let mut byte = Zeroizing::new([0; 1]);
    while line.len() < ANSWER && terminal.read(&mut *byte)? == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    let text = std::str::from_utf8(&line).map_err(io::Error::other)?;
    Ok(Secret::new(text))
}

/// A terminal that shows nothing of what is typed, as long as this lives.
struct Silent<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Silent<'t> {
    fn on(terminal: &'t File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
