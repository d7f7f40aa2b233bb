//! Where a rendered template goes: into a body, or first onto the stack.

use uuid::{Uuid, fmt::Hyphenated};

use crate::json::is_plain;

/// Receives the text of a body.
pub(super) trait Sink {
    fn last(&self) -> Option<u8>;
    fn place(&self) -> Place;
    /// Drops what was written since it was at this place.
    fn go_back(&mut self, place: Place);
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

/// How much has been written, and its last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    length: usize,
    last: Option<u8>,
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

    fn place(&self) -> Place {
        Place {
            length: self.length,
            last: self.last,
        }
    }

    fn go_back(&mut self, place: Place) {
        (self.length, self.last) = (place.length, place.last);
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

    fn place(&self) -> Place {
        Place {
            length: self.len(),
            last: Sink::last(self),
        }
    }

    fn go_back(&mut self, place: Place) {
        self.truncate(place.length);
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

/// Where only the success of writing matters.
pub(super) struct Nowhere;

impl Sink for Nowhere {
    fn last(&self) -> Option<u8> {
        None
    }

    fn place(&self) -> Place {
        Place {
            length: 0,
            last: None,
        }
    }

    fn go_back(&mut self, _: Place) {}

    fn text(&mut self, _: &[u8]) {}

    fn byte(&mut self, _: u8) {}

    fn uuid(&mut self) {}

    fn string(&mut self, _: &[u8]) {}
}
