//! Files that hold one state as a whole and are replaced atomically.
//!
//! A file is a [frame](frame) (header, body, checksum) that [`AtomicFile`](atomic_file::AtomicFile) locks, reads and
//! replaces; a [`Saver`](saver::Saver) records how that went.

pub(crate) mod atomic_file;
pub(crate) mod frame;
pub(crate) mod saver;
