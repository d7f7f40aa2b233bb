//! The text of a document: its numbers, its nesting, and what stands before it.

use legacy_http_compat::{
    contract::{Contract, Outcome, Template},
    diagnostics::FaultCode,
};
use serde_json::{Value, json};

use super::{outcome, refused, template};

fn document(template: &str) -> String {
    let before = r#"{"endpoints":[{"name":"item","method":"GET","path":"/","outcomes":[{"name":"GONE","status":200,"#;
    format!(r#"{before}"legacy":{{"status":400,"body":{{"json":{template}}}}}}}]}}]}}"#)
}

#[test]
fn numbers_keep_their_spelling_when_a_contract_is_written_again() {
    let text = document(
        r#"[1.10,1E2,-0,123456789012345678901234567890,0.1e-7,{"$field":"/a","default":2.50}]"#,
    );
    let contract = Contract::from_json(&text).unwrap();
    assert_eq!(serde_json::to_string(&contract).unwrap(), text);
    let again = Contract::from_json(&serde_json::to_string(&contract).unwrap()).unwrap();
    assert_eq!(again, contract);
}

#[test]
fn conditions_that_differ_in_a_long_number_are_two() {
    let outcomes = r#"[
        {"name":"A","status":200,"fields":{"/n":18446744073709551616}},
        {"name":"B","status":200,"fields":{"/n":18446744073709551617}},
        {"name":"C","status":200,"fields":{"/n":9007199254740993}},
        {"name":"D","status":200,"fields":{"/n":9007199254740992.0}}
    ]"#;
    let text = format!(
        r#"{{"endpoints":[{{"name":"e","method":"GET","path":"/","outcomes":{outcomes}}}]}}"#
    );
    Contract::from_json(&text).expect("four different numbers");
    let same = text.replace("18446744073709551617", "1.8446744073709551616e19");
    let error = Contract::from_json(&same).unwrap_err().to_string();
    assert!(
        error.contains("unreachable outcome `B`; expected a response that does not match A"),
        "{error}"
    );
}

#[test]
fn a_number_that_cannot_be_compared_is_refused() {
    let error = Contract::from_json(&document("1e12345678901"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("invalid json `1e12345678901}}}]}]}`"),
        "{error}"
    );
    assert!(
        error.contains("number out of range at line 1 column"),
        "{error}"
    );
}

#[test]
fn a_byte_order_mark_is_named() {
    let error = Contract::from_json(&format!("\u{feff}{}", document("1"))).unwrap_err();
    assert_eq!(error.faults()[0].code(), FaultCode::InvalidJson);
    assert_eq!(error.faults()[0].value(), "U+FEFF");
    assert!(error.to_string().contains("a byte order mark"), "{error}");
}

#[test]
fn text_that_is_not_json_is_quoted() {
    let error = Contract::from_json("{\"endpoints\": [],\n \"base_path\": '/a'}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "at the top level: invalid json `'/a'}`; expected a JSON document: expected value at line 2 column 15"
    );
}

#[test]
fn a_template_that_builds_can_be_read_back_and_a_deeper_one_is_refused() {
    let arrays = |levels| (0..levels).fold(Template::from(1), |inner, _| Template::array([inner]));
    let wrapped = |levels| {
        (0..levels).fold(
            json!({"$field": "/a", "omit_if_absent": true}),
            |inner, _| json!({"$object": {"m": inner}, "omit_when_empty": true}),
        )
    };
    let deepest = [
        arrays(63),
        Template::object([("a", Template::from(wrapped(30)))]),
    ];
    for deepest in deepest {
        let contract = template(deepest).build().unwrap();
        let written = serde_json::to_string(&json!({"its": {"contract": contract}})).unwrap();
        let read: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(
            serde_json::from_value::<Contract>(read["its"]["contract"].clone()).unwrap(),
            contract
        );
    }
    let names = [
        "/legacy/body/json",
        "`more than 63 levels`",
        "at most 63 levels of arrays and objects",
    ];
    refused(template(arrays(64)), FaultCode::InvalidTemplate, &names);
    refused(template(arrays(2_000)), FaultCode::InvalidTemplate, &names);
    let deep = Template::object([("a", Template::from(wrapped(31)))]);
    refused(template(deep), FaultCode::InvalidTemplate, &names);
}

#[test]
fn fractions_are_read_through_serde_too() {
    let text = document(r#"[1.5,{"$field":"/a","default":-0.25e3}]"#)
        .replace("200,", "200,\"fields\":{\"/n\":0.5},");
    let contract = Contract::from_json(&text).unwrap();
    let through_text: Contract = serde_json::from_str(&text).unwrap();
    let through_value: Contract =
        serde_json::from_value(serde_json::from_str(&text).unwrap()).unwrap();
    for read in [through_text, through_value] {
        let written = serde_json::to_string(&read).unwrap();
        assert!(
            written.contains("[1.5,{") && written.contains(r#""/n":0.5"#),
            "{written}"
        );
        assert_eq!(read.endpoints().len(), contract.endpoints().len());
    }
}

#[test]
fn a_condition_of_rust_is_as_exact_as_one_of_a_document() {
    let built = outcome(Outcome::new("GONE", 200).field("/n", u64::MAX))
        .build()
        .unwrap();
    let written = serde_json::to_string(&built).unwrap();
    assert!(written.contains("18446744073709551615"), "{written}");
    assert_eq!(Contract::from_json(&written).unwrap(), built);
}
