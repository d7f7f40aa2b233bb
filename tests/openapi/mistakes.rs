//! Mistakes in a contract, each refuted with an example.

use legacy_http_compat::{
    Contract,
    openapi::{Finding, FindingKind},
};
use serde_json::{Value, json};

use crate::support::{Judge, prove_device_flow, refuted};

const POLL: usize = 1;
const TOKEN: usize = 3;
const PENDING: usize = 0;
const DENIED: usize = 2;
const EXPIRED: usize = 3;

/// The finding of a kind whose id contains a text, of the shipped contract with a mistake.
///
/// Its example is judged again, without the crate: the target response is valid under NEW, the legacy response is not under
/// OLD.
fn finding(kind: FindingKind, id: &str, mistake: impl Fn(&mut Value)) -> Finding {
    let mut contract = serde_json::to_value(Contract::device_flow()).unwrap();
    mistake(&mut contract);
    let contract: Contract = serde_json::from_value(contract).unwrap();
    let report = prove_device_flow(&contract);
    let refuted = refuted(&report);
    let found = refuted
        .iter()
        .find(|finding| finding.kind == kind && finding.id.contains(id));
    let Some(found) = found else {
        panic!("no {kind} {id} in {report}");
    };
    let example = found.example.as_ref().unwrap_or_else(|| panic!("{found}"));
    let path = &example.request.path;
    if let Some(target) = &example.target {
        assert_eq!(Judge::new().objection(path, target), None, "{found}");
        if let Some(legacy) = &example.legacy {
            assert!(Judge::old().objection(path, legacy).is_some(), "{found}");
        }
    }
    (*found).clone()
}

fn shape(contract: &mut Value, outcome: usize) -> &mut Value {
    &mut contract["endpoints"][POLL]["outcomes"][outcome]["legacy"]
}

/// A mistake in the legacy body of an outcome of the poll.
fn in_body(outcome: usize, change: impl Fn(&mut Value)) -> impl Fn(&mut Value) {
    move |contract| change(&mut shape(contract, outcome)["body"]["json"])
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name).unwrap();
}

#[test]
fn a_status_that_old_clients_never_saw() {
    finding(FindingKind::Status, "device_poll.PENDING 402", |contract| {
        shape(contract, PENDING)["status"] = 402.into();
    });
}

#[test]
fn a_misspelt_code() {
    let found = finding(
        FindingKind::Body,
        "value device_poll.PENDING /code",
        in_body(PENDING, |body| {
            body["code"] = "AUTHORISATION_PENDING".into();
        }),
    );
    let legacy = found.example.unwrap().legacy.unwrap();
    assert_eq!(legacy.status, 401);
    assert_eq!(legacy.body.unwrap()["code"], "AUTHORISATION_PENDING");
}

#[test]
fn the_code_of_another_state() {
    finding(
        FindingKind::Body,
        "value device_poll.DENIED /code",
        in_body(DENIED, |body| {
            body["code"] = "EXPIRED_DEVICE_CODE".into();
        }),
    );
}

#[test]
fn a_forgotten_member() {
    finding(
        FindingKind::Body,
        "missing_member device_poll.DENIED /correlation_id",
        in_body(DENIED, |body| remove(body, "correlation_id")),
    );
}

#[test]
fn a_member_too_many() {
    finding(
        FindingKind::Body,
        "extra_member device_poll.EXPIRED /error",
        in_body(EXPIRED, |body| {
            body["error"] = "expired".into();
        }),
    );
}

#[test]
fn a_boolean_in_quotes() {
    finding(
        FindingKind::Body,
        "device_poll.DENIED /retryable",
        in_body(DENIED, |body| {
            body["retryable"] = "false".into();
        }),
    );
}

#[test]
fn the_wrong_boolean() {
    finding(
        FindingKind::Body,
        "value device_poll.PENDING /retryable",
        in_body(PENDING, |body| {
            body["retryable"] = false.into();
        }),
    );
}

#[test]
fn an_empty_message() {
    finding(
        FindingKind::Body,
        "constraint device_poll.EXPIRED /message",
        in_body(EXPIRED, |body| {
            body["message"] = "".into();
        }),
    );
}

#[test]
fn a_null() {
    finding(
        FindingKind::Body,
        "type device_poll.EXPIRED /message",
        in_body(EXPIRED, |body| {
            body["message"] = Value::Null;
        }),
    );
}

#[test]
fn an_array_for_an_object() {
    finding(
        FindingKind::Body,
        "type device_poll.DENIED /details",
        in_body(DENIED, |body| {
            body["details"] = json!(["denied"]);
        }),
    );
}

#[test]
fn an_empty_default() {
    let found = finding(
        FindingKind::Body,
        "constraint device_poll.DENIED /correlation_id",
        in_body(DENIED, |body| {
            body["correlation_id"] = json!({"$header": ["x-correlation-id"], "default": ""});
        }),
    );
    assert!(found.example.unwrap().request.headers.is_empty());
}

#[test]
fn a_default_out_of_bounds() {
    let found = finding(
        FindingKind::Body,
        "constraint device_poll.PENDING /details/interval",
        in_body(PENDING, |body| {
            body["details"] = json!({"interval": {"$field": "/interval", "default": 0}});
        }),
    );
    let target = found.example.unwrap().target.unwrap();
    assert_eq!(target.body.unwrap(), json!({"status": "PENDING"}));
}

#[test]
fn a_placeholder_of_another_type() {
    let found = finding(
        FindingKind::Body,
        "device_poll.PENDING /details/interval",
        in_body(PENDING, |body| {
            body["details"] = json!({"interval": {"$field": "/status"}});
        }),
    );
    let legacy = found.example.unwrap().legacy.unwrap();
    assert_eq!(legacy.body.unwrap()["details"]["interval"], "PENDING");
}

#[test]
fn an_object_that_stays_when_it_is_empty() {
    finding(
        FindingKind::Body,
        "missing_member device_poll.PENDING /details/interval",
        in_body(PENDING, |body| {
            body["details"] = json!({"interval": {"$field": "/interval", "omit_if_absent": true}});
        }),
    );
}

#[test]
fn a_placeholder_that_can_be_absent_and_has_no_default() {
    let found = finding(
        FindingKind::Stranded,
        "device_poll.PENDING /details/interval",
        in_body(PENDING, |body| {
            body["details"] = json!({"interval": {"$field": "/interval"}});
        }),
    );
    let legacy = found.example.unwrap().legacy.unwrap();
    assert_eq!(
        (legacy.status, legacy.body.unwrap()),
        (200, json!({"status": "PENDING"}))
    );
}

#[test]
fn a_request_header_that_can_be_absent() {
    finding(
        FindingKind::Stranded,
        "device_poll.EXPIRED /correlation_id",
        in_body(EXPIRED, |body| {
            body["correlation_id"] = json!({"$header": ["x-correlation-id"]});
        }),
    );
}

#[test]
fn a_value_of_the_request_that_is_not_allowed() {
    let found = finding(
        FindingKind::Body,
        "value client_token.FORBIDDEN_ACTOR_UI_RUST /code",
        |contract| {
            let outcome = &mut contract["endpoints"][TOKEN]["outcomes"][2];
            outcome["legacy"]["body"]["json"]["code"] = json!({"$request_field": "/client_kind"});
        },
    );
    let example = found.example.unwrap();
    assert_eq!(example.request.body.unwrap()["client_kind"], "UI_RUST");
    assert_eq!(example.legacy.unwrap().body.unwrap()["code"], "UI_RUST");
}

#[test]
fn a_required_header_that_is_missing() {
    finding(
        FindingKind::Header,
        "device_poll.PENDING www-authenticate",
        |contract| {
            let shape = shape(contract, PENDING);
            remove(shape, "set_headers");
            shape["allow_missing_required_header"] = true.into();
        },
    );
}

#[test]
fn a_header_with_another_value() {
    let mut contract = serde_json::to_value(Contract::device_flow()).unwrap();
    shape(&mut contract, PENDING)["set_headers"]["www-authenticate"] = "Basic".into();
    let report = prove_device_flow(&serde_json::from_value(contract).unwrap());
    let refuted = refuted(&report);
    let found = refuted
        .iter()
        .find(|finding| finding.kind == FindingKind::Header)
        .unwrap();
    assert_eq!(found.id, "header:device_poll.PENDING www-authenticate");
    let example = found.example.as_ref().unwrap();
    assert!(example.violation.contains("www-authenticate"), "{found}");
    assert_eq!(
        example.legacy.as_ref().unwrap().headers["www-authenticate"],
        "Basic"
    );
}

#[test]
fn another_media_type() {
    finding(FindingKind::MediaType, "device_poll.DENIED", |contract| {
        shape(contract, DENIED)["set_headers"] =
            json!({"content-type": "application/problem+json"});
    });
}

#[test]
fn no_body() {
    finding(FindingKind::MediaType, "device_poll.DENIED", |contract| {
        shape(contract, DENIED)["body"] = "empty".into();
    });
}

#[test]
fn the_body_as_it_is() {
    finding(FindingKind::Body, "device_poll.DENIED", |contract| {
        remove(shape(contract, DENIED), "body");
    });
}

#[test]
fn a_forgotten_shape() {
    let found = finding(
        FindingKind::Body,
        "#/components/schemas/Approved",
        |contract| {
            remove(
                &mut contract["endpoints"][POLL]["outcomes"][DENIED],
                "legacy",
            );
        },
    );
    let target = found.example.unwrap().target.unwrap();
    assert_eq!(target.body.unwrap()["status"], "DENIED");
}

#[test]
fn a_misspelt_value_of_a_condition() {
    let found = finding(
        FindingKind::OutcomeImpossible,
        "device_poll.PENDING",
        |contract| {
            contract["endpoints"][POLL]["outcomes"][PENDING]["fields"]["/status"] = "PENDNG".into();
        },
    );
    assert_eq!(found.example.unwrap().target.unwrap().status, 200);
}

#[test]
fn a_misspelt_field_of_a_condition() {
    finding(
        FindingKind::OutcomeImpossible,
        "device_poll.EXPIRED",
        |contract| {
            contract["endpoints"][POLL]["outcomes"][EXPIRED]["fields"] =
                json!({"/state": "EXPIRED"});
        },
    );
}

#[test]
fn a_misspelt_value_of_a_request_field() {
    finding(
        FindingKind::OutcomeImpossible,
        "client_token.FORBIDDEN_ACTOR_UI_RUST",
        |contract| {
            let outcome = &mut contract["endpoints"][TOKEN]["outcomes"][2];
            outcome["request_fields"]["/client_kind"] = "UI-RUST".into();
        },
    );
}

#[test]
fn an_outcome_of_a_status_that_is_never_given() {
    let found = finding(
        FindingKind::OutcomeImpossible,
        "device_poll.EXPIRED",
        |contract| {
            contract["endpoints"][POLL]["outcomes"][EXPIRED]["status"] = 410.into();
        },
    );
    assert!(found.example.unwrap().violation.contains("never with 410"));
}

#[test]
fn a_misspelt_path_and_a_wrong_method() {
    for (member, value) in [("path", "/auth/client/device/poll"), ("method", "GET")] {
        let mut contract = serde_json::to_value(Contract::device_flow()).unwrap();
        contract["endpoints"][POLL][member] = value.into();
        let report = prove_device_flow(&serde_json::from_value(contract).unwrap());
        let refuted = refuted(&report);
        assert!(
            refuted
                .iter()
                .any(|found| found.id == "endpoint_unknown:device_poll"),
            "{report}"
        );
        // The responses that the endpoint was to rewrite are shown as they are.
        let body = refuted.iter().find(|found| found.kind == FindingKind::Body);
        assert!(body.unwrap().example.is_some());
    }
}
