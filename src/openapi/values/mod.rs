//! Sets of JSON values: what a schema allows, what a template can produce, and whether one set includes another.

pub(crate) mod gap;
pub(crate) mod inclusion;
mod intersection;
pub(crate) mod narrowing;
pub(crate) mod reader;
mod same_schema;
pub(crate) mod sample;
pub(crate) mod scalars;
mod text_sample;
pub(crate) mod value_set;
