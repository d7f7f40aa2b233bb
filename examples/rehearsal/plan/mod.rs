//! The rollout plan: expected and observed results.

mod item;
mod ledger;
mod lines;

pub(crate) use ledger::{Ledger, Row};
