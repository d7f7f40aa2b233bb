//! What the gates guard: no way round them, and no way back that is closed.

use std::{sync::Arc, time::Duration};

use super::stage::{HOUR, Stage, Trouble, flag, incident, label, order, stage, stage_with};
use crate::{
    Contract, FlagState,
    rollout::{
        OpenRolloutErrorKind, Phase, RefusalKind, RolledBack, Rollout, Transition,
        event::EventPayload,
        journal::{Journal as _, MemoryJournal},
        names::ContractDigest,
        policy::{AutoRollback, Policy},
    },
};

fn guarded() -> Stage {
    stage(Policy {
        auto_rollback: Some(AutoRollback {
            window: Duration::from_secs(1_800),
            stranded_callers: Some(0),
            stranded_percent: None,
        }),
        ..Policy::permissive()
    })
}

#[test]
fn the_guard_counts_no_response_from_before_the_cutover() {
    let stage = guarded();
    stage.tick();
    // Of the same second as the cutover, 810 ms before it.
    for id in 0..8 {
        stage.stranded("AGENT", id);
    }
    stage.clock.advance(Duration::from_millis(810));
    stage.cut_over();
    for _ in 0..5 {
        stage.clock.advance(Duration::from_secs(60));
        stage.tick();
    }
    assert_eq!(stage.phase(), Phase::Cutover);
    let stranded = stage.rollout.view().stranded.unwrap();
    assert_eq!((stranded.callers, stranded.before), (0, 8));
    stage.stranded("AGENT", 1);
    stage.clock.advance(Duration::from_secs(60));
    stage.tick();
    assert_eq!(stage.phase(), Phase::Compat);
}

fn open(stage: &Stage, policy: Policy, pinned: bool) -> Rollout {
    let builder = Rollout::builder(flag(), policy);
    let builder = if pinned {
        builder.pin_policy()
    } else {
        builder
    };
    builder.open(Arc::clone(&stage.journal) as _).unwrap()
}

#[test]
fn a_pinned_policy_comes_from_the_program_alone_and_its_loosening_is_an_override() {
    let stage = stage(Policy::default());
    assert!(stage.rollout.status().state.overrides.is_empty());
    let looser = Policy {
        min_responses: 1,
        ..Policy::default()
    };
    let pinned = open(&stage, looser.clone(), true);
    let status = pinned.status();
    assert_eq!(status.policy, looser);
    let [loosened] = status.state.overrides.as_slice() else {
        panic!("{status:?}")
    };
    assert_eq!(loosened.loosened[0].member, "/min_responses");
    let refusal = pinned.change_policy(&Policy::default(), &order("no"));
    assert!(matches!(
        refusal.unwrap_err().kind(),
        RefusalKind::PolicyPinned
    ));
    // Not pinned, the policy of the journal holds.
    let other = open(&stage, Policy::default(), false);
    assert_eq!(other.status().policy, looser);
}

#[test]
fn a_policy_that_opens_looser_than_the_default_is_listed_with_the_overrides() {
    let stage = stage(Policy::permissive());
    let overrides = stage.rollout.view().overrides;
    let loosened = &overrides[0].loosened;
    assert!(
        loosened
            .iter()
            .any(|found| found.member == "/gates/retire/coverage")
    );
    assert_eq!(overrides[0].done.seq, 1);
}

#[test]
fn a_check_counts_for_the_contract_that_it_tested() {
    let stage = stage(Policy {
        required_checks: vec![label("openapi")],
        ..Policy::default()
    });
    let report = |contract: &Contract| {
        let digest = Some(ContractDigest::of(contract));
        let check = label("openapi");
        let reported = stage
            .rollout
            .report_check(check, true, None, digest, &order("run"));
        reported.unwrap();
        let run = stage.rollout.dry_run(Transition::Cutover).unwrap();
        let checks = run
            .gates
            .into_iter()
            .find(|gate| gate.name == label("required_checks"));
        checks.unwrap()
    };
    let other = Contract::device_flow().with_base_path("/api/v2").unwrap();
    let failing = report(&other);
    assert!(!failing.passed);
    let blocking = &failing.evidence.to_members()["blocking"];
    assert_eq!(blocking["openapi"], "for_another_contract");
    assert!(report(&Contract::device_flow()).passed);
    stage.contract.replace(other);
    stage.tick();
    assert!(!stage.passes("required_checks", Transition::Cutover));
}

#[test]
fn a_rollback_is_never_recorded_against_a_later_cutover() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    let other = open(&stage, Policy::permissive(), false);
    stage.journal.set(Trouble::Full);
    let done = stage.rollout.rollback(incident("INC-1"), &order("errors"));
    assert!(matches!(done.unwrap(), RolledBack::Unrecorded));
    stage.journal.set(Trouble::None);
    // Another process takes the cutover back, and cuts over again.
    let back = other.rollback(incident("INC-2"), &order("errors"));
    let seq = back.unwrap().event().unwrap().seq;
    let (link, summary) = ("https://wiki.example/1".parse(), "a proxy".parse());
    other
        .file_post_analysis(seq, link.unwrap(), summary.unwrap(), &order("filed"))
        .unwrap();
    other.transition(Phase::Cutover, &order("again")).unwrap();
    stage.tick();
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Cutover, FlagState::Off)
    );
    let status = stage.rollout.status();
    assert!(!status.rollback_unrecorded);
    assert_eq!(status.state.rollbacks.len(), 1);
    assert_eq!(
        status.state.rollbacks[0].repeated.len(),
        1,
        "it is on record"
    );
    let events = stage.journal.read(0, 99).unwrap();
    let EventPayload::RollbackTaken(taken) = &events.last().unwrap().payload else {
        panic!("{events:?}")
    };
    assert_eq!(taken.incident, incident("INC-1"));
}

#[test]
fn while_a_rollback_is_unrecorded_no_other_step_is_offered() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    assert_eq!(stage.rollout.view().next, Some(Transition::Retire));
    stage.journal.set(Trouble::Full);
    stage
        .rollout
        .rollback(incident("INC-1"), &order("errors"))
        .unwrap();
    let view = stage.rollout.view();
    assert!(view.rollback_unrecorded && view.next.is_none());
    assert_eq!(view.flag, FlagState::On);
}

#[test]
fn a_journal_in_the_place_of_the_one_that_was_read_is_refused() {
    let stage = stage(Policy::permissive());
    let other = MemoryJournal::new();
    for event in stage.journal.inner.read(0, 99).unwrap() {
        let reason = "forged".parse().unwrap();
        let at = event.at;
        let draft = crate::rollout::event::NewEvent::new(at, event.actor, reason, event.payload);
        other.append(other.head().unwrap(), draft).unwrap();
    }
    stage.journal.replace(other);
    let refused = stage.rollout.transition(Phase::Cutover, &order("go"));
    assert!(matches!(
        refused.unwrap_err().kind(),
        RefusalKind::Unreadable(_)
    ));
    assert_eq!(stage.flag(), FlagState::On);
}

#[test]
fn one_that_must_exist_is_not_begun() {
    let builder = Rollout::builder(flag(), Policy::permissive()).existing();
    let error = builder.open(Arc::new(MemoryJournal::new())).unwrap_err();
    assert!(matches!(error.kind(), OpenRolloutErrorKind::Missing));
}

#[test]
fn an_evaluation_is_shared_until_it_is_old_or_a_decision_is_made() {
    let stage = stage_with(Policy::default(), 100, |builder| {
        builder.environment("staging")
    });
    let first = stage.rollout.evaluation();
    stage.legacy("AGENT", 1);
    stage.clock.advance(Duration::from_millis(1_999));
    assert!(Arc::ptr_eq(&first, &stage.rollout.evaluation()));
    // A command, and a dry run of one, evaluate afresh.
    assert!(!stage.passes("no_dependent_responses", Transition::Cutover));
    stage
        .rollout
        .open_incident(incident("INC-1"), &order("x"))
        .unwrap();
    let second = stage.rollout.evaluation();
    assert!(!Arc::ptr_eq(&first, &second), "a decision was made");
    stage.clock.advance(HOUR);
    let third = stage.rollout.evaluation();
    assert!(third.at > second.at);
    let view = stage.rollout.view();
    assert_eq!(view.environment.as_deref(), Some("staging"));
    assert_eq!(view.evaluated, Some(third.at));
}
