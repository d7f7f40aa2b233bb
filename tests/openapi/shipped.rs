//! The shipped contract of the device flow.

use legacy_http_compat::{
    Contract,
    contract::DroppedPromise,
    openapi::{FindingKind, Verdict, prove},
};

use crate::support::{Judge, NEW, OLD, document, prove_device_flow, refuted};

#[test]
fn all_shapes_of_the_shipped_contract_are_proved() {
    let report = prove_device_flow(&Contract::device_flow());
    assert_eq!(
        report.shapes_proved,
        [
            "device_poll.PENDING",
            "device_poll.DENIED",
            "device_poll.EXPIRED",
            "client_token.FORBIDDEN_ACTOR_UI_RUST",
        ]
    );
    assert_eq!(report.operations, 4);
}

#[test]
fn the_dropped_401_of_the_start_is_found_with_an_example_and_a_hint() {
    let report = prove_device_flow(&Contract::device_flow());
    let refuted = refuted(&report);
    let [finding] = refuted.as_slice() else {
        panic!("{report}");
    };
    assert_eq!(finding.kind, FindingKind::ResponseDropped);
    assert_eq!(
        finding.id,
        "response_dropped:POST /api/v1/auth/clients/device/start 401"
    );
    assert!(finding.hint.as_ref().unwrap().contains("there is no 401"));
    let example = finding.example.as_ref().unwrap();
    let promised = example.legacy.as_ref().unwrap();
    let path = &example.request.path;
    assert_eq!(Judge::old().objection(path, promised), None);
    assert_eq!(
        Judge::new().objection(path, promised).unwrap(),
        "401 is not documented"
    );
}

#[test]
fn a_promise_that_is_listed_as_dropped_is_no_finding() {
    let shipped = serde_json::to_value(Contract::device_flow()).unwrap();
    let mut contract = shipped.clone();
    contract["dropped"] = serde_json::json!([
        {"operation": "POST /auth/clients/device/start", "status": 401, "reason": "no credentials are needed"}
    ]);
    let contract: Contract = serde_json::from_value(contract).unwrap();
    let report = prove_device_flow(&contract);
    assert_eq!(report.verdict, Verdict::Proved, "{report}");
    assert_eq!(
        contract.dropped(),
        [DroppedPromise::status(
            "POST /auth/clients/device/start",
            401,
            "no credentials are needed"
        )]
    );
}

#[test]
fn a_promise_that_is_listed_as_dropped_in_vain_is_a_note() {
    let mut contract = serde_json::to_value(Contract::device_flow()).unwrap();
    contract["dropped"] = serde_json::json!([
        {"operation": "POST /auth/clients/device/start", "status": 401, "reason": "no credentials are needed"},
        {"operation": "POST /auth/clients/token", "status": 401, "reason": "by mistake"}
    ]);
    let report = prove_device_flow(&serde_json::from_value(contract).unwrap());
    assert_eq!(report.verdict, Verdict::Proved);
    let notes = report.findings.iter();
    let ids: Vec<&str> = notes.map(|note| note.id.as_str()).collect();
    assert!(
        ids.contains(&"dropped_in_vain:POST /auth/clients/token 401"),
        "{ids:?}"
    );
}

#[test]
fn a_shape_that_the_old_document_does_not_need_is_a_note() {
    let report = prove_device_flow(&Contract::device_flow());
    let note = report
        .findings
        .iter()
        .find(|finding| finding.kind == FindingKind::ShapeNotNeeded)
        .unwrap();
    assert_eq!(note.verdict, Verdict::Note);
    assert_eq!(note.places, ["client_token.FORBIDDEN_ACTOR_UI_RUST"]);
}

#[test]
fn without_a_contract_every_new_state_is_refuted() {
    let report = prove(&document(OLD), &document(NEW), &[]);
    assert_eq!(report.verdict, Verdict::Refuted);
    let dropped: Vec<&str> = refuted(&report)
        .iter()
        .filter(|finding| finding.kind == FindingKind::ResponseDropped)
        .map(|finding| finding.id.as_str())
        .collect();
    assert_eq!(
        dropped,
        [
            "response_dropped:POST /api/v1/auth/clients/device/poll 401",
            "response_dropped:POST /api/v1/auth/clients/device/poll 403",
            "response_dropped:POST /api/v1/auth/clients/device/start 401",
        ]
    );
    let body = refuted(&report);
    let body = body
        .iter()
        .find(|finding| finding.kind == FindingKind::Body);
    assert!(body.unwrap().example.is_some());
}

#[test]
fn each_document_is_proved_against_itself() {
    for text in [OLD, NEW] {
        let report = prove(&document(text), &document(text), &[]);
        assert_eq!(report.verdict, Verdict::Proved, "{report}");
        assert!(report.findings.is_empty());
    }
}
