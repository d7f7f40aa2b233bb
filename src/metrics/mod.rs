//! The numbers: counters of answers, and how they and those of others are shown.
//!
//! [`Metrics`] is an observer that counts. Whoever has numbers is a [`Source`]: `Metrics` itself, a
//! [`FlagReader`](crate::FlagReader), and what else an application adds. Adapters such as `PrometheusCollector` (feature
//! `prometheus`) know sources only, and read them when they are scraped.
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
//! | name | kind | labels | meaning |
//! | --- | --- | --- | --- |
//! | `legacy_http_compat_responses_total` | counter | `endpoint`, `outcome`, `client_kind`, `shape` | Answers on endpoints of the contract. |
//! | `legacy_http_compat_skipped_total` | counter | `endpoint`, `reason` | Answers that could not be rewritten, or whose outcome could not be told. |
//! | `legacy_http_compat_callers` | gauge | `client_kind`, `state`, `window` | Distinct callers by what they need of the legacy shapes. |
//! | `legacy_http_compat_flag_on` | gauge | `flag` | Whether answers are being rewritten. |
//! | `legacy_http_compat_census_coverage_ratio` | gauge | `window` | Share of the window in which callers were being watched. |
//! | `legacy_http_compat_census_overflowed` | gauge | | Whether numbers of callers contain an estimate. |
//! | `legacy_http_compat_phase` | gauge | `flag`, `phase` | Whether the rollout is in this phase. |
//! | `legacy_http_compat_transitions_total` | counter | `from`, `to` | Steps from one phase of the rollout to another, since its journal began. |
//! | `legacy_http_compat_gate_passed` | gauge | `gate` | Whether the gate would let the next step of the rollout pass. |
//! | `legacy_http_compat_overdue` | gauge | `obligation` | Whether something in the rollout is past its time. |
//! | `legacy_http_compat_post_analyses_open` | gauge | | Rollbacks whose post-analysis is missing. |
//! | `legacy_http_compat_journal_failing` | gauge | | Whether the journal of the rollout could not be read or written the last time. |
//!
//! # All labels
//!
//! | label | values |
//! | --- | --- |
//! | `endpoint` | the contract's names; `other` for the excess |
//! | `outcome` | the endpoint's names, and `other`, `undetermined` |
//! | `client_kind` | the detector's names, and `other` |
//! | `shape` | `target`, `legacy` |
//! | `reason` | `body_too_large`, `body_encoded`, `not_json`, `missing_value`, `body_error`, `status_without_body`, `upgrade`, `request_fields_not_captured` |
//! | `state` | `dependent`, `stranded`, `migrated`, `regressed`, `silent` |
//! | `window` | `5m`, `1h`, `24h`, `7d`, `30d` |
//! | `flag` | the flag's name |
//! | `phase` | `observe`, `compat`, `cutover`, `retired` |
//! | `from` | the phases |
//! | `to` | the phases |
//! | `gate` | the names of the gates that the next step asks |
//! | `obligation` | `rollback`, `post_analysis`, `retirement` |
//!
//! All values come from finite sets that the operator fixes. Nothing that a client sent is ever one: no fingerprint, no
//! address, no path, no user agent.
//!
//! # How many
//!
//! At most [`Metrics::MAX_SERIES`] series of answers and skips are told apart, over all contracts that were ever in use.
//! Beyond them answers are still counted, in series whose `endpoint`, `outcome` and `client_kind` are `other`. No endpoint
//! can have that name, so a number there means that the limit was reached.
//!
//! A contract's series are there with zeros from its first answer on, so that a scraper sees their first rise. Only where
//! they would outnumber the places left does each appear when it first counts.
//!
//! # Deployment
//!
//! - Counters begin at zero with each start of the process, as Prometheus expects of them; those of the rollout's steps
//!   begin where its journal says.
//! - Several layers may share one `Metrics`. Give an adapter each source once: two readers of one flag would tell the same
//!   series twice.

mod active;
mod binding;
mod family;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
mod metrics;
#[cfg(feature = "prometheus")]
pub mod prometheus;
mod series;
mod snapshot;
mod source;
#[cfg(test)]
mod tests;

pub use family::{Family, FamilyKind};
pub use metrics::Metrics;
pub use snapshot::{ResponseCount, SkipCount, Snapshot};
pub use source::{Sample, Source, Value};
