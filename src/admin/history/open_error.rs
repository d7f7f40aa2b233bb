//! Why a history could not be opened.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{
    census::Window,
    storage::{atomic_file::AtomicFileError, frame::DecodeError},
};

/// A history could not be opened. Nothing was changed on disk.
#[derive(Debug)]
pub struct OpenHistoryError {
    cause: Cause,
}

/// Why a history cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenHistoryErrorKind {
    /// The window is not one of [`Window::STANDARD`].
    NotStandardWindow,
    /// Another process has the file open.
    InUse,
    /// The file or its directory cannot be read.
    Io,
    /// The bytes cannot be decoded. Of a file this is no error: it is renamed.
    Decode(DecodeError),
}

#[derive(Debug)]
enum Cause {
    Window(Window),
    InUse(PathBuf),
    Io(PathBuf, io::Error),
    Decode(DecodeError),
}

impl OpenHistoryError {
    pub(super) fn window(refused: Window) -> Self {
        Cause::Window(refused).into()
    }

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Cause::Io(path.to_owned(), source).into()
    }

    pub(super) fn opening(path: &Path, error: AtomicFileError) -> Self {
        match error {
            AtomicFileError::InUse => Cause::InUse(path.to_owned()).into(),
            AtomicFileError::Directory(directory, source) => Self::io(&directory, source),
        }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> OpenHistoryErrorKind {
        match self.cause {
            Cause::Window(_) => OpenHistoryErrorKind::NotStandardWindow,
            Cause::InUse(_) => OpenHistoryErrorKind::InUse,
            Cause::Io(..) => OpenHistoryErrorKind::Io,
            Cause::Decode(error) => OpenHistoryErrorKind::Decode(error),
        }
    }
}

impl From<DecodeError> for OpenHistoryError {
    fn from(error: DecodeError) -> Self {
        Cause::Decode(error).into()
    }
}

impl From<Cause> for OpenHistoryError {
    fn from(cause: Cause) -> Self {
        Self { cause }
    }
}

impl fmt::Display for OpenHistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Window(window) => write!(
                f,
                "a history cannot have the window {window}: it must be one of Window::STANDARD"
            ),
            Cause::InUse(path) => {
                let path = path.display();
                write!(f, "the history {path} is in use by another process")
            }
            Cause::Io(path, _) => write!(f, "the history {} cannot be read", path.display()),
            Cause::Decode(error) => write!(f, "the history cannot be decoded: {error}"),
        }
    }
}

impl Error for OpenHistoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Io(_, source) => Some(source),
            _ => None,
        }
    }
}
