//! Whether a body can say anything of the fields that a condition or a template reads, as far as its head tells.

use http::HeaderMap;

use crate::{
    http_syntax::{BodySyntax, JsonByType},
    observation::SkipReason,
};

/// What can be learnt from a body that has to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyNeed {
    /// It is JSON: its fields.
    Fields,
    /// It has no type that says so: whether it begins like JSON.
    Beginning,
    /// It is no JSON: it has no fields.
    NoFields,
    /// It cannot be read.
    Unreadable(SkipReason),
}

impl BodyNeed {
    /// By the head and what is known of the body: whether it is at its end, and how long it is at least.
    #[inline]
    pub(super) fn by_head(headers: &HeaderMap, is_end: bool, length: u64, limit: usize) -> Self {
        let BodySyntax {
            by_type,
            is_encoded,
        } = BodySyntax::of(headers);
        if by_type == JsonByType::No || is_end {
            Self::NoFields
        } else if is_encoded {
            Self::Unreadable(SkipReason::BodyEncoded)
        } else if by_type == JsonByType::Perhaps {
            Self::Beginning
        } else if length > limit as u64 {
            Self::Unreadable(SkipReason::BodyTooLarge)
        } else {
            Self::Fields
        }
    }

    /// What can be learnt from a body that begins with this text; `None` if its beginning is still blank.
    ///
    /// A body that only looks like JSON is not read as such: it may be anything.
    pub(super) fn by_beginning(text: &[u8], is_complete: bool) -> Option<Self> {
        match text.trim_ascii_start().first() {
            Some(b'{' | b'[') => Some(Self::Unreadable(SkipReason::NotJson)),
            Some(_) => Some(Self::NoFields),
            None => is_complete.then_some(Self::NoFields),
        }
    }
}
