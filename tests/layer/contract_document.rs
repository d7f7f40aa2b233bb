//! A contract as a document: it says the same as one built in Rust.

use legacy_http_compat::contract::{
    Contract, Deprecation, Endpoint, LegacyShape, Outcome, Placeholder, Template,
};
use serde_json::{Value, json};

const DOCUMENT: &str = r##"{
  "base_path": "/v1",
  "deprecation": {"date": 1767225600, "link": "https://example.com/old", "sunset": 1798761600},
  "endpoints": [
    {
      "name": "job", "method": "GET", "path": "/jobs/{id}",
      "outcomes": [
        {
          "name": "FAILED", "status": 200,
          "fields": {"/state": ["FAILED", "LOST"], "/attempt": 3, "/done": true, "/next": null},
          "headers": {"x-kind": "batch"},
          "legacy": {
            "status": 500,
            "set_headers": {"x-one": "1", "x-two": ["2", "3"]},
            "append_headers": {"set-cookie": ["a=1", "b=2"]},
            "remove_headers": ["x-kind"],
            "body": {"json": {
              "z": "first", "a": [1, {"$field": "/reason"}],
              "id": {"$header": ["x-id"], "default": {"$uuid": "v4"}},
              "more": {"$object": {"hint": {"$field": "/hint", "omit_if_absent": true}}, "omit_when_empty": true},
              "plain": {"$object": {"$ref": "#"}}
            }}
          }
        },
        {"name": "GONE", "status": 404, "legacy": {"status": 204, "body": "empty"}},
        {"name": "ASLEEP", "status": 409, "legacy": {"status": 401, "allow_missing_required_header": true}}
      ]
    }
  ]
}"##;

fn built() -> Contract {
    let body = Template::object([
        ("z", Template::from("first")),
        (
            "a",
            Template::array([Template::from(1), Placeholder::field("/reason").into()]),
        ),
        (
            "id",
            Placeholder::header(["x-id"])
                .default(Placeholder::uuid())
                .into(),
        ),
        (
            "more",
            Template::object([("hint", Placeholder::field("/hint").omit_if_absent())])
                .omit_when_empty(),
        ),
        ("plain", Template::object([("$ref", "#")])),
    ]);
    let failed = LegacyShape::new(500)
        .set_header("x-one", "1")
        .set_header("x-two", "2")
        .set_header("x-two", "3")
        .append_header("set-cookie", "a=1")
        .append_header("set-cookie", "b=2")
        .remove_header("x-kind")
        .json(body);
    let job = Endpoint::get("job", "/jobs/{id}")
        .outcome(
            Outcome::new("FAILED", 200)
                .field_in("/state", ["FAILED", "LOST"])
                .field("/attempt", 3)
                .field("/done", true)
                .field("/next", Value::Null)
                .header("x-kind", "batch")
                .legacy(failed),
        )
        .outcome(Outcome::new("GONE", 404).legacy(LegacyShape::new(204).empty()))
        .outcome(
            Outcome::new("ASLEEP", 409)
                .legacy(LegacyShape::new(401).allow_missing_required_header()),
        );
    let deprecation =
        Deprecation::new(1_767_225_600, "https://example.com/old").sunset(1_798_761_600);
    Contract::builder()
        .base_path("/v1")
        .deprecation(deprecation)
        .endpoint(job)
        .build()
        .unwrap()
}

#[test]
fn a_document_and_the_builder_say_the_same() {
    let read = Contract::from_json(DOCUMENT).unwrap();
    assert_eq!(read, built());
    assert_ne!(read, Contract::device_flow());
}

#[test]
fn a_contract_is_written_as_the_document_it_was_read_from() {
    let written = serde_json::to_value(built()).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(DOCUMENT).unwrap());
    let shipped = serde_json::to_string(&Contract::device_flow()).unwrap();
    assert_eq!(
        Contract::from_json(&shipped).unwrap(),
        Contract::device_flow()
    );
    assert!(
        shipped.contains(r#""code":"AUTHORIZATION_PENDING","message""#),
        "members keep their order"
    );
}

#[test]
fn a_contract_can_be_a_part_of_a_larger_configuration() {
    let configuration: std::collections::HashMap<String, Contract> =
        serde_json::from_value(json!({"contract": {"endpoints": []}})).unwrap();
    assert_eq!(configuration["contract"].endpoints(), []);
    let error =
        serde_json::from_str::<Contract>(r#"{"endpoints": [], "endpoint": 1}"#).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/endpoint: unknown member `endpoint`; expected one of the members"),
        "{error}"
    );
}

#[test]
fn the_base_path_and_the_notice_can_be_replaced() {
    let moved = Contract::device_flow().with_base_path("").unwrap();
    assert_eq!(moved.base_path(), "");
    assert_eq!(
        moved.with_base_path("/api/v1").unwrap(),
        Contract::device_flow()
    );
    assert!(
        moved
            .with_deprecation(Deprecation::new(-1, "https://a/"))
            .is_err()
    );
    let noticed = moved
        .with_deprecation(Deprecation::new(1, "https://a/"))
        .unwrap();
    assert_ne!(noticed, moved);
    assert_eq!(noticed.with_deprecation(None).unwrap(), moved);
}
