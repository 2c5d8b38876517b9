//! What is read of a stack's or component's file at most. Real ones have some hundred lines.

/// The size of a file in bytes: 1 MiB.
pub const FILE_SIZE: usize = 1 << 20;
/// How deep lists and mappings may stand in each other.
pub const DEPTH: usize = 32;
/// Values in a file, those that aliases repeat counted each time.
pub const NODES: usize = 100_000;
/// Problems that are listed for one file; after so many the rest would only be noise.
pub const PROBLEMS: usize = 50;
