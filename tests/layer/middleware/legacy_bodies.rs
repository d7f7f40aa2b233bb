//! Legacy bodies beyond a template: edits, arrays made of arrays, texts, forms and functions.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use http::{Request, Response};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    contract::{BodyEdit, Endpoint, LegacyShape, Outcome, Placeholder, Template},
    observation::{Shape, SkipReason},
};
use serde_json::{Value, json};

use super::{
    exchange::{json as target, respond},
    observed::Notes,
    on, order, orders,
    scripted::{Scripted, read},
};

/// What a response with this body becomes under a shape, and how it is observed.
async fn made(shape: Value, body: &str) -> (http::response::Parts, String, Notes) {
    let (layer, _, notes) = on(orders(
        &json!([{"name": "FOUND", "status": 200, "legacy": shape}]),
    ));
    let (head, body) = through(&layer, order(), target(200, Scripted::one(body.to_owned()))).await;
    (head, body, notes)
}

async fn through(
    layer: &LegacyHttpCompatLayer,
    request: Request<()>,
    response: Response<Scripted>,
) -> (http::response::Parts, String) {
    let (head, body) = respond(layer, request, response).await.into_parts();
    (head, String::from_utf8(read(body).await).unwrap())
}

async fn edited(edit: Value, body: &str) -> String {
    let (head, made, notes) = made(json!({"status": 200, "body": {"edit": edit}}), body).await;
    assert_eq!(notes.only().shape, Shape::Legacy, "{body}");
    assert_eq!(head.headers["content-length"], made.len().to_string());
    made
}

#[tokio::test]
async fn the_first_member_of_an_object_has_no_comma_before_it_whichever_that_is() {
    for length in [1, 300] {
        let text = "x".repeat(length);
        let shape = json!({"status": 400, "body": {"json": {
            "a": {"$field": "/a", "omit_if_absent": true},
            "b": {"$field": "/b", "omit_if_absent": true},
            "c": text,
        }}});
        for (body, expected) in [
            (
                r#"{"a":1,"b":2}"#,
                format!(r#"{{"a":1,"b":2,"c":"{text}"}}"#),
            ),
            (r#"{"b":2}"#, format!(r#"{{"b":2,"c":"{text}"}}"#)),
            ("{}", format!(r#"{{"c":"{text}"}}"#)),
        ] {
            let (_, body, _) = made(shape.clone(), body).await;
            assert_eq!(body, expected);
        }
    }
}

#[tokio::test]
async fn one_member_of_every_element_is_renamed_and_all_else_stays_byte_for_byte() {
    let body = "\n{ \"items\" : [\n  {\"id\": 1.10, \"name\" : \"a\\u00e9\"} ,\n  {\"n\\u0061me\": [ 1 ], \"x\": {\"name\": 0}},\n  7\n ], \"name\":1e2 }\r\n";
    assert_eq!(
        edited(json!({"rename": {"/items/*/name": "title"}}), body).await,
        "\n{ \"items\" : [\n  {\"id\": 1.10, \"title\" : \"a\\u00e9\"} ,\n  {\"title\": [ 1 ], \"x\": {\"name\": 0}},\n  7\n ], \"name\":1e2 }\r\n"
    );
}

#[tokio::test]
async fn what_no_edit_concerns_is_copied_whatever_its_names_are() {
    assert_eq!(
        edited(json!({"rename": {"/a": "b"}}), r#"{"a":{"\ud800":1}}"#).await,
        r#"{"b":{"\ud800":1}}"#
    );
}

#[tokio::test]
async fn a_value_is_set_where_it_is_and_added_behind_the_others_where_it_is_not() {
    let edit = json!({"set": {"/a": 1, "/b/c": {"$field": "/a"}, "/list/1": null}});
    assert_eq!(
        edited(edit.clone(), r#"{"a": "x", "b": {}, "list": [1, 2, 3]}"#).await,
        r#"{"a": 1, "b": {"c":"x"}, "list": [1, null, 3]}"#
    );
    assert_eq!(
        edited(
            edit.clone(),
            "{\"b\": { \"d\": 2 }, \"list\": [ 0 ], \"a\": true }"
        )
        .await,
        "{\"b\": { \"d\": 2,\"c\":true }, \"list\": [ 0 ], \"a\": 1 }"
    );
    let nothing = json!({"set": {"/b/c": 1, "/list/1": null}});
    assert_eq!(edited(nothing, "{}").await, "{}");
}

#[tokio::test]
async fn what_is_removed_takes_its_comma_with_it() {
    let edit = json!({"remove": ["/a", "/c", "/list/0", "/all/*"]});
    for (body, expected) in [
        ("{ \"a\": 1, \"b\": 2, \"c\": 3 }", "{ \"b\": 2 }"),
        ("{\n  \"b\": 2,\n  \"c\": 3\n}", "{\n  \"b\": 2\n}"),
        ("{\"a\":1,\"c\":2}", "{}"),
        (
            "{\"list\": [ 1 , 2 ], \"all\": [1, [], {}]}",
            "{\"list\": [ 2 ], \"all\": []}",
        ),
        ("{\"list\": [ ], \"all\": 7}", "{\"list\": [ ], \"all\": 7}"),
    ] {
        assert_eq!(edited(edit.clone(), body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn a_new_value_is_made_of_the_element_in_which_it_is() {
    let edit = json!({
        "rename": {"/items/*/state": "locked"},
        "set": {
            "/items/*/state": {"$item": "/state", "map": [["LOCKED", true], ["OPEN", false]], "omit_if_absent": true},
            "/items/*/label": {"$text": [{"$item": "/first"}, " ", {"$item": "/names/0"}, " of ", {"$field": "/total"}]},
        },
    });
    assert_eq!(
        edited(
            edit,
            r#"{"items": [{"state": "OPEN", "first": "A", "names": ["B"]}, {"first": 1, "names": [true], "state": "?"}], "total": 2}"#
        )
        .await,
        r#"{"items": [{"locked": false, "first": "A", "names": ["B"],"label":"A B of 2"}, {"first": 1, "names": [true],"label":"1 true of 2"}], "total": 2}"#
    );
}

#[tokio::test]
async fn an_edit_keeps_the_media_type_and_nothing_that_described_the_other_bytes() {
    let shape = json!({"status": 400, "body": {"edit": {"rename": {"/a": "b"}}}});
    let (layer, _, _) = on(orders(
        &json!([{"name": "FOUND", "status": 200, "legacy": shape}]),
    ));
    let mut response = target(200, Scripted::frames(["{\"a\"", ":1}"]));
    for (name, value) in [
        ("content-type", "application/problem+json"),
        ("etag", "\"1\""),
        ("content-digest", "sha-256=:x:"),
    ] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    let (head, body) = through(&layer, order(), response).await;
    assert_eq!((head.status.as_u16(), &*body), (400, "{\"b\":1}"));
    assert_eq!(head.headers["content-type"], "application/problem+json");
    assert!(!head.headers.contains_key("etag") && !head.headers.contains_key("content-digest"));
}

#[tokio::test]
async fn a_body_that_cannot_be_edited_leaves_as_it_is_and_is_counted() {
    let edit = json!({"rename": {"/a": "b", "/x/c": "d"}, "set": {"/n": {"$field": "/must"}}});
    for (body, reason) in [
        (r#"{"a": 1, "b": 2, "must": 1}"#, SkipReason::NoLegacyBody),
        (
            r#"{"x": {"d": 1, "c": 2}, "must": 1}"#,
            SkipReason::NoLegacyBody,
        ),
        (r#"{"a": 1, "a": 2, "must": 1}"#, SkipReason::NotJson),
        (r#"{"a": 1, "must": 1} x"#, SkipReason::NotJson),
        (r#"{"a": 1, "must": 1"#, SkipReason::NotJson),
        (r#"{"a": 1}"#, SkipReason::MissingValue),
        ("", SkipReason::NotJson),
    ] {
        let shape = json!({"status": 400, "body": {"edit": edit}});
        let (head, made, notes) = made(shape, body).await;
        assert_eq!((head.status.as_u16(), &*made), (200, body));
        assert_eq!(notes.only().skip, Some(reason), "{body}");
    }
    // A name that is free, because the other is renamed, too, or not there.
    let swap = json!({"rename": {"/a": "b", "/b": "a"}});
    assert_eq!(
        edited(swap.clone(), r#"{"a": 1, "b": 2}"#).await,
        r#"{"b": 1, "a": 2}"#
    );
    let one = json!({"rename": {"/a": "b"}, "remove": ["/b"]});
    assert_eq!(edited(one, r#"{"a": 1, "b": 2}"#).await, r#"{"b": 1}"#);
    let free = json!({"rename": {"/a": "b"}});
    assert_eq!(edited(free, r#"{"b": 2}"#).await, r#"{"b": 2}"#);
}

#[tokio::test]
async fn an_array_is_made_of_an_array() {
    let template = json!({"errors": {
        "$each": "/problems",
        "json": {"code": {"$item": "/type"}, "detail": {"$item": "/detail/0", "omit_if_absent": true}, "of": {"$field": "/title"}, "whole": {"$item": ""}},
        "default": [],
    }});
    let shape = json!({"status": 400, "body": {"json": template}});
    let (_, body, _) = made(
        shape.clone(),
        r#"{"problems": [ {"type": "a", "detail": [1]}, {"type": {"x": []}} ], "title": "T"}"#,
    )
    .await;
    assert_eq!(
        body,
        r#"{"errors":[{"code":"a","detail":1,"of":"T","whole":{"type": "a", "detail": [1]}},{"code":{"x": []},"of":"T","whole":{"type": {"x": []}}}]}"#
    );
    for body in [
        "{\"title\": 1}",
        "{\"title\": 1, \"problems\": {}}",
        "{\"title\": 1, \"problems\": [ ]}",
    ] {
        assert_eq!(
            made(shape.clone(), body).await.1,
            "{\"errors\":[]}",
            "{body}"
        );
    }
    for (body, reason) in [
        (
            "{\"title\": 1, \"problems\": [{\"type\": 1}, 7]}",
            SkipReason::MissingValue,
        ),
        (
            "{\"title\": 1, \"problems\": [{\"type\": 1, \"type\": 1}]}",
            SkipReason::NotJson,
        ),
    ] {
        let (_, made, notes) = made(shape.clone(), body).await;
        assert_eq!((&*made, notes.only().skip), (body, Some(reason)));
    }
}

#[tokio::test]
async fn a_text_has_its_media_type_and_what_placeholders_insert() {
    let text = json!({"$text": ["retry in ", {"$field": "/interval"}, " s: ", {"$field": "/why", "default": "busy\n"}]});
    let shape = json!({"status": 400, "body": {"text": text}});
    let (head, body, _) = made(shape, r#"{"interval": 5}"#).await;
    assert_eq!(body, "retry in 5 s: busy\n");
    assert_eq!(head.headers["content-type"], "text/plain; charset=utf-8");
    let shape = json!({"status": 400, "set_headers": {"content-type": "text/html"}, "body": {"text": "<p>gone</p>"}});
    let (head, body, _) = made(shape, "no JSON at all").await;
    assert_eq!(
        (&*body, &head.headers["content-type"]),
        ("<p>gone</p>", &"text/html".parse().unwrap())
    );
}

#[tokio::test]
async fn a_form_has_its_members_encoded() {
    let form = json!({
        "error": "slow_down",
        "interval": {"$field": "/interval"},
        "a b&": {"$field": "/text"},
        "none": {"$field": "/none", "omit_if_absent": true},
        "flag": true,
    });
    let (head, body, notes) = made(
        json!({"status": 200, "body": {"form": form}}),
        r#"{"interval": 5, "text": "x=é&\n+"}"#,
    )
    .await;
    assert_eq!(
        body,
        "error=slow_down&interval=5&a+b%26=x%3D%C3%A9%26%0A%2B&flag=true"
    );
    assert_eq!(
        head.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(notes.only().shape, Shape::Legacy);
    for (body, reason) in [
        (r#"{"interval": [5], "text": ""}"#, SkipReason::MissingValue),
        (r#"{"interval": 5}"#, SkipReason::MissingValue),
    ] {
        let form = json!({"a": {"$field": "/interval"}, "b": {"$field": "/text"}});
        let (_, made, notes) = made(json!({"status": 200, "body": {"form": form}}), body).await;
        assert_eq!((&*made, notes.only().skip), (body, Some(reason)));
    }
}

fn with_shape(shape: LegacyShape) -> Contract {
    let found = Outcome::new("FOUND", 200).legacy(shape);
    Contract::builder()
        .endpoint(Endpoint::get("order", "/orders/{id}").outcome(found))
        .build()
        .unwrap()
}

async fn called(shape: LegacyShape, body: &str) -> (u16, String, Option<SkipReason>) {
    let (layer, _, notes) = on(with_shape(shape));
    let (head, body) = through(&layer, order(), target(200, Scripted::one(body.to_owned()))).await;
    (head.status.as_u16(), body, notes.only().skip)
}

#[tokio::test]
async fn a_function_makes_the_body_and_its_panic_or_nothing_is_a_skip() {
    let shape = || {
        LegacyShape::new(400).with_fn("first-1", |target| match target["errors"].as_array()? {
            errors if errors.len() > 2 => panic!("too many"),
            errors => Some(json!({"error": errors.first()?})),
        })
    };
    let (status, body, _) = called(shape(), r#"{"errors": [{"b": 1.50}]}"#).await;
    assert_eq!((status, &*body), (400, r#"{"error":{"b":1.5}}"#));
    for (body, reason) in [
        (r#"{"errors": []}"#, SkipReason::NoLegacyBody),
        (r#"{"errors": [1, 2, 3]}"#, SkipReason::NoLegacyBody),
        (r#"{"errors": [1]}}"#, SkipReason::NotJson),
    ] {
        assert_eq!(
            called(shape(), body).await,
            (200, body.to_owned(), Some(reason))
        );
    }
}

#[tokio::test]
async fn a_function_is_called_with_no_body_beyond_the_limit_and_with_nothing_that_is_not_json() {
    let calls = Arc::new(AtomicUsize::new(0));
    let shape = || {
        let calls = Arc::clone(&calls);
        LegacyShape::new(400).with_fn("count-1", move |target| {
            calls.fetch_add(1, Ordering::Relaxed);
            target["pad"].as_str().map(str::len)
        })
    };
    let padded = |length: usize| format!(r#"{{"pad":"{}"}}"#, "x".repeat(length));
    let (limit, frame) = (LegacyHttpCompatLayer::DEFAULT_BODY_LIMIT, padded(0).len());
    let (status, body, _) = called(shape(), &padded(limit - frame)).await;
    assert_eq!((status, body), (400, (limit - frame).to_string()));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    for (body, reason) in [
        (padded(limit - frame + 1), SkipReason::BodyTooLarge),
        (r#"{"pad":"x""#.to_owned(), SkipReason::NotJson),
        ("[".repeat(10_000), SkipReason::NotJson),
    ] {
        assert_eq!(called(shape(), &body).await, (200, body, Some(reason)));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn the_name_of_a_function_stands_for_it_and_a_document_cannot_bring_one() {
    let named = |name| with_shape(LegacyShape::new(400).with_fn(name, |_| Some(1)));
    assert_ne!(named("a"), named("b"));
    assert_eq!(
        named("a"),
        with_shape(LegacyShape::new(400).with_fn("a", |_| Some(2)))
    );
    let document = serde_json::to_string(&named("a")).unwrap();
    assert!(document.contains(r#""body":{"fn":"a"}"#), "{document}");
    let error = Contract::from_json(&document).unwrap_err().to_string();
    assert!(error.contains("LegacyShape::with_fn"), "{error}");
    // It stays where the contract is changed.
    assert_eq!(named("a").with_base_path("/v2").unwrap().base_path(), "/v2");
}

#[test]
fn what_is_built_is_what_a_document_says() {
    let template = Template::object([
        ("link", Placeholder::link("next").omit_if_absent()),
        (
            "total",
            Placeholder::response_header("x-total")
                .convert(legacy_http_compat::contract::ValueFormat::Number),
        ),
        ("status", Placeholder::status()),
        ("id", Placeholder::path("id")),
        ("page", Placeholder::query("page").default("1")),
        (
            "locked",
            Placeholder::field("/state").map([("LOCKED", true), ("OPEN", false)]),
        ),
        (
            "label",
            Placeholder::text([Template::from("no "), Placeholder::field("/n").into()]),
        ),
        (
            "errors",
            Placeholder::each(
                "/errors",
                Template::object([("c", Placeholder::item("/code"))]),
            ),
        ),
    ]);
    let edit = BodyEdit::new()
        .rename("/items/*/a", "b")
        .set("/x", Placeholder::uuid())
        .remove("/y");
    let built = Contract::builder()
        .endpoint(
            Endpoint::get("order", "/orders/{id}")
                .outcome(
                    Outcome::new("A", 400).legacy(
                        LegacyShape::new(200)
                            .set_header("x-id", Placeholder::text([Placeholder::path("id")]))
                            .set_header("x-two", "1")
                            .set_header("x-two", Placeholder::status())
                            .json(template),
                    ),
                )
                .outcome(Outcome::new("B", 404).legacy(LegacyShape::new(200).edit(edit)))
                .outcome(Outcome::new("C", 409).legacy(LegacyShape::new(200).text("gone")))
                .outcome(
                    Outcome::new("D", 410).legacy(LegacyShape::new(200).form([("error", "gone")])),
                ),
        )
        .build()
        .unwrap();
    let document = r#"{"endpoints": [{"name": "order", "method": "GET", "path": "/orders/{id}", "outcomes": [
      {"name": "A", "status": 400, "legacy": {"status": 200,
        "set_headers": {"x-id": {"$text": [{"$path": "id"}]}, "x-two": ["1", {"$status": "target"}]},
        "body": {"json": {
          "link": {"$response_header": "link", "rel": "next", "omit_if_absent": true},
          "total": {"$response_header": "x-total", "as": "number"},
          "status": {"$status": "target"},
          "id": {"$path": "id"},
          "page": {"$query": "page", "default": "1"},
          "locked": {"$field": "/state", "map": [["LOCKED", true], ["OPEN", false]]},
          "label": {"$text": ["no ", {"$field": "/n"}]},
          "errors": {"$each": "/errors", "json": {"c": {"$item": "/code"}}}}}}},
      {"name": "B", "status": 404, "legacy": {"status": 200, "body": {"edit": {
        "rename": {"/items/*/a": "b"}, "set": {"/x": {"$uuid": "v4"}}, "remove": ["/y"]}}}},
      {"name": "C", "status": 409, "legacy": {"status": 200, "body": {"text": "gone"}}},
      {"name": "D", "status": 410, "legacy": {"status": 200, "body": {"form": {"error": "gone"}}}}]}]}"#;
    assert_eq!(built, Contract::from_json(document).unwrap());
    let written = serde_json::to_string(&built).unwrap();
    let read = Contract::from_json(&written).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
    let flag = CompatFlag::on("compat");
    let _ = LegacyHttpCompatLayer::new(read, &flag);
}

#[tokio::test]
async fn several_members_of_one_object_are_each_edited_once() {
    let edit =
        json!({"set": {"/a": 1, "/c": 3}, "rename": {"/b": "d", "/f": "g"}, "remove": ["/e"]});
    let body = r#"{"a":0,"b":0,"c":0,"e":0,"f":0"#;
    let made_of = async |rest: &str| {
        let shape = json!({"status": 404, "body": {"edit": edit}});
        let (_, made, notes) = made(shape, &format!("{body}{rest}")).await;
        (made, notes.only().skip)
    };
    let expected = r#"{"a":1,"d":0,"c":3,"g":0}"#;
    assert_eq!(made_of("}").await, (expected.to_owned(), None));
    for repeated in ["a", "b", "c", "e", "f"] {
        let (_, skipped) = made_of(&format!(r#","{repeated}":1}}"#)).await;
        assert_eq!(skipped, Some(SkipReason::NotJson), "{repeated} twice");
    }
    for taken in ["d", "g"] {
        let (_, skipped) = made_of(&format!(r#","{taken}":1}}"#)).await;
        assert_eq!(skipped, Some(SkipReason::NoLegacyBody), "{taken} is taken");
    }
}
