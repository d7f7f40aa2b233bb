//! What a scraper reads.

use std::sync::{Arc, Mutex};

use prometheus_client::{encoding::text, registry::Registry};

use super::prometheus::PrometheusCollector;
use crate::{
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    flag::CompatFlag,
    metrics::{
        Family, Metrics, Sample, Source, Value,
        made_up::{MadeUp, of},
        tests::{APPROVED, PENDING, ask, contract, layer},
    },
    observation::{Observation, Observe},
};

fn scraped(collector: PrometheusCollector) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut text = String::new();
    text::encode(&mut text, &registry).unwrap();
    text
}

fn without_zeros(text: &str) -> String {
    let zero = |line: &&str| line.ends_with("} 0") && line.contains("_total");
    let lines = text.lines().filter(|line| !zero(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// Samples such as those of a census.
struct Callers;

impl Source for Callers {
    fn families(&self) -> &'static [Family] {
        &[
            Family::CALLERS,
            Family::CENSUS_COVERAGE_RATIO,
            Family::CENSUS_OVERFLOWED,
        ]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        match *family {
            Family::CALLERS => sample(&["f", "AGENT", "dependent", "24h"], 12.into()),
            Family::CENSUS_COVERAGE_RATIO => sample(&["f", "24h"], Value::Ratio(0.25)),
            _ => sample(&["f"], false.into()),
        }
    }
}

#[test]
fn the_text_is_right_line_for_line() {
    let flag = CompatFlag::new("features.compat", true);
    let metrics = Arc::new(Metrics::new());
    let layer = layer(contract(["poll"]), flag.reader(), &["AGENT"], &metrics);
    ask(&layer, "poll", "AGENT", PENDING);
    ask(&layer, "poll", "AGENT", PENDING);
    ask(&layer, "poll", "unknown", APPROVED);
    ask(&layer, "poll", "unknown", "not JSON");
    flag.set(false);
    ask(&layer, "poll", "unknown", PENDING);
    let collector = PrometheusCollector::new()
        .source(metrics)
        .source(Callers)
        .source(flag.reader());
    let expected = "\
# HELP legacy_http_compat_responses Responses on endpoints of the contract.
# TYPE legacy_http_compat_responses counter
legacy_http_compat_responses_total{endpoint=\"poll\",outcome=\"PENDING\",client_kind=\"other\",shape=\"target\"} 1
legacy_http_compat_responses_total{endpoint=\"poll\",outcome=\"PENDING\",client_kind=\"AGENT\",shape=\"legacy\"} 2
legacy_http_compat_responses_total{endpoint=\"poll\",outcome=\"APPROVED\",client_kind=\"other\",shape=\"target\"} 1
legacy_http_compat_responses_total{endpoint=\"poll\",outcome=\"undetermined\",client_kind=\"other\",shape=\"target\"} 1
# HELP legacy_http_compat_skipped Responses to dependent callers that were not rewritten while the flag was on.
# TYPE legacy_http_compat_skipped counter
legacy_http_compat_skipped_total{endpoint=\"poll\",reason=\"not_json\"} 1
# HELP legacy_http_compat_undetermined Responses whose outcome could not be determined, whatever the flag and the caller.
# TYPE legacy_http_compat_undetermined counter
legacy_http_compat_undetermined_total{endpoint=\"poll\",reason=\"not_json\"} 1
# HELP legacy_http_compat_rehearsed Legacy responses that were rendered and dropped while the flag was off.
# TYPE legacy_http_compat_rehearsed counter
legacy_http_compat_rehearsed_total{endpoint=\"poll\",outcome=\"PENDING\",result=\"ok\"} 1
# HELP legacy_http_compat_callers Distinct callers by state.
# TYPE legacy_http_compat_callers gauge
legacy_http_compat_callers{flag=\"f\",client_kind=\"AGENT\",state=\"dependent\",window=\"24h\"} 12
# HELP legacy_http_compat_census_coverage_ratio Share of the window in which the census watched.
# TYPE legacy_http_compat_census_coverage_ratio gauge
legacy_http_compat_census_coverage_ratio{flag=\"f\",window=\"24h\"} 0.25
# HELP legacy_http_compat_census_overflowed Whether the numbers of callers contain an estimate.
# TYPE legacy_http_compat_census_overflowed gauge
legacy_http_compat_census_overflowed{flag=\"f\"} 0
# HELP legacy_http_compat_flag_on Whether the flag is on and responses are rewritten.
# TYPE legacy_http_compat_flag_on gauge
legacy_http_compat_flag_on{flag=\"features.compat\"} 0
# EOF";
    assert_eq!(without_zeros(&scraped(collector)), expected);
}

#[test]
fn a_family_of_two_sources_is_shown_once_with_the_samples_of_both() {
    let (first, second) = (CompatFlag::new("a", true), CompatFlag::new("b", false));
    let collector = PrometheusCollector::new()
        .source(first.reader())
        .source(second.reader());
    let text = scraped(collector);
    assert_eq!(text.matches("# TYPE").count(), 1);
    assert!(text.contains("{flag=\"a\"} 1\n"));
    assert!(text.contains("{flag=\"b\"} 0\n"));
}

#[test]
fn two_metrics_are_one_series_with_the_sum_of_both() {
    let flag = CompatFlag::new("f", true);
    let mut collector = PrometheusCollector::new();
    for _ in 0..2 {
        let metrics = Arc::new(Metrics::new());
        let layer = layer(contract(["poll"]), flag.reader(), &["AGENT"], &metrics);
        ask(&layer, "poll", "AGENT", PENDING);
        collector = collector.source(metrics);
    }
    let text = without_zeros(&scraped(collector));
    let series = text.lines().filter(|line| line.contains("PENDING"));
    let series: Vec<&str> = series.collect();
    assert!(matches!(series[..], [one] if one.ends_with(" 2")), "{text}");
}

#[test]
fn a_name_that_two_sources_use_for_different_things_is_shown_as_the_first_has_it() {
    struct Clash;
    const CLASH: Family = Family::counter("legacy_http_compat_flag_on", &["by"], "Another thing.");
    impl Source for Clash {
        fn families(&self) -> &'static [Family] {
            &[CLASH]
        }

        fn samples(&self, _family: &Family, sample: &mut Sample<'_>) {
            sample(&["clash"], 1.into());
        }
    }
    let flag = CompatFlag::new("f", true);
    let collector = PrometheusCollector::new()
        .source(flag.reader())
        .source(Clash);
    let text = scraped(collector);
    assert_eq!(text.matches("# TYPE").count(), 1);
    assert!(!text.contains("clash"));
}

#[test]
fn label_values_are_escaped() {
    let flag = CompatFlag::new("a\"b\\c\nd", true);
    let text = scraped(PrometheusCollector::new().source(flag.reader()));
    assert!(text.contains("{flag=\"a\\\"b\\\\c\\nd\"} 1\n"), "{text}");

    let metrics = Arc::new(Metrics::new());
    let layer = layer(contract(["poll"]), flag.reader(), &["MC\"P"], &metrics);
    ask(&layer, "poll", "MC\"P", APPROVED);
    let text = scraped(PrometheusCollector::new().source(metrics));
    assert!(text.contains("client_kind=\"MC\\\"P\",shape=\"target\"} 1\n"));
}

/// Collects the fingerprints of observations.
#[derive(Default)]
struct Fingerprints(Mutex<Vec<String>>);

impl Observe for Fingerprints {
    fn observe(&self, observation: &Observation<'_>) {
        let fingerprint = observation.caller().fingerprint();
        let shown = fingerprint
            .expect("the caller has a fingerprint")
            .to_string();
        self.0.lock().unwrap().push(shown);
    }
}

#[test]
fn nothing_that_a_client_sent_is_shown() {
    let flag = CompatFlag::new("f", true);
    let (metrics, seen) = (Arc::new(Metrics::new()), Arc::new(Fingerprints::default()));
    let detector = SignalDetector::builder(["AGENT"])
        .kind_products([("agent", "AGENT")])
        .identity(IdentitySignal::header("x-kind"))
        .build(&FingerprintKey::new([7; 16]));
    let layer = layer(contract(["poll"]), flag.reader(), &[], &metrics)
        .detector(Arc::new(detector.unwrap()))
        .observer(seen.clone());
    ask(&layer, "poll", "installation-17", PENDING);

    let sources = PrometheusCollector::new().source(metrics);
    let text = scraped(sources.source(flag.reader()));
    assert!(text.contains("client_kind=\"other\",shape=\"legacy\"} 1\n"));
    let fingerprint = &seen.0.lock().unwrap()[0];
    for secret in [fingerprint, "psd_", "installation-17", "/poll"] {
        assert!(!text.contains(secret), "{secret} is shown");
    }
}

fn shown(source: &MadeUp) -> String {
    scraped(PrometheusCollector::new().source(source.clone()))
}

/// Without a time of creation, Prometheus takes a count that did not fall for one that did not rise.
#[test]
fn three_restarts_show_the_same_seven_events_of_a_journal() {
    let journal = of(&[("a", 7)]);
    for _ in 0..3 {
        let text = shown(&journal);
        assert!(text.contains("journaled_total{by=\"a\"} 7\n"));
        assert!(!text.contains("_created"));
    }
}

#[test]
fn a_gate_that_is_gone_is_not_shown() {
    let gates = of(&[("a", 1), ("b", 1)]);
    let collector = PrometheusCollector::new().source(gates.clone());
    assert!(scraped(collector.clone()).contains("weighed{by=\"a\"} 1\n"));
    gates.remove("a");
    let text = scraped(collector);
    assert!(!text.contains("by=\"a\"") && text.contains("weighed{by=\"b\"} 1\n"));
}

#[test]
fn as_many_series_as_there_can_be_lose_nothing_in_sum() {
    let many: Vec<_> = (0..4_096).map(|n| (format!("s{n}"), n)).collect();
    let text = shown(&MadeUp(Arc::new(Mutex::new(many))));
    let lines = text
        .lines()
        .filter(|line| line.starts_with("counted_total{"));
    let values = lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    assert_eq!(values.sum::<u64>(), 4_095 * 4_096 / 2);
}

#[test]
fn a_source_that_was_dropped_shows_nothing_and_is_not_kept_alive() {
    let source = Arc::new(of(&[("a", 3)]));
    let collector = PrometheusCollector::new().source(Arc::downgrade(&source));
    assert!(scraped(collector.clone()).contains("counted_total{by=\"a\"} 3\n"));
    drop(source);
    let text = scraped(collector);
    assert!(text.lines().all(|line| line.starts_with('#')), "{text}");
}

#[test]
fn a_family_without_samples_shows_no_series() {
    let text = shown(&of(&[]));
    let series = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(series.collect::<Vec<_>>(), ["bare 0"]);
}
