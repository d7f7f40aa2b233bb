//! `verify`: whether a journal is intact, and its events follow one another.

use std::{collections::BTreeSet, path::Path};

use serde::Serialize;

use crate::{
    cli::{
        escape::escape,
        journal::{Broken, ReadJournal},
        output::{Output, json},
    },
    rollout::{UnknownEvent, journal::TornLine},
};

#[derive(Serialize)]
#[serde(untagged)]
enum Verdict<'a> {
    Sound {
        valid: bool,
        events: u64,
        sha256: &'a str,
        torn: Option<TornLine>,
        unknown_events: &'a [UnknownEvent],
    },
    Broken {
        valid: bool,
        line: u64,
        message: &'a str,
    },
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
        torn: contents.verified.torn,
        unknown_events: contents.projection.unknown_events(),
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
    text + &unknown_text(contents)
}

/// What a torn line means.
pub(super) fn torn_text(torn: TornLine) -> String {
    format!(
        "line {} is torn ({} bytes): a write in progress, or its writer died; no event was lost\n",
        torn.line, torn.bytes,
    )
}

/// A note on events that a later version wrote; empty without any.
pub(super) fn unknown_text(contents: &ReadJournal) -> String {
    let unknown = contents.projection.unknown_events();
    let kinds: BTreeSet<&str> = unknown.iter().map(|event| event.kind.as_str()).collect();
    if kinds.is_empty() {
        return String::new();
    }
    let kinds: Vec<String> = kinds.into_iter().map(escape).collect();
    format!(
        "{} events are of kinds that this version does not know ({}): the state does not reflect them\n",
        unknown.len(),
        kinds.join(", "),
    )
}
