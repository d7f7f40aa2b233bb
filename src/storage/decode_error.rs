//! Why a file cannot be decoded.

use std::{error::Error, fmt};

use serde::Serialize;

/// What is wrong with the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecodeError {
    /// Another kind of file.
    Foreign,
    /// Written by a newer version of this crate.
    NewerFormat,
    /// Written by an older version of this crate, in a format that is no longer supported.
    OlderFormat,
    /// The end of the file is missing.
    Truncated,
    /// The checksum is wrong, or the content is inconsistent.
    Corrupt,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "another kind of file",
            Self::NewerFormat => "written by a newer version of this crate",
            Self::OlderFormat => "written by an older version of this crate",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
        })
    }
}

impl Error for DecodeError {}
