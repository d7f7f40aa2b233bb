//! Sources as observable instruments.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use opentelemetry::{
    KeyValue,
    metrics::{AsyncInstrument, Meter},
};

use crate::metrics::{Family, FamilyKind, NumberType, SeriesReader, Sources, Value};

/// Exposes [sources](crate::metrics::Source) as observable instruments.
///
/// ```
/// use std::sync::Arc;
///
/// use legacy_http_compat::{CompatFlag, metrics::{Metrics, Sources}, opentelemetry::ObservableInstruments};
/// use opentelemetry::metrics::MeterProvider as _;
/// use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
///
/// let exporter = InMemoryMetricExporter::default();
/// let reader = PeriodicReader::builder(exporter.clone()).build();
/// let provider = SdkMeterProvider::builder().with_reader(reader).build();
///
/// let flag = CompatFlag::on("f");
/// let metrics = Arc::new(Metrics::new());
/// // … LegacyHttpCompatLayer::new(contract, &flag).observer(metrics.clone()) …
/// let sources = Sources::new().source(metrics).source(flag.reader());
/// let instruments = ObservableInstruments::new(sources).register(&provider.meter("legacy_http_compat"));
///
/// provider.force_flush()?;
/// let exported = exporter.get_finished_metrics()?;
/// let scope = exported[0].scope_metrics().next().expect("there is one meter");
/// assert!(scope.metrics().any(|metric| metric.name() == "legacy_http_compat_flag_on"));
/// provider.shutdown()?;
/// drop(instruments);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ObservableInstruments {
    sources: Sources,
    max_series: usize,
}

/// The instruments of a meter. When it is dropped, they observe nothing any more, and the sources are free.
///
/// An instrument cannot be removed from its meter; what remains of it is a name without series.
#[derive(Debug)]
#[must_use = "dropping it ends all observations"]
pub struct RegisteredInstruments {
    _reader: Arc<Mutex<SeriesReader>>,
}

impl ObservableInstruments {
    /// The default of [`max_series`](Self::max_series): the default cardinality limit of the SDK.
    pub const MAX_SERIES: usize = 2_000;

    /// Instruments of these sources.
    pub const fn new(sources: Sources) -> Self {
        Self {
            sources,
            max_series: Self::MAX_SERIES,
        }
    }

    /// How many series of a family are observed at most, at least one. The last is the sum of all others.
    ///
    /// Where a view gives an instrument a lower cardinality limit than 2,000, set it here, too.
    pub fn max_series(self, max_series: usize) -> Self {
        Self { max_series, ..self }
    }

    /// Creates an instrument for each family.
    pub fn register(self, meter: &Meter) -> RegisteredInstruments {
        let families: Vec<Family> = self.sources.families().copied().collect();
        let reader = SeriesReader::with_max_series(self.sources, self.max_series);
        let reader = Arc::new(Mutex::new(reader));
        for family in families {
            create(meter, family, Arc::downgrade(&reader));
        }
        RegisteredInstruments { _reader: reader }
    }
}

/// Builds the instrument, which the meter keeps.
macro_rules! build {
    ($instrument:expr, $family:ident, $reader:ident, $number:path) => {{
        let instrument = $instrument
            .with_description($family.help)
            .with_unit(unit(&$family))
            .with_callback(move |observer| observe(&$reader, &$family, observer, $number));
        let _ = instrument.build();
    }};
}

fn create(meter: &Meter, family: Family, reader: Weak<Mutex<SeriesReader>>) {
    let name = family.name;
    match (family.kind, family.number) {
        (FamilyKind::Counter(_), number) => {
            let name = name.strip_suffix("_total").unwrap_or(name);
            match number {
                NumberType::Integer => build!(
                    meter.u64_observable_counter(name),
                    family,
                    reader,
                    Value::as_u64
                ),
                NumberType::Float => build!(
                    meter.f64_observable_counter(name),
                    family,
                    reader,
                    Value::as_f64
                ),
            }
        }
        (FamilyKind::Gauge, NumberType::Integer) => {
            build!(
                meter.u64_observable_gauge(name),
                family,
                reader,
                Value::as_u64
            );
        }
        (FamilyKind::Gauge, NumberType::Float) => {
            build!(
                meter.f64_observable_gauge(name),
                family,
                reader,
                Value::as_f64
            );
        }
    }
}

fn unit(family: &Family) -> &'static str {
    match family.number {
        NumberType::Integer if family.unit == "1" => "",
        _ => family.unit,
    }
}

fn observe<N>(
    reader: &Weak<Mutex<SeriesReader>>,
    family: &Family,
    observer: &dyn AsyncInstrument<N>,
    number: fn(Value) -> N,
) {
    let Some(reader) = reader.upgrade() else {
        return;
    };
    let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
    reader.read(family, &mut |labels, value| {
        // The SDK forgets a series that is not observed.
        if let Some(value) = value {
            observer.observe(number(value), &attributes(family, labels));
        }
    });
}

fn attributes(family: &Family, labels: &[&str]) -> Vec<KeyValue> {
    if labels.len() < family.labels.len() {
        return vec![KeyValue::new("otel.metric.overflow", true)];
    }
    let labels = family.labels.iter().zip(labels);
    labels
        .map(|(name, value)| KeyValue::new(*name, (*value).to_owned()))
        .collect()
}
