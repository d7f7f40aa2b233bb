//! Commands, alone and at the same time.

use std::{
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use super::stage::{ScriptedGate, flag, incident, label, observing, order, stage, stage_with};
use crate::{
    FlagState,
    rollout::{
        Phase, RefusalKind, RolledBack, Rollout, Transition, event::EventPayload,
        journal::Journal as _, names::ActorKind, policy::Policy,
    },
    worker::Tick as _,
};

#[test]
fn the_whole_way_moves_the_flag_and_is_journaled() {
    let stage = stage(observing());
    assert_eq!(stage.flag(), FlagState::Off);
    for (to, flag) in [
        (Phase::Compat, FlagState::On),
        (Phase::Cutover, FlagState::Off),
        (Phase::Retired, FlagState::Retired),
    ] {
        let event = stage.rollout.transition(to, &order("as planned")).unwrap();
        assert_eq!(event.actor.id.as_str(), "mara");
        assert_eq!((stage.phase(), stage.flag()), (to, flag));
    }
    let names = stage.journal.names();
    assert_eq!(names[..2], ["opened", "contract_changed"]);
    assert_eq!(names[2..], ["phase_changed"; 3]);
}

#[test]
fn a_step_that_does_not_exist_is_refused_and_journaled() {
    let stage = stage(Policy::permissive());
    let refusal = stage.rollout.transition(Phase::Retired, &order("done"));
    let refusal = refusal.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "there is no transition from compat to retired; possible: cutover"
    );
    assert_eq!(stage.journal.names().last().unwrap(), "attempt_refused");
    assert_eq!(refusal.head(), stage.journal.head().unwrap());
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Compat, FlagState::On)
    );
}

#[test]
fn the_way_back_from_cutover_needs_an_incident() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    let refusal = stage.rollout.transition(Phase::Compat, &order("back"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::NeedsIncident
    ));
    let done = stage.rollout.rollback(incident("INC-1"), &order("back"));
    assert!(matches!(done.unwrap(), RolledBack::Recorded(_)));
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Compat, FlagState::On)
    );
    let again = stage.rollout.rollback(incident("INC-1"), &order("back"));
    assert!(matches!(
        again.unwrap_err().kind(),
        RefusalKind::Impossible(_)
    ));
}

#[test]
fn from_observe_nothing_is_rolled_back() {
    let stage = stage(observing());
    let refusal = stage.rollout.rollback(incident("INC-1"), &order("back"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::NotInCutover(Phase::Observe)
    ));
    assert_eq!(stage.flag(), FlagState::Off);
}

#[test]
fn a_failing_gate_refuses_and_its_report_is_journaled() {
    let stage = stage(Policy::default());
    let refusal = stage.rollout.transition(Phase::Cutover, &order("now"));
    let refusal = refusal.unwrap_err();
    assert!(matches!(refusal.kind(), RefusalKind::GatesFailed(_)));
    assert_eq!(refusal.gates().len(), 5);
    let events = stage.journal.read(0, 100).unwrap();
    let EventPayload::AttemptRefused(refused) = &events.last().unwrap().payload else {
        panic!("{events:?}");
    };
    assert_eq!(refused.gates, refusal.gates());
    assert_eq!(stage.flag(), FlagState::On);
}

#[test]
fn an_override_names_each_failing_gate_and_no_other() {
    let stage = stage(Policy::default());
    stage.legacy("AGENT", 1);
    let failing = stage.failing(Transition::Cutover);
    let failing: Vec<_> = failing.iter().map(|name| label(name)).collect();
    assert_eq!(
        failing,
        ["no_dependent_responses", "all_callers_resolved", "coverage"].map(label)
    );
    let too_few = stage
        .rollout
        .override_cutover(&failing[..1], &order("must be"))
        .unwrap_err();
    let RefusalKind::OverrideMismatch {
        unnamed,
        not_failing,
    } = too_few.kind()
    else {
        panic!("{too_few}");
    };
    assert_eq!((&unnamed[..], &not_failing[..]), (&failing[1..], &[][..]));
    let too_many = [failing.clone(), vec![label("no_open_incident")]].concat();
    let refusal = stage.rollout.override_cutover(&too_many, &order("must be"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::OverrideMismatch { .. }
    ));
    stage
        .rollout
        .override_cutover(&failing, &order("must be"))
        .unwrap();
    assert_eq!(stage.flag(), FlagState::Off);
    let status = stage.rollout.status();
    assert_eq!(status.state.overrides[0].gates, failing);
}

#[test]
fn retirement_cannot_be_overridden() {
    let gate = Arc::new(ScriptedGate("own", AtomicBool::new(false)));
    let stage = stage_with(Policy::permissive(), 10, |builder| builder.gate(gate));
    stage
        .rollout
        .override_cutover(&[label("own")], &order("must be"))
        .unwrap();
    let refusal = stage.rollout.transition(Phase::Retired, &order("away"));
    let refusal = refusal.unwrap_err();
    let RefusalKind::GatesFailed(failing) = refusal.kind() else {
        panic!("{refusal}");
    };
    assert_eq!(*failing, [label("own")], "under the name it was added with");
    assert_eq!(stage.flag(), FlagState::Off);
    // There is no override for it, and that of the cutover is none.
    let refusal = stage
        .rollout
        .override_cutover(&[label("own")], &order("away"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::Impossible(_)
    ));
}

#[test]
fn a_gate_that_panics_has_failed() {
    let gate = Arc::new(ScriptedGate("panics", AtomicBool::new(false)));
    let stage = stage_with(Policy::permissive(), 10, |builder| builder.gate(gate));
    assert_eq!(stage.failing(Transition::Cutover), ["panics"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let stage = stage(Policy::default());
    let head = stage.journal.head().unwrap();
    let run = stage.rollout.dry_run(Transition::Cutover).unwrap();
    assert!(!run.passes() && run.impossible.is_none());
    let run = stage.rollout.dry_run(Transition::Retire).unwrap();
    assert!(run.impossible.is_some() && run.gates.len() == 5);
    assert_eq!(stage.journal.head().unwrap(), head);
}

#[test]
fn a_rollback_opens_the_duty_of_a_post_analysis_without_which_no_cutover_passes() {
    // No policy drops it, and no override names it.
    let stage = stage(Policy::permissive());
    stage.cut_over();
    let done = stage.rollout.rollback(incident("INC-1"), &order("errors"));
    let seq = done.unwrap().event().unwrap().seq;
    let due = || stage.rollout.dry_run(Transition::Cutover).unwrap();
    assert_eq!(due().post_analyses_due, [seq]);
    assert!(!due().passes());
    for refused in [
        stage.rollout.transition(Phase::Cutover, &order("again")),
        stage
            .rollout
            .override_cutover(&[label("post_analyses_filed")], &order("again")),
    ] {
        let refusal = refused.unwrap_err();
        assert!(
            matches!(refusal.kind(), RefusalKind::PostAnalysesDue(due) if *due == [seq]),
            "{refusal}"
        );
    }
    assert_eq!(stage.flag(), FlagState::On);
    let link = "https://wiki.example/1".parse().unwrap();
    let summary = "a proxy".parse().unwrap();
    stage
        .rollout
        .file_post_analysis(seq, link, summary, &order("written"))
        .unwrap();
    assert!(due().passes());
    stage.cut_over();
}

#[test]
fn refused_attempts_are_journaled_up_to_a_bound() {
    let stage = stage(Policy::permissive());
    for _ in 0..50 {
        let refused = stage.rollout.transition(Phase::Retired, &order("again"));
        refused.unwrap_err();
    }
    for _ in 0..50 {
        let cause = "no such token".parse().unwrap();
        stage
            .rollout
            .access_refused(cause, &order("sign in"))
            .unwrap();
    }
    assert_eq!(stage.rollout.status().state.refusals, 64);
    assert_eq!(stage.rollout.status().unjournaled_refusals, 36);
}

#[test]
fn what_the_rollout_does_by_itself_bears_the_actor_system() {
    let stage = stage(Policy::permissive());
    let events = stage.journal.read(0, 10).unwrap();
    let by_system = |event: &crate::rollout::event::Event| event.actor.kind == ActorKind::System;
    assert!(events.iter().all(by_system));
}

#[test]
fn an_older_decision_is_a_conflict_that_shows_the_events_since() {
    let stage = stage(Policy::permissive());
    let head = stage.rollout.status().state.decision;
    stage
        .rollout
        .open_incident(incident("INC-1"), &order("errors").expecting(head))
        .unwrap();
    let late = &order("go").expecting(head);
    let refusal = stage.rollout.transition(Phase::Cutover, late).unwrap_err();
    let RefusalKind::Conflict(conflict) = refusal.kind() else {
        panic!("{refusal}");
    };
    assert_eq!(conflict.events_since[0].payload.name(), "incident_opened");
    let late = &order("green").expecting(head);
    let refusal = stage.rollout.close_incident(incident("INC-1"), late);
    let refusal = refusal.unwrap_err();
    assert!(matches!(refusal.kind(), RefusalKind::Conflict(_)));
    let fresh = &order("go").expecting(stage.rollout.status().state.decision);
    assert_eq!(refusal.head(), stage.rollout.status().head);
    stage.rollout.transition(Phase::Cutover, fresh).unwrap();
}

#[test]
fn a_rollback_does_not_ask_for_the_head() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    let late = &order("errors").expecting(1);
    stage.rollout.rollback(incident("INC-1"), late).unwrap();
    assert_eq!(stage.flag(), FlagState::On);
}

#[test]
fn of_two_operators_who_act_at_once_one_wins() {
    for _ in 0..20 {
        let stage = stage(Policy::permissive());
        let rollout = &stage.rollout;
        let won = thread::scope(|scope| {
            let threads = [(), ()].map(|()| {
                scope.spawn(move || rollout.transition(Phase::Cutover, &order("go")).is_ok())
            });
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let status = rollout.status();
        let taken: u64 = Transition::ALL
            .iter()
            .map(|step| status.state.count_of(*step))
            .sum();
        assert_eq!(taken, 1);
        assert_eq!(stage.flag(), FlagState::Off);
    }
}

#[test]
fn what_another_process_journals_is_folded_in_and_the_flag_follows() {
    let stage = stage(Policy::permissive());
    let other = Rollout::builder(flag(), Policy::permissive())
        .clock(stage.clock.clone())
        .open(Arc::clone(&stage.journal) as _)
        .unwrap();
    other.transition(Phase::Cutover, &order("go")).unwrap();
    assert_eq!(stage.flag(), FlagState::On, "not seen yet");
    stage.tick();
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Cutover, FlagState::Off)
    );
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    let refusal = other.transition(Phase::Retired, &order("away"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::Impossible(_)
    ));
    assert_eq!(
        other.reader().state(),
        FlagState::On,
        "a command catches up"
    );
    other.tick();
}
