//! Headers of a shape that HTTP does not allow, or that do not fit its body.

use legacy_http_compat::{
    contract::{Contract, LegacyShape, Outcome},
    diagnostics::FaultCode,
};
use serde_json::json;

use super::{IN_OUTCOME, outcome, refused, shape};

fn json_shape() -> LegacyShape {
    LegacyShape::new(400).json(json!({"a": 1}))
}

#[track_caller]
fn refused_header(bad: LegacyShape, names: &[&str]) {
    refused(
        shape(bad),
        FaultCode::InvalidHeader,
        &[&[IN_OUTCOME], names].concat(),
    );
}

#[test]
fn a_list_has_no_empty_elements() {
    for value in ["", ",", "Bearer,", "Basic realm=\"a\", , Bearer"] {
        let challenge = LegacyShape::new(401).set_header("WWW-Authenticate", value);
        refused_header(
            challenge,
            &[&format!("`WWW-Authenticate: {value}`"), "empty elements"],
        );
        let proxy = LegacyShape::new(407).append_header("proxy-authenticate", value);
        refused_header(proxy, &["empty elements"]);
    }
    refused_header(
        LegacyShape::new(401).set_header("www-authenticate", " , "),
        &["` , `"],
    );
    refused_header(
        LegacyShape::new(405).set_header("allow", "GET,,POST"),
        &["`allow: GET,,POST`"],
    );
    refused_header(LegacyShape::new(400).set_header("vary", ""), &["`vary: `"]);
    for (status, name, value) in [
        (
            401,
            "www-authenticate",
            r#"Basic realm="a, , b", Bearer error="x""#,
        ),
        (405, "allow", ""),
        (405, "allow", "GET, POST"),
        (400, "link", "<https://example.com/a,,b>; rel=help"),
    ] {
        let right = LegacyShape::new(status).set_header(name, value);
        shape(right).build().expect("a list without empty elements");
    }
}

#[test]
fn a_list_has_elements_of_its_syntax() {
    let challenge = LegacyShape::new(401).set_header("www-authenticate", "\"Bearer\"");
    refused_header(challenge, &["challenges such as Bearer"]);
    refused_header(
        LegacyShape::new(405).set_header("allow", "GET POST"),
        &["a list of tokens"],
    );
}

#[test]
fn a_header_of_which_a_response_has_one_line_is_set_once_and_not_appended() {
    for name in ["Content-Type", "location", "Retry-After"] {
        let value = if name == "Content-Type" {
            "application/json"
        } else {
            "1"
        };
        let twice = json_shape().set_header(name, value).set_header(name, value);
        refused_header(twice, &["set_headers", name, "one line"]);
        let appended = json_shape().append_header(name, value);
        refused_header(appended, &["append_headers", name, "one line"]);
        shape(json_shape().set_header(name, value))
            .build()
            .expect("once is right");
    }
}

#[test]
fn the_same_header_under_two_spellings_is_refused() {
    for twice in [
        LegacyShape::new(400)
            .set_header("X-A", "1")
            .set_header("x-a", "2"),
        LegacyShape::new(400)
            .append_header("x-a", "1")
            .append_header("X-a", "2"),
        LegacyShape::new(400)
            .remove_header("x-a")
            .remove_header("X-A"),
        LegacyShape::new(400)
            .remove_header("x-a")
            .remove_header("x-a"),
    ] {
        refused_header(twice, &["each header once", "being the same"]);
    }
    let conditions = Outcome::new("GONE", 200)
        .header("X-A", "1")
        .header("x-a", "2");
    refused(
        outcome(conditions),
        FaultCode::InvalidCondition,
        &["one condition on each field, header and parameter"],
    );
}

#[test]
fn a_media_type_is_one_that_the_body_has() {
    for value in [
        "text/html",
        "application/javascript",
        "application/jsonl",
        "application/+json",
        "application/stream+json",
        "application/json-seq",
    ] {
        let html = json_shape().set_header("Content-Type", value);
        refused_header(
            html,
            &[&format!("`content-type: {value}`"), "the body is JSON"],
        );
    }
    for value in ["json", "", "text/", "a/b/c"] {
        let malformed = json_shape().set_header("content-type", value);
        refused_header(malformed, &["a media type such as application/json"]);
    }
    let latin = json_shape().set_header("content-type", "application/json; charset=\"iso-8859-1\"");
    refused_header(latin, &["charset utf-8"]);
    let empty = LegacyShape::new(400)
        .empty()
        .set_header("content-type", "application/json");
    refused_header(empty, &["the body is empty"]);
    shape(
        LegacyShape::new(400)
            .empty()
            .set_header("content-type", "text/html"),
    )
    .build()
    .expect("an empty text");
    let kept = LegacyShape::new(400).set_header("content-type", "text/html");
    let known = Outcome::new("GONE", 200)
        .field("/a", 1)
        .legacy(kept.clone());
    refused(
        outcome(known),
        FaultCode::InvalidHeader,
        &["the body is JSON"],
    );
    shape(kept)
        .build()
        .expect("the target response may be HTML");
    for value in [
        "application/problem+json",
        "text/plain; charset=UTF-8",
        "text/json",
        "Application/JSON",
    ] {
        shape(json_shape().set_header("content-type", value))
            .build()
            .expect("JSON has this type");
    }
}

#[test]
fn a_json_body_keeps_its_media_type() {
    refused_header(
        json_shape().remove_header("Content-Type"),
        &["the body with its media type"],
    );
}

#[test]
fn a_header_without_lines_is_refused() {
    let document = json!({"endpoints": [{"name": "item", "method": "GET", "path": "/", "outcomes": [
        {"name": "GONE", "status": 200, "legacy": {"status": 400, "set_headers": {"x-a": []}}},
    ]}]});
    let error = Contract::from_json(&document.to_string())
        .unwrap_err()
        .to_string();
    let expected = "/endpoints/0/outcomes/0/legacy/set_headers/x-a (endpoint \"item\", outcome \"GONE\"): invalid header \
                    `[]`; expected at least one value";
    assert_eq!(error, expected);
}

#[test]
fn white_space_around_a_value_which_is_never_received_is_refused() {
    for value in [" a", "a ", "\ta"] {
        refused_header(
            LegacyShape::new(400).set_header("x-a", value),
            &["with spaces and tabs only between"],
        );
        let condition = Outcome::new("GONE", 200).header("x-a", value);
        refused(
            outcome(condition),
            FaultCode::InvalidHeader,
            &["only between"],
        );
    }
}
