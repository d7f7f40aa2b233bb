//! TimeSeries as SVG, drawn by hand, each with a table for those who cannot see it.
//!
//! A line is told apart by its dashes and marks as well as by its colour. What nobody watched is a gap, never a zero.

mod callers;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod chart;
mod columns;
mod errors;
mod key;
mod line;
mod responses;
mod scale;
mod table;
mod ticks;

pub(crate) use callers::callers_chart;
pub(crate) use chart::Chart;
pub(crate) use errors::errors_chart;
pub(crate) use responses::{EndpointChart, endpoint_charts};
