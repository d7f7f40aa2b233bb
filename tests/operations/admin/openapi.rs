//! The `OpenAPI` document is one, and says what there is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{document::Document, orders, service::TestService};

#[tokio::test]
async fn the_document_is_open_to_everybody() {
    let service = TestService::open().await;
    let response = service.stranger.get("/openapi.json").await;
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.ok()["openapi"], "3.1.1");
}

/// The fixed fields of the `OpenAPI` Specification 3.1.1, section 4.8.
#[tokio::test]
async fn the_document_has_the_structure_of_the_specification() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    let whole = &document.0;
    assert!(whole["info"]["title"].is_string() && whole["info"]["version"].is_string());
    let mut ids = BTreeSet::new();
    for (method, path, operation) in document.operations() {
        let case = format!("{method} {path}");
        assert!(path.starts_with('/'), "{case}");
        assert!(["GET", "POST"].contains(&method.as_str()), "{case}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{case}"
        );
        assert!(operation["summary"].is_string(), "{case}");
        assert_eq!(
            operation["requestBody"].is_object(),
            method == "POST",
            "{case}"
        );
        holds_parameters(document, path, operation);
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(
                status
                    .parse::<u16>()
                    .is_ok_and(|status| (200..600).contains(&status)),
                "{case}"
            );
            let response = document.resolved(response);
            assert!(response["description"].is_string(), "{case} {status}");
            assert!(response["content"].is_object(), "{case} {status}");
        }
    }
    for requirement in whole["security"].as_array().unwrap() {
        for scheme in requirement.as_object().unwrap().keys() {
            assert!(
                whole["components"]["securitySchemes"][scheme].is_object(),
                "{scheme}"
            );
        }
    }
}

fn holds_parameters(document: &Document, path: &str, operation: &Value) {
    let none = Vec::new();
    let parameters = operation["parameters"].as_array().unwrap_or(&none);
    let mut in_path = BTreeSet::new();
    for parameter in parameters {
        let parameter = document.resolved(parameter);
        let name = parameter["name"].as_str().unwrap();
        assert!(
            ["query", "header", "path"].contains(&parameter["in"].as_str().unwrap()),
            "{name}"
        );
        assert!(parameter["schema"].is_object(), "{name}");
        if parameter["in"] == "path" {
            assert_eq!(parameter["required"], true, "{name}");
            in_path.insert(format!("{{{name}}}"));
        }
    }
    let named = path
        .split('/')
        .filter(|part| part.starts_with('{'))
        .map(str::to_owned);
    assert_eq!(named.collect::<BTreeSet<_>>(), in_path, "{path}");
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_component_is_used() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    let mut found = BTreeSet::new();
    references(&document.0, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.0.pointer(pointer).is_some(), "{reference}");
    }
    for section in ["schemas", "responses", "parameters"] {
        for name in document.0["components"][section]
            .as_object()
            .unwrap()
            .keys()
        {
            let reference = format!("#/components/{section}/{name}");
            // Named in words: the response to what is on no path, and the data of an event.
            let in_words = ["MethodNotAllowed", "Totals", "Event"].contains(&name.as_str());
            assert!(in_words || found.contains(&reference), "{reference}");
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                found.insert(reference.to_owned());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_schema_is_one_of_draft_2020_12() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    for (name, schema) in document.0["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name}");
        document.component(name);
    }
    for (_, path, operation) in document.operations() {
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert!(
            body.is_null() || jsonschema::draft202012::meta::is_valid(body),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_bodies_that_are_taken_are_those_of_the_document() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    let mut bodies = orders::all();
    bodies.push(orders::of_a_fleet());
    for (_, path, operation) in document
        .operations()
        .filter(|(method, _, _)| method == "POST")
    {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let validator = document.validator(schema);
        let (_, body) = bodies
            .iter()
            .find(|(order, _)| *order == path)
            .expect("there is an order of each");
        assert!(validator.is_valid(body), "{path}");
        // What the document requires is required, and what it does not name is refused.
        for member in schema["required"].as_array().unwrap() {
            let mut less = body.clone();
            less.as_object_mut()
                .unwrap()
                .remove(member.as_str().unwrap());
            let response = service.operator().post(path, &less).await;
            assert_eq!(
                response.places(),
                [format!("/{}", member.as_str().unwrap())],
                "{path}"
            );
        }
        let mut more = body.clone();
        more["unheard_of"] = Value::Null;
        assert!(!validator.is_valid(&more));
        let response = service.operator().post(path, &more).await;
        assert!(
            response.places().contains(&"/unheard_of".to_owned()),
            "{path}"
        );
    }
}

/// Bodies that the server refuses as invalid, each by one member.
fn refused_bodies() -> Vec<(&'static str, Value)> {
    let policy = |policy: Value| ("/api/policy", json!({"policy": policy, "reason": "x"}));
    let transition = |name: &str, value: Value| {
        let mut body = json!({"to": "cutover", "reason": "quiet"});
        body[name] = value;
        ("/api/transitions", body)
    };
    let check = |name: &str, value: Value| {
        let mut body = json!({"check": "openapi", "green": true, "reason": "run 7"});
        body[name] = value;
        ("/api/checks", body)
    };
    let waiver = |name: &str, value: Value| {
        let mut body = json!({"target": "anonymous", "owner": "mara", "until": "2030-01-01T00:00:00Z", "reason": "x"});
        body[name] = value;
        ("/api/waivers", body)
    };
    let brownout = |name: &str, value: Value| {
        let mut body = json!({"start": "2029-06-05T12:00:00Z", "length": "10m", "reason": "x"});
        body[name] = value;
        ("/api/brownouts", body)
    };
    let end = |name: &str, value: Value| {
        let mut body = json!({"brownout": 3, "reason": "x"});
        body[name] = value;
        ("/api/brownouts/end", body)
    };
    vec![
        brownout("start", json!("tomorrow")),
        brownout("start", json!(1)),
        brownout("length", json!("soon")),
        brownout("length", json!(10)),
        end("brownout", json!("3")),
        end("brownout", json!(-1)),
        end("incident", json!("")),
        policy(json!({"brownouts": {"share_of_day": 0.6}})),
        policy(json!({"brownouts": {"notice": 1}})),
        policy(json!({"brownouts": {"weekends": "no"}})),
        policy(json!({"brownouts": {"length": "2h"}})),
        transition("to", json!("cutoff")),
        transition("to", json!(1)),
        transition("override", json!(["a b"])),
        transition("override", json!([1])),
        transition("reason", json!("")),
        transition("reason", json!("  ")),
        transition("reason", json!("a\nb")),
        transition("reason", json!("a\u{200b}b")),
        transition("reason", json!("a\u{e0041}b")),
        transition("reason", json!("x".repeat(1_001))),
        (
            "/api/transitions",
            json!({"to": "retired", "override": ["coverage"], "reason": "x"}),
        ),
        check("check", json!("a b")),
        check("check", json!("x".repeat(65))),
        check("green", json!("true")),
        check("link", json!("ftp://ci.example/")),
        check("link", json!("https://u:p@ci.example/")),
        check("link", json!("https://ci.example/a b")),
        check("link", json!("https://")),
        check("contract_digest", json!("0A".repeat(32))),
        waiver("until", json!("2030-01-01")),
        waiver("until", json!("2030-01-01T00:00:00+02:00")),
        waiver("until", json!("2030-02-30T00:00:00Z")),
        waiver("target", json!("everybody")),
        waiver("owner", json!("\t")),
        policy(json!({"coverage_ratio": 0})),
        policy(json!({"coverage_ratio": 1.1})),
        policy(json!({"processes": 0})),
        policy(json!({"processes": 4_294_967_296_u64})),
        policy(json!({"min_responses": -1})),
        policy(json!({"min_responses": 1.5})),
        policy(json!({"check_max_age": "soon"})),
        policy(json!({"check_max_age": 5})),
        policy(json!({"required_checks": ["a", "a"]})),
        policy(json!({"gates": {"cutover": ["weekday"]}})),
        policy(json!({"gates": {"cutover": ["coverage", "coverage"]}})),
        policy(json!({"gates": {"abort": []}})),
        policy(json!({"auto_rollback": {"window": "30m"}})),
        policy(json!({"auto_rollback": {"window": "30m", "stranded_percent": 100}})),
        policy(json!({"retire_by": "tomorrow"})),
        policy(json!({"opening_phase": "cutover"})),
        (
            "/api/post-analyses",
            json!({"rollback": -1, "link": "https://wiki.example/", "summary": "x", "reason": "x"}),
        ),
        (
            "/api/client-rollbacks",
            json!({"kind": "AGENT", "version": "1.4.0.0.1", "reason": "x"}),
        ),
        (
            "/api/rollbacks",
            json!({"incident": "INC\u{fe0f}-1", "reason": "x"}),
        ),
        (
            "/api/rollbacks",
            json!({"incident": "INC-1", "cutover": -1, "reason": "x"}),
        ),
    ]
}

#[tokio::test]
async fn a_body_that_is_refused_as_invalid_does_not_fit_the_document() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    for (path, body) in refused_bodies() {
        let response = service.operator().post(path, &body).await;
        assert_eq!(response.problem(), "invalid", "{path} {body}");
        let schema = &document.0["paths"][path]["post"]["requestBody"]["content"]["application/json"]
            ["schema"];
        assert!(!document.validator(schema).is_valid(&body), "{path} {body}");
    }
}

#[tokio::test]
async fn the_characters_of_a_text_are_the_same_in_the_document_and_in_the_code() {
    let service = TestService::open().await;
    let reason = service.stranger.document().component("Reason");
    for character in '\0'..=char::MAX {
        let text = format!("a{character}b");
        let accepted = legacy_http_compat::rollout::names::Reason::new(text.as_str()).is_ok();
        assert_eq!(
            reason.is_valid(&Value::from(text)),
            accepted,
            "U+{:04X}",
            u32::from(character)
        );
    }
}

#[tokio::test]
async fn the_document_names_the_address_of_its_mount() {
    for (prefix, url) in [
        ("/rollout", "/rollout"),
        ("", "/"),
        ("/ops/one", "/ops/one"),
    ] {
        let service = TestService::open_with(|setup| setup.prefix = prefix).await;
        let document = &service.stranger.document().0;
        assert_eq!(document["servers"][0]["url"], url);
    }
}

#[tokio::test]
async fn the_faults_of_a_body_are_listed_in_bounds_and_counted() {
    let service = TestService::open().await;
    let mut body = json!({"check": "openapi", "green": true, "reason": "run 7"});
    for number in 0..500 {
        body[format!("odd-{number}")] = 1.into();
    }
    let response = service.operator().post("/api/checks", &body).await;
    let problem = response.json();
    assert_eq!(problem["faults"].as_array().unwrap().len(), 64);
    assert_eq!(problem["fault_count"], 500);
    assert!(response.text.len() < 20_000, "{}", response.text.len());
    let fields = format!("check=a&green=true&reason=x{}", "&override=y".repeat(300));
    let (mara, _) = service.signed_in(super::service::MARA).await;
    let response = mara.post_form("/records/checks", &fields).await;
    assert_eq!(response.status, 422);
    assert!(response.text.contains("at most 256 fields"), "{response:?}");
}
