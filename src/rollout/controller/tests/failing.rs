use super::stage::{Stage, Trouble, incident, observing, order, stage};
use crate::{
    FlagState,
    rollout::{Phase, RefusalKind, RolledBack, journal::Journal as _, policy::Policy},
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
        (compat(), Phase::Observe),
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
        assert!(matches!(
            twice.unwrap_err().kind(),
            RefusalKind::RollbackUnrecorded
        ));
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
    assert_eq!(stage.journal.head().unwrap(), 3);
}
