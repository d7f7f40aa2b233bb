//! How single settings of a policy are checked and written.

use std::time::Duration;

use serde::Serializer;

use crate::{
    diagnostics::{Diagnostics, FaultCode},
    time::duration_text,
};

/// The longest time limit: a hundred years, beyond which a number is a mistake.
const MAX_LIMIT: Duration = Duration::from_secs(100 * 366 * 86_400);

pub(super) fn check_limit(place: &str, limit: Duration, diagnostics: &mut Diagnostics) {
    if limit < Duration::from_millis(1) || limit > MAX_LIMIT {
        let expected = "at least 1ms and at most 100 years";
        out_of_range(diagnostics, place, &duration_text::write(limit), expected);
    }
}

pub(super) fn out_of_range(
    diagnostics: &mut Diagnostics,
    place: &str,
    value: &impl ToString,
    expected: &str,
) {
    diagnostics.add_at(place, FaultCode::OutOfRange, value.to_string(), expected);
}

pub(super) fn write_duration<S: Serializer>(
    length: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&duration_text::write(*length))
}
