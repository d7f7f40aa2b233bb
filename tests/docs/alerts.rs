//! The Prometheus alerts use existing metrics only.

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
fn every_metric_in_an_alert_is_one_of_the_crates() {
    let known: BTreeSet<&str> = Family::ALL.iter().map(|family| family.name).collect();
    let used = named_in(ALERTS);
    assert!(!used.is_empty());
    assert!(used.is_subset(&known), "{:?}", used.difference(&known));
}
