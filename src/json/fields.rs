//! What is known of the fields that are requested of a text.

use std::borrow::Cow;

use super::scan::Scan;

/// What is known of one requested field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'t> {
    /// The text broke off, or could not be read, before the field was found.
    Unknown,
    Absent,
    /// The value as it is written in the text: JSON, and so UTF-8.
    Present(&'t [u8]),
}

/// What is known of all requested fields, by the slots that [`FieldScanner::add`](super::FieldScanner::add) gave.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fields<'t> {
    /// Nothing.
    Unknown,
    /// Of a text that has none.
    Absent,
    Scanned {
        scan: &'t Scan,
        text: &'t [u8],
        /// Whether the text was scanned to its end and is valid, so that what was not found is absent.
        is_whole: bool,
    },
    Kept(&'t [KeptField]),
}

/// A field that outlives its text.
#[derive(Debug)]
pub(crate) enum KeptField {
    Unknown,
    Absent,
    Present(Box<[u8]>),
}

impl<'t> Fields<'t> {
    /// The value of a field, if it is known to be present.
    #[inline]
    pub(crate) fn present(self, slot: usize) -> Option<&'t [u8]> {
        match self {
            Self::Scanned { scan, text, .. } => scan.value(slot, text),
            fields => match fields.get(slot) {
                Field::Present(json) => Some(json),
                Field::Absent | Field::Unknown => None,
            },
        }
    }

    pub(crate) fn get(self, slot: usize) -> Field<'t> {
        match self {
            Self::Unknown => Field::Unknown,
            Self::Absent => Field::Absent,
            Self::Scanned {
                scan,
                text,
                is_whole,
            } => match scan.value(slot, text) {
                Some(json) => Field::Present(json),
                None if is_whole => Field::Absent,
                None => Field::Unknown,
            },
            Self::Kept(kept) => kept.get(slot).map_or(Field::Unknown, KeptField::get),
        }
    }
}

/// The text of a value that is a string. Only one with escapes is copied.
pub(crate) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let quoted = json.strip_prefix('"')?.strip_suffix('"')?;
    if quoted.contains('\\') {
        serde_json::from_str::<String>(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(quoted))
    }
}

impl KeptField {
    fn get(&self) -> Field<'_> {
        match self {
            Self::Unknown => Field::Unknown,
            Self::Absent => Field::Absent,
            Self::Present(json) => Field::Present(json),
        }
    }
}

impl From<Field<'_>> for KeptField {
    fn from(field: Field<'_>) -> Self {
        match field {
            Field::Unknown => Self::Unknown,
            Field::Absent => Self::Absent,
            Field::Present(json) => Self::Present(json.into()),
        }
    }
}
