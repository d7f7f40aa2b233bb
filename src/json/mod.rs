//! JSON beyond `serde_json`: documents read with all their faults at once, and fields found in a body without parsing
//! the rest of it.

mod balanced_skip;
mod block;
mod children;
mod document_text;
mod few;
mod field_scanner;
#[cfg(test)]
mod field_scanner_tests;
#[cfg(test)]
#[path = "../../tests/fuzzing/targets/scanner.rs"]
mod scanner_target;
#[cfg(test)]
#[path = "../../tests/fuzzing/sown.rs"]
mod sown;
mod fields;
#[cfg(feature = "cli")]
mod location;
mod number;
mod object_reader;
mod ordered_value;
#[expect(
    clippy::inline_always,
    reason = "one loop with its state in registers: calls would double the cost of a short text"
)]
mod scan;

pub(crate) use block::is_plain;
pub(crate) use children::{Child, Children, root};
#[cfg(feature = "cli")]
pub(crate) use document_text::Location;
pub(crate) use document_text::{MAX_DOCUMENT_DEPTH, parse};
pub(crate) use field_scanner::{FieldScanner, tokens};
pub(crate) use fields::{Field, Fields, KeptField, text_of};
pub(crate) use object_reader::{ObjectReader, wrong_type};
pub(crate) use ordered_value::{OrderedValue, Scalar, as_object};
pub(crate) use scan::{Scan, ScanStep};
