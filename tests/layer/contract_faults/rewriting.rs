//! Faults of edits, converted values, texts, forms, functions, and placeholders in header values.

use legacy_http_compat::{
    contract::{BodyEdit, Contract, Endpoint, LegacyShape, Outcome, Placeholder, Template},
    diagnostics::FaultCode,
};
use serde_json::{Value, json};

use super::{outcome, refused, shape, template};

fn document(legacy: &Value) -> String {
    let outcomes = json!([{"name": "GONE", "status": 200, "legacy": legacy}]);
    json!({"endpoints": [{"name": "item", "method": "GET", "path": "/items/{id}", "outcomes": outcomes}]})
        .to_string()
}

/// The one fault of a contract whose shape has this form in a document.
#[track_caller]
fn refused_document(legacy: &Value, kind: FaultCode, names: &[&str]) {
    let error = Contract::from_json(&document(legacy)).expect_err("the contract has a fault");
    let [fault] = error.faults() else {
        panic!("one fault was expected: {error}")
    };
    assert_eq!(fault.code(), kind, "{fault}");
    for name in names {
        assert!(fault.to_string().contains(name), "{name:?} in: {fault}");
    }
}

#[test]
fn an_edit_names_each_part_once_and_nothing_within_a_part_that_is_replaced() {
    let place = "/legacy/body/edit/";
    for (edit, found, expected) in [
        (
            json!({"rename": {"/a": "b", "/c": "b"}}),
            "rename/~1c",
            "no other member has",
        ),
        (
            json!({"rename": {"/a": "a"}}),
            "rename/~1a",
            "no other member has",
        ),
        (
            json!({"rename": {"/a": "b"}, "set": {"/b": 1}}),
            "rename/~1a",
            "no other member has",
        ),
        (json!({"rename": {"/a": "/b"}}), "rename/~1a", "no pointer"),
        (json!({"rename": {"/a": ""}}), "rename/~1a", "no pointer"),
        (
            json!({"rename": {"/a": "b"}, "remove": ["/a"]}),
            "remove/0",
            "each part once",
        ),
        (
            json!({"set": {"/a": 1}, "remove": ["/a"]}),
            "remove/0",
            "each part once",
        ),
        (
            json!({"remove": ["/a", "/a"]}),
            "remove/1",
            "each part once",
        ),
        (
            json!({"set": {"/a": 1}, "remove": ["/a/b"]}),
            "remove/0",
            "no change within",
        ),
        (
            json!({"set": {"/a/b": 1}, "remove": ["/a"]}),
            "remove/0",
            "no change within",
        ),
        (
            json!({"rename": {"/a/b": "c"}, "set": {"/a": 1}}),
            "set/~1a",
            "no change within",
        ),
    ] {
        // Two members of one new name are at fault both.
        if edit == json!({"rename": {"/a": "b", "/c": "b"}}) {
            let twice = shape(
                LegacyShape::new(400).edit(BodyEdit::new().rename("/a", "b").rename("/c", "b")),
            );
            let error = twice.build().unwrap_err().to_string();
            assert!(error.contains(found) && error.contains(expected), "{error}");
            continue;
        }
        refused_document(
            &json!({"status": 400, "body": {"edit": edit}}),
            FaultCode::InvalidTemplate,
            &[place, found, expected],
        );
    }
    refused_document(
        &json!({"status": 400, "body": {"edit": {}}}),
        FaultCode::InvalidTemplate,
        &["at least one of rename"],
    );
    // One fault each, and none that follows from it.
    for unreadable in [
        json!([{"rename": {"/a": "b"}}]),
        json!({"move": {"/a": "b"}}),
        json!({"rename": {"/a": 7}}),
    ] {
        let legacy = json!({"status": 400, "body": {"edit": unreadable}});
        let error = Contract::from_json(&document(&legacy)).expect_err("the edit has a fault");
        let [fault] = error.faults() else {
            panic!("one fault was expected: {error}")
        };
        assert!(fault.place().contains("/legacy/body/edit"), "{fault}");
    }
    let twice = BodyEdit::new().rename("/a", "b").rename("/a", "c");
    let error = shape(LegacyShape::new(400).edit(twice))
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("each part once"), "{error}");
}

#[test]
fn an_edit_has_pointers_to_parts_that_a_body_can_have() {
    let deep = "/a".repeat(17);
    for (edit, expected) in [
        (json!({"remove": [""]}), "to a part of the body"),
        (json!({"remove": ["a"]}), "to a part of the body"),
        (json!({"remove": ["/a~2"]}), "to a part of the body"),
        (json!({"remove": ["/a/-"]}), "to a part of the body"),
        (json!({"remove": [deep]}), "at most 16 levels"),
        (json!({"rename": {"/a/*": "b"}}), "has no name"),
        (
            json!({"remove": ["/a/*/b", "/a/0/b"]}),
            "either `*` or names",
        ),
        (json!({"remove": ["/a/b", "/a/*"]}), "either `*` or names"),
    ] {
        let legacy = json!({"status": 400, "body": {"edit": edit}});
        refused_document(
            &legacy,
            FaultCode::InvalidPointer,
            &["/legacy/body/edit/", expected],
        );
    }
    let many = (0..65).map(|n| format!("/{n}")).collect::<Vec<_>>();
    let legacy = json!({"status": 400, "body": {"edit": {"remove": many}}});
    refused_document(&legacy, FaultCode::TooMany, &["64"]);
    let removed = BodyEdit::new().remove("/a");
    let deleted = Outcome::new("DELETED", 204).legacy(LegacyShape::new(200).edit(removed));
    refused(
        outcome(deleted),
        FaultCode::InvalidTemplate,
        &["no body made by an edit", "204"],
    );
}

#[test]
fn an_element_is_there_only_where_one_is_replaced() {
    let item = "$item only within $each";
    refused(
        template(json!({"a": {"$item": "/b"}})),
        FaultCode::InvalidTemplate,
        &[item],
    );
    for edit in [
        json!({"set": {"/a": {"$item": ""}}}),
        json!({"set": {"/a*": {"$item": ""}}}),
    ] {
        let legacy = json!({"status": 400, "body": {"edit": edit}});
        refused_document(&legacy, FaultCode::InvalidTemplate, &[item]);
    }
    let nested = json!({"a": {"$each": "/a", "json": {"$each": "/b", "json": 1}}});
    refused(
        template(nested),
        FaultCode::InvalidTemplate,
        &["no $each within another"],
    );
    let omitted = json!({"a": {"$each": "/a", "json": {"$item": "", "omit_if_absent": true}}});
    refused(
        template(omitted),
        FaultCode::InvalidTemplate,
        &["only as the value of a member"],
    );
    let missing = json!({"a": {"$each": "/a"}});
    refused(
        template(missing),
        FaultCode::InvalidTemplate,
        &["a member `json`"],
    );
}

#[test]
fn a_conversion_is_one_that_the_value_can_have() {
    for (placeholder, expected) in [
        (json!({"$field": "/a", "map": []}), "pairs of scalars"),
        (
            json!({"$field": "/a", "map": [[1, 2], [1.0, 3]]}),
            "pairs of scalars",
        ),
        (
            json!({"$field": "/a", "map": [[[1], 2]]}),
            "pairs of scalars",
        ),
        (
            json!({"$field": "/a", "map": [[1, {"a": 1}]]}),
            "pairs of scalars",
        ),
        (
            json!({"$field": "/a", "map": [[1]]}),
            "[[1]]`; expected an array of pairs",
        ),
        (
            json!({"$field": "/a", "map": {"a": 1}}),
            "{\"a\":1}`; expected an array of pairs",
        ),
        (
            json!({"$field": "/a", "as": "date"}),
            "date`; expected one of text, number, rfc3339, unix_seconds, http_date",
        ),
        (
            json!({"$field": "/a", "as": "text", "map": [[1, 2]]}),
            "at most one of map and as",
        ),
        (json!({"$uuid": "v4", "as": "text"}), "neither map nor as"),
        (
            json!({"$each": "/a", "json": 1, "map": [[1, 2]]}),
            "neither map nor as",
        ),
        (
            json!({"$status": "target", "default": 1}),
            "a status is never absent",
        ),
        (
            json!({"$text": ["a", {"$uuid": "v4"}, {"$status": "target"}], "default": 1}),
            "this text is never absent",
        ),
        (
            json!({"$status": "target", "map": [[200, "a"], [404, "b"]]}),
            "whose first the value can be",
        ),
        (
            json!({"$status": "target", "map": [["200", "a"]]}),
            "whose first the value can be",
        ),
        (
            json!({"$path": "id", "map": [["7", 1], [7, 2]]}),
            "whose first the value can be",
        ),
        (
            json!({"$response_header": "x-total", "map": [[null, 2]]}),
            "whose first the value can be",
        ),
        (
            json!({"$field": "/a", "default": 1, "omit_if_absent": true}),
            "at most one of default and omit_if_absent",
        ),
        (
            json!({"$field": "/a", "$query": "b"}),
            "only one member that starts with `$`",
        ),
        (json!({"$object": []}), "an object in $object"),
        (json!({"$header": 7}), "a string or an array of strings"),
        (json!({"$uuid": "v7"}), "expected \"v4\""),
        (json!({"$status": true}), "expected \"target\""),
        (json!({"$status": "legacy"}), "expected \"target\""),
        (
            json!({"$response_header": "link", "rel": "a b"}),
            "one link relation",
        ),
        (
            json!({"$response_header": "x", "rel": "a"}),
            "rel only of the header link",
        ),
        (json!({"$path": "none"}), "a parameter of the path: id"),
    ] {
        refused(
            template(json!({"a": placeholder})),
            FaultCode::InvalidTemplate,
            &["/legacy/body/json/a", expected],
        );
    }
    let header = template(json!({"a": {"$response_header": "no name"}}));
    refused(
        header,
        FaultCode::InvalidHeader,
        &["/legacy/body/json/a", "a field name"],
    );
}

#[test]
fn a_text_is_made_of_texts() {
    for (text, expected) in [
        (json!({"$text": []}), "at least one text"),
        (json!({"$text": "a"}), "an array of texts and placeholders"),
        (json!({"$text": [null]}), "a string, a number, a boolean"),
        (json!({"$text": [["a"]]}), "a string, a number, a boolean"),
        (
            json!({"$text": [{"$each": "/a", "json": 1}]}),
            "a string, a number, a boolean",
        ),
        (
            json!({"$text": [{"$field": "/a", "default": null}]}),
            "a string, a number, a boolean",
        ),
        (
            json!({"$text": [{"$field": "/a", "omit_if_absent": true}]}),
            "the whole text is absent",
        ),
        (json!({"$text": [{"$fields": "/a"}]}), "$fields"),
    ] {
        for legacy in [
            json!({"status": 400, "body": {"json": {"a": text}}}),
            json!({"status": 400, "body": {"text": text}}),
            json!({"status": 400, "body": {"form": {"a": text}}}),
            json!({"status": 400, "set_headers": {"x-a": text}}),
        ] {
            refused_document(&legacy, FaultCode::InvalidTemplate, &["/legacy/", expected]);
        }
    }
    for body in [
        json!({"text": {"a": 1}}),
        json!({"text": [1]}),
        json!({"form": {"a": {"b": 1}}}),
        json!({"form": {"a": null}}),
    ] {
        let legacy = json!({"status": 400, "body": body});
        refused_document(
            &legacy,
            FaultCode::InvalidTemplate,
            &["/legacy/body/", "a string, a number, a boolean"],
        );
    }
    let omitted =
        json!({"status": 400, "body": {"text": {"$field": "/a", "omit_if_absent": true}}});
    refused_document(&omitted, FaultCode::InvalidTemplate, &["always there"]);
    let list = json!({"status": 400, "body": {"form": ["a"]}});
    refused_document(
        &list,
        FaultCode::InvalidTemplate,
        &["the members of the form", "`[\"a\"]`"],
    );
    let number = shape(LegacyShape::new(429).set_header("retry-after", 5));
    refused(
        number,
        FaultCode::InvalidTemplate,
        &["retry-after", "a string or a placeholder"],
    );
    let twice = shape(LegacyShape::new(400).form([("a", "1"), ("a", "2")]));
    refused(
        twice,
        FaultCode::InvalidTemplate,
        &["/legacy/body/form/a", "different names"],
    );
}

#[test]
fn no_part_of_a_request_is_in_a_header_by_which_a_browser_acts() {
    let of_request = [
        json!({"$query": "next"}),
        json!({"$path": "id"}),
        json!({"$header": "x-next"}),
        json!({"$request_field": "/next"}),
        json!({"$text": ["https://example.com/", {"$query": "next"}]}),
        json!({"$field": "/next", "default": {"$text": [{"$query": "next"}]}}),
        json!({"$query": "next", "map": [["home", "/"]]}),
    ];
    for header in ["Location", "set-cookie", "Refresh"] {
        for placeholder in &of_request {
            let legacy = json!({"status": 400, "set_headers": {header: placeholder}});
            refused_document(
                &legacy,
                FaultCode::InvalidTemplate,
                &["/set_headers/", "part of the request"],
            );
        }
        let own = LegacyShape::new(400).set_header(header, Placeholder::field("/next"));
        shape(own).build().expect("the response says it itself");
    }
    for placeholder in of_request.iter().chain([&json!({"$field": "/type"})]) {
        let legacy = json!({"status": 400, "set_headers": {"content-type": placeholder}});
        refused_document(
            &legacy,
            FaultCode::InvalidTemplate,
            &["/set_headers/", "the media type is that of the body"],
        );
    }
    let cookie = LegacyShape::new(400).append_header("set-cookie", Placeholder::query("a"));
    refused(
        shape(cookie),
        FaultCode::InvalidTemplate,
        &["/append_headers/set-cookie"],
    );
    let may_be_absent = Placeholder::field("/a").omit_if_absent();
    let challenge = LegacyShape::new(401).set_header("www-authenticate", may_be_absent);
    refused(shape(challenge), FaultCode::MissingRequiredHeader, &["401"]);
}

#[test]
fn a_body_has_the_media_type_that_it_is_sent_with() {
    let filled = || Placeholder::field("/a");
    let typed = |shape: LegacyShape, media_type: &str| {
        super::shape(shape.set_header("content-type", media_type))
    };
    let text = || LegacyShape::new(400).text(filled());
    for (media_type, expected) in [
        ("application/json", "no JSON type"),
        ("text/html", "not escaped"),
        ("image/svg+xml", "not escaped"),
        ("application/javascript", "not escaped"),
        ("text/css", "not escaped"),
        ("application/x-www-form-urlencoded", "not escaped"),
        ("multipart/mixed", "not escaped"),
        ("text/plain; charset=latin1", "the charset utf-8"),
    ] {
        refused(
            typed(text(), media_type),
            FaultCode::InvalidHeader,
            &[media_type, expected],
        );
    }
    typed(text(), "text/csv")
        .build()
        .expect("no browser runs it");
    let form = || LegacyShape::new(400).form([("a", filled())]);
    refused(
        typed(form(), "text/plain"),
        FaultCode::InvalidHeader,
        &["x-www-form-urlencoded"],
    );
    typed(form(), "application/x-www-form-urlencoded; charset=utf-8")
        .build()
        .expect("that of a form");
    let edit = || LegacyShape::new(400).edit(BodyEdit::new().remove("/a"));
    refused(
        typed(edit(), "text/html"),
        FaultCode::InvalidHeader,
        &["the body is JSON"],
    );
    for shape in [
        text(),
        form(),
        edit(),
        LegacyShape::new(400).with_fn("a", |_| Some(1)),
    ] {
        let removed = super::shape(shape.remove_header("content-type"));
        refused(
            removed,
            FaultCode::InvalidHeader,
            &["the body with its media type"],
        );
    }
}

#[test]
fn a_function_has_a_name_and_a_body_to_read() {
    for name in ["", "with space", &"x".repeat(65)] {
        let unnamed = shape(LegacyShape::new(400).with_fn(name, |_| Some(1)));
        refused(
            unnamed,
            FaultCode::InvalidTemplate,
            &["/legacy/body/fn", "1 to 64 letters"],
        );
    }
    let deleted = LegacyShape::new(200).with_fn("a", |_| Some(1));
    let deleted = outcome(Outcome::new("DELETED", 204).legacy(deleted));
    refused(
        deleted,
        FaultCode::InvalidTemplate,
        &["no body made by a function"],
    );
    let document = json!({"status": 400, "body": {"fn": "a"}});
    refused_document(
        &document,
        FaultCode::InvalidTemplate,
        &["/legacy/body", "LegacyShape::with_fn"],
    );
}

#[test]
fn a_template_that_only_repeats_the_body_is_one_without_conversion() {
    let same = |body: Template| {
        let found = Outcome::new("FOUND", 200).legacy(LegacyShape::new(200).json(body));
        Contract::builder().endpoint(Endpoint::get("item", "/items/{id}").outcome(found))
    };
    let whole = same(Placeholder::field("").into());
    refused(whole, FaultCode::UnchangedResponse, &["status 200"]);
    let mapped = same(Placeholder::field("").map([(true, false)]).into());
    mapped.build().expect("it may change the body");
}

#[test]
fn a_header_value_has_no_constant_that_no_header_can_have() {
    let legacy = |value: &serde_json::Value| json!({"status": 400, "set_headers": {"x-a": value}});
    for bad in ["a\r\nb: c", "\u{1}", "é", " a", "a ", ""] {
        for value in [
            json!({"$field": "/a", "default": bad}),
            json!({"$field": "/a", "default": {"$query": "a", "default": bad}}),
            json!({"$field": "/a", "map": [["x", "fine"], ["y", bad]]}),
        ] {
            let expected = &["/set_headers/x-a/", "a header can have"];
            refused_document(&legacy(&value), FaultCode::InvalidTemplate, expected);
        }
    }
    for bad in ["a\r\nb: ", "é", "\n"] {
        let value = json!({"$text": ["fine", bad, {"$field": "/a"}]});
        refused_document(
            &legacy(&value),
            FaultCode::InvalidTemplate,
            &["/$text", "a header can have"],
        );
    }
    for good in [
        json!({"$text": ["page ", {"$query": "page"}, " of ", {"$field": "/pages"}]}),
        json!({"$field": "/a", "map": [["x", 1], ["y", true]], "default": 5}),
    ] {
        let shape = legacy(&good);
        let contract = json!({"endpoints": [{"name": "item", "method": "GET", "path": "/items/{id}", "outcomes": [
            {"name": "GONE", "status": 200, "legacy": shape}
        ]}]});
        Contract::from_json(&contract.to_string()).expect("a header can have it");
    }
}
