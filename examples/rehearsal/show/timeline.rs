//! The timeline: the state of the rollout, and what happens.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::wrap::wrap;

/// The width of all output, in characters.
const WIDTH: usize = 80;

/// The width of the prefix: day, time, phase and flag.
const INDENT: usize = 27;

/// Writes to standard output, or to standard error if standard output is for JSON.
pub(crate) struct Timeline {
    to_stderr: bool,
    /// Rollout time, phase and flag of the next lines.
    prefix: String,
}

impl Timeline {
    pub(crate) fn new(to_stderr: bool) -> Self {
        Self {
            to_stderr,
            prefix: String::new(),
        }
    }

    /// Sets time, phase and flag of the next lines.
    pub(crate) fn at(&mut self, since_start: Duration, phase: &str, flag: &str) {
        let minutes = since_start.as_secs() / 60;
        let (day, hour, minute) = (minutes / 1_440 + 1, minutes / 60 % 24, minutes % 60);
        self.prefix = format!("d{day} {hour:02}:{minute:02}  {phase:<8} {flag:<7}");
    }

    /// Writes text without a prefix.
    pub(crate) fn text(&self, text: &str) {
        let text = format!("{text}\n");
        // A closed pipe does not stop the rehearsal.
        let _ = if self.to_stderr {
            io::stderr().lock().write_all(text.as_bytes())
        } else {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        };
    }

    pub(crate) fn heading(&self, text: &str) {
        self.text(&format!("\n{text}\n{}", "─".repeat(text.chars().count())));
    }

    /// Writes what happens.
    pub(crate) fn say(&self, text: &str) {
        let mut prefix = self.prefix.as_str();
        for line in wrap(text, WIDTH - INDENT) {
            self.text(&format!("{prefix:<INDENT$}{line}"));
            prefix = "";
        }
    }

    /// Writes an observed result, and whether it is the expected one.
    pub(crate) fn seen(&self, what: &str, seen: &str, ok: bool) {
        let mark = if ok { "ok" } else { "DIFFERS" };
        self.say(&format!("{what}: {seen} [{mark}]"));
    }

    /// Writes counts in columns.
    pub(crate) fn figures(&self, text: &str) {
        self.text(&format!("{:<INDENT$}{text}", self.prefix));
    }
}
