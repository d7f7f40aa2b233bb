//! The policy as JSON, and what is said of a faulty one.

use std::{collections::BTreeSet, fmt::Write as _};

use legacy_http_compat::rollout::Policy;
use serde_json::to_value;

use crate::{
    pin::{pin, pin_json},
    rich,
};

/// How many codes of faults there are.
const CODES: usize = 11;

/// One for each kind.
const FAULTY: [&str; 13] = [
    "{",
    r#"{"surprise": true}"#,
    r#"{"processes": 1, "processes": 2}"#,
    r#"{"guard": {"stranded_callers": 1}}"#,
    r#"{"check_max_age": "soon"}"#,
    r#"{"retire_by": "some day"}"#,
    r#"{"processes": 0, "coverage_ratio": 1.5, "min_responses": -1, "cutover_quiet_window": "31d", "rollback_limit": "0s"}"#,
    r#"{"opening_phase": "retired"}"#,
    r#"{"required_checks": ["a b"]}"#,
    r#"{"required_checks": ["x", "x"]}"#,
    r#"{"gates": {"cutover": ["no_dependent_responses", "no_dependent_responses"], "lunch": []}}"#,
    r#"{"gates": {"retire": ["luck"]}}"#,
    r#"{"guard": {"within": "10m"}}"#,
];

#[test]
fn the_default_policy_is_pinned() {
    let document = Policy::default().to_document();
    pin_json("policy_default.json", &to_value(document).unwrap());
}

#[test]
fn a_policy_with_everything_in_it_is_pinned() {
    let document = rich::policy().to_document();
    pin_json("policy_full.json", &to_value(document).unwrap());
}

#[test]
fn what_is_said_of_each_fault_of_a_policy_is_pinned() {
    let (mut codes, mut text) = (BTreeSet::new(), String::new());
    for policy in FAULTY {
        let error = Policy::from_json(policy).unwrap_err();
        for fault in error.faults() {
            codes.insert(fault.code().as_str());
            writeln!(text, "{}: {fault}", fault.code().as_str()).unwrap();
        }
    }
    assert_eq!(codes.len(), CODES, "{codes:?}");
    pin("faults/policy.txt", &text);
}
