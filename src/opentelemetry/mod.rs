//! Metrics for OpenTelemetry.
//!
//! [`ObservableInstruments`] registers an observable instrument for each family with a `Meter`, whose callback reads the
//! sources when the SDK collects. Only the API crate `opentelemetry` is needed; the SDK and its exporter are the
//! application's.
//!
//! # What a family becomes
//!
//! | here | in OpenTelemetry |
//! | --- | --- |
//! | counter `…_total` | observable counter, without `_total`: exporters to Prometheus append it |
//! | gauge | observable gauge |
//! | integer, float | `u64`, `f64` |
//! | unit | the same; none for an integer of unit `1`, because exporters to Prometheus name a gauge of unit `1` a `_ratio` |
//! | label | attribute, a string |
//!
//! In Prometheus the series have, after the exporter of the SDK or of a collector, the [names](crate::metrics#all-names) of
//! the prometheus adapter, and the same alerts apply.
//!
//! # Deployment
//!
//! - **Temporality**: counters are right under Delta and Cumulative. That of the rollout's transitions is the increase since
//!   the instruments were registered: restarts add nothing. So register them before the first command to the rollout.
//!   In a fleet each instance reports the increase of the shared journal: take the maximum over the instances, not the sum.
//! - **Cardinality limit**: an SDK keeps the *last* of the observable series beyond its limit, and loses the others. There are
//!   at most [`max_series`](ObservableInstruments::max_series) of a family; the last is the sum of all others, and has the
//!   attribute `otel.metric.overflow`, as the
//!   [specification](https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits) has it.
//! - **Views** that drop an attribute of an observable instrument keep the last of the series that become equal. Drop
//!   attributes in a collector or in the query instead.
//! - **The end**: shut the provider down while the [`RegisteredInstruments`] live; their drop ends all observations.

mod observable_instruments;
#[cfg(test)]
#[expect(clippy::float_cmp, reason = "all sums are exact")]
mod tests;

pub use observable_instruments::{ObservableInstruments, RegisteredInstruments};
