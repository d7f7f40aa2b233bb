//! Random events against the model.

use std::time::Duration;

use legacy_http_compat::time::Timestamp;
use legacy_http_compat::{
    FlagState,
    caller::Fingerprint,
    rollout::{
        Phase, Projection,
        event::{
            Attempt, AttemptRefused, Event, EventPayload, PhaseChange, PolicyChanged, Recovered,
            WaiverEnded,
        },
        gate::GateReport,
        names::{Identifier, IncidentId, Reason, WaiverTarget},
        policy::PolicyDocument,
    },
};
use proptest::{option, prelude::*, sample::select};
use serde_json::json;

use super::{events, model::Model};

fn phase() -> impl Strategy<Value = Phase> {
    select(Phase::ALL.to_vec())
}

fn name() -> impl Strategy<Value = Identifier> {
    select(vec!["a", "b"]).prop_map(events::label)
}

fn incident() -> impl Strategy<Value = IncidentId> {
    select(vec!["INC-1", "INC-2"]).prop_map(|id| IncidentId::new(id).unwrap())
}

fn waived() -> impl Strategy<Value = WaiverTarget> {
    prop_oneof![
        (0_u128..2).prop_map(|value| WaiverTarget::Caller(Fingerprint::from_u128(value))),
        name().prop_map(WaiverTarget::Kind),
        Just(WaiverTarget::Anonymous),
    ]
}

fn gates() -> impl Strategy<Value = Vec<GateReport>> {
    let report = (name(), proptest::bool::weighted(0.7))
        .prop_map(|(name, passed)| GateReport::new(name, passed, json!({ "seen": 0 })));
    proptest::collection::vec(report, 0..3)
}

/// Any step, even one that does not exist.
fn any_change() -> impl Strategy<Value = EventPayload> {
    let overridden = proptest::collection::vec(name(), 0..2);
    (phase(), phase(), gates(), overridden).prop_map(|(from, to, gates, overridden)| {
        EventPayload::PhaseChanged(PhaseChange {
            from,
            to,
            gates,
            overridden,
        })
    })
}

/// Steps that often follow, so that the histories get somewhere.
fn likely_change() -> impl Strategy<Value = EventPayload> {
    let steps = vec![
        events::changed(Phase::Observe, Phase::Compat),
        events::cutover(Vec::new(), &[]),
        events::cutover(
            vec![GateReport::new(events::label("a"), false, json!({}))],
            &["a"],
        ),
    ];
    select(steps)
}

/// A rollback of any event, mostly of the last cutover: `happenings` puts in its number.
fn rollback() -> impl Strategy<Value = EventPayload> {
    (proptest::option::weighted(0.3, 0_u64..40), incident()).prop_map(|(cutover, incident)| {
        events::rollback(cutover.unwrap_or(LATEST), incident.as_str())
    })
}

/// In place of the number of the last cutover, or of the last rollback.
const LATEST: u64 = u64::MAX;

/// The fact with the number that it means.
fn meant(fold: &Projection, payload: EventPayload) -> EventPayload {
    let entered = fold.state().map_or(0, |state| state.entered.seq);
    let last = fold.state().and_then(|state| state.rollbacks.last());
    let last = last.map_or(0, |rollback| rollback.done.seq);
    match payload {
        EventPayload::RollbackTaken(taken) if taken.cutover == LATEST => {
            events::rollback(entered, taken.incident.as_str())
        }
        EventPayload::PostAnalysisFiled(filed) if filed.rollback == LATEST => {
            events::post_analysis(last)
        }
        EventPayload::RollbackExtended(extended) if extended.rollback == LATEST => {
            events::extended(last, extended.until.unix_ms())
        }
        payload => payload,
    }
}

fn other_fact() -> impl Strategy<Value = EventPayload> {
    let refused = AttemptRefused {
        attempt: Attempt::Access,
        cause: Reason::new("no such token").unwrap(),
        gates: Vec::new(),
    };
    prop_oneof![
        phase().prop_map(events::opened),
        (name(), any::<bool>()).prop_map(|(name, green)| events::check(name.as_str(), green)),
        incident().prop_map(|id| EventPayload::IncidentOpened(events::incident(id.as_str()))),
        incident().prop_map(|id| EventPayload::IncidentClosed(events::incident(id.as_str()))),
        (waived(), 0_u64..200).prop_map(|(waived, until)| events::waived(waived, until)),
        waived().prop_map(|waived| EventPayload::WaiverEnded(WaiverEnded { target: waived })),
        select(vec!["0a", "0b"]).prop_map(events::contract),
        (0_u64..40).prop_map(events::post_analysis),
        Just(events::post_analysis(LATEST)),
        (select(vec![3, LATEST]), 0_u64..200)
            .prop_map(|(rollback, until)| events::extended(rollback, until)),
        option::weighted(0.1, phase()).prop_map(events::loss),
        Just(EventPayload::AttemptRefused(refused)),
        Just(EventPayload::Recovered(Recovered { line: 1, bytes: 1 })),
        (0_u64..9).prop_map(|limit| {
            let policy = PolicyDocument::new(json!({ "limit": limit })).unwrap();
            let differences = Vec::new();
            EventPayload::PolicyChanged(PolicyChanged {
                policy,
                differences,
            })
        }),
    ]
}

/// A fact and the time by the wall clock, which jumps as it likes.
fn happening() -> impl Strategy<Value = (u64, EventPayload)> {
    let payload = prop_oneof![
        4 => likely_change(),
        2 => rollback(),
        1 => any_change(),
        6 => other_fact(),
    ];
    (0_u64..200, payload)
}

fn happenings() -> impl Strategy<Value = Vec<(u64, EventPayload)>> {
    let opening = select(vec![Phase::Observe, Phase::Compat]).prop_map(events::opened);
    let rest = proptest::collection::vec(happening(), 0..80);
    (option::weighted(0.9, opening), rest).prop_map(|(opening, mut all)| {
        all.splice(0..0, opening.map(|payload| (0, payload)));
        all
    })
}

/// All that is asked of a state with a time.
fn agrees_at(fold: &Projection, model: &Model, now: Timestamp) -> Result<(), TestCaseError> {
    let state = fold.state().unwrap();
    let limit = Duration::from_millis(40);
    let owed: Vec<_> = state
        .obligations(now, limit)
        .map(|owed| (owed.kind, owed.rollback.done.seq, owed.overdue))
        .collect();
    prop_assert_eq!(owed, model.obligations(now, limit));
    let rollbacks: Vec<_> = state
        .rollbacks
        .iter()
        .map(|back| (back.done.seq, back.duration(now), back.is_running()))
        .collect();
    prop_assert_eq!(rollbacks, model.rollbacks(now));
    for waived in ["anonymous", "kind a", "kind b"] {
        let waived: WaiverTarget = waived.parse().unwrap();
        let until = model.waived_until(&waived);
        prop_assert_eq!(state.waivers.get(&waived).map(|waiver| waiver.until), until);
        let holds = until.is_some_and(|until| now < until);
        prop_assert_eq!(state.waiver(&waived, now).is_some(), holds);
    }
    Ok(())
}

fn agrees(fold: &Projection, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(fold.head().seq, model.head());
    prop_assert_eq!(fold.recoveries().len() as u64, model.count("recovered"));
    let Some(state) = fold.state() else {
        prop_assert_eq!(model.phase(), None);
        return Ok(());
    };
    prop_assert_eq!(Some(state.phase), model.phase());
    prop_assert_eq!(Some(state.entered.seq), model.entered());
    prop_assert_eq!(state.flag() == FlagState::On, state.phase == Phase::Compat);
    for id in ["INC-1", "INC-2"] {
        let id = IncidentId::new(id).unwrap();
        prop_assert_eq!(state.open_incidents.contains_key(&id), model.is_open(&id));
    }
    for check in ["a", "b"].map(events::label) {
        let green = state.checks.get(&check).map(|check| check.green);
        prop_assert_eq!(green, model.is_green(&check));
    }
    let served = state.contract.as_ref().map(|contract| contract.since.seq);
    prop_assert_eq!(served, model.served_since());
    let overrides: Vec<u64> = state.overrides.iter().map(|one| one.done.seq).collect();
    prop_assert_eq!(overrides, model.overrides());
    prop_assert_eq!(state.refusals, model.count("attempt_refused"));
    Ok(())
}

proptest! {
    #[test]
    fn the_fold_agrees_with_the_model_after_every_event(all in happenings(), now in 0_u64..300) {
        let (mut fold, mut model) = (Projection::new(), Model::default());
        for (at, payload) in all {
            let payload = meant(&fold, payload);
            let event: Event = events::draft_at(at, payload).numbered(fold.head().seq + 1);
            let before = fold.clone();
            let follows = model.push(event.at, &event.payload);
            let applied = fold.apply(&event);
            prop_assert_eq!(applied.is_ok(), follows, "{:?}", &applied);
            if let Err(error) = applied {
                prop_assert_eq!(error.seq(), event.seq);
                prop_assert_eq!(&fold, &before, "a refused event changes nothing");
            }
            agrees(&fold, &model)?;
        }
        if fold.state().is_some() {
            agrees_at(&fold, &model, Timestamp::from_unix_ms(now))?;
        }
    }

    #[test]
    fn after_retirement_the_phase_never_changes(all in proptest::collection::vec(happening(), 0..60)) {
        let mut fold = Projection::new();
        let steps = [
            events::opened(Phase::Compat),
            events::cutover(Vec::new(), &[]),
            events::changed(Phase::Cutover, Phase::Retired),
        ];
        let steps = steps.into_iter().map(|payload| (0, payload));
        for (at, payload) in steps.chain(all) {
            let retired = fold.state().is_some_and(|state| state.phase == Phase::Retired);
            if matches!(payload, EventPayload::LossAccepted(_)) {
                continue;
            }
            let event = events::draft_at(at, payload).numbered(fold.head().seq + 1);
            let applied = fold.apply(&event);
            let changes = event.payload.name() == "phase_changed";
            prop_assert!(!(retired && applied.is_ok() && changes));
        }
        prop_assert_eq!(fold.state().unwrap().flag(), FlagState::Retired);
    }
}
