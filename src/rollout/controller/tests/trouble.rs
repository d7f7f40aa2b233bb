//! Journals that fail, and restarts.

use std::sync::Arc;

use super::stage::{Flaky, Stage, Trouble, flag, incident, label, observing, order, stage};
use crate::{
    FlagState,
    rollout::{
        OpenRolloutErrorKind, Phase, Projection, RefusalKind, RolledBack, Rollout,
        event::{Event, NewEvent},
        journal::{Journal as _, MemoryJournal},
        names::FlagName,
        policy::Policy,
    },
};

/// A stage in each phase from which a gated or giving-up step leads, with that step.
fn steps() -> Vec<(Stage, Phase)> {
    let observe = || stage(observing());
    let compat = || stage(Policy::permissive());
    let cutover = || {
        let stage = compat();
        stage.cut_over();
        stage
    };
    vec![
        (observe(), Phase::Compat),
        (compat(), Phase::Cutover),
        (cutover(), Phase::Retired),
    ]
}

#[test]
fn a_journal_that_takes_nothing_refuses_each_step_and_the_flag_stays() {
    for trouble in [Trouble::Full, Trouble::UndecidedGone, Trouble::Gone] {
        for (stage, to) in steps() {
            let (phase, flag) = (stage.phase(), stage.flag());
            stage.journal.set(trouble);
            let refusal = stage.rollout.transition(to, &order("go")).unwrap_err();
            assert!(
                matches!(
                    refusal.kind(),
                    RefusalKind::NotJournaled(_) | RefusalKind::Unreadable(_)
                ),
                "{refusal}"
            );
            stage.tick();
            assert_eq!((stage.phase(), stage.flag()), (phase, flag));
            assert!(trouble == Trouble::Full || stage.rollout.status().journal_error.is_some());
            stage.journal.set(Trouble::None);
            stage.tick();
            assert_eq!((stage.phase(), stage.flag()), (phase, flag));
            stage.rollout.transition(to, &order("again")).unwrap();
            assert_eq!(stage.flag(), to.flag());
        }
    }
}

#[test]
fn an_undecided_step_that_turns_out_to_stand_moves_the_flag_then() {
    let stage = stage(Policy::permissive());
    stage.journal.set(Trouble::UndecidedStands);
    let refusal = stage.rollout.transition(Phase::Cutover, &order("go"));
    refusal.unwrap_err();
    assert_eq!(stage.flag(), FlagState::On, "refused as far as is known");
    stage.journal.set(Trouble::None);
    stage.tick();
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Cutover, FlagState::Off)
    );
}

#[test]
fn a_rollback_takes_effect_whatever_the_journal_does_and_is_written_down_later() {
    for trouble in [
        Trouble::Full,
        Trouble::UndecidedGone,
        Trouble::UndecidedStands,
        Trouble::Gone,
    ] {
        let stage = stage(Policy::permissive());
        stage.cut_over();
        stage.journal.set(trouble);
        let done = stage.rollout.rollback(incident("INC-1"), &order("errors"));
        assert!(matches!(done.unwrap(), RolledBack::Unrecorded));
        assert_eq!(stage.flag(), FlagState::On);
        assert!(stage.rollout.status().rollback_unrecorded);
        stage.tick();
        assert_eq!(stage.flag(), FlagState::On, "a tick does not take it back");
        stage
            .rollout
            .transition(Phase::Retired, &order("away"))
            .unwrap_err();
        let twice = stage.rollout.rollback(incident("INC-1"), &order("errors"));
        assert!(matches!(twice.unwrap(), RolledBack::Unrecorded));
        assert_eq!(stage.flag(), FlagState::On);

        stage.journal.set(Trouble::None);
        stage.tick();
        assert_eq!(
            (stage.phase(), stage.flag()),
            (Phase::Compat, FlagState::On)
        );
        let status = stage.rollout.status();
        assert!(!status.rollback_unrecorded);
        assert_eq!(status.state.rollbacks.len(), 1, "{trouble:?}");
        let actor = &status.state.rollbacks[0].done.actor;
        assert_eq!(actor.id.as_str(), "mara");
    }
}

#[test]
fn no_other_step_is_taken_until_the_rollback_is_written() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    stage.journal.set(Trouble::Full);
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    let refusal = stage.rollout.transition(Phase::Retired, &order("away"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::RollbackUnrecorded
    ));
    stage.journal.set(Trouble::None);
    // The next command writes it down first, and then finds the phase it led to.
    let refusal = stage.rollout.transition(Phase::Retired, &order("away"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::Impossible(_)
    ));
    assert_eq!(stage.phase(), Phase::Compat);
}

#[test]
fn a_report_that_is_not_journaled_is_refused() {
    let stage = stage(Policy::permissive());
    stage.journal.set(Trouble::Full);
    let refusal = stage.rollout.open_incident(incident("INC-1"), &order("x"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::NotJournaled(_)
    ));
    assert!(stage.rollout.status().state.open_incidents.is_empty());
    assert_eq!(stage.journal.head().unwrap().seq, 2);
}

fn restarted(stage: &Stage) -> Rollout {
    let journal = Arc::new(Flaky::default());
    for event in stage.journal.inner.read(0, 10_000).unwrap() {
        let draft = NewEvent::new(
            event.at,
            event.actor.clone(),
            event.reason.clone(),
            event.payload.clone(),
        );
        journal.append(journal.head().unwrap(), draft).unwrap();
    }
    let builder = Rollout::builder(flag(), Policy::default());
    let builder = builder.opening_phase(Phase::Observe);
    builder.clock(stage.clock.clone()).open(journal).unwrap()
}

#[test]
fn a_restarted_rollout_stands_where_the_journal_says() {
    let stage = stage(Policy::permissive());
    assert_eq!(restarted(&stage).reader().state(), FlagState::On);
    stage.cut_over();
    assert_eq!(restarted(&stage).reader().state(), FlagState::Off);
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    assert_eq!(restarted(&stage).reader().state(), FlagState::On);
    let (link, summary) = ("https://wiki.example/1".parse(), "a proxy".parse());
    let seq = stage.rollout.status().state.rollbacks[0].done.seq;
    stage
        .rollout
        .file_post_analysis(seq, link.unwrap(), summary.unwrap(), &order("filed"))
        .unwrap();
    stage.cut_over();
    stage
        .rollout
        .transition(Phase::Retired, &order("done"))
        .unwrap();
    let again = restarted(&stage);
    assert_eq!(again.reader().state(), FlagState::Retired);
    let status = again.status();
    assert_eq!(status.policy, Policy::permissive(), "the journal's");
    assert_eq!(status.state.rollbacks.len(), 1);
}

#[test]
fn a_start_is_no_event() {
    let stage = stage(Policy::permissive());
    let head = stage.rollout.status().head;
    drop(restarted(&stage));
    let journal = Arc::clone(&stage.journal) as _;
    let again = Rollout::builder(flag(), Policy::permissive()).open(journal);
    assert_eq!(again.unwrap().status().head, head);
}

#[test]
fn a_rollback_that_was_never_written_is_lost_with_the_process() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    stage.journal.set(Trouble::Full);
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(restarted(&stage).reader().state(), FlagState::Off);
}

#[test]
fn an_open_rollout_opens_on_a_full_disk() {
    let journal = Arc::new(Flaky::default());
    let open = || {
        let builder = Rollout::builder(flag(), Policy::permissive());
        builder.open(Arc::clone(&journal) as _)
    };
    drop(open().unwrap());
    journal.set(Trouble::Full);
    let rollout = open().unwrap();
    assert_eq!(rollout.reader().state(), FlagState::On);
}

#[test]
fn an_empty_journal_that_takes_nothing_is_refused() {
    let journal = Arc::new(Flaky::default());
    journal.set(Trouble::Full);
    let builder = Rollout::builder(flag(), Policy::permissive());
    let error = builder.open(journal).unwrap_err();
    assert!(matches!(
        error.kind(),
        OpenRolloutErrorKind::NotJournaled(_)
    ));
}

#[test]
fn a_journal_with_events_of_a_later_version_is_read_but_not_opened() {
    let later = r#"{"seq": 2, "at": "2026-03-01T12:00:00.000Z", "actor": {"kind": "human", "id": "mara"},
        "reason": "a test", "payload": {"canary_announced": {"minutes": 5}}}"#;
    let later: Event = serde_json::from_str(later).unwrap();
    let journal = Arc::new(MemoryJournal::new());
    let name = FlagName::new("one").unwrap();
    let open = || Rollout::builder(name.clone(), Policy::permissive()).open(journal.clone());
    let running = open().unwrap();
    let head = journal.head().unwrap();
    let appended = NewEvent::new(
        later.at,
        later.actor.clone(),
        later.reason.clone(),
        later.payload.clone(),
    );
    journal.append(head, appended).unwrap();

    let mut projection = Projection::new();
    projection.catch_up(&*journal, |_| {}).unwrap();
    assert_eq!(projection.unknown_events()[0].kind, "canary_announced");
    assert_eq!(projection.state().unwrap().phase, Phase::Compat);

    let error = open().unwrap_err();
    assert!(matches!(
        error.kind(),
        OpenRolloutErrorKind::UnknownEvent(_)
    ));
    assert!(error.to_string().contains("canary_announced"), "{error}");

    let refused = running.transition(Phase::Cutover, &order("done"));
    assert!(matches!(
        refused.unwrap_err().kind(),
        RefusalKind::Unreadable(_)
    ));
    assert_eq!(running.reader().state(), FlagState::On);
}

#[test]
fn the_journal_of_another_flag_is_refused() {
    let journal = Arc::new(MemoryJournal::new());
    let open = |name: &str| {
        let builder = Rollout::builder(FlagName::new(name).unwrap(), Policy::permissive());
        builder.open(Arc::clone(&journal) as _)
    };
    open("one").unwrap();
    let error = open("two").unwrap_err();
    assert_eq!(error.to_string(), "the journal belongs to the flag one");
}

#[test]
fn two_gates_of_one_name_are_refused() {
    let gate = || {
        Arc::new(super::stage::ScriptedGate(
            "no_dependent_responses",
            true.into(),
        ))
    };
    let builder = Rollout::builder(flag(), Policy::permissive()).gate(gate());
    let error = builder.open(Arc::new(MemoryJournal::new())).unwrap_err();
    let OpenRolloutErrorKind::DuplicateGate(name) = error.kind() else {
        panic!("{error}");
    };
    assert_eq!(*name, label("no_dependent_responses"));
}

#[test]
fn a_rollout_opens_in_observe_or_compat_only() {
    let builder = Rollout::builder(flag(), Policy::permissive()).opening_phase(Phase::Cutover);
    let error = builder.open(Arc::new(MemoryJournal::new())).unwrap_err();
    assert!(error.to_string().contains("not in cutover"), "{error}");
}
