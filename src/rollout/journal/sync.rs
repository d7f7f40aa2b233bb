//! How a journal relates to the store that it is shared through.

use std::fmt;

use crate::{rollout::event::Head, time::Timestamp};

/// How what a journal returns relates to the store that it is shared through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum JournalSync {
    /// It is what the store has, or there is no other store.
    #[default]
    Current,
    /// The store cannot be reached: these are the events that were known before. Appending fails.
    Stale {
        /// When they were last known to be all, by the wall clock; `None` if that is not known.
        since: Option<Timestamp>,
    },
    /// The store does not have an event that is known here.
    Forked(Fork),
}

/// Two journals that should be one: the store has lost events, and may have given their numbers to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is these two and nothing else"
)]
pub struct Fork {
    /// The last event that is known here.
    pub known: Head,
    /// What the store has in its place: the event with the same number, or its head if that is lower.
    pub found: Head,
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { known, found } = self;
        if found.seq < known.seq {
            return write!(
                f,
                "the journal has lost events: it ends at {found}, and {known} was read from it"
            );
        }
        write!(
            f,
            "the journal has lost events and given their numbers to others: it has {found}, and {known} was read from it"
        )
    }
}
