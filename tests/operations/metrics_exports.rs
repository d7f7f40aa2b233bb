//! The metrics of a rollout whose process restarts, in systems that add up what each process reports.

use std::path::Path;

use legacy_http_compat::{
    Contract,
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    metrics::Sources,
    metrics_facade::FacadeRecording,
    migration::Migration,
    opentelemetry::ObservableInstruments,
    rollout::{
        CommandContext, Phase,
        names::{Actor, IncidentId, Reason},
        policy::Policy,
    },
    worker::Tick,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporterBuilder, PeriodicReader, SdkMeterProvider, Temporality,
    data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics, SumDataPoint},
};

use crate::temp_dir::TempDir;

fn opened(dir: &Path) -> Migration {
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-kind")
        .identity(IdentitySignal::header("x-id"))
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    Migration::builder(Contract::device_flow(), detector)
        .flag_name("f")
        .policy(Policy::permissive())
        .without_worker()
        .data_dir(dir)
        .open()
        .unwrap()
}

/// What an operator does while a process runs.
type Act = fn(&Migration, &CommandContext);

const ACTS: [Act; 4] = [
    |migration, context| {
        let rollout = migration.rollout();
        rollout.transition(Phase::Cutover, context).unwrap();
    },
    |migration, context| {
        let incident = IncidentId::new("INC-1").unwrap();
        let _taken = migration.rollout().rollback(incident, context).unwrap();
    },
    |_, _| {},
    |_, _| {},
];

fn context() -> CommandContext {
    let actor = Actor::human("mara").unwrap();
    CommandContext::new(actor, Reason::new("a test").unwrap())
}

/// The sum of all points of the transitions that a provider has exported.
fn exported(exported: &[ResourceMetrics]) -> u64 {
    let scopes = exported.iter().flat_map(ResourceMetrics::scope_metrics);
    scopes
        .flat_map(ScopeMetrics::metrics)
        .filter(|metric| metric.name() == "legacy_http_compat_transitions")
        .map(|metric| match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                sum.data_points().map(SumDataPoint::value).sum::<u64>()
            }
            other => panic!("{other:?}"),
        })
        .sum()
}

#[test]
fn each_transition_is_reported_once_however_often_the_process_restarts() {
    let dir = TempDir::new();
    let (mut by_opentelemetry, mut by_facade) = (0, 0);
    for act in ACTS {
        let migration = opened(dir.path());
        let sources = || Sources::new().source(migration.rollout().clone());

        let exporter = InMemoryMetricExporterBuilder::new().with_temporality(Temporality::Delta);
        let exporter = exporter.build();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .build();
        let instruments = ObservableInstruments::new(sources()).register(&provider.meter("test"));
        let recorder = PrometheusBuilder::new().build_recorder();
        let recording = FacadeRecording::new(sources());
        provider.force_flush().unwrap();
        metrics::with_local_recorder(&recorder, || recording.tick());
        act(&migration, &context());
        provider.shutdown().unwrap();
        metrics::with_local_recorder(&recorder, || recording.tick());

        by_opentelemetry += exported(&exporter.get_finished_metrics().unwrap());
        let text = recorder.handle().render();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("legacy_http_compat_transitions_total{"));
        by_facade += lines
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
            .sum::<u64>();
        drop(instruments);
    }
    assert_eq!((by_opentelemetry, by_facade), (2, 2));
}
