//! The command `legacy-http-compat` as those see it who run it: what it prints, and how it ends.

mod contract;
#[path = "../support/rollout_events.rs"]
mod events;
mod journals;
mod pipes;
mod report;
mod run;
mod status;
#[path = "../support/temp_dir.rs"]
mod temp_dir;
mod usage;
mod verify;
mod withdrawn;
mod withdrawn_lines;
