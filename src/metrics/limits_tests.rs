//! The limit of series, and contracts that are replaced while serving.

use std::sync::Arc;

use super::tests::{APPROVED, PENDING, ask, contract, count, layer};
use crate::{
    contract::LiveContract,
    flag::CompatFlag,
    metrics::{Metrics, MetricsSnapshot},
    observation::{Shape, SkipReason},
};

/// As many as fit into one set besides `other`.
fn many_kinds() -> Vec<String> {
    (1..64).map(|n| format!("K{n}")).collect()
}

fn names(endpoints: usize) -> Vec<String> {
    (0..endpoints).map(|n| format!("e{n}")).collect()
}

fn series(snapshot: &MetricsSnapshot) -> usize {
    snapshot.responses.len() + snapshot.skipped.len()
}

#[test]
fn in_a_contract_of_too_many_series_the_ids_go_to_what_happens() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let kinds = many_kinds();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let layer = layer(contract(names(100)), flag.reader(), &kinds, &metrics);
    ask(&layer, "e99", "K63", PENDING);
    assert_eq!(series(&metrics.snapshot()), 1, "no zeros are shown");
    assert_eq!(
        count(&metrics, "e99", "PENDING", "K63", Shape::Legacy),
        Some(1)
    );
}

#[test]
fn beyond_the_limit_responses_are_counted_as_other_and_none_is_lost() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let (endpoints, kinds) = (names(100), many_kinds());
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let layer = layer(contract(&endpoints), flag.reader(), &kinds, &metrics);
    for endpoint in &endpoints {
        for kind in &kinds {
            ask(&layer, endpoint, kind, PENDING);
        }
    }
    ask(&layer, "e99", "K63", "not JSON");
    ask(&layer, "e0", "K1", PENDING);

    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.total_responses(), 6_302);
    assert!(series(&snapshot) <= Metrics::MAX_SERIES);
    let own = 4_096 - 25;
    let other = |shape| count(&metrics, "other", "other", "other", shape);
    assert_eq!(other(Shape::Legacy), Some(6_300 - own));
    assert_eq!(other(Shape::Target), Some(1), "the undetermined one");
    let known = count(&metrics, "e0", "PENDING", "K1", Shape::Legacy);
    assert_eq!(known, Some(2), "a series keeps its id");
    for counts in [&snapshot.skipped, &snapshot.undetermined] {
        let last = counts.last().unwrap();
        assert_eq!(
            (&*last.endpoint, last.reason),
            ("other", SkipReason::NotJson)
        );
    }
}

#[test]
fn ever_new_names_reach_the_limit_and_no_further() {
    let (flag, metrics) = (CompatFlag::new("f", false), Arc::new(Metrics::new()));
    let live = LiveContract::new(contract(["e"]));
    let layer = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
    for n in 0..400 {
        let name = format!("e{n}");
        live.replace(contract([&name]));
        ask(&layer, &name, "AGENT", APPROVED);
    }
    let snapshot = metrics.snapshot();
    assert_eq!(snapshot.total_responses(), 400);
    assert!(series(&snapshot) <= Metrics::MAX_SERIES);
    assert!(count(&metrics, "other", "other", "other", Shape::Target).is_some());
}

#[test]
fn after_a_reload_old_series_stay_readable_and_equal_names_go_on_counting() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let live = LiveContract::new(contract(["start", "poll"]));
    let layer = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
    ask(&layer, "start", "AGENT", PENDING);
    ask(&layer, "poll", "AGENT", PENDING);

    live.replace(contract(["poll", "token"]));
    ask(&layer, "start", "AGENT", PENDING);
    ask(&layer, "poll", "AGENT", PENDING);
    ask(&layer, "token", "AGENT", PENDING);

    let pending = |endpoint| count(&metrics, endpoint, "PENDING", "AGENT", Shape::Legacy);
    assert_eq!(pending("start"), Some(1), "it is on the contract no more");
    assert_eq!(pending("poll"), Some(2));
    assert_eq!(pending("token"), Some(1));
}

#[test]
fn reloading_the_same_contract_without_end_adds_no_series() {
    let (flag, metrics) = (CompatFlag::new("f", false), Arc::new(Metrics::new()));
    let live = LiveContract::new(contract(["poll"]));
    let layer = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
    ask(&layer, "poll", "AGENT", APPROVED);
    let series = metrics.snapshot().responses.len();
    for _ in 0..200 {
        live.replace(contract(["poll"]));
        ask(&layer, "poll", "AGENT", APPROVED);
    }
    assert_eq!(metrics.snapshot().responses.len(), series);
    assert_eq!(
        count(&metrics, "poll", "APPROVED", "AGENT", Shape::Target),
        Some(201)
    );
    let shown = format!("{metrics:?}");
    let per_contract = shown.split("per_contract: ").nth(1).unwrap();
    let per_contract: u32 = per_contract.split(',').next().unwrap().parse().unwrap();
    assert!(per_contract <= 128, "{shown}");
}

#[test]
fn more_contracts_at_once_than_are_kept_at_hand_are_all_counted() {
    let (flag, metrics) = (CompatFlag::new("f", false), Arc::new(Metrics::new()));
    let layers: Vec<_> = (0..150)
        .map(|_| layer(contract(["poll"]), flag.reader(), &["AGENT"], &metrics))
        .collect();
    for layer in layers.iter().chain(&layers) {
        ask(layer, "poll", "AGENT", APPROVED);
    }
    assert_eq!(
        count(&metrics, "poll", "APPROVED", "AGENT", Shape::Target),
        Some(300)
    );
}
