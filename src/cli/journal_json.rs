//! The JSON output of `status` and `report`.

use serde::Serialize;

use crate::{
    cli::journal::{LastReport, ReadJournal, last_reports},
    rollout::{
        EventRef, Phase, RolloutView, UnknownEvent,
        event::{Event, Recovered},
        gate::GateReport,
        journal::TornLine,
    },
    time::Timestamp,
};

/// The state of the rollout, and what only the journal contains.
#[derive(Serialize)]
pub(super) struct StatusJson<'a> {
    #[serde(flatten)]
    rollout: Option<RolloutView>,
    /// The last report of each gate in the journal.
    journaled_gates: Vec<JournaledGate<'a>>,
    unknown_events: &'a [UnknownEvent],
    sha256: &'a str,
    torn: Option<TornLine>,
}

/// The state of the rollout, and its history.
#[derive(Serialize)]
pub(super) struct ReportJson<'a> {
    status: StatusJson<'a>,
    recoveries: Vec<RecoveryJson<'a>>,
    events: &'a [Event],
}

#[derive(Serialize)]
struct JournaledGate<'a> {
    #[serde(flatten)]
    report: &'a GateReport,
    seq: u64,
    at: Timestamp,
    from: Option<Phase>,
    to: Option<Phase>,
}

#[derive(Serialize)]
struct RecoveryJson<'a> {
    torn: &'a Recovered,
    done: &'a EventRef,
}

impl<'a> StatusJson<'a> {
    pub(super) fn new(journal: &'a ReadJournal) -> Self {
        let last = last_reports(&journal.events);
        Self {
            rollout: RolloutView::of_journal(&journal.projection, journal.now),
            journaled_gates: last.values().map(JournaledGate::new).collect(),
            unknown_events: journal.projection.unknown_events(),
            sha256: &journal.verified.sha256,
            torn: journal.verified.torn,
        }
    }
}

impl<'a> ReportJson<'a> {
    pub(super) fn new(journal: &'a ReadJournal) -> Self {
        let recoveries = journal.projection.recoveries().iter();
        Self {
            status: StatusJson::new(journal),
            recoveries: recoveries
                .map(|(torn, done)| RecoveryJson { torn, done })
                .collect(),
            events: &journal.events,
        }
    }
}

impl<'a> JournaledGate<'a> {
    fn new(last: &LastReport<'a>) -> Self {
        Self {
            report: last.report,
            seq: last.event.seq,
            at: last.event.at,
            from: last.step.map(|(from, _)| from),
            to: last.step.map(|(_, to)| to),
        }
    }
}

/// The evidence of a gate, in one line.
pub(super) fn evidence(report: &GateReport) -> String {
    serde_json::Value::Object(report.evidence.to_members()).to_string()
}
