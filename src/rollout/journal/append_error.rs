//! Why an event was not added.

use std::{error::Error, fmt};

use crate::rollout::event::Event;

/// Why an event was not added to a journal.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppendError {
    /// The head was not the expected one. The event does not stand.
    Conflict(Conflict),
    /// The event is larger than an entry of the journal may be. It does not stand.
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The most it may have.
        most: usize,
    },
    /// It could not be written. It does not stand, and the journal is as it was.
    NotWritten(Box<dyn Error + Send + Sync>),
    /// It could not be written, and the attempt could not be undone. Until the journal is
    /// [reopened](super::Journal::reopen) it takes no more, and whether the event stands is unknown: if the process ends
    /// before, the next one may find it.
    Undecided(Box<dyn Error + Send + Sync>),
    /// The journal has closed itself after [`AppendError::Undecided`], or because someone else changed its file. The event
    /// does not stand.
    Closed,
}

/// Others were faster.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    expected: u64,
    head: u64,
    meanwhile: Vec<Event>,
}

impl AppendError {
    /// Whether it is certain that the event does not stand.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Self::Undecided(_))
    }
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::TooLarge { bytes, most } => {
                write!(f, "the event has {bytes} bytes, {most} are the most")
            }
            Self::NotWritten(source) => {
                write!(f, "the event could not be written to the journal: {source}")
            }
            Self::Undecided(source) => write!(
                f,
                "whether the event stands in the journal is unknown until it is reopened: {source}"
            ),
            Self::Closed => f.write_str(
                "the journal is closed for writing until it is reopened: a failed write could not be undone, or someone \
                 else changed its file",
            ),
        }
    }
}

impl Error for AppendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotWritten(source) | Self::Undecided(source) => Some(&**source),
            Self::Conflict(_) | Self::TooLarge { .. } | Self::Closed => None,
        }
    }
}

impl From<Conflict> for AppendError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl Conflict {
    /// The most events that a conflict shows.
    pub const MAX_SHOWN: usize = 100;

    /// The conflict of one who expected another head, and what was written since, as far as it can be read.
    #[must_use]
    pub fn new(expected: u64, head: u64, mut meanwhile: Vec<Event>) -> Self {
        meanwhile.truncate(Self::MAX_SHOWN);
        Self {
            expected,
            head,
            meanwhile,
        }
    }

    /// The head that was expected.
    #[must_use]
    pub const fn expected(&self) -> u64 {
        self.expected
    }

    /// The head that there is.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// The events after the expected head, the first [`Conflict::MAX_SHOWN`] of them.
    #[must_use]
    pub fn meanwhile(&self) -> &[Event] {
        &self.meanwhile
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the journal stands at {}, not at {}",
            self.head, self.expected
        )?;
        let mut separator = "; meanwhile: ";
        for event in self.meanwhile.iter().take(3) {
            let (payload, actor) = (event.payload().name(), event.actor());
            write!(f, "{separator}{payload} by {actor} ({})", event.seq())?;
            separator = ", ";
        }
        match self.meanwhile.len().saturating_sub(3) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
