//! What builds can fire: every outcome of a contract that is built is one of some response.

use legacy_http_compat::{
    contract::{Contract, Endpoint, Outcome},
    diagnostics::{Fault, FaultCode},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::super::{
    exchange::{json as target, request, respond},
    scripted::Scripted,
};
use crate::observed::Notes;

/// The conditions of an outcome: values of two fields and of a header, each of no or some values.
type Conditions = [Vec<u8>; 3];

fn outcomes() -> impl Strategy<Value = Vec<Conditions>> {
    let values = || prop_oneof![2 => Just(vec![]), 3 => vec(0..3_u8, 1..4)];
    vec([values(), values(), values()], 1..6)
}

/// Numbers are written in one way in contracts, and in another in responses.
fn built(outcomes: &[Conditions]) -> Result<Contract, Vec<FaultCode>> {
    let named = outcomes.iter().enumerate().map(|(index, [a, b, header])| {
        let mut outcome = Outcome::new(index.to_string(), 200);
        if !a.is_empty() {
            outcome = outcome.field_in("/a", a.iter().map(|value| f64::from(*value)));
        }
        if !b.is_empty() {
            outcome = outcome.field_in("/b/0", b.iter().map(u8::to_string));
        }
        if !header.is_empty() {
            outcome = outcome.header_in("x-a", header.iter().map(u8::to_string));
        }
        outcome
    });
    let endpoint = named.fold(Endpoint::get("e", "/"), Endpoint::outcome);
    let contract = Contract::builder().endpoint(endpoint).build();
    contract.map_err(|error| error.faults().iter().map(Fault::code).collect())
}

/// Every response that the conditions can tell apart: each value, and one that no condition has.
fn responses() -> Vec<(Value, String)> {
    let mut all = Vec::new();
    for a in 0..4 {
        for b in 0..4 {
            for header in 0..4 {
                all.push((json!({"b": [b.to_string()], "a": a}), header.to_string()));
            }
        }
    }
    all
}

async fn outcomes_of(contract: Contract) -> Vec<String> {
    let notes = Notes::default();
    let flag = legacy_http_compat::CompatFlag::on("compat");
    let layer = legacy_http_compat::LegacyHttpCompatLayer::new(contract, &flag)
        .observer(std::sync::Arc::new(notes.clone()));
    for (body, header) in responses() {
        let mut response = target(200, Scripted::frames([&*body.to_string().leak()]));
        response
            .headers_mut()
            .insert("x-a", header.parse().expect("a digit"));
        drop(respond(&layer, request("GET", "/"), response).await);
    }
    notes.all().into_iter().map(|seen| seen.outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn every_outcome_of_a_contract_that_builds_occurs_and_no_refused_one_could(outcomes in outcomes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        match built(&outcomes) {
            Ok(contract) => {
                let seen = runtime.block_on(outcomes_of(contract));
                for index in 0..outcomes.len() {
                    prop_assert!(seen.contains(&index.to_string()), "{} never occurs", index);
                }
            }
            Err(faults) => {
                prop_assert!(faults.iter().all(|code| *code == FaultCode::UnreachableOutcome));
                // The last outcome that is refused is taken whole by those before it: without them it would build.
                let only_last = outcomes.last().map(std::slice::from_ref).unwrap_or_default();
                prop_assert!(built(only_last).is_ok());
                prop_assert!(is_shadowed(&outcomes));
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

/// By brute force: whether some outcome has no response left.
fn is_shadowed(outcomes: &[Conditions]) -> bool {
    let fits = |[a, b, header]: &Conditions, response: [u8; 3]| {
        let fits = |values: &Vec<u8>, value: u8| values.is_empty() || values.contains(&value);
        fits(a, response[0]) && fits(b, response[1]) && fits(header, response[2])
    };
    let mut responses = Vec::new();
    for number in 0..64_u8 {
        responses.push([number % 4, number / 4 % 4, number / 16]);
    }
    let first = |response: &[u8; 3]| outcomes.iter().position(|outcome| fits(outcome, *response));
    let taken: Vec<usize> = responses.iter().filter_map(first).collect();
    (0..outcomes.len()).any(|index| !taken.contains(&index))
}

/// Whether a client sends the path as it is, and does not remove dots (RFC 3986, section 5.2.4).
fn url_keeps(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    plain
        .split('/')
        .all(|segment| segment != "." && segment != "..")
}
