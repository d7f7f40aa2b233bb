//! What the SDK exports.

use std::{collections::BTreeMap, sync::Arc};

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, InMemoryMetricExporterBuilder, Instrument, PeriodicReader,
    SdkMeterProvider, Stream, Temporality,
    data::{AggregatedMetrics, MetricData, ScopeMetrics},
};

use super::{ObservableInstruments, RegisteredInstruments};
use crate::metrics::{
    Sources,
    made_up::{BARE, COUNTED, MadeUp, WEIGHED, of},
};

const TEMPORALITIES: [Temporality; 2] = [Temporality::Delta, Temporality::Cumulative];

/// A process that exports.
struct Process {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
    instruments: Option<RegisteredInstruments>,
}

/// The series of each metric, as `by=a`, and their values.
type Exported = BTreeMap<String, BTreeMap<String, f64>>;

impl Process {
    /// A process whose reader has the default cardinality limit.
    fn start(temporality: Temporality, sources: Sources) -> Self {
        Self::with_limit(temporality, 2_000, ObservableInstruments::new(sources))
    }

    fn with_limit(
        temporality: Temporality,
        limit: usize,
        instruments: ObservableInstruments,
    ) -> Self {
        let exporter = InMemoryMetricExporterBuilder::new().with_temporality(temporality);
        let exporter = exporter.build();
        let view =
            move |_: &Instrument| Stream::builder().with_cardinality_limit(limit).build().ok();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .with_view(view)
            .build();
        let instruments = instruments.register(&provider.meter("test"));
        Self {
            provider,
            exporter,
            instruments: Some(instruments),
        }
    }

    /// What one collection exports.
    fn export(&self) -> Exported {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let mut exported = Exported::new();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            let scopes = resource.scope_metrics();
            for metric in scopes.flat_map(ScopeMetrics::metrics) {
                exported.insert(metric.name().to_owned(), points(metric.data()));
            }
        }
        exported
    }
}

#[expect(clippy::cast_precision_loss, reason = "tests use small numbers")]
fn points(data: &AggregatedMetrics) -> BTreeMap<String, f64> {
    macro_rules! series {
        ($points:expr, $number:expr) => {
            $points
                .map(|point| {
                    let attributes = point.attributes();
                    let attributes = attributes.map(|a| format!("{}={}", a.key, a.value));
                    (
                        attributes.collect::<Vec<_>>().join(","),
                        $number(point.value()),
                    )
                })
                .collect()
        };
    }
    match data {
        AggregatedMetrics::U64(MetricData::Sum(sum)) => {
            assert!(sum.is_monotonic());
            series!(sum.data_points(), |value| value as f64)
        }
        AggregatedMetrics::U64(MetricData::Gauge(gauge)) => {
            series!(gauge.data_points(), |value| value as f64)
        }
        AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
            series!(gauge.data_points(), |value: f64| value)
        }
        other => panic!("{other:?}"),
    }
}

fn sources(source: &MadeUp) -> Sources {
    Sources::new().source(source.clone())
}

fn sum(exported: &Exported, name: &str) -> f64 {
    exported
        .get(name)
        .map_or(0.0, |series| series.values().sum())
}

#[test]
fn a_family_is_an_instrument_of_its_kind_number_unit_and_labels() {
    let process = Process::start(Temporality::Cumulative, sources(&of(&[("a", 500)])));
    let one = |value| BTreeMap::from([("by=a".to_owned(), value)]);
    let expected = [
        ("bare", BTreeMap::from([(String::new(), 1.0)])),
        ("counted", one(500.0)),
        ("journaled", one(0.0)),
        ("shared", one(0.5)),
        ("weighed", one(500.0)),
    ];
    let expected = expected.map(|(name, series)| (name.to_owned(), series));
    assert_eq!(process.export(), BTreeMap::from(expected));

    let exported = process.exporter.get_finished_metrics().unwrap();
    let metrics = exported[0].scope_metrics().flat_map(ScopeMetrics::metrics);
    let described: Vec<_> = metrics
        .map(|metric| (metric.name(), metric.unit(), metric.description()))
        .collect();
    assert!(
        described.contains(&("shared", "1", "Shared.")),
        "{described:?}"
    );
    assert!(
        described.contains(&("weighed", "", "Weighed.")),
        "not to become a ratio"
    );
    assert!(described.contains(&("counted", "{event}", "Counted.")));
}

#[test]
fn three_restarts_add_nothing_to_the_seven_events_of_a_journal() {
    for temporality in TEMPORALITIES {
        let journal = of(&[("a", 0)]);
        let mut last_of_each = 0.0;
        let mut added_up = 0.0;
        for events in [7, 7, 7] {
            let process = Process::start(temporality, sources(&journal));
            let first = process.export();
            journal.set("a", events);
            let second = process.export();
            added_up += sum(&first, "journaled") + sum(&second, "journaled");
            last_of_each += sum(&second, "journaled");
        }
        let seven = match temporality {
            Temporality::Delta => added_up,
            _ => last_of_each,
        };
        assert_eq!(seven, 7.0, "{temporality:?}");
    }
}

#[test]
fn events_of_a_journal_are_counted_by_the_process_that_sees_them() {
    let journal = of(&[("a", 0)]);
    let mut counted = Vec::new();
    for (events, new) in [(3, 0), (5, 0), (5, 2)] {
        let process = Process::start(Temporality::Delta, sources(&journal));
        journal.set("a", events);
        journal.set("b", new);
        counted.push(sum(&process.export(), "journaled"));
        counted.push(sum(&process.export(), "journaled"));
    }
    assert_eq!(counted, [3.0, 0.0, 2.0, 0.0, 2.0, 0.0]);
}

#[test]
fn a_gate_that_is_gone_is_not_exported() {
    for temporality in TEMPORALITIES {
        let gates = of(&[("a", 1), ("b", 1)]);
        let process = Process::start(temporality, sources(&gates));
        assert_eq!(process.export()["weighed"].len(), 2);
        gates.remove("a");
        let left = BTreeMap::from([("by=b".to_owned(), 1.0)]);
        assert_eq!(process.export()["weighed"], left, "{temporality:?}");
    }
}

/// As many as `Metrics` has at most: the series `n` counts `n`.
fn as_many_as_possible() -> MadeUp {
    let series: Vec<_> = (0..4_096).map(|n| (format!("s{n}"), n)).collect();
    MadeUp(Arc::new(std::sync::Mutex::new(series)))
}

#[test]
fn series_beyond_the_cardinality_limit_lose_nothing_in_sum() {
    for temporality in TEMPORALITIES {
        for limit in [2_000, 100, 1] {
            let many = as_many_as_possible();
            let instruments = ObservableInstruments::new(sources(&many)).max_series(limit);
            let process = Process::with_limit(temporality, limit, instruments);
            let first = process.export();
            assert_eq!(first["counted"].len(), limit);
            let overflow = &first["counted"]["otel.metric.overflow=true"];
            assert!(*overflow > 0.0);
            let all = f64::from(4_095 * 4_096 / 2);
            assert_eq!(sum(&first, "counted"), all);
            assert_eq!(sum(&first, "weighed"), all);

            many.set("s0", 5);
            many.set("s4095", 4_098);
            let more = match temporality {
                Temporality::Delta => 8.0,
                _ => all + 8.0,
            };
            let second = process.export();
            assert_eq!(sum(&second, "counted"), more, "{temporality:?}, {limit}");
            assert_eq!(sum(&second, "weighed"), all + 8.0);
        }
    }
}

#[test]
fn the_default_is_the_limit_of_a_reader_that_sets_none() {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder()
        .with_reader(PeriodicReader::builder(exporter.clone()).build())
        .build();
    let instruments = ObservableInstruments::new(sources(&as_many_as_possible()));
    let instruments = Some(instruments.register(&provider.meter("test")));
    let process = Process {
        provider,
        exporter,
        instruments,
    };
    let all = f64::from(4_095 * 4_096 / 2);
    assert_eq!(sum(&process.export(), "counted"), all);
}

#[test]
fn equal_counters_of_two_sources_are_summed_and_equal_gauges_are_refused() {
    for temporality in TEMPORALITIES {
        let (first, second) = (of(&[("a", 1)]), of(&[("a", 2)]));
        let process = Process::start(temporality, sources(&first).source(second.clone()));
        let exported = process.export();
        assert_eq!(sum(&exported, "counted"), 3.0);
        assert_eq!(sum(&exported, "weighed"), 1.0);
    }
}

#[test]
fn a_source_that_was_dropped_exports_nothing_and_is_not_kept_alive() {
    for temporality in TEMPORALITIES {
        let (dropped, kept) = (Arc::new(of(&[("a", 3)])), of(&[("a", 4)]));
        let both = Sources::new()
            .source(Arc::downgrade(&dropped))
            .source(kept.clone());
        let process = Process::start(temporality, both);
        assert_eq!(sum(&process.export(), "counted"), 7.0);
        assert_eq!(Arc::strong_count(&dropped), 1);
        drop(dropped);
        let fallen = if temporality == Temporality::Delta {
            0.0
        } else {
            7.0
        };
        assert_eq!(
            sum(&process.export(), "counted"),
            fallen,
            "it does not wrap around"
        );
        kept.set("a", 5);
        let exported = process.export();
        assert_eq!(sum(&exported, "weighed"), 5.0);
        let risen = if temporality == Temporality::Delta {
            1.0
        } else {
            8.0
        };
        assert_eq!(sum(&exported, "counted"), risen, "and rises from there");
    }
}

#[test]
fn dropped_instruments_export_nothing_and_free_their_sources() {
    let source = Arc::new(of(&[("a", 3)]));
    let mut process = Process::start(Temporality::Delta, Sources::new().source(source.clone()));
    assert_eq!(process.export().len(), 5);
    process.instruments = None;
    assert_eq!(Arc::strong_count(&source), 1);
    assert!(process.export().values().all(BTreeMap::is_empty));
}

#[test]
fn a_family_without_samples_is_not_exported() {
    let series = of(&[]);
    let process = Process::start(Temporality::Cumulative, sources(&series));
    let exported = process.export();
    let series: Vec<_> = exported
        .iter()
        .filter(|(_, series)| !series.is_empty())
        .collect();
    assert!(
        matches!(series[..], [(name, _)] if name == BARE.name),
        "{exported:?}"
    );
    assert!(!exported.contains_key(WEIGHED.name) && !exported.contains_key(COUNTED.name));
}
