//! Why bytes are not what was once written.

use std::{error::Error, fmt};

use serde::Serialize;

/// What is wrong with the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unreadable {
    /// It is another kind of file.
    Foreign,
    /// The file was written by a newer version of this crate.
    NewerFormat,
    /// The end of the file is missing.
    Truncated,
    /// The checksum is wrong, or the content contradicts itself.
    Corrupt,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it is another kind of file",
            Self::NewerFormat => "it was written by a newer version of this crate",
            Self::Truncated => "it is cut off",
            Self::Corrupt => "it is corrupt",
        })
    }
}

impl Error for Unreadable {}
