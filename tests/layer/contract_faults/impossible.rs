//! Rules that can never fire: no request or response is as they say.

use legacy_http_compat::{
    contract::{Contract, Endpoint, LegacyShape, Matcher, Outcome, Placeholder, Template},
    diagnostics::FaultCode,
};
use serde_json::{Value, json};

use super::{IN_OUTCOME, endpoint, outcome, refused, shape, template};

#[test]
fn a_method_that_no_request_has_is_refused() {
    for (method, expected) in [
        (
            "post",
            "`post`; expected POST: method names are case-sensitive",
        ),
        ("Get", "`Get`; expected GET"),
        ("pUrGe", "`pUrGe`; expected PURGE"),
        (
            "head",
            "`head`; expected a method such as POST; responses to HEAD and CONNECT",
        ),
        (
            "connect",
            "`connect`; expected a method such as POST; responses to HEAD and CONNECT",
        ),
        ("PRI", "reserved"),
        ("*", "reserved"),
        ("", "(empty); expected a method such as POST: a token"),
    ] {
        refused(
            endpoint(Endpoint::new("e", method, "/")),
            FaultCode::InvalidMethod,
            &["endpoint \"e\"", expected],
        );
    }
    for method in ["PATCH", "QUERY", "X-MINE"] {
        let known = endpoint(Endpoint::new("e", method, "/"));
        known.build().expect("any method in upper case");
    }
}

#[test]
fn a_path_that_no_request_has_is_refused() {
    for (path, expected) in [
        ("orders", "starts with a slash"),
        ("/a%zz", "not %zz (RFC 3986, section 2.1)"),
        ("/a%", "not % "),
        ("/a/%4", "not %4 "),
        ("/a%2é", "ASCII"),
        ("/a/../b", "no segment .., which clients remove"),
        ("/a/.", "no segment .,"),
        ("/%2E%2e/b", "no segment %2E%2e,"),
        ("/.%2e", "no segment .%2e,"),
        ("/{id}/..", "no segment ..,"),
        ("/a<b>", "as it is sent"),
        ("/a`", "as it is sent"),
    ] {
        let based = Contract::builder()
            .base_path("/api/v1")
            .endpoint(Endpoint::get("e", path));
        let quoted = format!("`{path}`");
        refused(
            based,
            FaultCode::InvalidPath,
            &["/endpoints/0/path", &quoted, expected],
        );
    }
    for base in ["/api/..", "/a%", "/a b", "/a?b"] {
        let based = Contract::builder()
            .base_path(base)
            .endpoint(Endpoint::get("e", "/x"));
        refused(based, FaultCode::InvalidPath, &["/base_path", base]);
    }
}

#[test]
fn unusual_paths_that_a_request_can_have_are_not_refused() {
    for path in [
        "",
        "/",
        "//",
        "/a/",
        "/...",
        "/.well-known/{name}",
        "/a%2Fb%7e",
        "/{{a}}",
        "/a|b[c]",
        "/~a:b@c;d=e",
    ] {
        let based = Contract::builder()
            .base_path("/api/v1")
            .endpoint(Endpoint::get("e", path));
        based
            .build()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

#[test]
fn a_pointer_to_the_element_after_the_last_is_refused() {
    let names = [IN_OUTCOME, "`/items/-`", "RFC 6901, section 4"];
    for condition in [
        Outcome::new("GONE", 200).field("/items/-", 1),
        Outcome::new("GONE", 200).request_field("/items/-", 1),
    ] {
        refused(outcome(condition), FaultCode::InvalidPointer, &names);
    }
    let placeholder = Template::object([("a", Placeholder::field("/items/-").omit_if_absent())]);
    refused(template(placeholder), FaultCode::InvalidPointer, &names);
}

/// It would be the name of a member, which is not what its author means.
#[test]
fn a_pointer_to_every_element_is_refused_outside_an_edit() {
    let names = [IN_OUTCOME, "`/items/*/a`", "only an edit takes `*`"];
    for condition in [
        Outcome::new("GONE", 200).field("/items/*/a", 1),
        Outcome::new("GONE", 200).request_field("/items/*/a", Matcher::absent()),
    ] {
        refused(outcome(condition), FaultCode::InvalidPointer, &names);
    }
    for placeholder in [
        Placeholder::field("/items/*/a"),
        Placeholder::request_field("/items/*/a"),
        Placeholder::each("/items/*/a", 1),
        Placeholder::each("/all", Placeholder::item("/items/*/a")),
    ] {
        refused(
            template(Template::object([("a", placeholder)])),
            FaultCode::InvalidPointer,
            &names,
        );
    }
    let member = Outcome::new("GONE", 200).field("/a*/*b", 1);
    outcome(member).build().expect("these are names");
}

#[test]
fn conditions_that_exclude_each_other_are_refused() {
    let fields = Outcome::new("GONE", 200).field("/a", 1).field("/a/b", 2);
    let names = ["/fields/~1a~1b", "`/a/b`", "no condition within /a,"];
    refused(outcome(fields), FaultCode::InvalidCondition, &names);
    let deep = Outcome::new("GONE", 200)
        .field("/a/b/0/c", 2)
        .field("/a/b", 1);
    refused(
        outcome(deep),
        FaultCode::InvalidCondition,
        &["`/a/b/0/c`", "within /a/b,"],
    );
    let request = Outcome::new("GONE", 200)
        .request_field("/a", 1)
        .request_field("/a/b", 2);
    refused(
        outcome(request),
        FaultCode::InvalidCondition,
        &["/request_fields/~1a~1b"],
    );
    let root = Outcome::new("GONE", 200).field("", 1).field("/a", 1);
    refused(outcome(root), FaultCode::InvalidCondition, &["`/a`"]);
    let absent = Outcome::new("GONE", 200).field("", Matcher::absent());
    let names = ["a whole body never absent"];
    refused(outcome(absent), FaultCode::InvalidCondition, &names);
    let is_json = Outcome::new("GONE", 200).field("", Matcher::present());
    outcome(is_json).build().expect("other bodies are no JSON");
    let apart = Outcome::new("GONE", 200)
        .field("/a", 1)
        .field("/ab", 2)
        .request_field("/a/b", 3);
    outcome(apart)
        .build()
        .expect("these are apart from each other");
}

#[test]
fn conditions_on_fields_of_a_body_without_fields_are_refused() {
    let by = |name: &str, values: &[&str]| {
        Outcome::new("GONE", 200)
            .field("/a", 1)
            .header_in(name, values.iter().copied())
    };
    for (impossible, found) in [
        (
            by("Content-Type", &["text/html", "application/xml"]),
            "`text/html, application/xml`",
        ),
        (by("content-type", &["+json"]), "`+json`"),
        (by("content-type", &["", "Text/Plain"]), "`, Text/Plain`"),
        (
            by("content-type", &["application/stream+json; x=1"]),
            "`application/stream+json; x=1`",
        ),
        (
            by("content-type", &["application/x-ndjson"]),
            "`application/x-ndjson`",
        ),
        (
            by("content-type", &["application/json-seq", "text/html"]),
            "`application/json-seq, text/html`",
        ),
        (by("content-encoding", &["gzip"]), "`gzip`"),
        (Outcome::new("GONE", 304).field("/a", 1), "`status 304`"),
    ] {
        refused(
            outcome(impossible),
            FaultCode::InvalidCondition,
            &["/fields", found, "on headers only"],
        );
    }
    for possible in [
        by("content-type", &["text/html", "application/problem+json"]),
        by(
            "content-type",
            &["application/stream+json", "application/json"],
        ),
        by("content-encoding", &["identity"]),
        by("x-type", &["text/html"]),
    ] {
        outcome(possible)
            .build()
            .expect("such a response may have fields");
    }
}

#[test]
fn an_encoded_response_that_an_earlier_outcome_leaves_undetermined_is_refused() {
    let encoded = || Outcome::new("ENCODED", 200).header("content-encoding", "gzip");
    let plain = || Outcome::new("A", 200).field("/a", 1);
    let two = |one, other| endpoint(Endpoint::get("e", "/").outcome(one).outcome(other));
    let names = ["`ENCODED`", "does not match A, which comes before it"];
    refused(
        two(plain(), encoded()),
        FaultCode::UnreachableOutcome,
        &names,
    );
    two(encoded(), plain())
        .build()
        .expect("the other order decides by headers first");
    let apart = plain().header("x-a", "1");
    two(apart, encoded())
        .build()
        .expect("without the header the earlier one fails");
}

#[test]
fn a_placeholder_whose_field_no_response_has_is_refused() {
    let by = |outcome: Outcome, pointer: &str| {
        outcome.legacy(LegacyShape::new(400).json(json!({"b": [{"$field": pointer}]})))
    };
    let within = by(Outcome::new("GONE", 200).field("/a", 1), "/a/b");
    let names = ["/legacy/body/json/b/0", "`/a/b`", "no field within /a,"];
    refused(outcome(within), FaultCode::InvalidTemplate, &names);
    let html = by(
        Outcome::new("GONE", 200).header("content-type", "text/html"),
        "/a",
    );
    refused(
        outcome(html),
        FaultCode::InvalidTemplate,
        &["`/a (text/html)`", "no field of the response"],
    );
    let empty = by(Outcome::new("GONE", 204), "/a");
    refused(
        outcome(empty),
        FaultCode::InvalidTemplate,
        &["`/a (status 204)`", "has no body"],
    );
    let same = by(Outcome::new("GONE", 200).field("/a", 1), "/a");
    outcome(same).build().expect("the field is a scalar");
}

#[test]
fn a_placeholder_for_what_a_condition_requires_to_be_absent_is_refused() {
    let absent = Matcher::absent;
    let of = || Outcome::new("GONE", 200);
    for (part, outcome_without) in [
        (json!({"$field": "/a"}), of().field("/a", absent())),
        (
            json!({"$field": "/a", "default": 1}),
            of().field("/a", absent()),
        ),
        (
            json!({"$each": "/a", "json": 1}),
            of().field("/a", absent()),
        ),
        (
            json!({"$request_field": "/a"}),
            of().request_field("/a", absent()),
        ),
        (json!({"$query": "a"}), of().query_parameter("a", absent())),
        (
            json!({"$header": ["a"]}),
            of().request_header("A", absent()),
        ),
        (json!({"$response_header": "a"}), of().header("A", absent())),
        (
            json!({"$response_header": "link", "rel": "next"}),
            of().header("Link", absent()),
        ),
    ] {
        let shape = LegacyShape::new(400).json(json!({"b": part}));
        let names = [
            "/legacy/body/json/b",
            "a condition requires this one to be absent",
        ];
        refused(
            outcome(outcome_without.legacy(shape)),
            FaultCode::InvalidTemplate,
            &names,
        );
    }
    let either = of().request_header("a", absent());
    let shape = LegacyShape::new(400).json(json!({"b": {"$header": ["a", "b"]}}));
    outcome(either.legacy(shape))
        .build()
        .expect("the other header can be there");
}

#[test]
fn what_a_template_can_never_insert_or_omit_is_refused() {
    let default = Placeholder::header(["x-id"]).default(Placeholder::uuid().default("never"));
    for (json, expected) in [
        (
            json!({"$uuid": "v4", "default": 1}),
            "a UUID is never absent",
        ),
        (
            json!({"$uuid": "v4", "omit_if_absent": true}),
            "a UUID is never absent",
        ),
        (json!({"$header": ["x-a", "X-A"]}), "each header once"),
        (
            json!({"$object": {}, "omit_when_empty": true}),
            r#"`{"$object":{},"omit_when_empty":true}`; expected omit_when_empty only where the object has members"#,
        ),
        (
            json!({"$object": {"a": 1}, "omit_when_empty": true}),
            "can be omitted",
        ),
    ] {
        refused(
            template(json!({"a": json})),
            FaultCode::InvalidTemplate,
            &["/legacy/body/json/a", expected],
        );
    }
    let names = ["/legacy/body/json/a/default", "a UUID is never absent"];
    let nested = Template::object([("a", Template::from(default))]);
    refused(template(nested), FaultCode::InvalidTemplate, &names);
}

#[test]
fn a_status_that_no_final_response_has_is_refused() {
    for status in [100, 102, 103, 199] {
        refused(
            outcome(Outcome::new("GONE", status)),
            FaultCode::InvalidStatus,
            &[&format!("`{status}`"), "RFC 9110, section 15.2"],
        );
    }
    outcome(Outcome::new("GONE", 101))
        .build()
        .expect("an upgrade is counted");
}

#[test]
fn an_upgrade_as_legacy_response_is_refused() {
    refused(
        shape(LegacyShape::new(426)),
        FaultCode::InvalidStatus,
        &["`426`", "Upgrade"],
    );
    refused(
        shape(LegacyShape::new(101)),
        FaultCode::StatusWithoutBody,
        &["`101`"],
    );
}

#[test]
fn a_shape_that_changes_nothing_is_refused() {
    let unchanged = [
        Outcome::new("GONE", 200).legacy(LegacyShape::new(200)),
        Outcome::new("GONE", 204).legacy(LegacyShape::new(204).empty()),
        Outcome::new("GONE", 200).legacy(LegacyShape::new(200).json(json!({"$field": ""}))),
    ];
    for unchanged in unchanged {
        refused(
            outcome(unchanged),
            FaultCode::UnchangedResponse,
            &[
                IN_OUTCOME,
                "`status 20",
                "a difference from the target response",
            ],
        );
    }
    for changed in [
        LegacyShape::new(200).remove_header("x-new"),
        LegacyShape::new(200).empty(),
        LegacyShape::new(203),
        LegacyShape::new(200).json(Value::Null),
    ] {
        shape(changed).build().expect("something differs");
    }
}

#[test]
fn conditions_on_a_request_body_that_the_media_type_excludes_are_refused() {
    let typed =
        |media_type: &str| Outcome::new("GONE", 200).request_header("Content-Type", media_type);
    for (outcome, expected) in [
        (typed("text/plain").request_field("/a", 1), "JSON body"),
        (
            typed("application/x-www-form-urlencoded").request_field("/a", 1),
            "JSON body",
        ),
        (
            typed("application/json").request_form_field("a", "1"),
            "those of a form",
        ),
        (
            Outcome::new("GONE", 200)
                .request_header("content-type", Matcher::absent())
                .request_form_field("a", "1"),
            "those of a form",
        ),
    ] {
        refused(
            super::outcome(outcome),
            FaultCode::InvalidCondition,
            &["/request_headers/", expected],
        );
    }
    for outcome in [
        typed("application/merge-patch+json").request_field("/a", 1),
        typed("application/x-www-form-urlencoded").request_form_field("a", "1"),
        Outcome::new("GONE", 200)
            .request_header("content-type", Matcher::pattern("*json*"))
            .request_field("/a", 1),
    ] {
        super::outcome(outcome)
            .build()
            .expect("a request can fulfil it");
    }
}
