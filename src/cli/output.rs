//! The output of a subcommand, and how it is written.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

/// What a subcommand prints, and how it ends.
pub(super) struct Output {
    /// For standard output, whole lines.
    pub(super) text: String,
    /// For standard error, each one line or more.
    pub(super) errors: Vec<String>,
    /// How it ends.
    pub(super) exit: Exit,
}

/// How a subcommand ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// All is well.
    Success,
    /// What was checked is not as it should be.
    CheckFailed,
    /// Wrong usage, or something could not be read or written.
    Error,
}

impl Output {
    /// A success that prints this text.
    pub(super) const fn success(text: String) -> Self {
        Self {
            text,
            errors: Vec::new(),
            exit: Exit::Success,
        }
    }

    /// A failure with nothing on standard output.
    pub(super) fn failure(exit: Exit, error: impl Display) -> Self {
        Self {
            text: String::new(),
            errors: vec![error.to_string()],
            exit,
        }
    }

    /// Prints this text too.
    pub(super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// Writes the output. A reader that closed the pipe changes nothing.
    pub(super) fn write(mut self, out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
        let written = out
            .write_all(self.text.as_bytes())
            .and_then(|()| out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("cannot write to standard output: {error}");
                self.errors.push(message);
                self.exit = Exit::Error;
            }
            _ => {}
        }
        for message in self.errors {
            // Nothing is left to report to where standard error is closed.
            let _ = writeln!(err, "legacy-http-compat: {message}");
        }
        self.exit.into()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::CheckFailed => Self::from(1),
            Exit::Error => Self::from(2),
        }
    }
}

/// A value as indented JSON, with a final line break.
pub(super) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("string keys and no failing parts") + "\n"
}
