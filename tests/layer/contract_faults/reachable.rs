//! What builds can fire: every outcome of a contract that is built is one of some response.

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
    Absent,
}

/// The index of its statuses, and the conditions on a field, a header and a parameter of the query: each of no or some forms.
type Conditions = (usize, [Vec<Form>; 3]);

/// Its status, whether its body is JSON, and its parts.
type Sent = (u16, bool, [Part; 3]);

const STATUSES: [&[&str]; 5] = [
    &["200"],
    &["201"],
    &["200", "201"],
    &["2xx"],
    &["202", "200"],
];

/// Texts that the forms tell apart in every way.
const TEXTS: [&str; 9] = ["", "0", "1", "2", "12", "122", "10", "32", "33"];

fn form(has_numbers: bool) -> impl Strategy<Value = Form> {
    let number = if has_numbers {
        Form::Number
    } else {
        Form::Present
    };
    prop_oneof![
        4 => select(vec!["0", "1", "2", "12"]).prop_map(Form::Text),
        3 => select(vec!["1*", "?", "*2", "*"]).prop_map(Form::Pattern),
        1 => Just(Form::Present),
        1 => Just(Form::Absent),
        1 => Just(number),
    ]
}

fn outcomes() -> impl Strategy<Value = Vec<Conditions>> {
    let forms = |numbers| prop_oneof![2 => Just(vec![]), 3 => vec(form(numbers), 1..4)];
    vec(
        (0..STATUSES.len(), [forms(true), forms(false), forms(false)]),
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
    let named = named.map(|(index, (statuses, [field, header, query]))| {
        let statuses = STATUSES[*statuses]
            .iter()
            .map(|status| match status.parse::<u16>() {
                Ok(single) => Statuses::from(single),
                Err(_) => Statuses::from(*status),
            });
        let mut outcome = Outcome::new(index.to_string(), statuses.collect::<Statuses>());
        if !field.is_empty() {
            outcome = outcome.field("/b/0", matcher(field));
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
fn responses() -> Vec<Sent> {
    let texts = || TEXTS.map(Part::Text).into_iter().chain([Part::Absent]);
    let mut all = Vec::new();
    for status in [200, 201, 202, 203] {
        for header in texts() {
            for query in texts() {
                all.push((status, false, [Part::Absent, header, query]));
                let fields = texts().chain([Part::Number]);
                all.extend(fields.map(|field| (status, true, [field, header, query])));
            }
        }
    }
    all
}

/// The definition: whether a response is of an outcome that no earlier one takes.
fn fits((statuses, conditions): &Conditions, (status, is_json, parts): &Sent) -> bool {
    let mut taken = STATUSES[*statuses].iter();
    let taken = taken.any(|taken| *taken == "2xx" || *taken == status.to_string());
    let pairs = conditions.iter().zip(parts).enumerate();
    taken
        && pairs.clone().all(|(index, (forms, part))| {
            forms.is_empty() || (index > 0 || *is_json) && forms.iter().any(|form| is(form, *part))
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
fn witness(outcomes: &[Conditions], index: usize, status: Option<u16>) -> Option<Sent> {
    let of_status = |sent: &Sent| status.is_none_or(|status| sent.0 == status);
    let mut all = responses().into_iter().filter(of_status);
    all.find(|sent| first(outcomes, sent) == Some(index))
}

/// Whether an outcome has no response left, or one of its statuses has none.
fn is_shadowed(outcomes: &[Conditions]) -> bool {
    (0..outcomes.len()).any(|index| {
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
        let number = (index == 0).then_some(Part::Number);
        let mut parts = parts.clone().chain(number);
        parts.all(|part| forms.iter().any(|form| is(form, part)))
    })
}

async fn outcomes_of(contract: Contract, all: &[Sent]) -> Vec<String> {
    let notes = Notes::default();
    let flag = legacy_http_compat::CompatFlag::on("compat");
    let layer = legacy_http_compat::LegacyHttpCompatLayer::new(contract, &flag)
        .observer(std::sync::Arc::new(notes.clone()));
    for (status, is_json, [field, header, query]) in all {
        let body = match field {
            Part::Text(text) => json!({"b": [text]}),
            Part::Number => json!({"b": [7.0]}),
            Part::Absent => json!({"b": []}),
        };
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
                prop_assert!(!outcomes.iter().any(is_idle));
                let everything = responses();
                let mut sent: Vec<Sent> = some.iter().map(|index| *index.get(&everything)).collect();
                for index in 0..outcomes.len() {
                    let occurs = witness(&outcomes, index, None);
                    prop_assert!(occurs.is_some(), "{} never occurs", index);
                    sent.extend(occurs);
                }
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
                prop_assert_eq!(faults.contains(&FaultCode::InvalidCondition), outcomes.iter().any(is_idle));
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
