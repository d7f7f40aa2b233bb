//! The faults of a document, of its contract and of its callers: all are reported at once, each with its place.

use legacy_http_compat::{
    caller::{DetectorFault, DetectorFaultKind, InvalidDetector},
    contract::{Contract, ContractError, Fault, FaultKind},
    document::Document,
};

/// Faults of every part: of the form, and of the meaning.
const FAULTY: &str = include_str!("../support/faulty_document.json");

fn kinds(error: &ContractError) -> Vec<FaultKind> {
    error.faults().iter().map(Fault::kind).collect()
}

fn kinds_of_callers(error: &InvalidDetector) -> Vec<DetectorFaultKind> {
    error.faults().iter().map(DetectorFault::kind).collect()
}

#[track_caller]
fn has_all<K: PartialEq + std::fmt::Debug>(found: &[K], expected: &[K]) {
    for kind in expected {
        assert!(found.contains(kind), "{kind:?} in {found:?}");
    }
}

#[track_caller]
fn says_all(text: &str, expected: &[&str]) {
    for line in expected {
        assert!(text.contains(line), "{line}\nin\n{text}");
    }
}

fn has_the_faults_of_the_contract(error: &ContractError) {
    has_all(
        &kinds(error),
        &[
            FaultKind::UnknownMember,
            FaultKind::RepeatedMember,
            FaultKind::MissingMember,
            FaultKind::WrongType,
            FaultKind::SunsetBeforeDeprecation,
            FaultKind::InvalidMethod,
            FaultKind::InvalidStatus,
            FaultKind::InvalidPointer,
            FaultKind::MissingRequiredHeader,
            FaultKind::DuplicateName,
        ],
    );
    says_all(
        &error.to_string(),
        &[
            "base: expected one of the members of the contract: base_path, deprecation, endpoints",
            "endpoint: expected one of the members of the contract",
            r#"endpoint "job": colour: expected one of the members of an endpoint: name, method, path, outcomes"#,
            r#"endpoint "job", outcome "A": status: "200": expected a whole number, not a string"#,
            r#"endpoint "job", outcome "B": status 70000: expected a status from 100 to 599"#,
            r#"endpoint "job", outcome "B": status 42: expected a status from 100 to 599"#,
            r#"endpoint "job", outcome "B": body: 7: expected "as_is", "empty" or {"json": <template>}"#,
            r#"endpoint "job", outcome "D": status 99: expected a status from 100 to 599"#,
        ],
    );
}

#[test]
fn all_faults_of_both_parts_are_reported_at_once() {
    let error = Document::from_json(FAULTY).unwrap_err();
    has_the_faults_of_the_contract(error.contract().unwrap());
    has_all(
        &kinds_of_callers(error.callers().unwrap()),
        &[
            DetectorFaultKind::UnknownMember,
            DetectorFaultKind::MissingMember,
            DetectorFaultKind::WrongType,
            DetectorFaultKind::DuplicateKind,
            DetectorFaultKind::InvalidHeader,
            DetectorFaultKind::UnknownKind,
            DetectorFaultKind::InvalidVersion,
            DetectorFaultKind::ProductAlone,
        ],
    );
    says_all(
        &error.to_string(),
        &[
            r#"/unknown_generation: wrong form "new"; "legacy" or "target""#,
            r#"/identity/1/all_of/1: wrong form "\"kind\""; "client_address", "product" or {"header": "…"}"#,
            "colour",
        ],
    );
}

#[test]
fn a_contract_alone_reports_its_own_the_same_way() {
    has_the_faults_of_the_contract(&Contract::from_json(FAULTY).unwrap_err());
    let without_endpoints = Contract::from_json(r#"{"endpoint": []}"#).unwrap_err();
    has_all(
        &kinds(&without_endpoints),
        &[FaultKind::UnknownMember, FaultKind::MissingMember],
    );
}

#[test]
fn text_that_is_no_json_is_one_fault_of_the_contract_with_its_place() {
    for (text, place) in [("{\n  \"endpoints\": [}", "line 2"), ("{", "line 1")] {
        let alone = Contract::from_json(text).unwrap_err();
        let whole = Document::from_json(text).unwrap_err();
        assert!(whole.callers().is_none());
        for error in [&alone, whole.contract().unwrap()] {
            assert_eq!(kinds(error), [FaultKind::Syntax]);
            assert!(error.to_string().contains(place), "{error}");
        }
    }
    let list = Contract::from_json("[]").unwrap_err();
    assert_eq!(kinds(&list)[0], FaultKind::WrongType);
}
