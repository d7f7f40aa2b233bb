//! Proving a contract against two documents.

mod condition;
mod confirmation;
pub(crate) mod legacy_values;
mod operation_proof;
pub(crate) mod possible;
mod promises;
pub(crate) mod prover;
pub(crate) mod rehearsal;
mod representatives;
pub(crate) mod validators;
