//! The journal as its users see it: appending, reading, waiting, several at once, and files that are not as they were.

mod broken;
#[path = "../support/rollout_events.rs"]
mod events;
mod files;
#[path = "../support/temp_dir.rs"]
mod temp_dir;
mod torn;
mod using;
mod writers;
