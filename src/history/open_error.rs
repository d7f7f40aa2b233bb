//! Why a history could not be opened.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{
    census::Window,
    storage::{file::TakeError, unreadable::Unreadable},
};

/// A history could not be opened. Nothing was changed on disk.
#[derive(Debug)]
pub struct OpenHistoryError {
    cause: Cause,
}

/// What is in the way of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpenHistoryErrorKind {
    /// The census does not always report this window.
    NotReadyMade,
    /// Another process has the file open.
    InUse,
    /// The file or its directory cannot be read.
    Io,
    /// The bytes are no history. A file that is none is set aside instead.
    Unreadable(Unreadable),
}

#[derive(Debug)]
enum Cause {
    Window(Window),
    InUse(PathBuf),
    Io(PathBuf, io::Error),
    Unreadable(Unreadable),
}

impl OpenHistoryError {
    pub(super) fn window(refused: Window) -> Self {
        Cause::Window(refused).into()
    }

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Cause::Io(path.to_owned(), source).into()
    }

    pub(super) fn taking(path: &Path, error: TakeError) -> Self {
        match error {
            TakeError::InUse => Cause::InUse(path.to_owned()).into(),
            TakeError::Directory(directory, source) => Self::io(&directory, source),
        }
    }

    /// What is in the way.
    #[must_use]
    pub const fn kind(&self) -> OpenHistoryErrorKind {
        match self.cause {
            Cause::Window(_) => OpenHistoryErrorKind::NotReadyMade,
            Cause::InUse(_) => OpenHistoryErrorKind::InUse,
            Cause::Io(..) => OpenHistoryErrorKind::Io,
            Cause::Unreadable(unreadable) => OpenHistoryErrorKind::Unreadable(unreadable),
        }
    }
}

impl From<Unreadable> for OpenHistoryError {
    fn from(unreadable: Unreadable) -> Self {
        Cause::Unreadable(unreadable).into()
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
                "no history of the window {window}: it must be one of Window::STANDARD"
            ),
            Cause::InUse(path) => {
                let path = path.display();
                write!(f, "the history {path} is in use by another process")
            }
            Cause::Io(path, _) => write!(f, "the history {} cannot be read", path.display()),
            Cause::Unreadable(unreadable) => write!(f, "the history cannot be read: {unreadable}"),
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
