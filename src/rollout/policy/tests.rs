use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{AutoRollback, BlockingLatent, Policy};
use crate::{
    census::Window,
    diagnostics::{Fault, FaultCode},
    rollout::{Phase, Transition, gate::BuiltInGate, names::Identifier, policy::PolicyDocument},
    time::Timestamp,
};

fn faults(policy: &Value) -> Vec<(FaultCode, String)> {
    let error = Policy::from_json(&policy.to_string()).unwrap_err();
    let fault = |fault: &Fault| (fault.code(), fault.place().to_owned());
    error.faults().iter().map(fault).collect()
}

#[test]
fn an_empty_document_is_the_default() {
    let empty = Policy::from_document(&PolicyDocument::default()).unwrap();
    assert_eq!(empty, Policy::default());
    Policy::default().validate().unwrap();
}

#[test]
fn all_faults_are_reported_at_once_each_with_its_place() {
    let bad = json!({
        "opening_phase": "retired",
        "required_checks": ["a b", "x", "x"],
        "check_max_age": "soon",
        "cutover_quiet_window": "31d",
        "retirement_quiet_window": "0s",
        "inactive_after": "22d",
        "accept_unwatched": "yes",
        "latent": "some",
        "max_silence": "8d",
        "coverage_ratio": 1.5,
        "min_responses": -1,
        "processes": 0,
        "auto_rollback": {"window": "90d", "colour": 1},
        "brownouts": {"share_of_day": 0.6, "notice": "0s", "weekends": "no", "length": "2h"},
        "retire_by": "some day",
        "gates": {"cutover": ["no_dependent_responses", "no_dependent_responses", "luck"], "lunch": []},
        "surprise": true,
    });
    let found = faults(&bad);
    for expected in [
        (FaultCode::InvalidOpeningPhase, "/opening_phase"),
        (FaultCode::InvalidName, "/required_checks/0"),
        (FaultCode::DuplicateName, "/required_checks/2"),
        (FaultCode::InvalidValue, "/check_max_age"),
        (FaultCode::OutOfRange, "/cutover_quiet_window"),
        (FaultCode::OutOfRange, "/retirement_quiet_window"),
        (FaultCode::OutOfRange, "/inactive_after"),
        (FaultCode::WrongType, "/accept_unwatched"),
        (FaultCode::InvalidValue, "/latent"),
        (FaultCode::OutOfRange, "/max_silence"),
        (FaultCode::OutOfRange, "/coverage_ratio"),
        (FaultCode::OutOfRange, "/min_responses"),
        (FaultCode::OutOfRange, "/processes"),
        (FaultCode::OutOfRange, "/auto_rollback/window"),
        (FaultCode::EmptyAutoRollback, "/auto_rollback"),
        (FaultCode::UnknownMember, "/auto_rollback/colour"),
        (FaultCode::OutOfRange, "/brownouts/share_of_day"),
        (FaultCode::OutOfRange, "/brownouts/notice"),
        (FaultCode::WrongType, "/brownouts/weekends"),
        (FaultCode::UnknownMember, "/brownouts/length"),
        (FaultCode::InvalidValue, "/retire_by"),
        (FaultCode::DuplicateName, "/gates/cutover/1"),
        (FaultCode::UnknownGate, "/gates/cutover/2"),
        (FaultCode::UnknownMember, "/gates/lunch"),
        (FaultCode::UnknownMember, "/surprise"),
    ] {
        let expected = (expected.0, expected.1.to_owned());
        assert!(found.contains(&expected), "{expected:?} in {found:#?}");
    }
    assert_eq!(found.len(), 25, "{found:#?}");
}

#[test]
fn what_is_no_object_or_no_json_is_refused() {
    assert_eq!(faults(&json!([]))[0].0, FaultCode::WrongType);
    let error = Policy::from_json("{").unwrap_err();
    assert_eq!(error.faults()[0].code(), FaultCode::InvalidJson);
    let twice = Policy::from_json(r#"{"processes": 1, "processes": 2}"#).unwrap_err();
    assert_eq!(twice.faults()[0].code(), FaultCode::DuplicateMember);
}

#[test]
fn a_permissive_policy_asks_for_nothing_at_any_step() {
    let policy = Policy::permissive();
    for step in Transition::ALL {
        assert_eq!(policy.gates.of(*step).count(), 0, "{step}");
    }
    let read = Policy::from_document(&policy.to_document()).unwrap();
    assert_eq!(read, policy, "empty lists are not the defaults");
}

#[test]
fn the_ways_back_ask_for_no_gate() {
    let gates = Policy::default().gates;
    assert_eq!(gates.of(Transition::Rollback).count(), 0);
    assert_eq!(gates.of(Transition::Rollback).count(), 0);
}

#[test]
fn settings_made_in_rust_have_the_faults_of_a_document() {
    let check: Identifier = "openapi".parse().unwrap();
    let policy = Policy {
        opening_phase: Phase::Retired,
        required_checks: vec![check; 65],
        check_max_age: Duration::ZERO,
        rollback_limit: Duration::MAX,
        coverage_ratio: f64::NAN,
        ..Policy::default()
    };
    let error = policy.validate().unwrap_err();
    let faults = error.faults().iter();
    let found: Vec<_> = faults.map(|fault| (fault.code(), fault.place())).collect();
    assert_eq!(found.len(), 69, "64 checks are repeated: {found:?}");
    for expected in [
        (FaultCode::InvalidOpeningPhase, "/opening_phase"),
        (FaultCode::DuplicateName, "/required_checks/64"),
        (FaultCode::TooMany, "/required_checks"),
        (FaultCode::OutOfRange, "/check_max_age"),
        (FaultCode::OutOfRange, "/rollback_limit"),
        (FaultCode::OutOfRange, "/coverage_ratio"),
    ] {
        assert!(found.contains(&expected), "{expected:?}");
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    let lengths = proptest::array::uniform5(1..1_814_400_000_u64);
    let limits = proptest::option::of((1..86_400_000_u64, any::<Option<u16>>(), 0..100_u8));
    let gates = proptest::sample::subsequence(BuiltInGate::ALL.to_vec(), 0..=6);
    let latent = proptest::sample::select(BlockingLatent::ALL);
    let rest = (
        0.01..=1.0_f64,
        any::<u32>(),
        1..9_u32,
        any::<bool>(),
        latent,
    );
    (lengths, limits, gates, rest).prop_map(|(lengths, limits, gates, rest)| {
        let [age, cutover, retirement, inactive, rollback] = lengths.map(Duration::from_millis);
        let (ratio, responses, processes, observe, latent) = rest;
        let limits = limits.map(|(window, callers, percent)| AutoRollback {
            window: Duration::from_millis(window),
            stranded_callers: callers.map(u64::from),
            stranded_percent: Some(f64::from(percent)),
        });
        let window = |length| Window::new(length).unwrap();
        let mut policy = Policy {
            opening_phase: if observe {
                Phase::Observe
            } else {
                Phase::Compat
            },
            required_checks: vec!["openapi".parse().unwrap()],
            check_max_age: age,
            cutover_quiet_window: window(cutover),
            retirement_quiet_window: window(retirement),
            inactive_after: window(inactive),
            rollback_limit: rollback,
            accept_unwatched: observe,
            latent,
            coverage_ratio: ratio,
            max_silence: Duration::from_secs(3_600 + u64::from(responses % 500_000)),
            min_responses: responses.into(),
            processes,
            auto_rollback: limits,
            retire_by: observe.then(|| Timestamp::from_unix_ms(responses.into())),
            ..Policy::default()
        };
        policy.gates.cutover = gates.into_iter().collect();
        policy.validate().unwrap();
        policy
    })
}

proptest! {
    #[test]
    fn every_policy_reads_back_from_the_journal(policy in policies()) {
        let read = Policy::from_document(&policy.to_document());
        prop_assert_eq!(read.unwrap(), policy);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
        let _ = Policy::from_json(&text);
    }
}
