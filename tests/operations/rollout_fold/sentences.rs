//! What the fold remembers and what it refuses, one by one.

use std::time::Duration;

use legacy_http_compat::FlagState;
use legacy_http_compat::rollout::{
    ObligationKind, Phase, Projection, ProjectionError, ProjectionErrorKind, Transition,
    event::{EventPayload, PhaseChange},
    gate::GateReport,
    names::WaiverTarget,
};
use legacy_http_compat::time::Timestamp;
use serde_json::json;

use super::events::{
    changed, check, contract, cutover, draft_at, incident, label, opened, post_analysis, rollback,
    started, story, waived,
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
    assert_eq!((state.entered.seq, state.entered.at), (19, hour(19)));
    assert_eq!(state.entered.actor.to_string(), "human mara");
    assert_eq!(state.flag_name.as_str(), "features.jobs.compat");
    assert_eq!(state.policy.members()["processes"], 1);
    assert_eq!((state.opened.seq, state.policy_set.seq), (1, 10));
    assert_eq!(state.contract.as_ref().unwrap().since.seq, 3);
    assert_eq!(state.last_start.as_ref().unwrap().flag, FlagState::Retired);
    assert_eq!(state.client_rollbacks[0].version.as_str(), "1.9.3");
    assert_eq!(state.overrides[0].gates, [label("no_dependent_responses")]);
    assert_eq!(state.count_of(Transition::Cutover), 2);
    assert_eq!(state.count_of(Transition::Abort), 0);
    assert_eq!(fold.recoveries()[0].1.seq, 17);
}

#[test]
fn a_rollback_lasts_until_the_flag_is_off_again() {
    let mut facts = vec![
        opened(Phase::Compat),
        cutover(vec![], &[]),
        rollback("INC-1"),
    ];
    let running = fold(facts.clone()).unwrap();
    let back = running.state().unwrap().rollbacks.last().unwrap();
    assert!(back.is_running());
    assert_eq!(back.duration(hour(10)), Duration::from_secs(7 * 3600));
    assert_eq!(back.duration(hour(1)), Duration::ZERO, "a clock set back");
    facts.push(changed(Phase::Compat, Phase::Observe));
    let ended = fold(facts).unwrap();
    let state = ended.state().unwrap();
    assert!(!state.rollbacks.last().unwrap().is_running());
    assert_eq!(
        state.rollbacks[0].duration(hour(99)),
        Duration::from_secs(3600)
    );
}

#[test]
fn a_rollback_opens_its_incident_and_owes_an_end_and_a_post_analysis() {
    let mut facts = vec![
        opened(Phase::Compat),
        cutover(vec![], &[]),
        rollback("INC-1"),
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
        rollback("INC-1"),
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
    let against = PhaseChange {
        gates: vec![failing("stranded")],
        incident: Some(incident("INC-1").incident),
        ..PhaseChange::new(Phase::Cutover, Phase::Compat)
    };
    assert!(fold(begun().chain([EventPayload::PhaseChanged(against)])).is_ok());
    let odd = PhaseChange {
        incident: Some(incident("INC-1").incident),
        ..PhaseChange::new(Phase::Compat, Phase::Cutover)
    };
    let (_, message) = refused([opened(Phase::Compat), EventPayload::PhaseChanged(odd)]);
    assert_eq!(message, "cutover has no incident");
}

#[test]
fn what_refers_to_nothing_is_refused() {
    let message = |payload| refused([opened(Phase::Compat), payload]).1;
    let closed = EventPayload::IncidentClosed(incident("INC-1"));
    assert_eq!(message(closed), "incident INC-1 is not open");
    assert_eq!(message(post_analysis(1)), "event 1 is not a rollback");
    assert_eq!(
        message(started(FlagState::Off)),
        "a process cannot start with the flag off in compat"
    );
}
