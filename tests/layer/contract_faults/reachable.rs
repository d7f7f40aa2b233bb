//! What builds can fire: every outcome of a contract that is built is one of some response.

use std::sync::LazyLock;

use legacy_http_compat::{
    contract::{Contract, Endpoint, Matcher, Outcome, Statuses},
    diagnostics::{Fault, FaultCode},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::super::{
    exchange::{json as target, request, respond},
    scripted::Scripted,
};
use crate::observed::Notes;

/// One form of a condition.
#[derive(Clone, Debug)]
enum Form {
    Text(&'static str),
    Number,
    Pattern(&'static str),
    Present,
    Absent,
}

/// What a part of a response is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Text(&'static str),
    Number,
    /// Of a field only.
    Object,
    Absent,
}

/// The parts of a response that conditions are on; the second field is within the first.
const PARTS: usize = 4;
const FIELDS: [&str; 2] = ["/b/0", "/b/0/c"];

/// The index of its statuses, and the conditions on two fields, a header and a parameter of the query: each of no or some forms.
type Conditions = (usize, [Vec<Form>; PARTS]);

/// Its status, whether its body is JSON, and its parts.
type Sent = (u16, bool, [Part; PARTS]);

const STATUSES: [&[&str]; 5] = [
    &["200"],
    &["201"],
    &["200", "201"],
    &["2xx"],
    &["202", "200"],
];

const TEXT_FORMS: [&str; 4] = ["0", "1", "2", "12"];
const PATTERNS: [&str; 4] = ["1*", "?", "*2", "*"];

/// Texts that the forms tell apart in every way.
const TEXTS: [&str; 10] = ["", "0", "1", "2", "3", "12", "122", "10", "32", "33"];

fn form(has_numbers: bool) -> impl Strategy<Value = Form> {
    let number = if has_numbers {
        Form::Number
    } else {
        Form::Present
    };
    prop_oneof![
        4 => select(TEXT_FORMS.to_vec()).prop_map(Form::Text),
        3 => select(PATTERNS.to_vec()).prop_map(Form::Pattern),
        1 => Just(Form::Present),
        1 => Just(Form::Absent),
        1 => Just(number),
    ]
}

fn outcomes() -> impl Strategy<Value = Vec<Conditions>> {
    let forms = |numbers| prop_oneof![2 => Just(vec![]), 3 => vec(form(numbers), 1..4)];
    vec(
        (
            0..STATUSES.len(),
            [forms(true), forms(true), forms(false), forms(false)],
        ),
        1..6,
    )
}

fn matcher(forms: &[Form]) -> Matcher {
    Matcher::one_of(forms.iter().map(|form| match form {
        Form::Text(text) => Matcher::from(*text),
        Form::Number => 7.into(),
        Form::Pattern(pattern) => Matcher::pattern(*pattern),
        Form::Present => Matcher::present(),
        Form::Absent => Matcher::absent(),
    }))
}

fn built(outcomes: &[Conditions]) -> Result<Contract, Vec<FaultCode>> {
    let named = outcomes.iter().enumerate();
    let named = named.map(|(index, (statuses, [outer, inner, header, query]))| {
        let statuses = STATUSES[*statuses]
            .iter()
            .map(|status| match status.parse::<u16>() {
                Ok(single) => Statuses::from(single),
                Err(_) => Statuses::from(*status),
            });
        let mut outcome = Outcome::new(index.to_string(), statuses.collect::<Statuses>());
        for (pointer, forms) in FIELDS.into_iter().zip([outer, inner]) {
            if !forms.is_empty() {
                outcome = outcome.field(pointer, matcher(forms));
            }
        }
        if !header.is_empty() {
            outcome = outcome.header("x-a", matcher(header));
        }
        if !query.is_empty() {
            outcome = outcome.query_parameter("q", matcher(query));
        }
        outcome
    });
    let endpoint = named.fold(Endpoint::get("e", "/"), Endpoint::outcome);
    let contract = Contract::builder().endpoint(endpoint).build();
    contract.map_err(|error| error.faults().iter().map(Fault::code).collect())
}

/// Every response that the conditions can tell apart.
static RESPONSES: LazyLock<Vec<Sent>> = LazyLock::new(|| {
    let texts = || TEXTS.map(Part::Text).into_iter().chain([Part::Absent]);
    let fields = || texts().chain([Part::Number, Part::Object]);
    let flat = fields().map(|field| (true, [field, Part::Absent]));
    let deep = fields().map(|field| (true, [Part::Object, field]));
    let bodies: Vec<_> = flat.chain(deep).collect();
    let mut all = Vec::new();
    for status in [200, 201, 202, 203] {
        for header in texts() {
            for query in texts() {
                all.push((status, false, [Part::Absent, Part::Absent, header, query]));
                let bodies = bodies.iter();
                all.extend(bodies.map(|(is_json, [outer, inner])| {
                    (status, *is_json, [*outer, *inner, header, query])
                }));
            }
        }
    }
    all
});

/// The definition: whether a response is of an outcome that no earlier one takes.
fn fits((statuses, conditions): &Conditions, (status, is_json, parts): &Sent) -> bool {
    let mut taken = STATUSES[*statuses].iter();
    let taken = taken.any(|taken| *taken == "2xx" || taken.parse() == Ok(*status));
    let pairs = conditions.iter().zip(parts).enumerate();
    taken
        && pairs.clone().all(|(index, (forms, part))| {
            forms.is_empty()
                || (index >= FIELDS.len() || *is_json) && forms.iter().any(|form| is(form, *part))
        })
}

fn is(form: &Form, part: Part) -> bool {
    match (form, part) {
        (Form::Text(one), Part::Text(text)) => *one == text,
        (Form::Number, Part::Number) | (Form::Absent, Part::Absent) => true,
        (Form::Present, part) => part != Part::Absent,
        (Form::Pattern(pattern), Part::Text(text)) => match *pattern {
            "1*" => text.starts_with('1'),
            "*2" => text.ends_with('2'),
            "?" => text.len() == 1,
            _ => true,
        },
        _ => false,
    }
}

fn first(outcomes: &[Conditions], sent: &Sent) -> Option<usize> {
    outcomes.iter().position(|outcome| fits(outcome, sent))
}

/// A response that counts as the outcome, of this status where one is given.
fn witness(outcomes: &[Conditions], index: usize, status: Option<u16>) -> Option<&'static Sent> {
    let of_status = |sent: &&Sent| status.is_none_or(|status| sent.0 == status);
    let mut all = RESPONSES.iter().filter(of_status);
    all.find(|sent| first(outcomes, sent) == Some(index))
}

/// Whether no response fulfils all conditions, even where there is no other outcome.
fn is_impossible(outcome: &Conditions) -> bool {
    witness(std::slice::from_ref(outcome), 0, None).is_none()
}

/// Whether an outcome has no response left, or one of its statuses has none.
fn is_shadowed(outcomes: &[Conditions]) -> bool {
    let mut possible = (0..outcomes.len()).filter(|index| !is_impossible(&outcomes[*index]));
    possible.any(|index| {
        let singles = STATUSES[outcomes[index].0]
            .iter()
            .map(|status| status.parse().ok());
        singles
            .into_iter()
            .any(|status| witness(outcomes, index, status).is_none())
    })
}

/// Whether a condition holds of all that its part can be.
fn is_idle((_, conditions): &Conditions) -> bool {
    let parts = TEXTS.map(Part::Text).into_iter().chain([Part::Absent]);
    conditions.iter().enumerate().any(|(index, forms)| {
        let others = [Part::Number, Part::Object]
            .into_iter()
            .filter(|_| index < FIELDS.len());
        let mut parts = parts.clone().chain(others);
        parts.all(|part| forms.iter().any(|form| is(form, part)))
    })
}

#[test]
fn the_texts_are_all_that_the_forms_tell_apart() {
    let kind = |text| {
        let part = Part::Text(text);
        let texts = TEXT_FORMS.map(|of| is(&Form::Text(of), part));
        (texts, PATTERNS.map(|of| is(&Form::Pattern(of), part)))
    };
    let kinds = TEXTS.map(kind);
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        let longer = texts
            .iter()
            .flat_map(|text| ["0", "1", "2", "3"].map(|c| format!("{text}{c}")));
        texts = longer.chain(texts.clone()).collect();
    }
    for text in texts {
        assert!(kinds.contains(&kind(text.leak())));
    }
}

#[test]
fn a_pattern_is_left_what_earlier_outcomes_do_not_name() {
    let patterned = |forms: &[Form]| (1, [vec![], vec![], vec![], forms.to_vec()]);
    let named = [Form::Text("0"), Form::Text("1"), Form::Pattern("*2")];
    let outcomes = [patterned(&named), patterned(&[Form::Pattern("?")])];
    assert!(built(&outcomes).is_ok());
    assert!(!is_shadowed(&outcomes));
    // Also what no outcome names at all.
    let endpoint = Endpoint::get("e", "/")
        .outcome(Outcome::new("NAMED", 200).header("x-a", "?"))
        .outcome(Outcome::new("ANY", 200).header("x-a", Matcher::pattern("?")));
    assert!(Contract::builder().endpoint(endpoint).build().is_ok());
}

#[test]
fn an_outcome_is_left_no_field_within_one_that_earlier_outcomes_take() {
    let fields =
        |outer: &[Form], inner: &[Form]| (0, [outer.to_vec(), inner.to_vec(), vec![], vec![]]);
    let refused = |outcomes: &[Conditions]| {
        assert!(is_shadowed(outcomes));
        let faults = built(outcomes).expect_err("one never occurs");
        assert_eq!(faults, [FaultCode::UnreachableOutcome]);
    };
    refused(&[
        fields(&[Form::Present], &[]),
        fields(&[], &[Form::Text("1")]),
    ]);
    refused(&[
        fields(&[], &[Form::Absent]),
        fields(&[Form::Text("1"), Form::Absent], &[]),
    ]);
    let outcomes = [fields(&[Form::Present], &[]), fields(&[], &[Form::Absent])];
    assert!(built(&outcomes).is_ok());
}

async fn outcomes_of(contract: Contract, all: &[Sent]) -> Vec<String> {
    let notes = Notes::default();
    let flag = legacy_http_compat::CompatFlag::on("compat");
    let layer = legacy_http_compat::LegacyHttpCompatLayer::new(contract, &flag)
        .observer(std::sync::Arc::new(notes.clone()));
    for (status, is_json, [outer, inner, header, query]) in all {
        let value = |part: &Part, object| match part {
            Part::Text(text) => Some(json!(text)),
            Part::Number => Some(json!(7.0)),
            Part::Object => Some(object),
            Part::Absent => None,
        };
        let within = value(inner, json!({}));
        let within = within.map_or_else(|| json!({}), |inner| json!({"c": inner}));
        let body = json!({"b": Vec::from_iter(value(outer, within))});
        let mut response = target(*status, Scripted::frames([&*body.to_string().leak()]));
        let headers = response.headers_mut();
        if !is_json {
            headers.insert("content-type", "text/html".parse().expect("a type"));
        }
        if let Part::Text(text) = header {
            headers.insert("x-a", text.parse().expect("digits"));
        }
        let path = match query {
            Part::Text(text) => format!("/?p=1&q={text}"),
            _ => "/?p=1".to_owned(),
        };
        drop(respond(&layer, request("GET", &path), response).await);
    }
    notes.all().into_iter().map(|seen| seen.outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn every_outcome_of_a_contract_that_builds_occurs_and_no_refused_one_could(
        outcomes in outcomes(),
        some in vec(any::<prop::sample::Index>(), 8),
    ) {
        match built(&outcomes) {
            Ok(contract) => {
                prop_assert!(!outcomes.iter().any(|outcome| is_idle(outcome) || is_impossible(outcome)));
                let mut sent: Vec<Sent> = some.iter().map(|index| *index.get(&RESPONSES)).collect();
                for index in 0..outcomes.len() {
                    let occurs = witness(&outcomes, index, None);
                    prop_assert!(occurs.is_some(), "{} never occurs", index);
                    sent.extend(occurs);
                }
                prop_assert!(!is_shadowed(&outcomes));
                let expected = sent.iter().map(|sent| first(&outcomes, sent));
                let expected: Vec<String> = expected
                    .map(|index| index.map_or_else(|| "other".to_owned(), |index| index.to_string()))
                    .collect();
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                prop_assert_eq!(runtime.block_on(outcomes_of(contract, &sent)), expected, "{:?}", sent);
            }
            Err(faults) => {
                let shadowed = faults.contains(&FaultCode::UnreachableOutcome);
                prop_assert_eq!(shadowed, is_shadowed(&outcomes));
                let mut invalid = outcomes.iter().filter(|outcome| is_idle(outcome) || is_impossible(outcome));
                prop_assert_eq!(faults.contains(&FaultCode::InvalidCondition), invalid.next().is_some());
                prop_assert!(!faults.iter().any(|code| !matches!(
                    code,
                    FaultCode::UnreachableOutcome | FaultCode::InvalidCondition
                )));
            }
        }
    }

    #[test]
    fn a_path_that_builds_is_one_that_a_request_can_have(
        segments in vec(select(vec!["a", "..", ".", "%2e", "%2F", "%", "%g0", "{x}", "", "é", "a b", "`", "~"]), 1..5),
    ) {
        let path = format!("/{}", segments.join("/"));
        if Contract::builder().endpoint(Endpoint::get("e", &*path)).build().is_ok() {
            let sent = path.replace("{x}", "7");
            let uri: http::Uri = sent.parse().expect("a request target");
            prop_assert_eq!(uri.path(), &*sent);
            prop_assert!(url_keeps(&sent), "{}", sent);
        }
    }
}

/// Whether a client sends the path as it is, and does not remove dots (RFC 3986, section 5.2.4).
fn url_keeps(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    plain
        .split('/')
        .all(|segment| segment != "." && segment != "..")
}
