//! What a rollout does and shows with time: automatic rollback, what is overdue, metrics.

use std::time::Duration;

use super::stage::{DAY, HOUR, START, Stage, Trouble, incident, observing, order, stage};
use crate::{
    FlagState,
    caller::Fingerprint,
    metrics::{Family, Source as _, Value},
    rollout::{
        ObligationKind, Phase, Transition,
        event::EventPayload,
        journal::Journal as _,
        names::{ActorKind, WaiverTarget},
        policy::{AutoRollback, Policy},
    },
    time::Timestamp,
};

fn guarded(callers: Option<u64>, percent: Option<f64>) -> Stage {
    let limits = AutoRollback {
        window: Duration::from_secs(1_800),
        stranded_callers: callers,
        stranded_percent: percent,
    };
    let stage = stage(Policy {
        auto_rollback: Some(limits),
        ..Policy::permissive()
    });
    for id in 1..=10 {
        stage.legacy("AGENT", id);
        stage.legacy("MCP", 100 + id);
    }
    stage.tick();
    stage.clock.advance(Duration::from_secs(600));
    stage.tick();
    stage.cut_over();
    // A response of the same instant counts as one before it.
    stage.clock.advance(Duration::from_secs(1));
    stage
}

/// Files the post-analysis of the last rollback.
fn file_post_analysis(stage: &Stage) {
    let seq = stage
        .rollout
        .status()
        .state
        .rollbacks
        .last()
        .unwrap()
        .done
        .seq;
    let (link, summary) = ("https://wiki.example/1".parse(), "a proxy".parse());
    stage
        .rollout
        .file_post_analysis(seq, link.unwrap(), summary.unwrap(), &order("late"))
        .unwrap();
}

/// Waives them for an hour.
fn minute(stage: &Stage) {
    stage.clock.advance(Duration::from_secs(60));
    stage.tick();
}

#[test]
fn more_stranded_callers_than_allowed_take_the_cutover_back() {
    let stage = guarded(Some(2), None);
    let cutover = stage.rollout.status().head.seq;
    stage.stranded("AGENT", 1);
    stage.stranded("MCP", 101);
    minute(&stage);
    assert_eq!(stage.phase(), Phase::Cutover, "two are allowed");
    stage.stranded("MCP", 102);
    minute(&stage);
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Compat, FlagState::On)
    );
    let events = stage.journal.read(cutover, 10).unwrap();
    assert_eq!(events[0].actor.kind, ActorKind::System);
    let EventPayload::RollbackTaken(taken) = &events[0].payload else {
        panic!("{events:?}");
    };
    assert_eq!(taken.gates[0].evidence.to_members()["stranded"], 3);
    assert_eq!(taken.cutover, cutover);
    assert_eq!(taken.incident.as_str(), format!("auto-rollback-{cutover}"));
    assert!(
        events[0]
            .reason
            .as_str()
            .starts_with("3 callers were stranded")
    );
    minute(&stage);
    assert_eq!(stage.rollout.status().state.rollbacks.len(), 1, "once");
}

#[test]
fn a_greater_share_of_one_kind_than_allowed_takes_it_back() {
    let stage = guarded(None, Some(20.0));
    for id in [1, 2, 101, 102] {
        stage.stranded(if id > 100 { "MCP" } else { "AGENT" }, id);
    }
    minute(&stage);
    assert_eq!(stage.phase(), Phase::Cutover, "20 % of each are allowed");
    stage.stranded("MCP", 103);
    minute(&stage);
    assert_eq!(stage.phase(), Phase::Compat);
}

#[test]
fn waived_callers_do_not_set_it_off_nor_does_what_comes_later() {
    let stage = guarded(Some(0), None);
    stage.waive(WaiverTarget::Caller(Fingerprint::from_u128(1)), HOUR);
    stage.stranded("AGENT", 1);
    minute(&stage);
    assert_eq!(stage.phase(), Phase::Cutover);
    stage.clock.advance(Duration::from_secs(1_800));
    stage.stranded("AGENT", 2);
    stage.tick();
    assert_eq!(stage.phase(), Phase::Cutover, "past its time");
}

#[test]
fn a_jump_of_the_wall_clock_does_not_end_the_guard() {
    for jump in [3 * 86_400_000_i64, -3 * 86_400_000] {
        let stage = guarded(Some(0), None);
        let wall = super::stage::START.checked_add_signed(jump).unwrap();
        stage.clock.set_unix_ms(wall);
        minute(&stage);
        stage.stranded("AGENT", 1);
        minute(&stage);
        assert_eq!(stage.phase(), Phase::Compat, "{jump}");
    }
}

#[test]
fn without_a_guard_nothing_is_taken_back() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    for id in 0..50 {
        stage.stranded("AGENT", id);
    }
    minute(&stage);
    assert_eq!(stage.phase(), Phase::Cutover);
}

#[test]
fn a_guard_acts_even_if_the_journal_fails_and_then_only_once() {
    let stage = guarded(Some(0), None);
    stage.journal.set(Trouble::Full);
    stage.stranded("AGENT", 1);
    minute(&stage);
    minute(&stage);
    assert_eq!(stage.flag(), FlagState::On);
    stage.journal.set(Trouble::None);
    minute(&stage);
    assert_eq!(stage.rollout.status().state.rollbacks.len(), 1);
    // A second cutover is guarded anew.
    stage.clock.advance(HOUR);
    stage.tick();
    file_post_analysis(&stage);
    stage.cut_over();
    minute(&stage);
    assert_eq!(stage.phase(), Phase::Cutover);
    stage.stranded("AGENT", 1);
    minute(&stage);
    assert_eq!(stage.rollout.status().state.rollbacks.len(), 2);
}

#[test]
fn a_rollback_and_its_post_analysis_are_overdue_after_their_limit() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    let overdue = || stage.rollout.status().overdue.clone();
    stage.pass(72 * HOUR);
    assert!(overdue().is_empty(), "72 hours are allowed");
    stage.pass(HOUR);
    assert_eq!(
        overdue(),
        [ObligationKind::EndRollback, ObligationKind::PostAnalysis]
    );
    file_post_analysis(&stage);
    assert_eq!(overdue(), [ObligationKind::EndRollback]);
    // Compat is to last after all.
    let until = Timestamp::now(&*stage.clock).plus(HOUR);
    let extended = stage.rollout.extend_rollback(until, &order("a customer"));
    assert_eq!(extended.unwrap().payload.name(), "rollback_extended");
    assert!(overdue().is_empty());
    stage.pass(2 * HOUR);
    assert_eq!(overdue(), [ObligationKind::EndRollback]);
    stage.cut_over();
    assert!(overdue().is_empty());
    let late = stage.rollout.extend_rollback(until, &order("over"));
    late.unwrap_err();
}

#[test]
fn a_rollout_is_overdue_past_its_date_until_it_is_retired() {
    let date = Timestamp::from_unix_ms(START).plus(DAY);
    let stage = stage(Policy {
        retire_by: Some(date),
        ..Policy::permissive()
    });
    stage.pass(DAY);
    assert!(stage.rollout.status().overdue.is_empty());
    stage.pass(HOUR);
    assert_eq!(stage.rollout.status().overdue, [ObligationKind::Retirement]);
    stage.cut_over();
    stage
        .rollout
        .transition(Phase::Retired, &order("done"))
        .unwrap();
    stage.tick();
    assert!(stage.rollout.status().overdue.is_empty());
}

#[test]
fn what_is_overdue_is_said_once_a_day() {
    let date = Timestamp::from_unix_ms(START);
    let stage = stage(Policy {
        retire_by: Some(date),
        ..Policy::permissive()
    });
    let said = crate::rollout::controller::tests::stage::count_warnings(|| stage.pass(50 * HOUR));
    assert_eq!(said, 3, "at once, after a day, after two");
}

fn samples(stage: &super::stage::Stage, family: &Family) -> Vec<(String, Value)> {
    let mut samples = Vec::new();
    let mut sample = |labels: &[&str], value: Value| samples.push((labels.join(" "), value));
    stage.rollout.samples(family, &mut sample);
    samples
}

#[test]
fn the_numbers_say_where_the_rollout_stands() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    let value = |family, labels: &str| {
        let found = samples(&stage, &family);
        let sample = found.into_iter().find(|(found, _)| found == labels);
        sample.unwrap_or_else(|| panic!("no {labels}")).1
    };
    let phase = |phase| value(Family::PHASE, &format!("features.jobs.compat {phase}"));
    assert_eq!(phase("compat"), Value::Count(1));
    assert_eq!(phase("cutover"), Value::Count(0));
    assert_eq!(
        value(Family::TRANSITIONS, "features.jobs.compat cutover compat"),
        Value::Count(1)
    );
    assert_eq!(
        value(Family::TRANSITIONS, "features.jobs.compat cutover retired"),
        Value::Count(0)
    );
    assert_eq!(
        value(Family::POST_ANALYSES_OPEN, "features.jobs.compat"),
        Value::Count(1)
    );
    assert_eq!(
        value(Family::OVERDUE, "features.jobs.compat end_rollback"),
        Value::Count(0)
    );
    stage.pass(73 * HOUR);
    assert_eq!(
        value(Family::OVERDUE, "features.jobs.compat end_rollback"),
        Value::Count(1)
    );
}

#[test]
fn the_gates_of_the_next_step_are_evaluated_when_they_are_read() {
    let stage = stage(observing());
    let gates = samples(&stage, &Family::GATE_PASSED);
    assert!(gates.is_empty(), "the policy requires none");
    let strict = Policy::default();
    stage
        .rollout
        .change_policy(&strict, &order("gates"))
        .unwrap();
    assert_eq!(stage.rollout.status().next, Some(Transition::Enable));
    assert_eq!(samples(&stage, &Family::GATE_PASSED).len(), 1);
    stage.pass(2 * HOUR);
    stage
        .rollout
        .transition(Phase::Compat, &order("go"))
        .unwrap();
    let gates = samples(&stage, &Family::GATE_PASSED);
    assert_eq!(gates.len(), 5);
    assert!(gates.contains(&("features.jobs.compat coverage".to_owned(), Value::Count(0))));
    assert!(gates.contains(&(
        "features.jobs.compat no_open_incident".to_owned(),
        Value::Count(1)
    )));
}

#[test]
fn callers_with_a_waiver_and_strandings_before_the_flag_changed_are_not_in_the_figures_of_alerts() {
    let stage = stage(Policy::permissive());
    stage.stranded("AGENT", 1);
    stage.stranded_anonymous("AGENT");
    stage.tick();
    stage.pass(HOUR);
    stage.cut_over();
    stage.clock.advance(Duration::from_secs(60));
    for id in [2, 3] {
        stage.stranded("AGENT", id);
    }
    stage.stranded("MCP", 4);
    stage.stranded_anonymous("MCP");
    stage.stranded_anonymous("AGENT");
    let refreshed = |family: Family, kind: &str| {
        minute(&stage);
        let samples = samples(&stage, &family);
        let label = format!("features.jobs.compat {kind}");
        let mut samples = samples.into_iter();
        samples
            .find(|(found, _)| *found == label)
            .map(|(_, value)| value)
    };
    let count = |number| Some(Value::Count(number));
    let (dependent, stranded) = (Family::DEPENDENT_CALLERS, Family::STRANDED_CALLERS);
    let anonymous = Family::STRANDED_ANONYMOUS_RESPONSES;
    assert_eq!(refreshed(dependent, "AGENT"), count(3));
    assert_eq!(
        refreshed(stranded, "AGENT"),
        count(2),
        "the first was before"
    );
    assert_eq!(
        refreshed(anonymous, "AGENT"),
        count(1),
        "the first was before"
    );
    for target in [
        WaiverTarget::Caller(Fingerprint::from_u128(2)),
        WaiverTarget::Kind("MCP".parse().unwrap()),
    ] {
        stage.waive(target, HOUR);
    }
    assert_eq!(refreshed(dependent, "AGENT"), count(2));
    assert_eq!(refreshed(stranded, "AGENT"), count(1));
    for family in [dependent, stranded] {
        assert_eq!(refreshed(family, "MCP"), count(0));
    }
    // No sample, and not zero: the end of the waiver would look like an increase.
    assert_eq!(refreshed(anonymous, "MCP"), None);
    stage.waive(WaiverTarget::Anonymous, HOUR);
    assert_eq!(refreshed(anonymous, "AGENT"), None);
}
