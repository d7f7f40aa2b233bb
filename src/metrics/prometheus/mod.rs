//! Numbers for Prometheus.
//!
//! [`PrometheusCollector`] joins the registry of an application that uses `prometheus-client`, and reads its sources when
//! it is scraped. Counters keep their documented names: `prometheus-client` adds the `_total` to each sample itself.

mod collector;
#[cfg(test)]
mod collector_tests;

pub use collector::PrometheusCollector;
