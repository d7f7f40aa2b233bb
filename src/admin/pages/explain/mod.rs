//! What a gate says, in plain sentences: what it found, what stands in the way, and who has to do what.
//!
//! Made of a gate's evidence alone, so that a journaled report explains itself as well as a fresh one. Only the kinds of
//! the callers in the way are looked up in the census, since the evidence does not name them.

mod built_in;
mod census_gates;
mod explanation;
mod figures;
mod journal_gates;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use built_in::explain;
pub(crate) use explanation::{Background, Explanation};
pub(crate) use tree::leaves;
