//! Carries bytes from async code to a blocking sink.

use std::io;
use std::mem;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::Sink;

/// Bytes that are gathered before they are handed over: large enough that the hand-over costs nothing, small enough
/// that many downloads at once stay small.
const BATCH: usize = 512 << 10;

/// A sink behind a blocking thread: while one batch is written, the next is received.
#[derive(Debug)]
pub struct Pump<S> {
    state: State<S>,
    batch: Vec<Bytes>,
    batched: usize,
    position: u64,
}

#[derive(Debug)]
enum State<S> {
    Idle(S),
    Busy(JoinHandle<(S, io::Result<()>)>),
    /// Only after a panic in the sink.
    Lost,
}

impl<S: Sink> Pump<S> {
    /// Takes over a sink.
    pub fn new(sink: S) -> Self {
        let position = sink.position();
        Self { state: State::Idle(sink), batch: Vec::new(), batched: 0, position }
    }

    /// How many bytes the sink has or was handed.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Adds bytes. Waits only while a batch is being written and the next is full.
    ///
    /// # Errors
    /// That of a write which was handed over earlier.
    pub async fn push(&mut self, bytes: Bytes) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.batched += bytes.len();
        self.batch.push(bytes);
        if self.batched >= BATCH { self.hand_over().await } else { Ok(()) }
    }

    /// Writes all that was pushed and waits until the sink has it.
    ///
    /// # Errors
    /// That of a write.
    pub async fn flush(&mut self) -> io::Result<()> {
        self.hand_over().await?;
        self.wait().await
    }

    /// Throws everything away and starts at byte 0.
    ///
    /// # Errors
    /// That of the sink.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.batch.clear();
        self.batched = 0;
        // Whatever a write before said no longer matters.
        let _ = self.wait().await;
        self.run(S::restart).await?;
        self.wait().await?;
        self.position = 0;
        Ok(())
    }

    /// Writes the rest and lets the sink check everything.
    ///
    /// # Errors
    /// That of the sink.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.run(S::finish).await?;
        self.wait().await
    }

    /// Runs work that may block on the sink, after everything that was pushed.
    ///
    /// # Errors
    /// That of an earlier write, or of the work.
    pub async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut S) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        self.flush().await?;
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.run(move |sink| {
            let result = work(sink)?;
            // Whoever asked may be gone by now.
            let _ = answer.send(result);
            Ok(())
        })
        .await?;
        self.wait().await?;
        if let State::Idle(sink) = &self.state {
            self.position = sink.position();
        }
        answered.await.map_err(io::Error::other)
    }

    /// Gives the sink back; none after a panic in it.
    pub async fn into_sink(mut self) -> Option<S> {
        let _ = self.wait().await;
        if let State::Idle(sink) = self.state { Some(sink) } else { None }
    }

    async fn hand_over(&mut self) -> io::Result<()> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = mem::take(&mut self.batch);
        self.batched = 0;
        self.run(move |sink| batch.iter().try_for_each(|bytes| sink.write(bytes))).await
    }

    async fn run(&mut self, work: impl FnOnce(&mut S) -> io::Result<()> + Send + 'static) -> io::Result<()> {
        self.wait().await?;
        match mem::replace(&mut self.state, State::Lost) {
            State::Idle(mut sink) => {
                self.state = State::Busy(tokio::task::spawn_blocking(move || {
                    let result = work(&mut sink);
                    (sink, result)
                }));
                Ok(())
            }
            other => {
                self.state = other;
                Err(io::Error::other("the receiver of a download is gone"))
            }
        }
    }

    async fn wait(&mut self) -> io::Result<()> {
        let State::Busy(task) = &mut self.state else { return Ok(()) };
        match task.await {
            Ok((sink, result)) => {
                self.state = State::Idle(sink);
                result
            }
            Err(error) => {
                self.state = State::Lost;
                Err(io::Error::other(error))
            }
        }
    }
}
