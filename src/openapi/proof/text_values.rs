//! Sets of texts that no schema describes.

use crate::openapi::values::value_set::{Kind, Texts};

pub(super) fn any_text() -> Texts {
    Texts::default()
}

pub(super) fn text(least: u64, most: u64, format: Option<&str>) -> Texts {
    Texts {
        least,
        most: Some(most),
        formats: format.map(ToOwned::to_owned).into_iter().collect(),
        ..Texts::default()
    }
}

/// What all texts in visible ASCII and spaces satisfy.
const PRINTABLE: &str = "^[ -~]*$";

/// Texts of which it is known that they are in visible ASCII, with spaces only between.
pub(super) fn printable(texts: Texts) -> Texts {
    Texts {
        patterns: vec![PRINTABLE.to_owned()],
        ..texts
    }
}

pub(super) fn is_short_and_printable(kind: &Kind<'_>) -> bool {
    const FORMATS: [&str; 6] = ["uuid", "date-time", "date", "time", "ipv4", "ipv6"];
    let Kind::Text(texts) = kind else {
        return false;
    };
    let plain = |format: &String| FORMATS.contains(&format.as_str());
    let is_printable = texts.patterns.iter().any(|pattern| pattern == PRINTABLE);
    let is_short = texts.most.is_none_or(|most| most <= 4096) && texts.least > 0;
    texts.formats.iter().any(plain) || is_printable && is_short
}
