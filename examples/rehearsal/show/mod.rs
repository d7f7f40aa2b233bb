//! The output.

mod chart;
mod gates;
mod table;
mod timeline;
mod wrap;

pub(crate) use chart::{bar, falling};
pub(crate) use gates::{failing, verdicts};
pub(crate) use table::{as_json, as_text};
pub(crate) use timeline::Timeline;
