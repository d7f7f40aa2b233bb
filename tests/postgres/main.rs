//! The store in `PostgreSQL`, on private clusters of the real server: see the script `cluster`.
//!
//! `STORE_RACES`, `STORE_CRASHES`, `STORE_EVENTS` and those of the census set the length of the campaigns, whose figures are printed:
//! `cargo test --all-features --test postgres -- --nocapture`.

#[path = "../support/rollout_events.rs"]
#[expect(dead_code, reason = "not every event is needed here")]
mod events;
#[path = "../support/http_client.rs"]
#[expect(dead_code, reason = "few requests are needed here")]
mod http_client;
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "a Core is only started and ended here")]
mod process;
#[path = "../support/response.rs"]
#[expect(dead_code, reason = "few responses are read here")]
mod response;
#[path = "../support/temp_dir.rs"]
mod temp_dir;

mod anywhere;
mod appending;
mod brownouts;
mod census;
mod census_bounds;
mod census_campaign;
mod census_figures;
mod clock_steps;
mod cluster;
mod command;
mod crashes;
mod database;
mod faults;
mod fleet;
mod following;
mod instances;
mod mirror;
mod opening;
mod pooler;
mod proxy;
mod sessions;
mod tampering;
mod tapped;
mod two_cores;
