//! What the fold remembers and what it refuses, one by one.

use std::time::Duration;

use legacy_http_compat::FlagState;
use legacy_http_compat::rollout::{
    Brownout, BrownoutStage, ObligationKind, Phase, Projection, ProjectionError,
    ProjectionErrorKind, Transition,
    event::{EventPayload, PhaseChange},
    gate::GateReport,
    names::WaiverTarget,
};
use legacy_http_compat::time::Timestamp;
use serde_json::json;

use super::events::{
    brownout, brownout_began, brownout_ended, changed, check, contract, cutover, draft_at,
    extended, incident, label, loss, opened, policy_changed, post_analysis, rollback, story,
    waived,
};

const HOUR: u64 = 3_600_000;

fn fold(facts: impl IntoIterator<Item = EventPayload>) -> Result<Projection, ProjectionError> {
    let mut fold = Projection::new();
    for (seq, payload) in (1..).zip(facts) {
        fold.apply(&draft_at(seq * HOUR, payload).numbered(seq))?;
    }
    Ok(fold)
}

fn refused(facts: impl IntoIterator<Item = EventPayload>) -> (u64, String) {
    let error = fold(facts).unwrap_err();
    (error.seq(), error.kind().to_string())
}

fn hour(number: u64) -> Timestamp {
    Timestamp::from_unix_ms(number * HOUR)
}

fn failing(name: &str) -> GateReport {
    GateReport::new(label(name), false, json!({}))
}

#[test]
fn the_story_leads_to_retirement() {
    let fold = fold(story()).unwrap();
    let state = fold.state().unwrap();
    assert_eq!(state.phase, Phase::Retired);
    assert_eq!((state.entered.seq, state.entered.at), (23, hour(23)));
    assert_eq!(state.entered.actor.to_string(), "human mara");
    assert_eq!(state.flag_name.as_str(), "features.jobs.compat");
    assert_eq!(state.policy.members()["processes"], 1);
    assert_eq!((state.opened.seq, state.policy_set.seq), (1, 10));
    assert_eq!(state.contract.as_ref().unwrap().since.seq, 3);
    assert_eq!(state.client_rollbacks[0].version.as_str(), "1.9.3");
    assert_eq!(state.overrides[0].loosened[0].member, "/min_responses");
    assert_eq!(state.overrides[1].gates, [label("no_dependent_responses")]);
    assert_eq!((state.flag_changed.seq, state.decision), (22, 25));
    assert_eq!(state.flag_changed_before.as_ref().unwrap().seq, 21);
    assert_eq!(state.brownouts[0].stage(), BrownoutStage::Ended);
    assert!(
        state
            .open_incidents
            .contains_key(&incident("INC-3").incident)
    );
    assert_eq!(state.count_of(Transition::Cutover), 2);
    assert_eq!(state.count_of(Transition::Rollback), 1);
    assert_eq!(fold.recoveries()[0].1.seq, 17);
}

#[test]
fn a_brownout_switches_the_flag_off_and_on_and_leaves_the_phase() {
    let facts = [
        opened(Phase::Compat),
        brownout(10 * HOUR),
        brownout_began(2),
        brownout_ended(2, None),
    ];
    let states = (2..=4).map(|events| fold(facts[..events].to_vec()).unwrap());
    let states: Vec<_> = states
        .map(|fold| {
            let state = fold.state().unwrap();
            assert_eq!(state.phase, Phase::Compat);
            (state.flag(), state.flag_changed.seq)
        })
        .collect();
    let (on, off) = (FlagState::On, FlagState::Off);
    assert_eq!(states, [(on, 1), (off, 3), (on, 4)]);
}

#[test]
fn the_flag_is_off_only_within_the_time_of_a_brownout_that_has_begun() {
    let facts = [
        opened(Phase::Compat),
        brownout(10 * HOUR),
        brownout_began(2),
    ];
    let until = 10 * HOUR + HOUR / 2;
    let fold = fold(facts).unwrap();
    let states = [10 * HOUR - 1, 10 * HOUR, until - 1, until].map(|now| {
        let now = Timestamp::from_unix_ms(now);
        fold.state().unwrap().flag_at(now)
    });
    let (on, off) = (FlagState::On, FlagState::Off);
    assert_eq!(states, [on, off, off, on]);
}

#[test]
fn the_last_brownout_is_the_one_that_switched_the_flag_last() {
    let begun = [
        opened(Phase::Compat),
        brownout(10 * HOUR),
        brownout_began(2),
        brownout_ended(2, None),
        cutover(vec![], &[]),
    ];
    let cancelled = [
        opened(Phase::Compat),
        brownout(10 * HOUR),
        cutover(vec![], &[]),
    ];
    for (facts, last) in [
        (&begun[..2], None),
        (&begun[..3], Some(2)),
        (&begun[..4], Some(2)),
        (&begun[..], None),
        (&cancelled[..], None),
    ] {
        let fold = fold(facts.to_vec()).unwrap();
        let brownout = fold.state().unwrap().last_brownout();
        assert_eq!(brownout.map(Brownout::seq), last, "{}", facts.len());
    }
}

#[test]
fn a_brownout_is_cancelled_before_its_end_and_missed_from_then_on() {
    let stage = |start| {
        let facts = [
            opened(Phase::Compat),
            brownout(start),
            brownout_ended(2, None),
        ];
        fold(facts).unwrap().state().unwrap().brownouts[0].stage()
    };
    let ended_at_its_end = 3 * HOUR - HOUR / 2;
    assert_eq!(stage(ended_at_its_end), BrownoutStage::Missed);
    assert_eq!(stage(ended_at_its_end + 1), BrownoutStage::Cancelled);
}

#[test]
fn a_brownout_that_does_not_fit_is_refused() {
    let announced = [opened(Phase::Compat), brownout(50 * HOUR)];
    let after = |facts: &[EventPayload]| {
        let all = announced.iter().chain(facts).cloned();
        refused(all)
    };
    let running = [brownout_began(2)];
    let with_incident = [
        EventPayload::IncidentOpened(incident("INC-1")),
        brownout_began(2),
    ];
    for (found, (seq, expected)) in [
        (
            refused([opened(Phase::Observe), brownout(50 * HOUR)]),
            (2, "the rollout is in observe, not in compat"),
        ),
        (
            refused([opened(Phase::Compat), brownout(2 * HOUR)]),
            (
                2,
                "a brownout lasts from 1 minute to 1 hour and starts after it is announced",
            ),
        ),
        (
            after(&[brownout(50 * HOUR)]),
            (
                3,
                "less than an hour is between it and the brownout of event 2",
            ),
        ),
        (
            after(&[brownout_began(1)]),
            (3, "event 1 announces no brownout"),
        ),
        (
            after(&[brownout_ended(1, None)]),
            (3, "event 1 announces no brownout"),
        ),
        (
            after(&[running[0].clone(), brownout_began(2)]),
            (4, "the brownout of event 2 has begun already, or is over"),
        ),
        (
            after(&[brownout_ended(2, None), brownout_began(2)]),
            (4, "the brownout of event 2 has begun already, or is over"),
        ),
        (
            after(&[running[0].clone(), cutover(vec![], &[])]),
            (4, "the brownout of event 2 is running; end it first"),
        ),
        (after(&with_incident), (4, "incident INC-1 is open")),
        (
            after(&[cutover(vec![], &[]), brownout_began(2)]),
            (4, "the brownout of event 2 has begun already, or is over"),
        ),
    ] {
        assert_eq!(found, (seq, expected.to_owned()));
    }
    for start in [50 * HOUR - HOUR * 3 / 2, 50 * HOUR + HOUR * 3 / 2] {
        let next = announced.iter().cloned().chain([brownout(start)]);
        assert!(fold(next).is_ok(), "an hour is between them");
    }
}

#[test]
fn a_rollback_lasts_until_the_flag_is_off_again() {
    let mut facts = vec![
        opened(Phase::Compat),
        cutover(vec![], &[]),
        rollback(2, "INC-1"),
    ];
    let running = fold(facts.clone()).unwrap();
    let back = running.state().unwrap().rollbacks.last().unwrap();
    assert!(back.is_running());
    assert_eq!(back.duration(hour(10)), Duration::from_secs(7 * 3600));
    assert_eq!(back.duration(hour(1)), Duration::ZERO, "a clock set back");
    facts.extend([post_analysis(3), cutover(vec![], &[])]);
    let ended = fold(facts).unwrap();
    let state = ended.state().unwrap();
    assert!(!state.rollbacks.last().unwrap().is_running());
    assert_eq!(
        state.rollbacks[0].duration(hour(99)),
        Duration::from_secs(2 * 3600)
    );
}

#[test]
fn a_rollback_opens_its_incident_and_owes_an_end_and_a_post_analysis() {
    let mut facts = vec![
        opened(Phase::Compat),
        cutover(vec![], &[]),
        rollback(2, "INC-1"),
    ];
    let open = fold(facts.clone()).unwrap();
    let state = open.state().unwrap();
    assert_eq!(state.open_incidents[&incident("INC-1").incident].seq, 3);
    let limit = Duration::from_secs(72 * 3600);
    let owed = |now| -> Vec<(ObligationKind, bool)> {
        let owed = state.obligations(now, limit);
        owed.map(|owed| (owed.kind, owed.overdue)).collect()
    };
    assert_eq!(
        owed(hour(75)),
        [
            (ObligationKind::EndRollback, false),
            (ObligationKind::PostAnalysis, false)
        ]
    );
    let late = Timestamp::from_unix_ms(75 * HOUR + 1);
    assert_eq!(
        owed(late),
        [
            (ObligationKind::EndRollback, true),
            (ObligationKind::PostAnalysis, true)
        ]
    );

    facts.extend([post_analysis(3), cutover(vec![], &[])]);
    let settled = fold(facts).unwrap();
    let state = settled.state().unwrap();
    assert_eq!(state.obligations(late, limit).count(), 0);
    assert_eq!(state.open_post_analyses().count(), 0);
    assert_eq!(
        state.rollbacks[0].post_analysis.as_ref().unwrap().filed.seq,
        4
    );
}

#[test]
fn a_rollback_for_an_incident_that_is_open_leaves_it_as_it_was_opened() {
    let facts = [
        opened(Phase::Compat),
        EventPayload::IncidentOpened(incident("INC-1")),
        cutover(vec![], &[]),
        rollback(3, "INC-1"),
    ];
    let fold = fold(facts).unwrap();
    let incidents = &fold.state().unwrap().open_incidents;
    assert_eq!(incidents[&incident("INC-1").incident].seq, 2);
}

#[test]
fn a_waiver_ends_by_its_time_or_is_renewed() {
    let facts = [
        opened(Phase::Compat),
        waived(WaiverTarget::Anonymous, 5),
        waived(WaiverTarget::Anonymous, 9),
    ];
    let fold = fold(facts).unwrap();
    let state = fold.state().unwrap();
    let at = |unix_ms| state.waiver(&WaiverTarget::Anonymous, Timestamp::from_unix_ms(unix_ms));
    assert_eq!(at(8).unwrap().granted.seq, 3);
    assert_eq!(at(9), None);
    assert_eq!(state.waivers.len(), 1, "what is past is still to be seen");
}

#[test]
fn a_contract_served_anew_begins_anew() {
    let facts = [
        opened(Phase::Compat),
        contract("0a"),
        contract("0b"),
        contract("0a"),
    ];
    let fold = fold(facts).unwrap();
    assert_eq!(
        fold.state().unwrap().contract.as_ref().unwrap().since.at,
        hour(4)
    );
}

#[test]
fn the_last_report_of_a_check_counts() {
    let facts = [
        opened(Phase::Compat),
        check("openapi", true),
        check("openapi", false),
    ];
    let fold = fold(facts).unwrap();
    let openapi = &fold.state().unwrap().checks[&label("openapi")];
    assert_eq!((openapi.green, openapi.reported.at), (false, hour(3)));
}

#[test]
fn a_wrong_beginning_is_refused() {
    let expected = "a rollout opens in observe or compat, not in cutover";
    assert_eq!(refused([opened(Phase::Cutover)]), (1, expected.to_owned()));
    let expected = "the rollout is not open";
    assert_eq!(refused([check("openapi", true)]), (1, expected.to_owned()));
    let expected = "the rollout is open already";
    assert_eq!(
        refused([opened(Phase::Compat), opened(Phase::Compat)]),
        (2, expected.to_owned())
    );
}

#[test]
fn an_event_of_another_number_is_refused() {
    let mut fold = Projection::new();
    let error = fold.apply(&draft_at(0, opened(Phase::Compat)).numbered(2));
    let error = error.unwrap_err();
    assert_eq!(*error.kind(), ProjectionErrorKind::OutOfSequence(1));
    assert_eq!(error.to_string(), "event 2: the next event is 1");
}

#[test]
fn a_step_from_another_phase_or_one_that_does_not_exist_is_refused() {
    let open = || opened(Phase::Observe);
    let expected = "the rollout is in observe, not in compat";
    assert_eq!(
        refused([open(), cutover(vec![], &[])]),
        (2, expected.to_owned())
    );
    let expected = "there is no transition from observe to retired; possible: compat";
    let wish = changed(Phase::Observe, Phase::Retired);
    assert_eq!(refused([open(), wish]), (2, expected.to_owned()));
}

#[test]
fn a_cutover_passes_failing_gates_only_by_their_names() {
    let with = |change| fold([opened(Phase::Compat), change]);
    let message = |change| with(change).unwrap_err().kind().to_string();
    let two = || vec![failing("a"), failing("b")];
    assert_eq!(message(cutover(two(), &["a"])), "gate b fails");
    assert_eq!(
        message(cutover(two(), &["a", "b", "c"])),
        "gate c did not fail"
    );
    assert!(with(cutover(two(), &["b", "a"])).is_ok());
}

#[test]
fn no_other_step_can_be_overridden() {
    let retire = PhaseChange {
        gates: vec![failing("a")],
        overridden: vec![label("a")],
        ..PhaseChange::new(Phase::Cutover, Phase::Retired)
    };
    let begun = || [opened(Phase::Compat), cutover(vec![], &[])].into_iter();
    let (seq, message) = refused(begun().chain([EventPayload::PhaseChanged(retire.clone())]));
    assert_eq!((seq, message.as_str()), (3, "retire cannot override gates"));
    let overridden = Vec::new();
    let plain = EventPayload::PhaseChanged(PhaseChange {
        overridden,
        ..retire
    });
    let (_, message) = refused(begun().chain([plain]));
    assert_eq!(message, "gate a fails");
}

#[test]
fn a_rollback_works_whatever_the_gates_say_but_needs_an_incident() {
    let begun = || [opened(Phase::Compat), cutover(vec![], &[])].into_iter();
    let bare = changed(Phase::Cutover, Phase::Compat);
    let (_, message) = refused(begun().chain([bare]));
    assert_eq!(message, "a rollback needs an incident");
    assert!(fold(begun().chain([rollback(2, "INC-1")])).is_ok());
    for other in [1, 3] {
        let (_, message) = refused(begun().chain([rollback(other, "INC-1")]));
        assert_eq!(message, format!("event {other} is not a cutover"));
    }
}

#[test]
fn a_rollback_is_recorded_against_its_own_cutover_and_never_against_a_later_one() {
    // Another process took the cutover back, and cut over again.
    let facts = [
        opened(Phase::Compat),
        cutover(vec![], &[]),
        rollback(2, "INC-1"),
        post_analysis(3),
        cutover(vec![], &[]),
        rollback(2, "INC-2"),
    ];
    let fold = fold(facts).unwrap();
    let state = fold.state().unwrap();
    assert_eq!(state.phase, Phase::Cutover, "the later cutover stands");
    assert_eq!(state.rollbacks.len(), 1);
    assert_eq!(state.rollbacks[0].repeated[0].done.seq, 6);
    assert_eq!(state.open_post_analyses().count(), 0);
}

#[test]
fn a_rollback_of_a_cutover_that_a_loss_took_back_leaves_the_later_one() {
    let facts = [
        opened(Phase::Compat),
        cutover(vec![], &[]),
        loss(Some(Phase::Compat)),
        cutover(vec![], &[]),
        rollback(2, "INC-1"),
    ];
    let fold = fold(facts).unwrap();
    let state = fold.state().unwrap();
    assert_eq!(state.phase, Phase::Cutover);
    assert!(!state.rollbacks[0].is_running());
}

#[test]
fn a_rollback_of_a_cutover_that_was_retired_meanwhile_is_recorded_too() {
    let facts = [
        opened(Phase::Compat),
        cutover(vec![], &[]),
        changed(Phase::Cutover, Phase::Retired),
        rollback(2, "INC-1"),
    ];
    let fold = fold(facts).unwrap();
    let state = fold.state().unwrap();
    assert_eq!(state.phase, Phase::Retired);
    assert!(!state.rollbacks[0].is_running());
}

#[test]
fn without_its_post_analysis_no_rollback_lets_the_flag_go_off() {
    let due = "the post-analysis of the rollback of event 3 is not filed";
    let begun = [
        opened(Phase::Compat),
        cutover(vec![], &[]),
        rollback(2, "INC-1"),
    ];
    let again = begun.iter().cloned().chain([cutover(vec![], &[])]);
    assert_eq!(refused(again), (4, due.to_owned()));
    let lost = [
        loss(Some(Phase::Observe)),
        changed(Phase::Observe, Phase::Compat),
    ];
    assert!(fold(begun.into_iter().chain(lost)).is_ok(), "it goes on");
}

#[test]
fn from_compat_the_flag_goes_off_by_a_cutover_only() {
    let abort = changed(Phase::Compat, Phase::Observe);
    let (_, message) = refused([opened(Phase::Compat), abort]);
    assert_eq!(
        message,
        "there is no transition from compat to observe; possible: cutover"
    );
}

#[test]
fn after_a_loss_the_rollout_goes_on_in_the_phase_that_was_recorded() {
    for phase in Phase::ALL {
        let emptied = fold([loss(Some(*phase)), opened(*phase)]).unwrap();
        let cut = fold([opened(Phase::Observe), loss(Some(*phase))]).unwrap();
        for fold in [emptied, cut] {
            assert_eq!(fold.state().unwrap().phase, *phase);
            assert_eq!(fold.losses().len(), 1);
        }
    }
    let (_, message) = refused([loss(Some(Phase::Retired)), opened(Phase::Compat)]);
    assert!(message.contains("not in compat"), "{message}");
}

#[test]
fn only_what_bears_on_a_decision_is_one() {
    let decision = |facts: Vec<EventPayload>| fold(facts).unwrap().state().unwrap().decision;
    let with = |payload| decision(vec![opened(Phase::Compat), payload]);
    let refused = story()
        .into_iter()
        .find(|fact| fact.name() == "attempt_refused");
    assert_eq!(with(refused.unwrap()), 1);
    assert_eq!(with(check("openapi", true)), 2);
    assert_eq!(with(policy_changed()), 2);
    assert_eq!(with(contract("0a")), 2);
    let again = vec![
        opened(Phase::Compat),
        check("openapi", true),
        check("openapi", true),
    ];
    assert_eq!(decision(again), 2, "the same result again");
}

#[test]
fn what_refers_to_nothing_is_refused() {
    let message = |payload| refused([opened(Phase::Compat), payload]).1;
    let closed = EventPayload::IncidentClosed(incident("INC-1"));
    assert_eq!(message(closed), "incident INC-1 is not open");
    assert_eq!(message(post_analysis(1)), "event 1 is not a rollback");
    assert_eq!(message(extended(1, 5)), "event 1 is not a rollback");
}
