//! What the crate says to the outside, word for word: a change of any of it is a change of a file in `snapshots/`.

#[path = "../operations/admin/client.rs"]
mod client;
#[path = "../operations/admin/document.rs"]
mod document;
#[path = "../support/rollout_events.rs"]
mod events;
#[path = "../support/exchange.rs"]
mod exchange;
#[path = "../processes/cli/journals.rs"]
mod journals;
#[path = "../operations/admin/response.rs"]
#[expect(dead_code, reason = "the pins use a part of it")]
mod response;
#[path = "../processes/cli/run.rs"]
#[expect(dead_code, reason = "the pins use a part of it")]
mod run;
#[path = "../operations/admin/service.rs"]
#[expect(dead_code, reason = "the pins use a part of it")]
mod service;
#[path = "../support/temp_dir.rs"]
mod temp_dir;

mod api;
mod check_removed;
mod command;
mod contract_faults;
mod detector_faults;
mod gates;
mod help;
mod journal;
mod metrics;
mod openapi;
mod orders;
mod pin;
mod policy;
mod problems;
mod rich;
mod sent;
mod token_faults;
mod view;
