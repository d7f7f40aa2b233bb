//! Counters of responses, and sources of metrics.
//!
//! [`Metrics`] is an observer that counts. Everything with metrics is a [`Source`]: `Metrics` itself, a
//! [`FlagReader`](crate::FlagReader), the census, the rollout, and what an application adds. Adapters depend on sources only:
//!
//! | feature | adapter | reads |
//! | --- | --- | --- |
//! | `prometheus` | `metrics::prometheus::PrometheusCollector` for `prometheus-client` | when it is scraped |
//! | `opentelemetry` | `opentelemetry::ObservableInstruments` | when the SDK collects |
//! | `metrics-facade` | `metrics_facade::FacadeRecording` for the `metrics` crate | with each tick of the worker |
//!
//! ```
//! use std::sync::Arc;
//!
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer, metrics::Metrics};
//! # use bytes::Bytes;
//! # use http::{Request, Response};
//! # use http_body_util::Full;
//! # use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
//! let metrics = Arc::new(Metrics::new());
//! let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()).observer(metrics.clone());
//! # let poll = service_fn(|_: Request<Full<Bytes>>| async { Response::builder()
//! #     .header("content-type", "application/json").body(Full::new(Bytes::from_static(br#"{"status":"PENDING"}"#))) });
//! # let core = ServiceBuilder::new().layer(layer).service(poll);
//! // … serve; here an old client polls once …
//! # core.oneshot(Request::post("/api/v1/auth/clients/device/poll").body(Full::default())?).await?;
//! let snapshot = metrics.snapshot();
//! let rewritten = snapshot.responses.iter().find(|series| series.shape.is_legacy() && series.count > 0);
//! assert_eq!(&*rewritten.expect("the poll was rewritten").outcome, "PENDING");
//! assert_eq!(snapshot.total_responses(), 1);
//! # Ok::<(), http::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # All names
//!
//! | name | kind | number | unit | labels | meaning |
//! | --- | --- | --- | --- | --- | --- |
//! | `legacy_http_compat_responses_total` | counter, since process | integer | `{response}` | `endpoint`, `outcome`, `client_kind`, `shape` | Responses on endpoints of the contract. |
//! | `legacy_http_compat_skipped_total` | counter, since process | integer | `{response}` | `endpoint`, `reason` | Responses to dependent callers that were not rewritten while the flag was on. |
//! | `legacy_http_compat_undetermined_total` | counter, since process | integer | `{response}` | `endpoint`, `reason` | Responses whose outcome could not be determined, whatever the flag and the caller. |
//! | `legacy_http_compat_rehearsed_total` | counter, since process | integer | `{response}` | `endpoint`, `outcome`, `result` | Legacy responses that were rendered and dropped while the flag was off. |
//! | `legacy_http_compat_callers` | gauge | integer | `{caller}` | `flag`, `client_kind`, `state`, `window` | Distinct callers by state. |
//! | `legacy_http_compat_flag_on` | gauge | integer | `1` | `flag` | Whether the flag is on and responses are rewritten. |
//! | `legacy_http_compat_census_coverage_ratio` | gauge | float | `1` | `flag`, `window` | Share of the window in which the census watched. |
//! | `legacy_http_compat_census_overflowed` | gauge | integer | `1` | `flag` | Whether the numbers of callers contain an estimate. |
//! | `legacy_http_compat_phase` | gauge | integer | `1` | `flag`, `phase` | Whether the rollout is in this phase. |
//! | `legacy_http_compat_transitions_total` | counter, since journal | integer | `{transition}` | `flag`, `from`, `to` | Transitions between phases of the rollout, since its journal began. |
//! | `legacy_http_compat_gate_passed` | gauge | integer | `1` | `flag`, `gate` | Whether the gate passes for the next transition of the rollout. |
//! | `legacy_http_compat_overdue` | gauge | integer | `1` | `flag`, `obligation` | Whether an obligation of the rollout is overdue. |
//! | `legacy_http_compat_post_analyses_open` | gauge | integer | `{rollback}` | `flag` | Rollbacks whose post-analysis is missing. |
//! | `legacy_http_compat_brownouts` | gauge | integer | `{brownout}` | `flag`, `stage` | Brownouts of the journal by how far they have come. |
//! | `legacy_http_compat_brownout_start_seconds` | gauge | float | `s` | `flag` | Start of the running brownout, or else of the next one, in seconds since 1970. |
//! | `legacy_http_compat_brownout_end_seconds` | gauge | float | `s` | `flag` | End of the running brownout, or else of the next one, in seconds since 1970. |
//! | `legacy_http_compat_brownout_ratio` | gauge | float | `1` | `flag` | Share of the last 24 hours in which the flag was off for brownouts. |
//! | `legacy_http_compat_dependent_callers` | gauge | integer | `{caller}` | `flag`, `client_kind` | Distinct callers without a waiver that depended in the last 24 hours. |
//! | `legacy_http_compat_stranded_callers` | gauge | integer | `{caller}` | `flag`, `client_kind` | Distinct callers without a waiver that were stranded since the flag last changed. |
//! | `legacy_http_compat_stranded_anonymous_responses` | gauge | integer | `{response}` | `flag`, `client_kind` | Stranded responses to anonymous callers without a waiver since the flag last changed. |
//! | `legacy_http_compat_journal_failing` | gauge | integer | `1` | `flag` | Whether the last read or write of the rollout journal failed. |
//! | `legacy_http_compat_journal_losses` | gauge | integer | `{loss}` | `flag` | Losses of recorded events that were accepted, since the rollout journal began. |
//! | `legacy_http_compat_journal_stale` | gauge | integer | `1` | `flag` | Whether the store of the journal cannot be reached, so that the last state may be old. |
//! | `legacy_http_compat_journal_forked` | gauge | integer | `1` | `flag` | Whether the journal does not have an event that was read from it. |
//! | `legacy_http_compat_instances` | gauge | integer | `{instance}` | `flag`, `state` | Instances that share the journal: live, lost, or live without the last change of the flag. |
//! | `legacy_http_compat_applied_lag_seconds` | gauge | float | `s` | `flag` | Time from when the last change of the flag was journaled to when it was applied here. |
//! | `legacy_http_compat_exchange_age_seconds` | gauge | float | `s` | `flag` | Time since this instance handed over what it counts, or read what the others count, whichever is longer. |
//! | `legacy_http_compat_store_up` | gauge | integer | `1` | `flag` | Whether the store of journal and census could be reached the last time. |
//! | `legacy_http_compat_clock_offset_seconds` | gauge | float | `s` | `flag` | Time that the clock of this instance is ahead of the clock of the store; negative if it is behind. |
//!
//! # All labels
//!
//! | label | values |
//! | --- | --- |
//! | `endpoint` | the names of the contract; `other` for the overflow |
//! | `outcome` | the names of the endpoint, and `other`, `undetermined` |
//! | `client_kind` | the names of the detector, and `other` |
//! | `shape` | `target`, `legacy` |
//! | `reason` | `body_too_large`, `body_encoded`, `not_json`, `body_error`, `body_slow`, `request_fields_not_captured`, `missing_value`, `no_legacy_body`, `too_many_headers` |
//! | `result` | `ok`, `body_too_large`, `body_encoded`, `not_json`, `request_fields_not_captured`, `missing_value`, `no_legacy_body`, `too_many_headers` |
//! | `state` | of callers: `dependent`, `stranded`, `migrated`, `regressed`, `inactive`; of instances: `live`, `lost`, `waiting` |
//! | `window` | `5m`, `1h`, `24h`, `7d`, `30d` |
//! | `flag` | the name of the flag; empty for a census without one |
//! | `phase` | `observe`, `compat`, `cutover`, `retired` |
//! | `from` | the phases |
//! | `to` | the phases |
//! | `gate` | the names of the gates of the next transition |
//! | `obligation` | `end_rollback`, `post_analysis`, `retirement` |
//! | `stage` | `announced`, `running`, `ended`, `cancelled`, `missed` |
//!
//! All values come from finite sets that the operator controls, never from a client: no fingerprint, no address, no path, no
//! user agent.
//!
//! # Limits
//!
//! There are at most [`Metrics::MAX_SERIES`] series of responses, skips and rehearsals, over all contracts that were ever in use. Beyond
//! it, responses are counted in series whose `endpoint`, `outcome` and `client_kind` are `other`. No endpoint can have that
//! name, so a number there means that the limit was reached.
//!
//! The series of a contract exist with zeros from its first response on, so that a scraper sees their first rise. Only where
//! they do not all fit does each appear when it first counts.
//!
//! # Deployment
//!
//! - Counters start at zero with the process, as Prometheus expects; those of the rollout's transitions start from its
//!   journal.
//! - Several layers may share one `Metrics`. Several rollouts, censuses and `Metrics` in one process may be added to one adapter:
//!   what a rollout or a census measures carries the name of its flag, and equal counters of two `Metrics` are summed. Other
//!   series that are equal, such as those of two readers of one flag, are refused with a warning ([`Sources`]).
//! - Where several instances share journal and census, responses, skips, undetermined outcomes and rehearsals are of each
//!   instance: sum them. What a census or a rollout measures is the same in all instances, and never summed: `max without
//!   (instance)`. Add the [`FleetCensus`](crate::census::fleet::FleetCensus) as a source in place of the census of the instance.
//!   `flag_on`, `journal_failing`, `journal_stale`, `journal_forked`, `applied_lag_seconds`, `exchange_age_seconds`, `store_up`
//!   and `clock_offset_seconds` are of each instance and not summed: `max`, or `min` where 0 is what matters.
//! - A series that vanishes, such as a gate of a transition that was made, ends in Prometheus with the next scrape. For systems
//!   that keep or add up values, adapters read through a [`SeriesReader`].
//! - An adapter keeps its sources alive. One added as a [`Weak`](std::sync::Weak) may be dropped, and shows nothing from then on.

mod binding;
mod family;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
pub(crate) mod made_up;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
mod metrics;
#[cfg(feature = "prometheus")]
pub mod prometheus;
#[cfg(all(test, feature = "prometheus"))]
mod prometheus_tests;
mod rehearsed;
mod series;
mod series_reader;
mod source;
mod sources;
#[cfg(test)]
mod tests;

pub use family::{CounterStart, Family, FamilyKind, NumberType};
pub use metrics::Metrics;
pub use rehearsed::RehearsedOutcome;
pub use series::{MetricsSnapshot, RehearsalCount, ResponseCount, SkipCount};
pub use series_reader::SeriesReader;
pub use source::{Sample, Source, Value};
pub use sources::Sources;
