//! JSON beyond `serde_json`: documents read with all their faults at once, and fields found in a body without parsing
//! the rest of it.

mod document_text;
mod field_scanner;
#[cfg(test)]
mod field_scanner_tests;
mod number;
mod object_reader;
mod ordered_value;

pub(crate) use document_text::{MAX_DOCUMENT_DEPTH, parse};
pub(crate) use field_scanner::{Field, FieldScanner, Fields};
pub(crate) use object_reader::{ObjectReader, wrong_type};
pub(crate) use ordered_value::{OrderedValue, Scalar, as_object};
