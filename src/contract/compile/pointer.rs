//! JSON pointers of a contract: those that can find a field.

use crate::diagnostics::{Diagnostics, FaultCode};

/// Adds a fault if the pointer is right by its syntax, and finds nothing.
pub(super) fn check(pointer: &str, diagnostics: &mut Diagnostics) {
    let has = |word| pointer.split('/').skip(1).any(|token| token == word);
    let expected = if has("-") {
        "an index or a member's name: `-` is the element after the last one, which no array has (RFC 6901, section 4)"
    } else if has("*") {
        "an index or a member's name: only an edit takes `*` for every element; $each makes an array of an array"
    } else {
        return;
    };
    diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
}

/// Whether the field at `pointer` is within the one at `outer`, which must not be a scalar then.
pub(super) fn is_within(pointer: &str, outer: &str) -> bool {
    // A token has only one spelling (RFC 6901, section 3).
    pointer
        .strip_prefix(outer)
        .is_some_and(|rest| rest.starts_with('/'))
}
