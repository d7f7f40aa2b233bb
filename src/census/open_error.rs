//! Why a census could not be opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::storage::{atomic_file::AtomicFileError, frame::DecodeError};

/// A snapshot could not be opened. Nothing was changed on disk.
#[derive(Debug, Error)]
#[error("the census snapshot {at}{kind}", at = self.place())]
pub struct OpenCensusError {
    kind: OpenCensusErrorKind,
    path: Option<PathBuf>,
    source: Option<io::Error>,
}

/// What is wrong with a snapshot. Snapshots store the position of a variant: append new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenCensusErrorKind {
    /// The file or its directory cannot be read.
    #[error("cannot be read")]
    Io,
    /// Another process has the snapshot open.
    #[error("is in use by another process")]
    InUse,
    /// The file is not a snapshot of a census.
    #[error("is not a snapshot of a census")]
    NotASnapshot,
    /// The file was written by a newer version of this crate.
    #[error("was written by a newer version of this crate")]
    NewerFormat,
    /// The end of the file is missing.
    #[error("is truncated")]
    Truncated,
    /// The checksum is wrong, or the content is inconsistent.
    #[error("is corrupt")]
    Corrupt,
    /// Its fingerprints were made with another key, so none of its callers would be recognised.
    #[error("was made with another fingerprint key")]
    ForeignKey,
    /// The file was written by an older version of this crate, in a format that is no longer supported.
    #[error("was written by an older version of this crate")]
    OlderFormat,
    /// The detector has no [key check](crate::caller::Detect::key_check), so a changed fingerprint key would go unnoticed.
    #[error(
        "needs the key check of the detector: implement `Detect::key_check`, or use no snapshot"
    )]
    NoKeyCheck,
    /// There was no snapshot, though the rollout had begun more than an hour before.
    #[error("was not there, though the rollout had begun more than an hour before")]
    BeganLate,
}

impl From<DecodeError> for OpenCensusErrorKind {
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

impl OpenCensusError {
    pub(super) fn new(kind: OpenCensusErrorKind) -> Self {
        Self {
            kind,
            path: None,
            source: None,
        }
    }

    pub(super) fn io(source: io::Error) -> Self {
        Self {
            source: Some(source),
            ..Self::new(OpenCensusErrorKind::Io)
        }
    }

    pub(super) fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(super) fn opening(error: AtomicFileError, path: &Path) -> Self {
        match error {
            AtomicFileError::InUse => Self::new(OpenCensusErrorKind::InUse).at(path),
            AtomicFileError::Directory(directory, error) => Self::io(error).at(directory),
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> OpenCensusErrorKind {
        self.kind
    }

    fn place(&self) -> String {
        let path = self.path.as_ref();
        path.map_or_else(String::new, |path| format!("{} ", path.display()))
    }
}
