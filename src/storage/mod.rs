//! Files that hold the whole of something and are replaced at once: locking, reading, writing and their bytes.

pub(crate) mod codec;
pub(crate) mod file;
pub(crate) mod saver;
pub(crate) mod unreadable;
