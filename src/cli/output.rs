//! The output of a subcommand: how it is written, and how text from outside is escaped in it.

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

use crate::rollout::names::{Link, is_invisible};

/// The output and the exit code of a subcommand.
pub(super) struct Output {
    /// Whole lines for standard output.
    pub(super) text: String,
    /// Messages for standard error.
    pub(super) errors: Vec<String>,
    /// The exit code.
    pub(super) exit: Exit,
}

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// All is as required.
    Success = 0,
    /// What was checked is not as required.
    CheckFailed = 1,
    /// Wrong usage, or something could not be read or written.
    Error = 2,
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

    /// Adds text for standard output.
    pub(super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// Writes the output. A closed pipe is not an error.
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
            // If standard error is closed, there is nowhere left to report to.
            let _ = writeln!(err, "legacy-http-compat: {message}");
        }
        self.exit.into()
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A value as indented JSON, with a final line break.
pub(super) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("string keys and no failing parts") + "\n"
}

/// Escapes control and invisible characters.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push_escaped(&mut out, c));
    out
}

/// Escapes text so that Markdown shows it verbatim, in a paragraph, a list or a table cell.
///
/// Adds a backslash to punctuation with a meaning in `CommonMark`, tables or common extensions (mentions, issue numbers,
/// formulas, autolinks).
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let dot_of_www = c == '.' && ends_with_www(&out);
        if dot_of_www || r"\`*_[]<>&|~#!():@$=".contains(c) {
            out.push('\\');
        }
        push_escaped(&mut out, c);
    }
    at_start_of_line(&out)
}

/// A Markdown link that shows its target. A vertical bar would end a table cell.
pub(super) fn markdown_link(link: &Link) -> String {
    format!("<{}>", link.as_str().replace('|', "%7C"))
}

/// Escapes what starts a list, a heading or a thematic break only at the start of a line.
fn at_start_of_line(text: &str) -> String {
    let text = text.trim();
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (digits, rest) = text.split_at(text.len() - rest.len());
    let numbered = !digits.is_empty() && (rest == "." || rest.starts_with(". "));
    let listed = digits.is_empty() && rest.starts_with(['-', '+']);
    let escape = if numbered || listed { "\\" } else { "" };
    format!("{digits}{escape}{rest}")
}

fn ends_with_www(text: &str) -> bool {
    let last = text.len().saturating_sub(3);
    text.as_bytes()[last..].eq_ignore_ascii_case(b"www")
}

fn push_escaped(out: &mut String, c: char) {
    if c == '\t' {
        out.push(' ');
    } else if is_invisible(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}
