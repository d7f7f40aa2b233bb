//! Sources as metrics of a recorder.

use std::sync::{Mutex, PoisonError};

use metrics::{Key, Label, Level, Metadata, Recorder, Unit, with_recorder};

use crate::{
    metrics::{Family, FamilyKind, NumberType, SeriesReader, Sources, Value},
    worker::Tick,
};

/// Writes [sources](crate::metrics::Source) to the recorder of the `metrics` crate.
///
/// ```
/// use std::{sync::Arc, time::Duration};
///
/// use legacy_http_compat::{
///     CompatFlag,
///     metrics::{Metrics, Sources},
///     metrics_facade::FacadeRecording,
///     worker::{BackgroundWorker, Tick},
/// };
/// use metrics_exporter_prometheus::PrometheusBuilder;
///
/// let recorder = PrometheusBuilder::new().build_recorder();
/// let handle = recorder.handle();
/// metrics::set_global_recorder(recorder)?;
///
/// let flag = CompatFlag::on("f");
/// let metrics = Arc::new(Metrics::new());
/// // … LegacyHttpCompatLayer::new(contract, &flag).observer(metrics.clone()) …
/// let recording = FacadeRecording::new(Sources::new().source(metrics).source(flag.reader()));
/// let work: [Arc<dyn Tick>; 1] = [Arc::new(recording)];
/// let worker = BackgroundWorker::start(Duration::from_secs(1), work)?;
/// worker.shutdown();
/// assert!(handle.render().contains("legacy_http_compat_flag_on{flag=\"f\"} 1\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "work of a `BackgroundWorker`"]
pub struct FacadeRecording {
    reader: Mutex<SeriesReader>,
}

impl FacadeRecording {
    /// A recording of these sources.
    pub fn new(sources: Sources) -> Self {
        Self {
            reader: Mutex::new(SeriesReader::new(sources)),
        }
    }
}

impl Tick for FacadeRecording {
    fn tick(&self) {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let families: Vec<Family> = reader.sources().families().copied().collect();
        with_recorder(|recorder| {
            for family in &families {
                // With each tick, because the recorder may have been installed since the last one.
                describe(recorder, family);
                reader.read(family, &mut |labels, value| {
                    record(recorder, family, labels, value);
                });
            }
        });
    }
}

static METADATA: Metadata<'static> =
    Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// Whether it is a counter for the facade, too.
fn is_counter(family: &Family) -> bool {
    family.kind != FamilyKind::Gauge && family.number == NumberType::Integer
}

fn describe(recorder: &dyn Recorder, family: &Family) {
    let (name, unit, help) = (family.name.into(), unit(family.unit), family.help.into());
    if is_counter(family) {
        recorder.describe_counter(name, unit, help);
    } else {
        recorder.describe_gauge(name, unit, help);
    }
}

fn record(recorder: &dyn Recorder, family: &Family, labels: &[&str], value: Option<Value>) {
    let labels = family.labels.iter().zip(labels);
    let labels = labels.map(|(name, value)| Label::new(*name, (*value).to_owned()));
    let key = Key::from_parts(family.name, labels.collect::<Vec<_>>());
    match value {
        Some(value) if is_counter(family) => {
            recorder
                .register_counter(&key, &METADATA)
                .absolute(value.as_u64());
        }
        // A counter stays where it is.
        None if is_counter(family) => {}
        value => {
            let value = value.map_or(f64::NAN, Value::as_f64);
            recorder.register_gauge(&key, &METADATA).set(value);
        }
    }
}

fn unit(unit: &str) -> Option<Unit> {
    match unit {
        "s" => Some(Unit::Seconds),
        "By" => Some(Unit::Bytes),
        _ if unit.starts_with('{') => Some(Unit::Count),
        _ => None,
    }
}
