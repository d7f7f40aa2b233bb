//! The timeline: where the rollout stands, and what happens.

use std::{
    io::{self, Write},
    time::Duration,
};

use super::wrap::wrap;

/// All is written to fit.
const WIDTH: usize = 80;

/// Where a line's text begins, after day, hour, phase and flag.
const INDENT: usize = 27;

/// Writes line by line to standard output, or to standard error where that is for a machine.
pub(crate) struct Timeline {
    to_stderr: bool,
    /// Rollout time, phase and flag of the lines to come.
    stamp: String,
}

impl Timeline {
    pub(crate) fn new(to_stderr: bool) -> Self {
        Self {
            to_stderr,
            stamp: String::new(),
        }
    }

    /// From here on this is when and where things happen.
    pub(crate) fn at(&mut self, since_start: Duration, phase: &str, flag: &str) {
        let minutes = since_start.as_secs() / 60;
        let (day, hour, minute) = (minutes / 1_440 + 1, minutes / 60 % 24, minutes % 60);
        self.stamp = format!("d{day} {hour:02}:{minute:02}  {phase:<8} {flag:<7}");
    }

    /// Lines as they are.
    pub(crate) fn text(&self, text: &str) {
        let text = format!("{text}\n");
        // A reader who has left does not stop the play.
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

    /// Something happens.
    pub(crate) fn say(&self, text: &str) {
        let mut stamp = self.stamp.as_str();
        for line in wrap(text, WIDTH - INDENT) {
            self.text(&format!("{stamp:<INDENT$}{line}"));
            stamp = "";
        }
    }

    /// The same, with what the plan thinks of it.
    pub(crate) fn seen(&self, what: &str, seen: &str, ok: bool) {
        let mark = if ok { "ok" } else { "DIFFERS" };
        self.say(&format!("{what}: {seen} [{mark}]"));
    }

    /// How things are, in columns.
    pub(crate) fn figures(&self, text: &str) {
        self.text(&format!("{:<INDENT$}{text}", self.stamp));
    }
}
