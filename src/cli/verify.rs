//! `verify`: whether a journal is intact, and its events follow one another.

use std::path::Path;

use serde::Serialize;

use crate::{
    cli::{
        escape::escape,
        journal::{Broken, ReadJournal},
        output::{Output, json},
    },
    rollout::TornLine,
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
pub(super) struct Torn {
    line: u64,
    bytes: u64,
}

pub(super) fn run(journal: &Path, as_json: bool) -> Output {
    match ReadJournal::read(journal) {
        Ok(contents) if as_json => Output::success(json(&sound(&contents))),
        Ok(contents) => Output::success(text(journal, &contents)),
        Err(Broken::Line(line, message)) if as_json => {
            let verdict = json(&Verdict::Broken {
                valid: false,
                line,
                message: &message,
            });
            Output::from(Broken::Line(line, message)).with_text(verdict)
        }
        Err(broken) => broken.into(),
    }
}

fn sound(contents: &ReadJournal) -> Verdict<'_> {
    Verdict::Sound {
        valid: true,
        events: contents.verified.events,
        sha256: &contents.verified.sha256,
        torn: contents.verified.torn.map(Torn::from),
    }
}

fn text(journal: &Path, contents: &ReadJournal) -> String {
    let verified = &contents.verified;
    let mut text = format!(
        "{}: {} events, intact and in sequence\nsha256 of the last line: {}\n",
        escape(&journal.display().to_string()),
        verified.events,
        verified.sha256,
    );
    if let Some(torn) = verified.torn {
        text += &torn_text(torn);
    }
    text
}

/// What a torn line means.
pub(super) fn torn_text(torn: TornLine) -> String {
    format!(
        "line {} is torn ({} bytes): a write in progress, or its writer died; no event was lost\n",
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
