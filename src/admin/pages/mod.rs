//! The dashboard: pages that work without a script, and follow the rollout with one.
//!
//! - `page_request` and `submitted_form` are the extractors that every handler begins with.
//! - `views` and `actions` are the handlers; each page has a file and a template of its own.
//! - `explain` puts the reports of gates into words, `event_text` events; `banners` are the warnings above every page.
//! - `chart` draws the time series.

mod actions;
mod banners;
mod callers;
mod chart;
mod event_text;
mod explain;
mod filter_options;
mod gate_summary;
mod journal;
mod kind_table;
mod layout;
mod overview;
mod page_request;
mod phases;
mod problem_page;
mod records;
mod rollback;
mod router;
mod step;
mod submitted_form;
mod time_tag;
mod timeline_entry;
mod views;
mod waivers;

pub(super) use problem_page::problem_page;
pub(super) use router::router;
