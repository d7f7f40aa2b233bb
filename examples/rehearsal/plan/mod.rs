//! What the plan promises, and what was seen of it.

mod item;
mod ledger;
mod lines;

pub(crate) use ledger::{Ledger, Row};
