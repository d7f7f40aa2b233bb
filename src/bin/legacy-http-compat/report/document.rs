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
    let sections = sections.map(|(title, body)| match body.as_slice() {
        [] => format!("\n## {title}\n\nNone.\n"),
        lines => format!("\n## {title}\n\n{}", lines.concat()),
    });
    head(history, state) + &sections.concat()
}

fn head(history: &History, state: &RolloutState) -> String {
    let verified = &history.verified;
    let mut lines = vec![
        format!("# Rollout of {}\n\n", markdown(state.flag_name().as_str())),
        format!(
            "- Phase: **{}** since {}\n",
            state.phase(),
            state.entered().at
        ),
        format!("- As of: {}\n", history.now),
    ];
    if let Some(date) = retire_by(state.policy()) {
        let late = journal_json::is_late(state, Some(date), history.now);
        let late = if late { " (**overdue**)" } else { "" };
        lines.push(format!("- To be retired by: {date}{late}\n"));
    }
    if let Some(served) = state.contract() {
        let (digest, since) = (&served.digest, served.since.at);
        lines.push(format!("- Contract: `{digest}`, since {since}\n"));
    }
    lines.push(format!(
        "- Journal: {} events, chain and fold hold; SHA-256 of the last line `{}`\n",
        verified.events, verified.sha256,
    ));
    let torn = verified.torn.map(torn_text);
    lines.extend(torn.map(|torn| format!("- {torn}")));
    lines.concat()
}
