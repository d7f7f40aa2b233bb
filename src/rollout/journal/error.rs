//! Why a journal cannot be opened, read or appended to.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use super::sync::Fork;
use crate::rollout::{
    event::{Event, Head},
    phase::Phase,
};

/// Why an event could not be appended to a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The head is not the expected one. The event is not in the journal.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The event is larger than an entry may be. It is not in the journal.
    #[error("the event has {bytes} bytes, the limit is {most}")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// It could not be written. It is not in the journal, which is as it was.
    #[error("the event could not be written to the journal: {0}")]
    NotWritten(#[source] Box<dyn Error + Send + Sync>),
    /// It could not be written, and the attempt could not be undone. Until the journal is
    /// [reopened](super::Journal::reopen) it takes no more events, and whether it has the event is unknown: after a
    /// restart it may be there.
    #[error("whether the event is in the journal is unknown until it is reopened: {0}")]
    Undecided(#[source] Box<dyn Error + Send + Sync>),
    /// The journal has closed itself after [`AppendError::Undecided`], or because another process modified its file. The
    /// event is not in the journal.
    #[error(
        "the journal is closed for writing until it is reopened: a failed write could not be undone, or another process \
         modified its file"
    )]
    Closed,
}

/// A concurrent modification of the journal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conflict {
    /// The sequence number of the event that was expected to be the last, or the last decision.
    pub expected: u64,
    /// The actual head.
    pub head: Head,
    /// The first [`Conflict::MAX_EVENTS`] events after the expected head.
    pub events_since: Vec<Event>,
}

/// Why a journal, or a line of it, cannot be read.
#[derive(Debug)]
pub struct ReadError(Box<ReadFault>);

/// Boxed, so that a result is not as large as its rare error.
#[derive(Debug)]
struct ReadFault {
    line: Option<u64>,
    kind: ReadErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of a [`ReadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The storage of the journal cannot be read or written.
    #[error("the journal cannot be accessed")]
    Storage,
    /// The line is longer than any that is written.
    #[error("is longer than any line that is written")]
    TooLong,
    /// The line has a later format.
    #[error("has format {found}, this version reads up to {supported}")]
    NewerFormat {
        /// The version of its format.
        found: u32,
        /// The latest version that this crate reads.
        supported: u32,
    },
    /// The line is not as it was written.
    #[error("was changed: its SHA-256 does not match")]
    Changed,
    /// The line is as it was written, but is not an event.
    #[error("is not an event")]
    Malformed,
    /// The line has an event with another sequence number: lines were removed, added or moved.
    #[error("holds event {found}: lines were removed, added or moved")]
    OutOfPlace {
        /// The sequence number of the event.
        found: u64,
    },
    /// The line was written after another line than the one before it.
    #[error("does not follow the line before it: that one was replaced, or this one moved here")]
    Unlinked,
    /// The journal does not have an event that was read from it.
    #[error("{0}")]
    Forked(Fork),
}

/// Why a journal file could not be opened. It is unchanged, except that a torn last line may be cut off.
#[derive(Debug, thiserror::Error)]
#[error("journal {}: {cause}", path.display())]
pub struct OpenJournalError {
    path: PathBuf,
    #[source]
    /// Boxed, so that a result is not as large as its rare error.
    cause: Box<OpenCause>,
}

/// The kind of an [`OpenJournalError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenJournalErrorKind {
    /// The file or its directory cannot be opened, created, locked, read or synced.
    Storage,
    /// Another process, or another part of this one, has it open for writing.
    Locked,
    /// A line is broken, and not merely the last one torn.
    Broken,
    /// A torn last line was cut off or a loss was accepted, but that could not be recorded.
    NotRecorded,
    /// The journal lacks events that were acknowledged; [`OpenJournalError::recorded`] is the last of them.
    Lost,
    /// The journal has events, but the file with its head is lost.
    HeadLost,
    /// There is no journal, and it must exist.
    Missing,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum OpenCause {
    #[error("{0}")]
    Storage(#[from] io::Error),
    #[error("another process is writing it; a journal has one writer")]
    Locked,
    #[error("{0}")]
    Broken(#[from] ReadError),
    #[error("a torn line was cut off or a loss accepted, which could not be recorded: {0}")]
    NotRecorded(#[from] AppendError),
    #[error(
        "event {} was acknowledged{}, and the journal {}; restore the journal, or accept exactly this loss: {recorded}",
        recorded.seq,
        in_phase(*.phase),
        lacks(*.found, *.recorded)
    )]
    Lost {
        recorded: Head,
        phase: Option<Phase>,
        found: Option<Head>,
    },
    #[error(
        "the file with its head is lost, so whether the journal lacks events after {} is not known; restore that file, or \
         accept the journal as it is: {found}",
        found.seq
    )]
    HeadLost { found: Head },
    #[error("there is no journal, and it must exist")]
    Missing,
}

fn in_phase(phase: Option<Phase>) -> String {
    phase.map_or_else(String::new, |phase| format!(" in {phase}"))
}

fn lacks(found: Option<Head>, recorded: Head) -> String {
    match found {
        None => "is missing".to_owned(),
        Some(found) if found.seq < recorded.seq => format!("ends at event {}", found.seq),
        Some(_) => "has another event in its place".to_owned(),
    }
}

impl AppendError {
    /// Whether it is certain that the event is not in the journal.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        !matches!(self, Self::Undecided(_))
    }
}

impl Conflict {
    /// The most events that a conflict contains.
    pub const MAX_EVENTS: usize = 100;

    /// A conflict, with the events since the expected head as far as they can be read.
    #[must_use]
    pub fn new(expected: u64, head: Head, mut events_since: Vec<Event>) -> Self {
        events_since.truncate(Self::MAX_EVENTS);
        Self {
            expected,
            head,
            events_since,
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the last event is {}, not {}",
            self.head.seq, self.expected
        )?;
        let mut separator = "; since then: ";
        for event in self.events_since.iter().take(3) {
            let (payload, actor) = (event.payload.name(), &event.actor);
            write!(f, "{separator}{payload} by {actor} ({})", event.seq)?;
            separator = ", ";
        }
        match self.events_since.len().saturating_sub(3) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl Error for Conflict {}

impl ReadError {
    /// An error of the storage, for implementations of [`Journal`](super::Journal).
    pub fn storage(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Box::new(ReadFault {
            line: None,
            kind: ReadErrorKind::Storage,
            source: Some(source.into()),
        }))
    }

    pub(crate) fn at(line: u64, kind: ReadErrorKind) -> Self {
        Self(Box::new(ReadFault {
            line: Some(line),
            kind,
            source: None,
        }))
    }

    pub(super) fn malformed(line: u64, source: serde_json::Error) -> Self {
        let mut error = Self::at(line, ReadErrorKind::Malformed);
        error.0.source = Some(Box::new(source));
        error
    }

    /// The broken line, counted from 1, which is the sequence number of its event.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.0.line
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ReadErrorKind {
        self.0.kind
    }

    /// The fork, if the journal does not have an event that was read from it.
    pub(in crate::rollout) fn fork(&self) -> Option<Fork> {
        match self.0.kind {
            ReadErrorKind::Forked(fork) => Some(fork),
            _ => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), None) = (self.0.line, self.fork()) {
            write!(f, "line {line} ")?;
        }
        self.0.kind.fmt(f)?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.0.source.as_deref()?;
        Some(source)
    }
}

impl OpenJournalError {
    pub(super) fn new(path: &Path, cause: impl Into<OpenCause>) -> Self {
        Self {
            path: path.to_owned(),
            cause: Box::new(cause.into()),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> OpenJournalErrorKind {
        match &*self.cause {
            OpenCause::Storage(_) => OpenJournalErrorKind::Storage,
            OpenCause::Broken(error) if matches!(error.kind(), ReadErrorKind::Storage) => {
                OpenJournalErrorKind::Storage
            }
            OpenCause::Locked => OpenJournalErrorKind::Locked,
            OpenCause::Broken(_) => OpenJournalErrorKind::Broken,
            OpenCause::NotRecorded(_) => OpenJournalErrorKind::NotRecorded,
            OpenCause::Lost { .. } => OpenJournalErrorKind::Lost,
            OpenCause::HeadLost { .. } => OpenJournalErrorKind::HeadLost,
            OpenCause::Missing => OpenJournalErrorKind::Missing,
        }
    }

    /// The head that [`FileJournalBuilder::accept_loss`](super::FileJournalBuilder::accept_loss) must name to open the
    /// journal all the same: the acknowledged one, or if that is not known, the one that was found.
    #[must_use]
    pub fn recorded(&self) -> Option<Head> {
        match &*self.cause {
            OpenCause::Lost { recorded, .. } => Some(*recorded),
            OpenCause::HeadLost { found } => Some(*found),
            _ => None,
        }
    }

    /// The broken line, counted from 1, if there is one.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        match &*self.cause {
            OpenCause::Broken(error) => error.line(),
            _ => None,
        }
    }
}
