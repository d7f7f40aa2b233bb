//! JSON pointers of a contract, checked and asked for.

use crate::{
    contract::error::{FaultKind, Faults},
    json::{FieldScanner, Pointer},
};

/// The slot of a field that a condition or hole looks at.
pub(super) fn field(
    pointer: &str,
    fields: &mut FieldScanner,
    faults: &mut Faults,
) -> Option<usize> {
    let Some(parsed) = Pointer::parse(pointer) else {
        let expected = format!(
            "a JSON pointer such as /status (RFC 6901), at most {} levels deep",
            Pointer::MAX_DEPTH
        );
        faults.add(
            FaultKind::InvalidPointer,
            format!("pointer {pointer:?}"),
            expected,
        );
        return None;
    };
    let slot = fields.ask(&parsed);
    if slot.is_none() {
        let expected = format!(
            "at most {} different fields asked of one text",
            FieldScanner::MAX_FIELDS
        );
        faults.add(FaultKind::TooMany, format!("pointer {pointer:?}"), expected);
    }
    slot
}
