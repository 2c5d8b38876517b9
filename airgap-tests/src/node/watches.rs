//! How many watches of files one user may have. Each node here is a system of the same user, and kernels begin with few: a
//! containerd that gets none runs on without its service for Kubernetes, and nothing ever comes up.

use std::fs::{self, File};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::{FlockOperation, flock};

const LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";
/// Enough for twenty nodes, each of which takes a hundred at most.
const ENOUGH: u32 = 4096;

/// What this process knows of the limit.
#[derive(Debug)]
struct State {
    nodes: usize,
    /// What it was, where this process has raised it.
    before: Option<u32>,
    /// The file, locked together with other processes that have nodes.
    shared: Option<File>,
}

static STATE: Mutex<State> = Mutex::new(State { nodes: 0, before: None, shared: None });

/// As long as one of these is there, there are enough. With the last of all processes, what was before comes back.
#[derive(Debug)]
pub(super) struct Watches(());

impl Watches {
    /// Raises the limit where it is too low. Where that is not allowed, few nodes run all the same.
    pub(super) fn enough() -> Self {
        let mut state = state();
        state.nodes += 1;
        if state.nodes == 1 {
            state.shared = File::open(LIMIT).ok().filter(|file| flock(file, FlockOperation::LockShared).is_ok());
            let before = fs::read_to_string(LIMIT).ok().and_then(|text| text.trim().parse::<u32>().ok());
            state.before = before.filter(|before| *before < ENOUGH && fs::write(LIMIT, ENOUGH.to_string()).is_ok());
        }
        Self(())
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        let mut state = state();
        state.nodes -= 1;
        if state.nodes > 0 {
            return;
        }
        let (before, shared) = (state.before.take(), state.shared.take());
        // Others that have nodes still need it.
        if let (Some(before), Some(file)) = (before, shared)
            && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            fs::write(LIMIT, before.to_string()).ok();
        }
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}
