//! Proving a contract against two documents.

mod condition;
mod confirmation;
mod converted_values;
mod edited_values;
mod exchange_parts;
mod legacy_values;
mod operation_proof;
pub(crate) mod possible;
mod promises;
pub(crate) mod prover;
pub(crate) mod rehearsal;
mod representatives;
mod source_values;
mod subject;
mod template_values;
mod text_values;
pub(crate) mod validators;
mod written_values;
