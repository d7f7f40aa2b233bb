//! Real processes and real sockets: the command, the Core example, the rehearsal, and recovery after a kill.

#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/rollout_events.rs"]
mod events;
#[path = "../support/mod.rs"]
mod support;

mod cargo_registry;
mod census_kill;
mod cli;
mod clients;
mod core_binary;
mod core_compat;
mod core_fleet;
mod core_rollout;
mod core_target;
mod examples;
mod guide;
mod journal_crash;
mod once_free;
mod rehearsal;
mod rfc8628;
