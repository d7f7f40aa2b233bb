//! The text of a file.

use std::{fs, io, path::Path};

/// How much of a file git looks at to tell whether it is binary.
const LOOKED_AT: usize = 8_000;

/// The text of a file; `None` for a binary one.
pub(super) fn text(path: &Path) -> io::Result<Option<String>> {
    let bytes = fs::read(path)?;
    if let Some(text) = utf16(&bytes) {
        return Ok(Some(text));
    }
    let looked_at = &bytes[..bytes.len().min(LOOKED_AT)];
    if looked_at.contains(&0) {
        return Ok(None);
    }
    // What is no UTF-8 is in some other alphabet; the names that are looked for are the same in all of them.
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The text of a file that begins with the mark of UTF-16, which is full of zeros without being binary.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().skip(1).map(|pair| unit(*pair));
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text.collect())
}
