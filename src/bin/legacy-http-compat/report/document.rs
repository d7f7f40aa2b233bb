//! The report as a whole.

use std::path::Path;

use legacy_http_compat::rollout::RolloutState;

use super::{
    sections::{
        checks, client_rollbacks, gates, incidents, obligations, overrides, rollbacks, waivers,
    },
    timeline::timeline,
};
use crate::{
    answer::{Answer, json},
    history::History,
    journal_json,
    printable::markdown,
    terms::retire_by,
    verify::torn_text,
};

pub(crate) fn run(journal: &Path, as_json: bool) -> Answer {
    let history = match History::read(journal) {
        Ok(history) => history,
        Err(broken) => return broken.into(),
    };
    match history.state() {
        Ok(state) if as_json => Answer::holds(json(&journal_json::report(&history, state))),
        Ok(state) => Answer::holds(document(&history, state)),
        Err(answer) => answer,
    }
}

fn document(history: &History, state: &RolloutState) -> String {
    let sections = [
        ("Obligations", obligations(history, state)),
        ("Rollbacks", rollbacks(history, state)),
        ("Overrides", overrides(history, state)),
        ("Waivers", waivers(history)),
        ("Incidents", incidents(history)),
        ("Client versions rolled back", client_rollbacks(state)),
        ("Checks", checks(state)),
        ("Gates, as last asked", gates(history)),
        ("Timeline", timeline(&history.events)),
    ];
    let mut text = head(history, state);
    for (title, body) in sections {
        let body = if body.is_empty() { "None.\n" } else { &body };
        text += &format!("\n## {title}\n\n{body}");
    }
    text
}

fn head(history: &History, state: &RolloutState) -> String {
    let verified = &history.verified;
    let mut text = format!(
        "# Rollout of {}\n\n- Phase: **{}** since {}\n- As of: {}\n",
        markdown(state.flag_name().as_str()),
        state.phase(),
        state.entered().at,
        history.now,
    );
    if let Some(date) = retire_by(state.policy()) {
        let late = journal_json::is_late(state, Some(date), history.now);
        let late = if late { " (**overdue**)" } else { "" };
        text += &format!("- To be retired by: {date}{late}\n");
    }
    if let Some(served) = state.contract() {
        text += &format!(
            "- Contract: `{}`, since {}\n",
            served.digest, served.since.at
        );
    }
    text += &format!(
        "- Journal: {} events, chain and fold hold; SHA-256 of the last line `{}`\n",
        verified.events, verified.sha256,
    );
    let torn = verified.torn.map(torn_text);
    text + &torn.map(|torn| format!("- {torn}")).unwrap_or_default()
}
