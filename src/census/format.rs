//! The bytes of a snapshot.
//!
//! | part | content |
//! | --- | --- |
//! | head | magic (8 bytes), format version (u32), key check (u64), census time and wall time (u64 ms) |
//! | names | kinds with their forgotten callers, endpoints, losses |
//! | time | watched stretches, history of answers, sketches of the overflow |
//! | callers | lists of records; an empty list ends them |
//! | footer | length of the whole (u64), CRC-32 of all before it |
//!
//! All numbers are little-endian; lists have their length (u32) before them. CRC-32 and not a cryptographic hash: it
//! guards against broken disks and torn files. Who may write the file may write what he likes.

use crate::storage::codec::Form;

pub(super) const FORM: Form = Form {
    magic: *b"LHCCENS\n",
    format: 1,
};

/// A larger file is not read. It would hold about a hundred million callers, and a wrong path must not fill the memory.
pub(super) const MAX_FILE: u64 = 8 << 30;
