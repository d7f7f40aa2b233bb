//! Names that are labels in metrics.

/// Names are labels in metrics, so they are short and plain.
pub(super) fn is_label(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}
