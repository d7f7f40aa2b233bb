//! The faults of a document, of its contract and of its callers: all are reported at once, each with its place.

use legacy_http_compat::{
    contract::Contract,
    diagnostics::{Fault, FaultCode},
    document::Document,
};

/// Faults of every part: of the form, and of the meaning.
const FAULTY: &str = include_str!("../support/faulty_document.json");

fn codes(faults: &[Fault]) -> Vec<FaultCode> {
    faults.iter().map(Fault::code).collect()
}

#[track_caller]
fn has_all(found: &[FaultCode], expected: &[FaultCode]) {
    for code in expected {
        assert!(found.contains(code), "{code:?} in {found:?}");
    }
}

#[track_caller]
fn says_all(text: &str, expected: &[&str]) {
    for line in expected {
        assert!(text.contains(line), "{line}\nin\n{text}");
    }
}

/// `text` has the lines of `faults`.
fn has_the_faults_of_the_contract(faults: &[Fault], text: &str) {
    has_all(
        &codes(faults),
        &[
            FaultCode::UnknownMember,
            FaultCode::DuplicateMember,
            FaultCode::MissingMember,
            FaultCode::WrongType,
            FaultCode::SunsetBeforeDeprecation,
            FaultCode::InvalidMethod,
            FaultCode::InvalidStatus,
            FaultCode::InvalidPointer,
            FaultCode::MissingRequiredHeader,
            FaultCode::DuplicateName,
        ],
    );
    says_all(
        text,
        &[
            "/base: unknown member `base`; expected one of the members base_path, deprecation, outcomes, endpoints",
            "/endpoint: unknown member `endpoint`; expected one of the members base_path, deprecation, outcomes, endpoints",
            r#"/endpoints/0/colour (endpoint "job"): unknown member `colour`; expected one of the members name, method, path, body_limit, rehearse, outcomes"#,
            r#"/endpoints/0/outcomes/0/status (endpoint "job", outcome "A"): invalid status `"200"`; expected an integer such as 404, or a class from "2xx" to "5xx""#,
            r#"(endpoint "job", outcome "B"): invalid status `70000`; expected a status from 100 to 599"#,
            r#"(endpoint "job", outcome "B"): invalid status `42`; expected a status from 100 to 599"#,
            r#"/legacy/body (endpoint "job", outcome "B"): wrong type `7`; expected "as_is", "empty" or an object with one member: json, edit, text or form; the media type is the shape's header content-type"#,
            r#"(endpoint "job", outcome "D"): invalid status `99`; expected a status from 100 to 599"#,
        ],
    );
}

#[test]
fn all_faults_of_both_parts_are_reported_at_once() {
    let error = Document::from_json(FAULTY).unwrap_err();
    let (callers, contract): (Vec<Fault>, Vec<Fault>) = error
        .faults()
        .iter()
        .cloned()
        .partition(|fault| fault.place().starts_with("/callers"));
    has_the_faults_of_the_contract(&contract, &error.to_string());
    has_all(
        &codes(&callers),
        &[
            FaultCode::UnknownMember,
            FaultCode::MissingMember,
            FaultCode::InvalidValue,
            FaultCode::DuplicateName,
            FaultCode::InvalidHeader,
            FaultCode::UnknownKind,
            FaultCode::InvalidVersion,
            FaultCode::ProductAlone,
        ],
    );
    says_all(
        &error.to_string(),
        &[
            r#"/callers/unknown_generation: invalid value `new`; expected "legacy" or "target""#,
            r#"/callers/identity/1/all_of/1: invalid value `"kind"`; expected "client_address", "product" or {"header": "…"}"#,
            "colour",
        ],
    );
}

#[test]
fn a_contract_alone_reports_its_own_the_same_way() {
    let error = Contract::from_json(FAULTY).unwrap_err();
    has_the_faults_of_the_contract(error.faults(), &error.to_string());
    let without_endpoints = Contract::from_json(r#"{"endpoint": []}"#).unwrap_err();
    has_all(
        &codes(without_endpoints.faults()),
        &[FaultCode::UnknownMember, FaultCode::MissingMember],
    );
}

#[test]
fn text_that_is_not_json_is_one_fault_at_the_top_level() {
    for (text, place) in [("{\n  \"endpoints\": [}", "line 2"), ("{", "line 1")] {
        let alone = Contract::from_json(text).unwrap_err();
        let whole = Document::from_json(text).unwrap_err();
        for (faults, message) in [
            (alone.faults(), alone.to_string()),
            (whole.faults(), whole.to_string()),
        ] {
            assert_eq!(codes(faults), [FaultCode::InvalidJson]);
            assert_eq!(faults[0].place(), "");
            assert!(message.contains("at the top level: "), "{message}");
            assert!(message.contains(place), "{message}");
        }
    }
    let list = Contract::from_json("[]").unwrap_err();
    assert_eq!(codes(list.faults())[0], FaultCode::WrongType);
}
