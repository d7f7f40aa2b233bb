//! Why a journal file was not opened.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use super::{
    append_error::AppendError,
    read_error::{ReadError, ReadErrorKind},
};

/// Why a journal file was not opened. The file is as it was, but for a torn last line that may be gone.
#[derive(Debug)]
pub struct OpenError {
    path: PathBuf,
    cause: Cause,
}

/// What kind of reason it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// The file or its directory cannot be opened, created, locked, read or synced.
    Storage,
    /// Another process, or another part of this one, has it open for writing.
    Locked,
    /// A line is broken, and not merely the last one torn.
    Broken,
    /// A torn last line was cut off, but that could not be recorded.
    NotRecorded,
}

#[derive(Debug)]
pub(super) enum Cause {
    Storage(io::Error),
    Locked,
    Broken(ReadError),
    NotRecorded(AppendError),
}

impl OpenError {
    pub(super) fn new(path: &Path, cause: impl Into<Cause>) -> Self {
        Self {
            path: path.to_owned(),
            cause: cause.into(),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of reason it is.
    #[must_use]
    pub const fn kind(&self) -> OpenErrorKind {
        match &self.cause {
            Cause::Storage(_) => OpenErrorKind::Storage,
            Cause::Broken(error) if matches!(error.kind(), ReadErrorKind::Storage) => {
                OpenErrorKind::Storage
            }
            Cause::Locked => OpenErrorKind::Locked,
            Cause::Broken(_) => OpenErrorKind::Broken,
            Cause::NotRecorded(_) => OpenErrorKind::NotRecorded,
        }
    }

    /// The broken line, counted from 1, where there is one.
    #[must_use]
    pub const fn line(&self) -> Option<u64> {
        match &self.cause {
            Cause::Broken(error) => error.line(),
            _ => None,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal {}: ", self.path.display())?;
        match &self.cause {
            Cause::Storage(error) => error.fmt(f),
            Cause::Locked => f.write_str("another process is writing it; a journal has one writer"),
            Cause::Broken(error) => error.fmt(f),
            Cause::NotRecorded(error) => {
                write!(
                    f,
                    "a torn line was cut off, which could not be recorded: {error}"
                )
            }
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Storage(error) => Some(error),
            Cause::Locked => None,
            Cause::Broken(error) => Some(error),
            Cause::NotRecorded(error) => Some(error),
        }
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<ReadError> for Cause {
    fn from(error: ReadError) -> Self {
        Self::Broken(error)
    }
}

impl From<AppendError> for Cause {
    fn from(error: AppendError) -> Self {
        Self::NotRecorded(error)
    }
}
