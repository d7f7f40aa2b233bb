//! Every fault of a contract is refused when it is built, with an error that names the place and the offending value and
//! says what would be right.

mod bodies;
mod headers;
mod honest;
mod impossible;
mod reachable;
mod rewriting;
mod shared;
mod text;

use legacy_http_compat::{
    contract::{
        Contract, ContractBuilder, Deprecation, Endpoint, LegacyShape, Outcome, Placeholder,
        Statuses, Template,
    },
    diagnostics::FaultCode,
};
use serde_json::json;

/// The one fault of a contract: its kind, and its text.
fn fault(builder: ContractBuilder) -> (FaultCode, String) {
    let error = builder.build().expect_err("the contract has a fault");
    let [fault] = error.faults() else {
        panic!("one fault was expected: {error}")
    };
    (fault.code(), fault.to_string())
}

fn endpoint(endpoint: Endpoint) -> ContractBuilder {
    Contract::builder().endpoint(endpoint)
}

fn outcome(outcome: Outcome) -> ContractBuilder {
    endpoint(Endpoint::get("item", "/items/{id}").outcome(outcome))
}

fn shape(shape: LegacyShape) -> ContractBuilder {
    outcome(Outcome::new("GONE", 200).legacy(shape))
}

fn template(template: impl Into<Template>) -> ContractBuilder {
    shape(LegacyShape::new(400).json(template))
}

#[track_caller]
fn refused(builder: ContractBuilder, kind: FaultCode, names: &[&str]) {
    let (found, text) = fault(builder);
    assert_eq!(found, kind, "{text}");
    for name in names {
        assert!(text.contains(name), "{name:?} in: {text}");
    }
}

const IN_OUTCOME: &str = r#"endpoint "item", outcome "GONE""#;

#[test]
fn names_must_be_labels_and_differ() {
    for name in ["", "with space", "é", "other", &"x".repeat(65)] {
        refused(
            endpoint(Endpoint::get(name, "/")),
            FaultCode::InvalidName,
            &["letters"],
        );
        refused(
            outcome(Outcome::new(name, 200)),
            FaultCode::InvalidName,
            &["endpoint \"item\""],
        );
    }
    refused(
        outcome(Outcome::new("undetermined", 200)),
        FaultCode::InvalidName,
        &["undetermined"],
    );
    let twice = Endpoint::get("item", "/a")
        .outcome(Outcome::new("A", 200))
        .outcome(Outcome::new("A", 404));
    refused(
        endpoint(twice),
        FaultCode::DuplicateName,
        &["outcome \"A\"", "no other outcome"],
    );
    let same = endpoint(Endpoint::get("a", "/a")).endpoint(Endpoint::get("a", "/b"));
    refused(same, FaultCode::DuplicateName, &["endpoint \"a\""]);
}

#[test]
fn a_method_whose_responses_cannot_be_rewritten_is_refused() {
    for method in ["HEAD", "CONNECT", "", "PO ST"] {
        refused(
            endpoint(Endpoint::new("e", method, "/")),
            FaultCode::InvalidMethod,
            &["POST"],
        );
    }
}

#[test]
fn paths_must_be_in_matchit_syntax_under_a_right_base_path() {
    for path in [
        "items",
        "",
        "/a?b",
        "/a#b",
        "/ä",
        "/a/{",
        "/a/{}",
        "/{*rest}/more",
        "/a b",
    ] {
        refused(
            endpoint(Endpoint::get("e", path)),
            FaultCode::InvalidPath,
            &["endpoint \"e\""],
        );
    }
    let based = |base: &str| {
        Contract::builder()
            .base_path(base)
            .endpoint(Endpoint::get("e", "/x"))
    };
    for base in ["/api/", "/"] {
        refused(based(base), FaultCode::InvalidPath, &["/api/v1"]);
    }
    assert!(Contract::device_flow().with_base_path("api").is_err());
}

#[test]
fn two_endpoints_that_claim_the_same_requests_are_refused() {
    let two =
        |one, other| endpoint(Endpoint::get("one", one)).endpoint(Endpoint::get("two", other));
    for (one, other) in [("/a", "/a"), ("/a/{x}", "/a/{y}"), ("/a/{*x}", "/a/{y}")] {
        refused(
            two(one, other),
            FaultCode::OverlappingEndpoints,
            &["\"two\"", one],
        );
    }
    two("/a/{x}", "/a/static")
        .build()
        .expect("a static path beside a parameter is no conflict");
    let methods = endpoint(Endpoint::get("one", "/a/{x}")).endpoint(Endpoint::put("two", "/a/{y}"));
    methods.build().expect("other methods are other requests");
}

#[test]
fn statuses_must_be_http_statuses() {
    for status in [0, 99, 600, 1000] {
        let value = format!("status `{status}`; expected a status from 100 to 599");
        refused(
            outcome(Outcome::new("GONE", status)),
            FaultCode::InvalidStatus,
            &[IN_OUTCOME, &value],
        );
        refused(
            shape(LegacyShape::new(status)),
            FaultCode::InvalidStatus,
            &[IN_OUTCOME, &value],
        );
    }
}

#[test]
fn a_text_in_place_of_a_status_is_a_class() {
    for text in ["404", "4XX", "4*", "1xx", "6xx", "xx", ""] {
        let value =
            format!("status `{text:?}`; expected an integer such as 404, or a class from \"2xx\"");
        refused(
            outcome(Outcome::new("GONE", text)),
            FaultCode::InvalidStatus,
            &[IN_OUTCOME, "/status", &value],
        );
    }
    for twice in [Statuses::from(["4xx", "4xx"]), Statuses::from([404, 404])] {
        refused(
            outcome(Outcome::new("GONE", twice)),
            FaultCode::InvalidStatus,
            &["/status/1", "each status once"],
        );
    }
    let document = r#"{"endpoints": [{"name": "e", "method": "GET", "path": "/", "outcomes": [
        {"name": "A", "status": ["4XX", [404]]}, {"name": "B", "status": {"class": "4xx"}}
    ]}]}"#;
    let error = Contract::from_json(document).unwrap_err().to_string();
    for message in [
        "status/1 (endpoint \"e\", outcome \"A\"): wrong type `[404]`; expected an integer such as 404 or a class such as \"4xx\", not an array",
        "`{\"class\":\"4xx\"}`; expected an integer such as 404 or a class such as \"4xx\", or an array of these, not an object",
    ] {
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn an_outcome_that_earlier_ones_cover_is_refused() {
    let get = |outcomes: Vec<Outcome>| {
        endpoint(
            outcomes
                .into_iter()
                .fold(Endpoint::get("e", "/"), Endpoint::outcome),
        )
    };
    let all = || Outcome::new("ALL", 200);
    let one = |name: &str, value: &str| Outcome::new(name, 200).field("/s", value);
    let both = || Outcome::new("BOTH", 200).field_in("/s", ["A", "B"]);
    for (unreachable, by) in [
        (vec![all(), one("A", "A")], "ALL"),
        (vec![both(), one("A", "A")], "BOTH"),
        (vec![one("A", "A"), one("B", "B"), both()], "A or B"),
        (vec![one("A", "A"), one("A2", "A").field("/t", 1)], "A"),
        (vec![all(), all().header("x-a", "b").field("/z", 1)], "ALL"),
    ] {
        let error = get(unreachable).build().expect_err("one is unreachable");
        let fault = error
            .faults()
            .iter()
            .find(|fault| fault.code() == FaultCode::UnreachableOutcome);
        let text = fault.unwrap_or_else(|| panic!("{error}")).to_string();
        assert!(
            text.contains(by) && text.contains("endpoint \"e\""),
            "{text}"
        );
    }
    let numbers = vec![
        Outcome::new("A", 200).field("/n", 1),
        Outcome::new("B", 200).field("/n", 1.0),
    ];
    refused(get(numbers), FaultCode::UnreachableOutcome, &["\"B\""]);
}

#[test]
fn outcomes_that_leave_responses_for_each_other_are_reachable() {
    let outcomes = [
        Outcome::new("A", 200).field("/s", "A").field("/t", 1),
        Outcome::new("B", 200).field("/s", "A"),
        Outcome::new("C", 200).field("/s", "B").header("x-a", "1"),
        Outcome::new("D", 200).field("/s", "B").header("x-a", "2"),
        Outcome::new("E", 200),
        Outcome::new("F", 201),
    ];
    let all = outcomes
        .into_iter()
        .fold(Endpoint::get("e", "/"), Endpoint::outcome);
    endpoint(all).build().expect("each can be met");
}

#[test]
fn conditions_must_be_on_scalars_that_an_response_can_have() {
    let none: [&str; 0] = [];
    for condition in [
        Outcome::new("GONE", 200).field("/a", json!({"b": 1})),
        Outcome::new("GONE", 200).field_in("/a", none),
        Outcome::new("GONE", 204).field("/a", 1),
        Outcome::new("GONE", 200).field("/a", 1).field("/a", 2),
    ] {
        refused(
            outcome(condition),
            FaultCode::InvalidCondition,
            &[IN_OUTCOME],
        );
    }
    let pointer = Outcome::new("GONE", 200).field("a", 1);
    refused(
        outcome(pointer),
        FaultCode::InvalidPointer,
        &[IN_OUTCOME, "`a`", "RFC 6901"],
    );
    let header = Outcome::new("GONE", 200).header("x y", "1");
    refused(
        outcome(header),
        FaultCode::InvalidHeader,
        &[IN_OUTCOME, "x y"],
    );
    let value = Outcome::new("GONE", 200).header("x-y", "a\nb");
    refused(
        outcome(value),
        FaultCode::InvalidHeader,
        &[IN_OUTCOME, "x-y"],
    );
}

#[test]
fn a_legacy_shape_needs_a_status_with_a_body_on_both_sides() {
    for status in [100, 101, 103, 204, 205, 206, 304, 412] {
        let target = Outcome::new("GONE", status).legacy(LegacyShape::new(400));
        let code = match status {
            100 | 103 => FaultCode::InvalidStatus,
            _ => FaultCode::StatusWithoutBody,
        };
        refused(outcome(target), code, &[IN_OUTCOME, &status.to_string()]);
        if status != 204 {
            let to = shape(LegacyShape::new(status).empty());
            refused(
                to,
                FaultCode::StatusWithoutBody,
                &[IN_OUTCOME, &status.to_string()],
            );
        }
    }
    refused(
        shape(LegacyShape::new(204)),
        FaultCode::StatusWithoutBody,
        &["204 with an empty one"],
    );
    shape(LegacyShape::new(204).empty())
        .build()
        .expect("204 has an empty body");
}

#[test]
fn a_status_without_the_header_that_http_requires_needs_an_explicit_word() {
    for (status, header) in [
        (401, "WWW-Authenticate"),
        (405, "Allow"),
        (407, "Proxy-Authenticate"),
    ] {
        let bare = || LegacyShape::new(status);
        refused(
            shape(bare()),
            FaultCode::MissingRequiredHeader,
            &[IN_OUTCOME, header],
        );
        shape(bare().set_header(header, "x"))
            .build()
            .expect("the header is set");
        shape(bare().append_header(header, "x"))
            .build()
            .expect("the header is appended");
        shape(bare().allow_missing_required_header())
            .build()
            .expect("explicitly without");
    }
}

#[test]
fn headers_of_a_shape_must_be_valid_and_not_the_layers_own() {
    for name in [
        "bad name",
        "",
        "Content-Length",
        "transfer-encoding",
        "Connection",
        "content-encoding",
        "trailer",
    ] {
        let named = [IN_OUTCOME, name];
        refused(
            shape(LegacyShape::new(400).set_header(name, "x")),
            FaultCode::InvalidHeader,
            &named,
        );
        refused(
            shape(LegacyShape::new(400).append_header(name, "x")),
            FaultCode::InvalidHeader,
            &named,
        );
        refused(
            shape(LegacyShape::new(400).remove_header(name)),
            FaultCode::InvalidHeader,
            &named,
        );
    }
    refused(
        shape(LegacyShape::new(400).set_header("x", "a\r\nb")),
        FaultCode::InvalidHeader,
        &["x"],
    );
    let both = LegacyShape::new(400)
        .set_header("x-a", "1")
        .remove_header("X-A");
    refused(
        shape(both),
        FaultCode::InvalidHeader,
        &["x-a", "same shape"],
    );
}

#[test]
fn templates_must_have_placeholders_that_can_be_filled_or_left_out() {
    let optional = || Placeholder::field("/a").omit_if_absent();
    refused(
        template(optional()),
        FaultCode::InvalidTemplate,
        &[IN_OUTCOME, "member"],
    );
    refused(
        template(Template::array([optional()])),
        FaultCode::InvalidTemplate,
        &["member"],
    );
    refused(
        template(Placeholder::field("a")),
        FaultCode::InvalidPointer,
        &["`a`"],
    );
    refused(
        template(Placeholder::header(["x y"])),
        FaultCode::InvalidHeader,
        &["x y"],
    );
    refused(
        template(Placeholder::header([] as [&str; 0])),
        FaultCode::InvalidTemplate,
        &["at least one header"],
    );
    refused(
        template(Template::object([("a", 1), ("a", 2)])),
        FaultCode::InvalidTemplate,
        &["`a`"],
    );
    for placeholder in [
        json!({"$unknown": 1}),
        json!({"$uuid": "v1"}),
        json!({"$field": 1}),
        json!({"$field": "/a", "omit_if_absent": true, "default": 1}),
        json!({"$field": "/a", "$uuid": "v4"}),
        json!({"$object": 1}),
        json!({"$header": []}),
    ] {
        refused(
            template(json!({"a": placeholder})),
            FaultCode::InvalidTemplate,
            &[IN_OUTCOME],
        );
    }
}

#[test]
fn the_notice_needs_right_dates_and_an_absolute_link() {
    const LINK: &str = "https://example.com/deprecations";
    let notice = |deprecation| Contract::builder().deprecation(deprecation);
    for date in [-1, 253_402_300_800] {
        refused(
            notice(Deprecation::new(date, LINK)),
            FaultCode::InvalidDate,
            &[&date.to_string()],
        );
        let sunset = Deprecation::new(0, LINK).sunset(date);
        refused(
            notice(sunset),
            FaultCode::InvalidDate,
            &["sunset", &date.to_string()],
        );
    }
    let early = Deprecation::new(100, LINK).sunset(99);
    refused(
        notice(early),
        FaultCode::SunsetBeforeDeprecation,
        &["99", "100"],
    );
    assert!(
        notice(Deprecation::new(100, LINK).sunset(100))
            .build()
            .is_ok()
    );
    for link in [
        "/relative",
        "",
        "example.com",
        "https://a/>; rel=x",
        "https://a/\"",
        "https://a/\u{e9}",
        "https://a b",
    ] {
        refused(
            notice(Deprecation::new(0, link)),
            FaultCode::InvalidLink,
            &["absolute"],
        );
    }
    let document = r#"{"endpoints": [], "deprecation": {"date": 0}}"#;
    let error = Contract::from_json(document).unwrap_err().to_string();
    assert_eq!(
        error,
        "/deprecation/link: missing member; expected a member `link`"
    );
}

#[test]
fn what_goes_beyond_the_bounds_is_refused() {
    let many = (0..65).fold(Outcome::new("GONE", 200), |o, i| {
        o.field(format!("/f{i}"), 1)
    });
    refused(outcome(many), FaultCode::TooMany, &["/f64", "64"]);
    let outcomes = (0..257).fold(Endpoint::get("e", "/"), |e, i| {
        e.outcome(Outcome::new(format!("O{i}"), 200).field("/n", i))
    });
    refused(endpoint(outcomes), FaultCode::TooMany, &["257", "256"]);
    let endpoints = (0..1025).fold(Contract::builder(), |c, i| {
        c.endpoint(Endpoint::get(format!("e{i}"), format!("/{i}")))
    });
    refused(endpoints, FaultCode::TooMany, &["1025", "1024"]);
}
