//! Sets of JSON values: what a schema allows, what a template can produce, and whether one set includes another.

mod alternative_split;
mod container_gaps;
pub(crate) mod discriminator;
mod exclusion;
pub(crate) mod gap;
pub(crate) mod inclusion;
mod intersection;
pub(crate) mod keywords;
pub(crate) mod magnitude;
pub(crate) mod narrowing;
mod opaque;
pub(crate) mod reader;
mod same_schema;
pub(crate) mod sample;
mod scalar_gaps;
pub(crate) mod scalars;
mod text_sample;
pub(crate) mod value_set;
