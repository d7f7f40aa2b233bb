use std::{sync::Arc, thread};

use super::stage::{flag, incident, order, stage};
use crate::{
    FlagState,
    rollout::{Phase, RefusalKind, Rollout, Transition, policy::Policy},
    worker::Tick as _,
};

#[test]
fn who_decided_by_an_older_head_is_shown_what_happened_meanwhile() {
    let stage = stage(Policy::permissive());
    let head = stage.rollout.status().head;
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
    let fresh = &order("go").expecting(refusal.head());
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
            let threads = [Phase::Cutover, Phase::Observe]
                .map(|to| scope.spawn(move || rollout.transition(to, &order("go")).is_ok()));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
        let status = rollout.status();
        let taken: u64 = Transition::ALL
            .iter()
            .map(|step| status.state.count_of(*step))
            .sum();
        assert_eq!(taken, 1);
        assert_eq!(stage.flag(), FlagState::Off, "off either way");
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
