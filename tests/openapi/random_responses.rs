//! Random responses of the new document, through the real layer: what an old client gets is valid under the old document.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer, middleware::CaptureRequestFieldsLayer,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use crate::support::{Judge, NEW};

const POLL: &str = "/api/v1/auth/clients/device/poll";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_an_old_client_gets_is_valid_under_the_old_document(seed: u64) {
        let mut random = Random {
            document: serde_json::from_str(NEW).unwrap(),
            rng: SmallRng::seed_from_u64(seed),
        };
        let (path, status, body) = random.exchange();
        let request = random.request(&path);
        let target = Map::from_iter([
            ("content-type".to_owned(), json!("application/json")),
            ("x-correlation-id".to_owned(), json!("c")),
        ]);
        prop_assert_eq!(Judge::new().objection_to(&path, status, &target, &body), None);
        let (status, headers, legacy) = legacy(&path, &request, status, &body);
        let objection = Judge::old().objection_to(&path, status, &headers, &legacy);
        prop_assert_eq!(objection, None, "{} {} became {}", path, body, legacy);
    }
}

/// What an old client gets.
fn legacy(
    path: &str,
    request: &Value,
    status: u16,
    body: &Value,
) -> (u16, Map<String, Value>, Value) {
    let target = body.to_string();
    let handler = service_fn(move |request: Request<_>| {
        let target = target.clone();
        async move {
            let _: Result<_, _> = BodyExt::collect(request.into_body()).await;
            Response::builder()
                .status(status)
                .header("content-type", "application/json")
                .body(Full::<Bytes>::from(target))
        }
    });
    let flag = CompatFlag::on("proof");
    let service = ServiceBuilder::new()
        .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag))
        .layer(CaptureRequestFieldsLayer::new())
        .service(handler);
    let mut builder = Request::post(path).header("content-type", "application/json");
    if request["device_code"] == "with id" {
        builder = builder.header("x-request-id", "r-17");
    }
    let request = builder
        .body(Full::<Bytes>::from(request.to_string()))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
        let lines = parts.headers.iter();
        let headers = lines.map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()));
        let body = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap();
        (parts.status.as_u16(), headers.collect(), body)
    })
}

struct Random {
    document: Value,
    rng: SmallRng,
}

impl Random {
    /// A path, and a status and a body that the document has for it.
    fn exchange(&mut self) -> (String, u16, Value) {
        // The states of the poll are what differs most.
        let paths = self.document["paths"].as_object().unwrap().clone();
        let names: Vec<&String> = paths.keys().collect();
        let name = (*names.choose(&mut self.rng).unwrap()).clone();
        let name = if self.rng.random() {
            POLL.trim_start_matches("/api/v1").to_owned()
        } else {
            name
        };
        let responses = paths[&name]["post"]["responses"]
            .as_object()
            .unwrap()
            .clone();
        let statuses: Vec<&String> = responses.keys().collect();
        let status = (*statuses.choose(&mut self.rng).unwrap()).clone();
        let status = if self.rng.random() {
            "200".to_owned()
        } else {
            status
        };
        let response = self.resolved(&responses[&status]);
        let body = self.value(&response["content"]["application/json"]["schema"]);
        (format!("/api/v1{name}"), status.parse().unwrap(), body)
    }

    fn request(&mut self, path: &str) -> Value {
        if !path.ends_with("token") {
            return json!({"device_code": if self.rng.random() { "with id" } else { "d" }});
        }
        let kinds = ["UI_RUST", "AGENT", "MCP"];
        let kind = kinds.choose(&mut self.rng).unwrap();
        json!({"client_id": "c", "client_kind": kind, "secret_key": "s"})
    }

    fn resolved(&self, value: &Value) -> Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                let target = self.document.pointer(reference.trim_start_matches('#'));
                self.resolved(target.unwrap())
            }
            None => value.clone(),
        }
    }

    /// A random value of a schema of the document, without the help of the crate.
    fn value(&mut self, schema: &Value) -> Value {
        let mut schema = self.resolved(schema);
        if let Some(parts) = schema["oneOf"].as_array().cloned() {
            let part = parts.choose(&mut self.rng).unwrap().clone();
            return self.value(&part);
        }
        if let Some(parts) = schema["allOf"].as_array().cloned() {
            let mut merged = json!({"type": "object", "required": [], "properties": {}});
            for part in parts {
                let part = self.resolved(&part);
                let required = part["required"].as_array().cloned().unwrap_or_default();
                merged["required"].as_array_mut().unwrap().extend(required);
                for (name, property) in part["properties"].as_object().into_iter().flatten() {
                    merged["properties"][name] = property.clone();
                }
            }
            schema = merged;
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.choose(&mut self.rng).unwrap().clone();
        }
        match schema["type"].as_str().unwrap() {
            "object" => self.object(&schema),
            "string" => self.text(&schema),
            "boolean" => self.rng.random::<bool>().into(),
            "integer" => {
                let least = schema["minimum"].as_i64().unwrap_or(-9);
                let most = schema["maximum"].as_i64().unwrap_or(i64::from(i32::MAX));
                self.rng.random_range(least..=most).into()
            }
            other => panic!("no values of type {other}"),
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&json!(name)) || self.rng.random() {
                object.insert(name.clone(), self.value(property));
            }
        }
        object.into()
    }

    fn text(&mut self, schema: &Value) -> Value {
        if schema["pattern"].is_string() {
            return "ABCD-EFGH".into();
        }
        match schema["format"].as_str() {
            Some("uri") => "https://example.com/device".into(),
            Some("date-time") => "2026-11-26T19:00:00Z".into(),
            _ => {
                let texts = ["a", "ü", "\"quoted\" \\ text", "x\ny", "0", "null", "{}"];
                (*texts.choose(&mut self.rng).unwrap()).into()
            }
        }
    }
}
