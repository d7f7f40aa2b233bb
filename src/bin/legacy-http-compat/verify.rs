//! `verify`: whether a journal is as it was written, and its events follow one another.

use std::path::Path;

use legacy_http_compat::rollout::TornLine;
use serde::Serialize;

use crate::{
    answer::{Answer, json},
    history::{Broken, History},
    printable::printable,
};

#[derive(Serialize)]
#[serde(untagged)]
enum Verdict<'a> {
    Sound {
        valid: bool,
        events: u64,
        sha256: &'a str,
        torn: Option<Torn>,
    },
    Broken {
        valid: bool,
        line: u64,
        message: &'a str,
    },
}

/// A torn last line in JSON.
#[derive(Serialize)]
pub(crate) struct Torn {
    line: u64,
    bytes: u64,
}

pub(crate) fn run(journal: &Path, as_json: bool) -> Answer {
    match History::read(journal) {
        Ok(history) if as_json => Answer::holds(json(&sound(&history))),
        Ok(history) => Answer::holds(text(journal, &history)),
        Err(Broken::Line(line, message)) if as_json => {
            let verdict = json(&Verdict::Broken {
                valid: false,
                line,
                message: &message,
            });
            Answer::from(Broken::Line(line, message)).showing(verdict)
        }
        Err(broken) => broken.into(),
    }
}

fn sound(history: &History) -> Verdict<'_> {
    Verdict::Sound {
        valid: true,
        events: history.verified.events,
        sha256: &history.verified.sha256,
        torn: history.verified.torn.map(Torn::from),
    }
}

fn text(journal: &Path, history: &History) -> String {
    let verified = &history.verified;
    let mut text = format!(
        "{}: {} events, each as it was written and in its place\nsha256 of the last line: {}\n",
        printable(&journal.display().to_string()),
        verified.events,
        verified.sha256,
    );
    if let Some(torn) = verified.torn {
        text += &torn_text(torn);
    }
    text
}

/// What a torn line means to who reads of it.
pub(crate) fn torn_text(torn: TornLine) -> String {
    format!(
        "line {} is torn ({} bytes): it is on its way, or its writer died; no event was lost with it\n",
        torn.line, torn.bytes,
    )
}

impl From<TornLine> for Torn {
    fn from(torn: TornLine) -> Self {
        Self {
            line: torn.line,
            bytes: torn.bytes,
        }
    }
}
