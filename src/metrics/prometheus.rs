//! Metrics for Prometheus.
//!
//! [`PrometheusCollector`] joins the registry of an application that uses `prometheus-client`, and reads its sources when it
//! is scraped. Counters keep their documented names: `prometheus-client` appends `_total` itself.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet,
    },
    metrics::MetricType,
};

use super::{
    family::{Family, FamilyKind},
    source::{Source, Value},
    sources::Sources,
};

/// Exposes [sources](Source) in a `prometheus-client` registry.
///
/// A family is exposed once, with the series of all its sources, merged as [`Sources`] does it.
///
/// ```
/// use std::sync::Arc;
///
/// use legacy_http_compat::{CompatFlag, metrics::{Metrics, prometheus::PrometheusCollector}};
/// use prometheus_client::{encoding::text, registry::Registry};
///
/// let flag = CompatFlag::new("f", true);
/// let metrics = Arc::new(Metrics::new());
/// // … LegacyHttpCompatLayer::new(contract, flag.reader()).observer(metrics.clone()) …
/// let collector = PrometheusCollector::new().source(metrics).source(flag.reader());
///
/// let mut registry = Registry::default();
/// registry.register_collector(Box::new(collector));
/// let mut shown = String::new();
/// text::encode(&mut shown, &registry)?;
/// assert!(shown.contains("legacy_http_compat_flag_on{flag=\"f\"} 1\n"));
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PrometheusCollector(Sources);

impl PrometheusCollector {
    /// A collector without sources.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source. A family whose name another source uses differently is omitted, with a warning.
    pub fn source(self, source: impl Source + 'static) -> Self {
        Self(self.0.source(source))
    }

    fn encode_family(&self, family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut metric =
            encoder.encode_descriptor(base_name(family), family.help, None, metric_type(family))?;
        let mut result = Ok(());
        self.0.read(family, &mut |labels, value| {
            if result.is_ok() {
                result = encode_sample(&mut metric, family, labels, value);
            }
        });
        result
    }
}

impl From<Sources> for PrometheusCollector {
    fn from(sources: Sources) -> Self {
        Self(sources)
    }
}

impl Collector for PrometheusCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = self.0.families();
        families.try_for_each(|family| self.encode_family(family, &mut encoder))
    }
}

/// The labels of one sample.
struct Labels<'a> {
    names: &'a [&'a str],
    values: &'a [&'a str],
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        let mut labels = self.names.iter().zip(self.values);
        labels.try_for_each(|label| {
            let (name, value) = (*label.0, *label.1);
            (name, value).encode(encoder.encode_label())
        })
    }
}

/// The name without the `_total` that the encoder adds to each sample of a counter.
fn base_name(family: &Family) -> &'static str {
    match family.kind {
        FamilyKind::Counter(_) => family.name.strip_suffix("_total").unwrap_or(family.name),
        FamilyKind::Gauge => family.name,
    }
}

fn metric_type(family: &Family) -> MetricType {
    match family.kind {
        FamilyKind::Counter(_) => MetricType::Counter,
        FamilyKind::Gauge => MetricType::Gauge,
    }
}

fn encode_sample(
    metric: &mut MetricEncoder<'_>,
    family: &Family,
    values: &[&str],
    value: Value,
) -> fmt::Result {
    let names = family.labels;
    if names.is_empty() {
        return encode_value(metric, family.kind, value);
    }
    let labels = Labels { names, values };
    encode_value(&mut metric.encode_family(&labels)?, family.kind, value)
}

fn encode_value(metric: &mut MetricEncoder<'_>, kind: FamilyKind, value: Value) -> fmt::Result {
    match (kind, value) {
        (FamilyKind::Counter(_), Value::Count(count)) => {
            metric.encode_counter::<NoLabelSet, _, u64>(&count, None)
        }
        (FamilyKind::Counter(_), Value::Ratio(ratio)) => {
            metric.encode_counter::<NoLabelSet, _, u64>(&ratio, None)
        }
        (FamilyKind::Gauge, Value::Count(count)) => metric.encode_gauge(&count),
        (FamilyKind::Gauge, Value::Ratio(ratio)) => metric.encode_gauge(&ratio),
    }
}
