//! The alerts for Prometheus speak of metrics that there are.

use std::collections::BTreeSet;

use legacy_http_compat::metrics::Family;

const ALERTS: &str = include_str!("../../examples/prometheus/alerts.yml");

fn named_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("legacy_http_compat_"))
        .collect()
}

#[test]
fn every_metric_that_an_alert_asks_is_one_of_the_crates() {
    let known: BTreeSet<&str> = Family::ALL.iter().map(Family::name).collect();
    let asked = named_in(ALERTS);
    assert!(!asked.is_empty());
    assert!(asked.is_subset(&known), "{:?}", asked.difference(&known));
}
