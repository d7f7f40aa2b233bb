//! The bytes of a history.
//!
//! | part | content |
//! | --- | --- |
//! | head | magic (8 bytes), format version (u32), the history's time and the wall time it shows for it (u64 ms), window (u64 ms) |
//! | callers | names of the kinds, then three rings |
//! | answers | names of endpoints and outcomes, then three rings |
//! | footer | length of the whole (u64), CRC-32 of all before it |
//!
//! A ring is the stretches of buckets in which somebody was watching (number of the first, u64, and how many, u32), then its
//! columns, two for each name. A column is the values of these buckets, in runs of equal ones (value and how many, u32); what
//! is left out at its end is zero. All numbers are little-endian; lists have their length (u32) before them.

use crate::storage::codec::Form;

pub(super) const FORM: Form = Form {
    magic: *b"LHCHIST\n",
    format: 1,
};

/// A larger file is not read: that of the most pairs and kinds, with no two values alike, is smaller.
pub(super) const MAX_FILE: u64 = 64 << 20;

/// The latest time, in milliseconds: no clock is later, and no arithmetic overflows.
pub(super) const LATEST: u64 = 1 << 53;
