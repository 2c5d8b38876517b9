//! Writing a compressed blob: pieces are compressed on several threads and appended in order.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::thread::{self, JoinHandle};

use super::WriteError;
use super::state::Shared;
use crate::bundle::cursor::Cursor;
use crate::bundle::frame::{self, PIECE};
use crate::bundle::member;

/// The most pieces that are compressed at once: bounds memory to some 40 MiB.
const MAX_THREADS: usize = 4;
/// Smaller pieces are not worth a thread.
const WORTH_A_THREAD: usize = 256 << 10;

/// Compresses a blob's bytes and appends the frames.
#[derive(Debug)]
pub(super) struct CompressedEncoder {
    piece: Vec<u8>,
    running: VecDeque<JoinHandle<io::Result<Vec<u8>>>>,
    threads: usize,
    tail: Cursor,
    frames: Vec<u32>,
}

impl CompressedEncoder {
    /// Starts behind `tail` with the member's header.
    pub(super) fn new(tail: Cursor, header: &[u8]) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        Self { piece: header.to_vec(), running: VecDeque::new(), threads, tail, frames: Vec::new() }
    }

    /// Takes bytes.
    pub(super) fn write(&mut self, shared: &Shared, mut bytes: &[u8]) -> Result<(), WriteError> {
        while !bytes.is_empty() {
            let room = (PIECE as usize - self.piece.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE as usize {
                self.cut(shared)?;
            }
        }
        Ok(())
    }

    /// Pads and appends what is left; gives where the next blob goes and the stored sizes of this one's frames.
    pub(super) fn end(mut self, shared: &Shared, size: u64) -> Result<(Cursor, Vec<u32>), WriteError> {
        let padding = vec![0; member::padding(size) as usize];
        self.write(shared, &padding)?;
        if !self.piece.is_empty() {
            self.cut(shared)?;
        }
        while !self.running.is_empty() {
            self.collect(shared)?;
        }
        Ok((self.tail, self.frames))
    }

    fn cut(&mut self, shared: &Shared) -> Result<(), WriteError> {
        let piece = std::mem::take(&mut self.piece);
        if piece.len() < WORTH_A_THREAD && self.running.is_empty() {
            let frame = frame::compress(&piece).map_err(failed)?;
            return self.append(shared, &frame);
        }
        if self.running.len() >= self.threads {
            self.collect(shared)?;
        }
        let thread = thread::Builder::new().name("compress".to_owned()).spawn(move || frame::compress(&piece));
        self.running.push_back(thread.map_err(failed)?);
        Ok(())
    }

    fn collect(&mut self, shared: &Shared) -> Result<(), WriteError> {
        let Some(thread) = self.running.pop_front() else { return Ok(()) };
        let frame = thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread died"))).map_err(failed)?;
        self.append(shared, &frame)
    }

    fn append(&mut self, shared: &Shared, frame: &[u8]) -> Result<(), WriteError> {
        let place = self.tail.place(frame.len() as u64);
        shared.output.ensure(self.tail.starts())?;
        shared.write_at(frame, place)?;
        self.frames.push(frame.len() as u32);
        Ok(())
    }
}

fn failed(source: io::Error) -> WriteError {
    WriteError::io("compress a part of", Path::new("the bundle"))(source)
}
