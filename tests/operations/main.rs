//! What those see who operate a rollout, in one process: journal, events, projection, history, and the admin service.

#[path = "../support/rollout_events.rs"]
mod events;
#[path = "../support/exchange.rs"]
mod exchange;
#[path = "../support/reachable.rs"]
mod reachable;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../support/shared_journal.rs"]
mod shared_journal;
#[path = "../support/temp_dir.rs"]
mod temp_dir;

mod admin;
mod census_snapshot;
mod fleet_census;
mod history;
mod journal;
mod kept_files;
#[cfg(all(feature = "metrics-facade", feature = "opentelemetry"))]
mod metrics_exports;
mod migration;
mod rollout_events;
mod rollout_fold;
