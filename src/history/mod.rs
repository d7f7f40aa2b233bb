//! The curves of the last 30 days: who depended, and what was answered.

mod answers;
mod book;
mod builder;
mod callers;
mod curves;
mod format;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod history;
mod open_error;
mod pair;
mod periodic;
mod ring;
mod ring_bytes;
mod saved;
mod saving;
mod span;

pub use builder::HistoryBuilder;
pub use curves::{AnswerCurve, CallerCurve, Curves};
pub use history::History;
pub use open_error::{OpenHistoryError, OpenHistoryErrorKind};
pub use span::{InvalidSpan, Span};

#[doc(inline)]
pub use crate::snapshot_file::unreadable::Unreadable;
