//! A rollout in JSON, for `status` and `report`.

use serde::Serialize;
use serde_json::{Value, json};

use crate::time::Timestamp;
use crate::{
    cli::{
        journal::{LastReport, ReadJournal, last_reports, retire_by, rollback_limit},
        verify::Torn,
    },
    rollout::{
        Actor, EventRef, GateReport, Obligation, Override, Phase, Reason, Rollback, RolloutState,
        Transition,
    },
};

/// The attribution of an event.
#[derive(Serialize)]
struct Done<'a> {
    seq: u64,
    at: Timestamp,
    actor: &'a Actor,
    reason: &'a Reason,
}

/// The state of the rollout.
pub(super) fn status(contents: &ReadJournal, state: &RolloutState) -> Value {
    let now = contents.now;
    let retire_by = retire_by(state.policy());
    json!({
        "flag": state.flag_name(),
        "phase": state.phase(),
        "entered": done(state.entered()),
        "opened": done(state.opened()),
        "as_of": now,
        "events": contents.verified.events,
        "sha256": contents.verified.sha256,
        "torn": contents.verified.torn.map(Torn::from),
        "contract": state.contract().map(|served| json!({ "digest": served.digest, "since": done(&served.since) })),
        "retire_by": retire_by,
        "retire_by_is_past": is_late(state, retire_by, now),
        "gates": last_reports(&contents.events).values().map(gate).collect::<Vec<_>>(),
        "obligations": obligations(state, now),
        "waivers": waivers(state, now),
        "open_incidents": open_incidents(state),
        "checks": checks(state),
        "transitions": transitions(state),
        "refused_attempts": state.refusals(),
        "process_starts": state.process_starts(),
        "last_start": state.last_start().map(|start| json!({ "flag": start.flag, "started": done(&start.started) })),
        "policy": state.policy(),
    })
}

/// The state of the rollout, and how it got there.
pub(super) fn report(contents: &ReadJournal, state: &RolloutState) -> Value {
    let now = contents.now;
    let rollbacks = state.rollbacks().iter();
    let rollbacks: Vec<Value> = rollbacks.map(|back| rollback(back, now)).collect();
    let overrides: Vec<Value> = state.overrides().iter().map(overridden).collect();
    json!({
        "status": status(contents, state),
        "rollbacks": rollbacks,
        "overrides": overrides,
        "client_rollbacks": client_rollbacks(state),
        "recoveries": contents.fold.recoveries().iter()
            .map(|(torn, stamp)| json!({ "torn": torn, "done": done(stamp) })).collect::<Vec<_>>(),
        "events": contents.events,
    })
}

/// Whether flag and code should be gone and are not.
pub(super) fn is_late(state: &RolloutState, retire_by: Option<Timestamp>, now: Timestamp) -> bool {
    let retired = state.phase() == Phase::Retired;
    !retired && retire_by.is_some_and(|date| date < now)
}

fn done(stamp: &EventRef) -> Done<'_> {
    Done {
        seq: stamp.seq,
        at: stamp.at,
        actor: &stamp.actor,
        reason: &stamp.reason,
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
            "duty": owed.kind.as_str(),
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
    Value::Object(report.evidence().to_members()).to_string()
}
