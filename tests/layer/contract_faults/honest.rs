//! What builds is honest: a legacy response of any contract that is built is one that HTTP allows.

use std::sync::Arc;

use http::Response;
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    contract::{LegacyShape, Outcome},
    observation::Shape,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    super::{
        exchange::{request, respond},
        scripted::{Scripted, read},
    },
    outcome,
};
use crate::observed::{Notes, lines};

/// What the shape of a test says.
#[derive(Debug)]
struct Planned {
    target: u16,
    status: u16,
    set: Vec<(&'static str, &'static str)>,
    append: Vec<(&'static str, &'static str)>,
    remove: Vec<&'static str>,
    body: Body,
    condition: Option<(&'static str, u8)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    AsIs,
    Empty,
    Json(Value),
}

const LINES: [(&str, &str); 10] = [
    ("Content-Type", "text/html"),
    ("content-type", "application/problem+json"),
    ("content-type", "text/plain; charset=latin1"),
    ("www-authenticate", "Bearer"),
    ("WWW-Authenticate", ""),
    ("allow", "GET,,POST"),
    ("allow", "GET"),
    ("cache-control", "max-age=5"),
    ("location", "/a"),
    ("content-length", "7"),
];

const TARGET: &str = r#"{"a":1,"b":{"c":2}}"#;

fn planned() -> impl Strategy<Value = Planned> {
    let statuses = || select(vec![101, 200, 204, 205, 206, 304, 400, 401, 405, 426]);
    let template = select(vec![
        json!({"x": 1.5}),
        json!({"$field": ""}),
        json!([{"$field": "/a"}]),
        json!({"x": {"$field": "/b/c", "default": null}}),
        json!({"x": {"$field": "/a/c", "omit_if_absent": true}}),
        json!({"x": {"$uuid": "v4", "default": 1}}),
    ]);
    let condition = select(vec![("/a", 1), ("/b/c", 2)]);
    let lines = || vec(select(&LINES[..]), 0..3);
    let remove = vec(
        select(vec![
            "content-type",
            "Content-Type",
            "x-target",
            "www-authenticate",
        ]),
        0..2,
    );
    let body = prop_oneof![
        Just(Body::AsIs),
        Just(Body::Empty),
        template.prop_map(Body::Json)
    ];
    (
        statuses(),
        statuses(),
        lines(),
        lines(),
        remove,
        body,
        option::of(condition),
    )
        .prop_map(
            |(target, status, set, append, remove, body, condition)| Planned {
                target,
                status,
                set,
                append,
                remove,
                body,
                condition,
            },
        )
}

fn built(planned: &Planned) -> Option<LegacyHttpCompatLayer> {
    let mut shape = LegacyShape::new(planned.status);
    shape = planned.set.iter().fold(shape, |shape, (name, value)| {
        shape.set_header(*name, *value)
    });
    shape = planned.append.iter().fold(shape, |shape, (name, value)| {
        shape.append_header(*name, *value)
    });
    shape = planned
        .remove
        .iter()
        .fold(shape, |shape, name| shape.remove_header(*name));
    shape = match &planned.body {
        Body::AsIs => shape,
        Body::Empty => shape.empty(),
        Body::Json(template) => shape.json(template.clone()),
    };
    let mut only = Outcome::new("ONLY", planned.target);
    if let Some((pointer, value)) = planned.condition {
        only = only.field(pointer, value);
    }
    let contract = outcome(only.legacy(shape)).build().ok()?;
    Some(LegacyHttpCompatLayer::new(
        contract,
        &CompatFlag::on("compat"),
    ))
}

fn target_response(planned: &Planned) -> Response<Scripted> {
    let response = Response::builder()
        .status(planned.target)
        .header("x-target", "1");
    if matches!(planned.target, 204 | 205 | 304) {
        return response.body(Scripted::new([])).unwrap();
    }
    let response = response
        .header("content-type", "application/json")
        .header("expires", "0");
    response.body(Scripted::one(TARGET)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn a_shape_that_builds_is_served_and_its_response_is_honest(planned in planned()) {
        let Some(layer) = built(&planned) else {
            return Ok(());
        };
        let notes = Notes::default();
        let layer = layer.observer(Arc::new(notes.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (head, body) = runtime.block_on(async {
            let response = respond(&layer, request("GET", "/items/7"), target_response(&planned)).await;
            let (head, body) = response.into_parts();
            (Response::from_parts(head, ()), read(body).await)
        });
        prop_assert_eq!(notes.only().shape, Shape::Legacy);
        prop_assert_eq!(head.status().as_u16(), planned.status);
        prop_assert!(![101, 205, 206, 304, 426].contains(&planned.status));
        let types = lines(&head, "content-type");
        prop_assert!(types.len() <= 1, "{:?}", types);
        let is_json = serde_json::from_slice::<Value>(&body).is_ok();
        let known = planned.body != Body::AsIs || planned.condition.is_some();
        if is_json && known {
            prop_assert!(types == ["application/json"] || types == ["application/problem+json"], "{:?}", types);
        }
        if planned.body != Body::AsIs {
            let length = lines(&head, "content-length");
            let expected = if planned.status == 204 { vec![] } else { vec![body.len().to_string()] };
            prop_assert_eq!(length, expected);
        }
        prop_assert_eq!(lines(&head, "www-authenticate").contains(&"Bearer"), planned.status == 401 || puts(&planned, "www-authenticate"));
        prop_assert!(!lines(&head, "www-authenticate").contains(&"") && !lines(&head, "allow").contains(&"GET,,POST"));
        prop_assert_eq!(lines(&head, "expires").len(), 0);
        prop_assert!(!lines(&head, "cache-control").is_empty());
    }
}

fn puts(planned: &Planned, name: &str) -> bool {
    let mut lines = planned.set.iter().chain(&planned.append);
    lines.any(|(other, _)| *other == name)
}
