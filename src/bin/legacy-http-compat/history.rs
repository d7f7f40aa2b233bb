//! A journal read to its end.

use std::{fmt, path::Path};

use legacy_http_compat::time::Timestamp;
use legacy_http_compat::{
    rollout::{
        Event, JournalReader, Projection, ProjectionError, ReadError, ReadErrorKind, RolloutState,
        Verified,
    },
    time::SystemClock,
};

use crate::answer::{Answer, Exit};

/// All that a journal says.
pub(crate) struct History {
    /// Its events.
    pub(crate) events: Vec<Event>,
    /// Where they lead.
    pub(crate) fold: Projection,
    /// What was checked.
    pub(crate) verified: Verified,
    /// When it was read.
    pub(crate) now: Timestamp,
}

/// Why it cannot be told what a journal says.
pub(crate) enum Broken {
    /// It cannot be read.
    Unreadable(String),
    /// This line is not as it was written, or cannot follow those before it.
    Line(u64, String),
}

impl History {
    /// Reads a journal without its lock.
    pub(crate) fn read(path: &Path) -> Result<Self, Broken> {
        let unreadable = |error| Broken::unreadable(path, &error);
        let mut reader = JournalReader::open(path).map_err(unreadable)?;
        let mut fold = Projection::new();
        let mut events = Vec::new();
        for event in &mut reader {
            let event = event.map_err(|error| Broken::of_read(path, &error))?;
            fold.apply(&event)
                .map_err(|error| Broken::of_fold(&error))?;
            events.push(event);
        }
        // It is at its end: what is left is what it has found.
        let verified = reader.verify();
        let verified = verified.map_err(|error| Broken::of_read(path, &error))?;
        Ok(Self {
            events,
            fold,
            verified,
            now: Timestamp::now(&SystemClock::new()),
        })
    }

    /// Where the rollout stands.
    pub(crate) fn state(&self) -> Result<&RolloutState, Answer> {
        self.fold.state().ok_or_else(|| {
            Answer::complaint(
                Exit::DoesNotHold,
                "the journal holds no rollout: it was never opened",
            )
        })
    }
}

impl Broken {
    fn unreadable(path: &Path, error: &impl fmt::Display) -> Self {
        Self::Unreadable(format!("cannot read {}: {error}", path.display()))
    }

    fn of_read(path: &Path, error: &ReadError) -> Self {
        match (error.kind(), error.line()) {
            (ReadErrorKind::Storage, _) | (_, None) => Self::unreadable(path, error),
            (_, Some(line)) => Self::Line(line, error.to_string()),
        }
    }

    fn of_fold(error: &ProjectionError) -> Self {
        let line = error.seq();
        Self::Line(line, format!("line {line} cannot follow: {}", error.kind()))
    }
}

impl From<Broken> for Answer {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unreadable(why) => Self::complaint(Exit::CannotTell, why),
            Broken::Line(_, why) => Self::complaint(Exit::DoesNotHold, why),
        }
    }
}
