//! JSON pointers of a contract: those that can find a field.

use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::FieldScanner,
};

/// Asks `fields` for the field at `pointer` and returns its slot; adds a fault if there can be none.
pub(super) fn field(
    pointer: &str,
    fields: &mut FieldScanner,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    if pointer.split('/').any(|token| token == "-") {
        let expected = "an index or a member's name: `-` is the element after the last one, which no array has (RFC \
                        6901, section 4)";
        diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
        return None;
    }
    fields.add(pointer, diagnostics)
}

/// Whether the field at `pointer` is within the one at `outer`, which must not be a scalar then.
pub(super) fn is_within(pointer: &str, outer: &str) -> bool {
    // A token has only one spelling (RFC 6901, section 3).
    pointer
        .strip_prefix(outer)
        .is_some_and(|rest| rest.starts_with('/'))
}
