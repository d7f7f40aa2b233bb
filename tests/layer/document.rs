//! Contract and callers as one document.

use legacy_http_compat::{
    caller::{Detect, FingerprintKey, Generation, IdentitySignal, SignalDetector, SignalPart},
    contract::Contract,
    document::Document,
};
use serde_json::{Value, json};

fn document() -> Value {
    json!({
        "endpoints": [{"name": "job", "method": "GET", "path": "/jobs", "outcomes": []}],
        "callers": {
            "kinds": ["UI_RUST", "AGENT"],
            "kind_from": [
                {"header": "X-Client-Kind"},
                {"products": {"core-ui-rust": "UI_RUST", "core-agent": "AGENT"}}
            ],
            "opt_in": {"header": "X-Status-Driven", "value": "1"},
            "version_header": "X-Client-Version",
            "target_since": {"UI_RUST": "2.0.0", "AGENT": "2.1.0"},
            "unknown_generation": "target",
            "identity": [
                {"header": "X-Client-Id"},
                "client_address",
                {"all_of": ["client_address", "product", {"header": "x-tenant"}]}
            ]
        }
    })
}

#[test]
fn the_section_says_the_same_as_the_builder() {
    let builder = SignalDetector::builder(["UI_RUST", "AGENT"])
        .kind_header("X-Client-Kind")
        .kind_products([("core-ui-rust", "UI_RUST"), ("core-agent", "AGENT")])
        .opt_in("X-Status-Driven", "1")
        .version_header("X-Client-Version")
        .target_since("UI_RUST", "2.0.0")
        .target_since("AGENT", "2.1.0")
        .unknown_generation(Generation::Target)
        .identity(IdentitySignal::header("X-Client-Id"))
        .identity(IdentitySignal::ClientAddress)
        .identity(IdentitySignal::all_of([
            SignalPart::ClientAddress,
            SignalPart::ProductName,
            SignalPart::header("x-tenant"),
        ]));
    // Read from text, in which the members keep their order.
    let text = r#"{"endpoints": [], "callers": {"kinds": ["UI_RUST", "AGENT"],
        "kind_from": [{"header": "X-Client-Kind"},
            {"products": {"core-ui-rust": "UI_RUST", "core-agent": "AGENT"}}],
        "opt_in": {"header": "X-Status-Driven", "value": "1"}, "version_header": "X-Client-Version",
        "target_since": {"UI_RUST": "2.0.0", "AGENT": "2.1.0"},
        "unknown_generation": "target",
        "identity": [{"header": "X-Client-Id"}, "client_address",
            {"all_of": ["client_address", "product", {"header": "x-tenant"}]}]}}"#;
    let read = Document::from_json(text).unwrap();
    assert_eq!(read.callers(), Some(&builder));
    let empty = Contract::builder().build().unwrap();
    assert_eq!(read, Document::new(empty, Some(builder)));
}

#[test]
fn a_document_is_written_as_it_was_read() {
    let read = Document::from_json(&document().to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document());
    let bare = Document::from_json(r#"{"endpoints": []}"#).unwrap();
    assert!(bare.callers().is_none());
    assert_eq!(
        serde_json::to_value(&bare).unwrap(),
        json!({"endpoints": []})
    );
}

#[test]
fn the_detector_of_a_document_detects() {
    let read = Document::from_json(&document().to_string()).unwrap();
    let detector = read
        .callers()
        .unwrap()
        .build(&FingerprintKey::new([1; 16]))
        .unwrap();
    let request = http::Request::builder()
        .header("user-agent", "core-agent/2.0.9")
        .body(())
        .unwrap();
    let caller = detector.detect(&request.into_parts().0);
    assert_eq!(detector.kinds().name(caller.kind()), "AGENT");
    assert_eq!(caller.generation(), Generation::Legacy);
}
