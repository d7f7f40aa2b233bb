//! Why a journal cannot be read.

use std::{error::Error, fmt};

/// Why a journal, or a line of it, cannot be read.
#[derive(Debug)]
pub struct ReadError {
    line: Option<u64>,
    kind: ReadErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is wrong with a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// What holds the journal cannot be read or written.
    Storage,
    /// The line is longer than any that is written.
    TooLong,
    /// The line has a later format.
    NewerFormat {
        /// The version of its format.
        found: u32,
        /// The latest that this crate reads.
        supported: u32,
    },
    /// The line is not as it was written.
    Changed,
    /// The line is as it was written, but is no event of this format.
    Malformed,
    /// The line holds another event than the one of its place: lines were removed, added or moved.
    OutOfPlace {
        /// The number of the event that it holds.
        found: u64,
    },
    /// The line was written after another line than the one before it.
    Unlinked,
}

impl ReadError {
    /// An error of what holds the journal, for implementations of [`Journal`](super::Journal).
    pub fn storage(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            line: None,
            kind: ReadErrorKind::Storage,
            source: Some(source.into()),
        }
    }

    pub(super) const fn at(line: u64, kind: ReadErrorKind) -> Self {
        Self {
            line: Some(line),
            kind,
            source: None,
        }
    }

    pub(super) fn malformed(line: u64, source: serde_json::Error) -> Self {
        Self {
            source: Some(Box::new(source)),
            ..Self::at(line, ReadErrorKind::Malformed)
        }
    }

    /// The line that is broken, counted from 1, which is the number of its event.
    #[must_use]
    pub const fn line(&self) -> Option<u64> {
        self.line
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ReadErrorKind {
        self.kind
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line} ")?;
        }
        self.kind.fmt(f)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage => f.write_str("the journal cannot be reached"),
            Self::TooLong => f.write_str("is longer than any line that is written"),
            Self::NewerFormat { found, supported } => {
                write!(f, "has format {found}, this version reads up to {supported}")
            }
            Self::Changed => f.write_str("was changed: its SHA-256 is not the one it carries"),
            Self::Malformed => f.write_str("is no event"),
            Self::OutOfPlace { found } => {
                write!(f, "holds event {found}: lines were removed, added or moved")
            }
            Self::Unlinked => f.write_str(
                "does not follow the line before it: that one was exchanged, or this one moved here",
            ),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.source.as_deref()?;
        Some(source)
    }
}
