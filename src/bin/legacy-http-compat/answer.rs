//! What a command answers, and how it is written.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

/// What a command answers: what it prints, what it has to say against it, and how it ends.
pub(crate) struct Answer {
    /// For standard output, whole lines.
    pub(crate) output: String,
    /// For standard error, each one line or more.
    pub(crate) complaints: Vec<String>,
    /// How it ends.
    pub(crate) exit: Exit,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for holds.
    Holds,
    /// It does not.
    DoesNotHold,
    /// It cannot be told: something could not be read or written.
    CannotTell,
}

impl Answer {
    /// All is well, and this is it.
    pub(crate) const fn holds(output: String) -> Self {
        Self {
            output,
            complaints: Vec::new(),
            exit: Exit::Holds,
        }
    }

    /// Nothing but a complaint.
    pub(crate) fn complaint(exit: Exit, complaint: impl Display) -> Self {
        Self {
            output: String::new(),
            complaints: vec![complaint.to_string()],
            exit,
        }
    }

    /// The same with this to print.
    pub(crate) fn showing(self, output: String) -> Self {
        Self { output, ..self }
    }

    /// Writes it. Whoever stops reading has read enough: a closed pipe changes nothing.
    pub(crate) fn deliver(self) -> ExitCode {
        let mut exit = self.exit;
        let mut complaints = self.complaints;
        match write(&self.output) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complaints.push(format!("cannot write to standard output: {error}"));
                exit = Exit::CannotTell;
            }
            _ => {}
        }
        for complaint in complaints {
            // Where standard error is closed there is nobody left to tell.
            let _ = writeln!(io::stderr(), "legacy-http-compat: {complaint}");
        }
        exit.into()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Holds => Self::SUCCESS,
            Exit::DoesNotHold => Self::from(1),
            Exit::CannotTell => Self::from(2),
        }
    }
}

fn write(output: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(output.as_bytes())?;
    stdout.flush()
}

/// A value as JSON for people and programs, with its line break.
pub(crate) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("string keys and no failing parts") + "\n"
}
