//! The JSON output of `status` and `report`.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    cli::journal::{LastReport, ReadJournal, Torn, last_reports, retire_by, rollback_limit},
    rollout::{
        Actor, EventRef, GateReport, Obligation, Override, Phase, Reason, Rollback, RolloutState,
        Transition,
    },
    time::Timestamp,
};

/// The attribution of an event.
#[derive(Serialize)]
struct Attribution<'a> {
    seq: u64,
    at: Timestamp,
    actor: &'a Actor,
    reason: &'a Reason,
}

/// The state of the rollout.
pub(super) fn status(journal: &ReadJournal, state: &RolloutState) -> Value {
    let now = journal.now;
    let retire_by = retire_by(state.policy());
    json!({
        "flag": state.flag_name(),
        "phase": state.phase(),
        "entered": done(state.entered()),
        "opened": done(state.opened()),
        "as_of": now,
        "events": journal.verified.events,
        "sha256": journal.verified.sha256,
        "torn": journal.verified.torn.map(Torn::from),
        "contract": state.contract().map(|served| json!({ "digest": served.digest, "since": done(&served.since) })),
        "retire_by": retire_by,
        "retire_by_is_past": is_late(state, retire_by, now),
        "gates": last_reports(&journal.events).values().map(gate).collect::<Vec<_>>(),
        "obligations": obligations(state, now),
        "waivers": waivers(state, now),
        "open_incidents": open_incidents(state),
        "checks": checks(state),
        "transitions": transitions(state),
        "refused_attempts": state.refusals(),
        "process_starts": state.process_starts(),
        "last_start": state.last_start().map(|start| json!({ "mode": start.mode, "started": done(&start.started) })),
        "policy": state.policy(),
    })
}

/// The state of the rollout, and its history.
pub(super) fn report(journal: &ReadJournal, state: &RolloutState) -> Value {
    let now = journal.now;
    let rollbacks = state.rollbacks().iter();
    let rollbacks: Vec<Value> = rollbacks.map(|back| rollback(back, now)).collect();
    let overrides: Vec<Value> = state.overrides().iter().map(overridden).collect();
    json!({
        "status": status(journal, state),
        "rollbacks": rollbacks,
        "overrides": overrides,
        "client_rollbacks": client_rollbacks(state),
        "recoveries": journal.projection.recoveries().iter()
            .map(|(torn, cut)| json!({ "torn": torn, "done": done(cut) })).collect::<Vec<_>>(),
        "events": journal.events,
    })
}

/// Whether the date for the retirement has passed.
pub(super) fn is_late(state: &RolloutState, retire_by: Option<Timestamp>, now: Timestamp) -> bool {
    let retired = state.phase() == Phase::Retired;
    !retired && retire_by.is_some_and(|date| date < now)
}

fn done(event: &EventRef) -> Attribution<'_> {
    Attribution {
        seq: event.seq,
        at: event.at,
        actor: &event.actor,
        reason: &event.reason,
    }
}

fn gate(last: &LastReport<'_>) -> Value {
    let report: &GateReport = last.report;
    json!({
        "gate": report.name(),
        "passed": report.passed(),
        "evidence": report.evidence(),
        "seq": last.event.seq(),
        "at": last.event.at(),
        "from": last.step.map(|(from, _)| from),
        "to": last.step.map(|(_, to)| to),
    })
}

fn obligations(state: &RolloutState, now: Timestamp) -> Vec<Value> {
    let limit = rollback_limit(state.policy());
    let owed = state.obligations(now, limit);
    owed.map(|owed: Obligation<'_>| {
        json!({
            "duty": owed.duty.as_str(),
            "rollback": owed.rollback.done.seq,
            "incident": owed.rollback.incident,
            "due": owed.due,
            "overdue": owed.overdue,
        })
    })
    .collect()
}

fn waivers(state: &RolloutState, now: Timestamp) -> Vec<Value> {
    let waivers = state.waivers().iter();
    waivers
        .map(|(waived, waiver)| {
            json!({
                "waived": waived,
                "owner": waiver.owner,
                "until": waiver.until,
                "holds": waiver.holds(now),
                "granted": done(&waiver.granted),
            })
        })
        .collect()
}

fn open_incidents(state: &RolloutState) -> Vec<Value> {
    let incidents = state.open_incidents().iter();
    incidents
        .map(|(incident, opened)| json!({ "incident": incident, "opened": done(opened) }))
        .collect()
}

fn checks(state: &RolloutState) -> Vec<Value> {
    let checks = state.checks().iter();
    checks
        .map(|(name, check)| {
            json!({
                "check": name,
                "green": check.green,
                "link": check.link,
                "reported": done(&check.reported),
            })
        })
        .collect()
}

fn transitions(state: &RolloutState) -> Value {
    let counts = Transition::ALL.map(|step| (step.to_string(), state.count_of(step).into()));
    Value::Object(counts.into_iter().collect())
}

fn rollback(back: &Rollback, now: Timestamp) -> Value {
    let analysis = back.post_analysis.as_ref();
    json!({
        "incident": back.incident,
        "done": done(&back.done),
        "ended": back.ended.as_ref().map(done),
        "running": back.is_running(),
        "seconds": back.duration(now).as_secs(),
        "post_analysis": analysis.map(|analysis| json!({
            "link": analysis.link,
            "summary": analysis.summary,
            "filed": done(&analysis.filed),
        })),
    })
}

fn overridden(cutover: &Override) -> Value {
    json!({ "gates": cutover.gates, "done": done(&cutover.done) })
}

fn client_rollbacks(state: &RolloutState) -> Vec<Value> {
    let rollbacks = state.client_rollbacks().iter();
    rollbacks
        .map(|back| {
            json!({
                "kind": back.kind,
                "version": back.version.as_str(),
                "incident": back.incident,
                "done": done(&back.done),
            })
        })
        .collect()
}

/// The evidence of a gate, in one line.
pub(super) fn evidence(report: &GateReport) -> String {
    Value::Object(report.evidence().members().clone()).to_string()
}
