//! The report of a gate in plain sentences: what it found, what fails, and what to do about it.
//!
//! Made from the evidence alone, so that a journaled report reads like a fresh one. Only the kinds of the listed callers are
//! looked up in the census, because the evidence does not name them.

mod census_gates;
mod explanation;
mod gate;
#[cfg(test)]
mod tests;

pub(crate) use census_gates::watched_of;
pub(crate) use explanation::{ExplainContext, Explanation, Side, Todo, post_analysis_due};
pub(crate) use gate::explain;
