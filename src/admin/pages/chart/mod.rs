//! Time series as SVG, each with a table of its numbers for readers who cannot see it.
//!
//! Lines differ in dashes and marks as well as in colour. A stretch that was not watched is a gap, never a zero.

mod axes;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod chart;
mod overview_charts;
mod series;

pub(crate) use chart::Chart;
pub(crate) use overview_charts::{
    EndpointChart, callers_chart, endpoint_charts, errors_chart, errors_summary,
};
