//! What the crate asks of JSON beyond `serde_json`: documents read with all their faults at once, and fields found in a
//! body without reading the rest of it.

mod pointer;
mod read;
mod seek;
#[cfg(test)]
mod seek_tests;
mod tree;

pub(crate) use pointer::Pointer;
pub(crate) use read::{About, Complaint, Members, texts};
pub(crate) use seek::{Field, Fields, Seeker};
pub(crate) use tree::Tree;
