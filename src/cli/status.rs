//! `status`: the state of a rollout.

use serde::Serialize;

use crate::{
    cli::{
        census::stranded_text,
        journal::{
            LastReport, ReadJournal, ShownFrom, duration_text, last_reports, show, torn_text,
            unknown_text,
        },
        output::{Output, escape, json},
        report_sections::hit_text,
    },
    rollout::{
        EventRef, Override, Phase, RolloutState, RolloutView, UnknownEvent, journal::TornLine,
    },
};

/// The state of the rollout, and what only the journal contains.
#[derive(Serialize)]
pub(super) struct StatusJson<'a> {
    #[serde(flatten)]
    rollout: Option<RolloutView>,
    /// The last report of each gate in the journal.
    journaled_gates: Vec<LastReport<'a>>,
    unknown_events: &'a [UnknownEvent],
    torn: Option<TornLine>,
}

pub(super) fn run(from: &ShownFrom<'_>, as_json: bool) -> Output {
    let to_json = |journal: &ReadJournal| json(&StatusJson::new(journal));
    show(from, as_json, to_json, text)
}

impl<'a> StatusJson<'a> {
    pub(super) fn new(journal: &'a ReadJournal) -> Self {
        let view = RolloutView::of_journal(&journal.projection, journal.now);
        let (state, census) = (journal.projection.state(), journal.census.as_ref());
        Self {
            rollout: view.map(|view| match state.zip(census) {
                Some((state, census)) => census.complete(view, state),
                None => view,
            }),
            journaled_gates: last_reports(&journal.events).into_values().collect(),
            unknown_events: journal.projection.unknown_events(),
            torn: journal.verified.torn,
        }
    }
}

fn text(journal: &ReadJournal, state: &RolloutState) -> String {
    let name = escape(state.flag_name.as_str());
    let phase = state.phase;
    let time = duration_text(journal.now.since(state.entered.at));
    let parts = [
        format!("{name} is in {phase} for {time}\n"),
        format!("  {}\n", by(&state.entered)),
        format!(
            "  flag {} since {}\n",
            state.flag_at(journal.now),
            state.flag_changed.at
        ),
        format!(
            "  stranded callers: {}\n",
            escape(&stranded_text(journal.census.as_ref(), state))
        ),
        end(journal, state),
        lost(journal),
        section("gates, as last evaluated", &gates(journal)),
        section("obligations", &obligations(journal, state)),
        section("brownouts", &brownouts(journal, state)),
        section("waivers", &waivers(journal, state)),
        section("open incidents", &incidents(state)),
        section("checks", &checks(state)),
        section("overrides", &overrides(state)),
        format!("journal: {} events\n", journal.verified.head.seq),
        journal.verified.torn.map(torn_text).unwrap_or_default(),
        unknown_text(journal),
    ];
    parts.concat()
}

/// Recorded events that the journal lacks, now or when it was opened.
fn lost(journal: &ReadJournal) -> String {
    let now = journal.lost().map(|head| {
        format!(
            "  ALARM: event {} was acknowledged, and is not in the journal\n",
            head.seq
        )
    });
    let accepted = journal.projection.losses().iter().map(|(loss, done)| {
        let recorded = loss
            .recorded
            .map_or_else(|| "unknown".to_owned(), |head| head.seq.to_string());
        let found = loss.found.seq;
        format!(
            "  ALARM: events up to {recorded} were lost after event {found} {}\n",
            by(done)
        )
    });
    accepted.chain(now).collect()
}

/// Cutovers against failing gates, and loosenings of the policy.
fn overrides(state: &RolloutState) -> Vec<String> {
    let overrides = state.overrides.iter();
    let lines = overrides.map(|done| format!("{} {}", overridden(done), by(&done.done)));
    lines.collect()
}

/// What was overridden or loosened.
pub(super) fn overridden(done: &Override) -> String {
    let gates = done.gates.iter().map(|gate| format!("gate {gate}"));
    let loosened = done.loosened.iter().map(|found| format!("policy {found}"));
    gates.chain(loosened).collect::<Vec<_>>().join(", ")
}

/// The date by which the flag is to be retired.
fn end(journal: &ReadJournal, state: &RolloutState) -> String {
    match journal.policy().retire_by {
        Some(_) if state.phase == Phase::Retired => String::new(),
        Some(date) if date < journal.now => format!("  OVERDUE: to be retired by {date}\n"),
        Some(date) => format!("  to be retired by {date}\n"),
        None => String::new(),
    }
}

fn section(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return format!("{title}: none\n");
    }
    let lines = lines.iter().map(|line| format!("  {}\n", escape(line)));
    format!("{title}:\n{}", lines.collect::<String>())
}

fn gates(journal: &ReadJournal) -> Vec<String> {
    let last = last_reports(&journal.events);
    last.values()
        .map(|last| {
            let verdict = last.verdict("FAILED");
            format!(
                "{} {verdict} at {}{} (event {}): {}",
                last.report.name,
                last.at,
                last.step(),
                last.seq,
                last.evidence(),
            )
        })
        .collect()
}

fn obligations(journal: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let limit = journal.policy().rollback_limit;
    let owed = state.obligations(journal.now, limit);
    owed.map(|owed| {
        let late = if owed.overdue { "OVERDUE " } else { "" };
        format!(
            "{late}{} of the rollback by event {} ({}), due {}",
            owed.kind.as_str(),
            owed.rollback.done.seq,
            owed.rollback.incident,
            owed.due,
        )
    })
    .collect()
}

/// Those that have not ended, and what became of those that the last one hit.
fn brownouts(journal: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let pending = state.pending_brownouts().map(|brownout| {
        format!(
            "{}, {} to {} (event {})",
            brownout.stage(),
            brownout.start,
            brownout.until,
            brownout.seq()
        )
    });
    let census = journal.census.as_ref();
    let hit = census.and_then(|census| census.brownout_callers(state));
    let hit = hit.map(|hit| format!("that of event {} {}", hit.brownout, hit_text(&hit.all)));
    pending.chain(hit).collect()
}

fn waivers(journal: &ReadJournal, state: &RolloutState) -> Vec<String> {
    let waivers = state.waivers.iter();
    waivers
        .map(|(waived, waiver)| {
            let holds = waiver.holds(journal.now);
            let word = if holds { "until" } else { "EXPIRED" };
            format!(
                "{waived}, {word} {}, owner {}: {}",
                waiver.until, waiver.owner, waiver.granted.reason,
            )
        })
        .collect()
}

fn incidents(state: &RolloutState) -> Vec<String> {
    let incidents = state.open_incidents.iter();
    incidents
        .map(|(incident, opened)| format!("{incident} {}", by(opened)))
        .collect()
}

fn checks(state: &RolloutState) -> Vec<String> {
    let checks = state.checks.iter();
    checks
        .map(|(name, check)| {
            let colour = if check.green { "green" } else { "NOT GREEN" };
            let link = check.link.as_ref().map(|link| format!(" {link}"));
            let link = link.unwrap_or_default();
            format!("{name} {colour} {}{link}", by(&check.reported))
        })
        .collect()
}

fn by(event: &EventRef) -> String {
    let text = format!("since {} by {}: {}", event.at, event.actor, event.reason);
    escape(&text)
}
