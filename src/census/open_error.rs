//! Why a census could not be opened.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::storage::{atomic_file::AtomicFileError, decode_error::DecodeError};

/// A snapshot could not be opened. Nothing was changed on disk.
#[derive(Debug)]
pub struct OpenError {
    kind: OpenErrorKind,
    path: Option<PathBuf>,
    source: Option<io::Error>,
}

/// What is wrong with a snapshot. Snapshots store the position of a variant: append new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// The checksum is wrong, or the content is inconsistent.
    Corrupt,
    /// Its fingerprints were made with another key, so none of its callers would be recognised.
    ForeignKey,
    /// The file was written by an older version of this crate, in a format that is no longer supported.
    OlderFormat,
    /// The detector has no [key check](crate::caller::Detect::key_check), so a changed fingerprint key would go unnoticed.
    NoKeyCheck,
}

impl OpenErrorKind {
    const fn describe(self) -> &'static str {
        match self {
            Self::Io => "cannot be read",
            Self::InUse => "is in use by another process",
            Self::NotASnapshot => "is not a snapshot of a census",
            Self::NewerFormat => "was written by a newer version of this crate",
            Self::Truncated => "is truncated",
            Self::Corrupt => "is corrupt",
            Self::ForeignKey => "was made with another fingerprint key",
            Self::OlderFormat => "was written by an older version of this crate",
            Self::NoKeyCheck => {
                "needs the key check of the detector: implement `Detect::key_check`, or use no snapshot"
            }
        }
    }
}

impl From<DecodeError> for OpenErrorKind {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Foreign => Self::NotASnapshot,
            DecodeError::NewerFormat => Self::NewerFormat,
            DecodeError::OlderFormat => Self::OlderFormat,
            DecodeError::Truncated => Self::Truncated,
            DecodeError::Corrupt => Self::Corrupt,
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

    pub(super) fn opening(error: AtomicFileError, path: &Path) -> Self {
        match error {
            AtomicFileError::InUse => Self::new(OpenErrorKind::InUse).at(path),
            AtomicFileError::Directory(directory, error) => Self::io(error).at(directory),
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
