//! JSON pointers of a contract, checked and asked for.

use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{FieldScanner, Pointer},
};

/// The slot of a field that a condition or hole looks at.
pub(super) fn field(
    pointer: &str,
    fields: &mut FieldScanner,
    diagnostics: &mut Diagnostics,
) -> Option<usize> {
    let Some(parsed) = Pointer::parse(pointer) else {
        let expected = format!(
            "a JSON pointer such as /status (RFC 6901), at most {} levels deep",
            Pointer::MAX_DEPTH
        );
        diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
        return None;
    };
    let slot = fields.ask(&parsed);
    if slot.is_none() {
        let expected = format!(
            "at most {} different fields of one body",
            FieldScanner::MAX_FIELDS
        );
        diagnostics.add(FaultCode::TooMany, pointer, expected);
    }
    slot
}
