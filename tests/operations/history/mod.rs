//! The history as its users see it: the real layer in front, census and metrics behind it, and a clock that the test moves.

pub(crate) mod file;
pub(crate) mod stage;
mod time;
mod time_series;

use crate::temp_dir;
