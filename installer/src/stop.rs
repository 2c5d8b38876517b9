//! Ctrl-C and SIGTERM: the work is asked to stop, and does at its next piece.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Whether the work shall stop. Cheap to ask and to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Somebody pressed Ctrl-C, or the system asked the process to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Stop {
    /// Listens for SIGINT, SIGTERM and SIGHUP from here on, on a thread of its own. The second one ends the process at
    /// once, as a kill would: everything on disk is made to stand that.
    ///
    /// # Errors
    /// When the thread or the handlers can't be set up.
    pub fn on_signals() -> io::Result<Self> {
        let (sender, receiver) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
        };
        let listen = move || {
            runtime.block_on(async {
                for round in 0.. {
                    tokio::select! {
                        _ = signals.0.recv() => {}
                        _ = signals.1.recv() => {}
                        _ = signals.2.recv() => {}
                    }
                    if round > 0 {
                        #[allow(clippy::exit, reason = "the second signal ends the process at once")]
                        std::process::exit(130);
                    }
                    sender.send_replace(true);
                }
            });
        };
        std::thread::Builder::new().name("signals".into()).spawn(listen)?;
        Ok(Self(receiver))
    }

    /// One that never asks to stop, for work that is short.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Whether to stop.
    pub fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Goes on, or not.
    ///
    /// # Errors
    /// [`Interrupted`] when it is time to stop.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.asked() { Err(Interrupted) } else { Ok(()) }
    }

    /// Waits until it is time to stop.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
