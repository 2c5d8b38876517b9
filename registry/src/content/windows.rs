//! Compressed blobs, unpacked a frame at a time and shared between those who read the same.
//!
//! A frame unpacks to megabytes. If each client kept its own, a few dozen of them would fill the memory; so the frames
//! that were unpacked last are kept for all, and a client keeps nothing but its place.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use manifests::Digest;

use super::Source;

/// Content and header of a compressed blob are cut into frames of this many bytes (`FORMAT.md`), and the header takes
/// the first of them. Only speed depends on these two: a window that was cut otherwise costs two frames.
const FRAME: u64 = 4 << 20;
/// See [`FRAME`].
const HEADER: u64 = 512;
/// Windows that are kept.
const KEPT: usize = 4;

static CACHE: Mutex<VecDeque<(Key, Arc<Vec<u8>>)>> = Mutex::new(VecDeque::new());
/// Whoever unpacks holds one of these, so that no window is unpacked twice at once and memory stays bounded.
static UNPACKING: [Mutex<()>; 2] = [const { Mutex::new(()) }; 2];

type Key = (Digest, u64);

/// The window that holds a place of a blob, and where in the window the place is.
pub(super) fn window(source: &Source, digest: &Digest, place: u64) -> io::Result<(Arc<Vec<u8>>, usize)> {
    let number = (place + HEADER) / FRAME;
    let start = (number * FRAME).saturating_sub(HEADER);
    let key = (*digest, number);
    let bytes = match find(&key) {
        Some(bytes) => bytes,
        None => {
            let _turn = lock(&UNPACKING[(number % 2) as usize]);
            match find(&key) {
                Some(bytes) => bytes,
                None => unpack(source, key, start..(number + 1) * FRAME - HEADER)?,
            }
        }
    };
    Ok((bytes, usize::try_from(place - start).unwrap_or(usize::MAX)))
}

fn find(key: &Key) -> Option<Arc<Vec<u8>>> {
    let mut cache = lock(&CACHE);
    let found = cache.iter().position(|(kept, _)| kept == key)?;
    let entry = cache.remove(found)?;
    cache.push_back(entry.clone());
    Some(entry.1)
}

fn unpack(source: &Source, key: Key, range: std::ops::Range<u64>) -> io::Result<Arc<Vec<u8>>> {
    let length = usize::try_from(range.end - range.start).unwrap_or_default();
    let mut reader = source.bundle().read_range(&key.0, range).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(length);
    reader.read_to_end(&mut bytes)?;
    let bytes = Arc::new(bytes);
    let mut cache = lock(&CACHE);
    if cache.len() >= KEPT {
        cache.pop_front();
    }
    cache.push_back((key, Arc::clone(&bytes)));
    Ok(bytes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
