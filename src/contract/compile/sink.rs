//! Where a rendered template goes: into a body, or only into its length.

use std::io::{self, Write};

use uuid::Uuid;

/// Receives the text of a body, or only counts its bytes.
pub(super) trait Sink: Write {
    fn last(&self) -> Option<u8>;
    fn uuid(&mut self);

    fn text(&mut self, text: &str) {
        self.write_all(text.as_bytes())
            .expect("writing to memory does not fail");
    }

    /// A string as JSON.
    fn string(&mut self, text: &str)
    where
        Self: Sized,
    {
        serde_json::to_writer(self, text).expect("writing to memory does not fail");
    }
}

#[derive(Default)]
pub(super) struct Length {
    pub(super) bytes: usize,
    last: Option<u8>,
}

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        self.last = bytes.last().copied().or(self.last);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Length {
    fn last(&self) -> Option<u8> {
        self.last
    }

    fn uuid(&mut self) {
        self.bytes += uuid::fmt::Hyphenated::LENGTH;
    }
}

impl Sink for Vec<u8> {
    fn last(&self) -> Option<u8> {
        <[u8]>::last(self).copied()
    }

    fn uuid(&mut self) {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        self.extend_from_slice(
            Uuid::new_v4()
                .hyphenated()
                .encode_lower(&mut text)
                .as_bytes(),
        );
    }
}
