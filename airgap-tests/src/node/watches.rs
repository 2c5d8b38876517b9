//! How many watches of files one user may have. Each node here is a system of the same user, and kernels begin with few: a
//! containerd that gets none runs on without its service for Kubernetes, and nothing ever comes up.

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

const LIMIT: &str = "/proc/sys/fs/inotify/max_user_instances";
/// Enough for twenty nodes, each of which takes a hundred at most.
const ENOUGH: u32 = 4096;

/// How many nodes there are, and what the limit was before the first.
static NODES: Mutex<(usize, Option<u32>)> = Mutex::new((0, None));

/// As long as one of these is there, there are enough. With the last, what was before comes back.
#[derive(Debug)]
pub(super) struct Watches(());

impl Watches {
    /// Raises the limit where it is too low. Where that is not allowed, few nodes run all the same.
    pub(super) fn enough() -> Self {
        let mut nodes = nodes();
        nodes.0 += 1;
        if nodes.0 == 1 {
            let before = fs::read_to_string(LIMIT).ok().and_then(|text| text.trim().parse::<u32>().ok());
            nodes.1 = before.filter(|before| *before < ENOUGH && fs::write(LIMIT, ENOUGH.to_string()).is_ok());
        }
        Self(())
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        let mut nodes = nodes();
        nodes.0 -= 1;
        if nodes.0 == 0
            && let Some(before) = nodes.1.take()
        {
            fs::write(LIMIT, before.to_string()).ok();
        }
    }
}

fn nodes() -> MutexGuard<'static, (usize, Option<u32>)> {
    NODES.lock().unwrap_or_else(PoisonError::into_inner)
}
