//! The dashboard: pages that work without a script, and follow the rollout with one.
//!
//! - `page_request` and `submitted_form` are the extractors that every handler begins with.
//! - Each page has a file with its handlers, and a template. Templates read status and events themselves, through `layout`.
//! - `explain` puts the reports of gates into words, `timeline` events.
//! - `asset` has the style sheet, the script and the icon, cached by their digests.
//! - `chart` draws the time series.

pub(super) mod asset;
mod brownouts;
mod callers;
mod chart;
mod cutover;
mod explain;
mod instances;
mod journal;
mod kind_table;
mod layout;
mod overview;
mod page_request;
mod phases;
mod problem_page;
mod records;
mod rehearsed;
mod rollback;
mod router;
mod step;
mod submitted_form;
mod time_tag;
mod timeline;
mod waivers;

pub(super) use problem_page::problem_page;
pub(super) use router::router;
