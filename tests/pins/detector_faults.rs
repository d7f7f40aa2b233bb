//! What is said of faulty settings of a detector, one for each kind of fault.

use std::{collections::BTreeSet, fmt::Write as _};

use legacy_http_compat::{
    caller::{FingerprintKey, IdentitySignal, SignalDetector, SignalDetectorBuilder, SignalPart},
    diagnostics::Fault,
    document::Document,
};

use crate::pin::pin;

/// How many codes of faults there are.
const CODES: usize = 21;

#[test]
fn what_is_said_of_each_fault_of_a_detector_is_pinned() {
    let (mut codes, mut text) = (BTreeSet::new(), String::new());
    let built = built().into_iter().map(|builder| {
        let key = FingerprintKey::new([1; 16]);
        builder.build(&key).unwrap_err()
    });
    let built = built.flat_map(|error| error.faults().to_vec());
    for fault in read().into_iter().chain(built) {
        codes.insert(fault.code().as_str());
        writeln!(text, "{}: {fault}", fault.code().as_str()).unwrap();
    }
    assert_eq!(codes.len(), CODES, "{codes:?}");
    pin("faults/detector.txt", &text);
}

#[test]
fn what_is_said_of_a_document_with_faults_in_both_parts_is_pinned() {
    let faulty = r#"{"endpoint": [], "callers": {"kinds": ["A", "A"], "colour": "red"}}"#;
    let error = Document::from_json(faulty).unwrap_err();
    pin("faults/document.txt", &error.to_string());
}

/// Faults of the form of the section `callers`.
fn read() -> Vec<Fault> {
    let sections = [
        r#""colour": "red""#,
        r#""kinds": ["MCP"]"#,
        r#""opt_in": {"header": "x"}"#,
        r#""unknown_generation": "new""#,
        r#""identity": ["address", {"all_of": ["kind"]}]"#,
    ];
    let documents = sections.map(|more| {
        let callers = r#""kinds": ["AGENT"], "kind_from": [{"header": "X-Client-Kind"}]"#;
        format!(r#"{{"endpoints": [], "callers": {{{callers}, {more}}}}}"#)
    });
    let errors = documents.map(|text| Document::from_json(&text).unwrap_err());
    errors
        .iter()
        .flat_map(|error| error.faults().to_vec())
        .collect()
}

fn agents() -> SignalDetectorBuilder {
    SignalDetector::builder(["AGENT"]).kind_header("X-Client-Kind")
}

/// Faults of what the settings mean.
fn built() -> Vec<SignalDetectorBuilder> {
    let many = (0..64).map(|number| format!("K{number}"));
    let headers = (0..16).map(|number| IdentitySignal::header(format!("X-Id-{number}")));
    vec![
        SignalDetector::builder([] as [&str; 0]).kind_header("X-Client-Kind"),
        SignalDetector::builder(many).kind_header("X-Client-Kind"),
        SignalDetector::builder(["two words"]).kind_header("X-Client-Kind"),
        SignalDetector::builder(["AGENT", "AGENT"]).kind_header("X-Client-Kind"),
        SignalDetector::builder(["AGENT"]),
        agents().kind_header("x-client-kind"),
        agents()
            .kind_products([("a", "AGENT")])
            .kind_products([("b", "AGENT")]),
        agents().kind_products([("core agent", "AGENT")]),
        agents().kind_products([("core", "AGENT"), ("Core", "AGENT")]),
        agents().target_since("AGNET", "2.0.0"),
        agents().target_since("AGENT", "two"),
        agents()
            .target_since("AGENT", "2.0.0")
            .target_since("AGENT", "3.0.0"),
        agents().version_header("ü"),
        agents().opt_in("X-Opt-In", "\n"),
        agents().identity(IdentitySignal::header("User-Agent")),
        agents().identity(IdentitySignal::all_of([])),
        agents().identity(IdentitySignal::all_of([SignalPart::ProductName])),
        headers.fold(agents(), SignalDetectorBuilder::identity),
    ]
}
