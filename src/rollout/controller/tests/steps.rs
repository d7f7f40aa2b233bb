use std::sync::{Arc, atomic::AtomicBool};

use super::stage::{ScriptedGate, incident, label, observing, order, stage, stage_with};
use crate::{
    FlagState,
    rollout::{
        Phase, RefusalKind, RolledBack, Transition, event::EventPayload, journal::Journal as _,
        names::ActorKind, policy::Policy,
    },
};

#[test]
fn the_whole_way_moves_the_flag_and_is_journaled() {
    let stage = stage(observing());
    assert_eq!(stage.flag(), FlagState::Off);
    for (to, flag) in [
        (Phase::Compat, FlagState::On),
        (Phase::Observe, FlagState::Off),
        (Phase::Compat, FlagState::On),
        (Phase::Cutover, FlagState::Off),
        (Phase::Retired, FlagState::Retired),
    ] {
        let event = stage.rollout.transition(to, &order("as planned")).unwrap();
        assert_eq!(event.actor.id.as_str(), "mara");
        assert_eq!((stage.phase(), stage.flag()), (to, flag));
    }
    let names = stage.journal.names();
    assert_eq!(
        names[..3],
        ["opened", "process_started", "contract_changed"]
    );
    assert_eq!(names[3..], ["phase_changed"; 5]);
}

#[test]
fn a_step_that_does_not_exist_is_refused_and_journaled() {
    let stage = stage(Policy::permissive());
    let refusal = stage.rollout.transition(Phase::Retired, &order("done"));
    let refusal = refusal.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "there is no transition from compat to retired; possible: cutover or observe"
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
    assert_eq!(refusal.gates().len(), 6);
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
    let failing = stage.failing(Transition::Cutover);
    let failing: Vec<_> = failing.iter().map(|name| label(name)).collect();
    assert_eq!(
        failing,
        [label("no_dependent_responses"), label("coverage")]
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
    assert!(run.impossible.is_some() && run.gates.len() == 6);
    assert_eq!(stage.journal.head().unwrap(), head);
}

#[test]
fn a_rollback_opens_the_duty_of_a_post_analysis_without_which_no_cutover_passes() {
    let stage = stage(Policy::permissive());
    let policy = Policy::default();
    stage.cut_over();
    let done = stage.rollout.rollback(incident("INC-1"), &order("errors"));
    let seq = done.unwrap().event().unwrap().seq;
    stage
        .rollout
        .change_policy(&policy, &order("in earnest"))
        .unwrap();
    let blocking = |gate: &str| !stage.passes(gate, Transition::Cutover);
    assert!(blocking("post_analyses_filed") && blocking("no_open_incident"));
    stage
        .rollout
        .close_incident(incident("INC-1"), &order("over"))
        .unwrap();
    let link = "https://wiki.example/1".parse().unwrap();
    let summary = "a proxy".parse().unwrap();
    stage
        .rollout
        .file_post_analysis(seq, link, summary, &order("written"))
        .unwrap();
    assert!(!blocking("post_analyses_filed") && !blocking("no_open_incident"));
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
