//! The append-only record of all that was decided.
//!
//! A rollout stores nothing else: its state is a [fold](super::Projection) over these events.

mod append_error;
#[cfg(test)]
mod faulty_tests;
mod file;
mod head;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
mod journal;
mod line;
mod medium;
mod memory;
mod open_error;
mod read_error;
mod reader;
mod store;

pub use append_error::{AppendError, Conflict};
pub use file::FileJournal;
pub use journal::Journal;
pub use memory::MemoryJournal;
pub use open_error::{OpenError, OpenErrorKind};
pub use read_error::{ReadError, ReadErrorKind};
pub use reader::{JournalReader, TornLine, Verified};
