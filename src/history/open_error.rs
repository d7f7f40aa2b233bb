//! Why a history could not be opened.

use std::{error::Error, fmt};

use crate::census::Window;

/// A history could not be opened.
#[derive(Debug)]
pub struct OpenHistoryError {
    kind: OpenHistoryErrorKind,
}

/// What is in the way of a history.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenHistoryErrorKind {
    /// The census does not always report this window.
    NotReadyMade(Window),
}

impl OpenHistoryError {
    pub(super) fn new(kind: OpenHistoryErrorKind) -> Self {
        Self { kind }
    }

    /// What is in the way.
    #[must_use]
    pub const fn kind(&self) -> &OpenHistoryErrorKind {
        &self.kind
    }
}

impl fmt::Display for OpenHistoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OpenHistoryErrorKind::NotReadyMade(window) => {
                write!(
                    f,
                    "no history of the window {window}: one of Window::READY_MADE is needed"
                )
            }
        }
    }
}

impl Error for OpenHistoryError {}
