//! The metric families, and what a scraper reads.

use legacy_http_compat::metrics::{Family, prometheus::PrometheusCollector};
use prometheus_client::{encoding::text, registry::Registry};

use crate::{pin::pin, rich::troubled};

#[test]
fn every_metric_family_is_pinned() {
    let lines = Family::ALL.iter().map(|family| {
        let labels = family.labels.join(",");
        format!(
            "{} {:?} {} {} {{{labels}}} {}\n",
            family.name, family.kind, family.number, family.unit, family.help
        )
    });
    pin("metric_families.txt", &lines.collect::<String>());
}

#[tokio::test]
async fn what_a_scraper_reads_of_a_rollout_in_trouble_is_pinned() {
    let service = troubled().await;
    let collector = PrometheusCollector::new()
        .source(service.metrics.clone())
        .source(service.census.clone())
        .source(service.rollout.clone())
        .source(service.rollout.reader());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut scraped = String::new();
    text::encode(&mut scraped, &registry).unwrap();
    pin("exposition.txt", &scraped);
}
