//! Where a rendered template goes: into a body, or first onto the stack.

use uuid::{Uuid, fmt::Hyphenated};

use crate::json::is_plain;

/// Receives the text of a body.
pub(super) trait Sink {
    fn last(&self) -> Option<u8>;
    fn text(&mut self, text: &[u8]);
    fn byte(&mut self, byte: u8);

    /// A new UUID.
    fn uuid(&mut self) {
        let mut text = [0; Hyphenated::LENGTH];
        let uuid = Uuid::new_v4();
        self.text(uuid.hyphenated().encode_lower(&mut text).as_bytes());
    }

    /// UTF-8 as a JSON string.
    #[inline]
    fn string(&mut self, text: &[u8]) {
        if is_plain(text) {
            self.byte(b'"');
            self.text(text);
            self.byte(b'"');
        } else {
            self.escaped(text);
        }
    }

    #[cold]
    fn escaped(&mut self, text: &[u8]) {
        let json = serde_json::to_vec(&String::from_utf8_lossy(text));
        self.text(&json.expect("a string can be written as JSON"));
    }
}

/// A body on the stack, as most are short enough for; of a longer one only the length is counted.
pub(super) struct ShortText {
    bytes: [u8; Self::MAX],
    length: usize,
    last: Option<u8>,
}

impl ShortText {
    const MAX: usize = 256;

    pub(super) fn new() -> Self {
        Self {
            bytes: [0; Self::MAX],
            length: 0,
            last: None,
        }
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The whole text, if it was short enough.
    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length)
    }
}

impl Sink for ShortText {
    fn last(&self) -> Option<u8> {
        self.last
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        if let Some(bytes) = self.bytes.get_mut(self.length..end) {
            bytes.copy_from_slice(text);
        }
        self.length = end;
        self.last = text.last().copied().or(self.last);
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length += 1;
        self.last = Some(byte);
    }
}

impl Sink for Vec<u8> {
    fn last(&self) -> Option<u8> {
        <[u8]>::last(self).copied()
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.push(byte);
    }
}
