//! Why a snapshot could not be opened.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::storage::{file::TakeError, unreadable::Unreadable};

/// A snapshot could not be opened. Nothing was changed on disk.
#[derive(Debug)]
pub struct OpenError {
    kind: OpenErrorKind,
    path: Option<PathBuf>,
    source: Option<io::Error>,
}

/// What is wrong with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenErrorKind {
    /// The file or its directory cannot be read.
    Io,
    /// Another process has the snapshot open.
    InUse,
    /// The file is not a snapshot of a census.
    NotASnapshot,
    /// The file was written by a newer version of this crate.
    NewerFormat,
    /// The end of the file is missing.
    Truncated,
    /// The checksum is wrong, or the content contradicts itself.
    Corrupt,
    /// The fingerprints in it were made with another key, so none of its callers would be recognised.
    ForeignKey,
}

impl OpenErrorKind {
    /// All kinds; the place of each is its number in a snapshot.
    pub(super) const ALL: [Self; 7] = [
        Self::Io,
        Self::InUse,
        Self::NotASnapshot,
        Self::NewerFormat,
        Self::Truncated,
        Self::Corrupt,
        Self::ForeignKey,
    ];

    const fn describe(self) -> &'static str {
        match self {
            Self::Io => "cannot be read",
            Self::InUse => "is in use by another process",
            Self::NotASnapshot => "is not a snapshot of a census",
            Self::NewerFormat => "was written by a newer version of this crate",
            Self::Truncated => "is cut off",
            Self::Corrupt => "is corrupt",
            Self::ForeignKey => "was made with another fingerprint key",
        }
    }
}

impl From<Unreadable> for OpenErrorKind {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Foreign => Self::NotASnapshot,
            Unreadable::NewerFormat => Self::NewerFormat,
            Unreadable::Truncated => Self::Truncated,
            Unreadable::Corrupt => Self::Corrupt,
        }
    }
}

impl OpenError {
    pub(super) fn new(kind: OpenErrorKind) -> Self {
        Self {
            kind,
            path: None,
            source: None,
        }
    }

    pub(super) fn io(source: io::Error) -> Self {
        Self {
            source: Some(source),
            ..Self::new(OpenErrorKind::Io)
        }
    }

    pub(super) fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(super) fn taking(error: TakeError, path: &Path) -> Self {
        match error {
            TakeError::InUse => Self::new(OpenErrorKind::InUse).at(path),
            TakeError::Directory(directory, error) => Self::io(error).at(directory),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> OpenErrorKind {
        self.kind
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the census snapshot ")?;
        if let Some(path) = &self.path {
            write!(f, "{} ", path.display())?;
        }
        f.write_str(self.kind.describe())
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
