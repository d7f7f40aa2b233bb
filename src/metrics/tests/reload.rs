//! Contracts that are replaced while serving.

use std::sync::Arc;

use super::app::{APPROVED, PENDING, ask, contract, count, layer};
use crate::{contract::LiveContract, flag::CompatFlag, metrics::Metrics, observation::Shape};

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
