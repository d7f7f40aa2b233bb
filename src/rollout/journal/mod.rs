//! The append-only record of all decisions.
//!
//! A rollout stores nothing else: its state is a [projection](super::Projection) of these events.

mod attempt;
mod error;
#[cfg(test)]
mod faulty_tests;
mod file;
mod file_builder;
mod head_file;
#[expect(clippy::module_inception, reason = "it defines the trait of that name")]
pub(crate) mod journal;
mod memory;
pub(crate) mod reader;
mod reserve;
mod storage;
mod store;
mod sync;

pub use attempt::{AppendAttempt, AttemptId, InvalidAttemptId};
pub use error::{
    AppendError, Conflict, OpenJournalError, OpenJournalErrorKind, ReadError, ReadErrorKind,
};
pub use file::FileJournal;
pub use file_builder::FileJournalBuilder;
pub use journal::Journal;
pub use memory::MemoryJournal;
pub use reader::{JournalReader, TornLine, Verified};
pub use sync::{Fork, JournalSync};
