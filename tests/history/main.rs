//! The history as its users see it: the real layer in front, census and metrics behind it, and a clock that the test moves.

mod curves;
mod file;
mod stage;
#[path = "../support/temp_dir.rs"]
mod temp_dir;
mod time;
