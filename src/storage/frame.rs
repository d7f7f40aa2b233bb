//! The frame of a file: header, body, and a footer of length and checksum.
//!
//! The body is a sequence of values in the [postcard format](https://postcard.jamesmunns.com/wire-format). CRC-32, not a
//! cryptographic hash: it detects broken disks and torn files, and does not protect against deliberate tampering.

use std::io::{self, Write};

use postcard::Error::SerializeBufferFull;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is wrong with the bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecodeError {
    /// Another kind of file.
    #[error("another kind of file")]
    Foreign,
    /// Written by a newer version of this crate.
    #[error("written by a newer version of this crate")]
    NewerFormat,
    /// Written by an older version of this crate, in a format that is no longer supported.
    #[error("written by an older version of this crate")]
    OlderFormat,
    /// The end of the file is missing.
    #[error("truncated")]
    Truncated,
    /// The checksum is wrong, or the content is inconsistent.
    #[error("corrupt")]
    Corrupt,
}

/// The first bytes of a file: its type (8 bytes) and the version of its format (4 bytes, little-endian).
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileHeader {
    pub(crate) magic: [u8; 8],
    /// Not 0.
    pub(crate) format: u32,
}

/// Writes values, counting and checksumming the bytes.
pub(crate) struct FrameWriter<W> {
    out: W,
    crc: crc32fast::Hasher,
    length: u64,
    /// Reused for every value.
    buffer: Vec<u8>,
}

/// Reads what a [`FrameWriter`] wrote, from untrusted bytes: no allocation is sized by a number that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameReader<'a> {
    rest: &'a [u8],
}

/// The bytes are not what a [`FrameWriter`] writes, or the values are out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Length of the whole (8 bytes) and CRC-32 of all before it (4 bytes), little-endian.
const FOOTER: usize = 12;

impl FileHeader {
    /// The values between header and footer, after checking type, version, length and checksum in this order.
    pub(crate) fn open(self, bytes: &[u8]) -> Result<FrameReader<'_>, DecodeError> {
        let (magic, rest) = bytes.split_first_chunk().ok_or(DecodeError::Truncated)?;
        if *magic != self.magic {
            return Err(DecodeError::Foreign);
        }
        let (format, rest) = rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        // Before the checksum: another format may have another one.
        match u32::from_le_bytes(*format) {
            format if format > self.format => return Err(DecodeError::NewerFormat),
            0 => return Err(DecodeError::Corrupt),
            format if format < self.format => return Err(DecodeError::OlderFormat),
            _ => {}
        }
        let (body, footer) = rest
            .split_last_chunk::<FOOTER>()
            .ok_or(DecodeError::Truncated)?;
        check_footer(bytes, *footer)?;
        Ok(FrameReader { rest: body })
    }
}

fn check_footer(bytes: &[u8], footer: [u8; FOOTER]) -> Result<(), DecodeError> {
    let [l0, l1, l2, l3, l4, l5, l6, l7, checksum @ ..] = footer;
    if u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]) != bytes.len() as u64 {
        return Err(DecodeError::Truncated);
    }
    if crc32fast::hash(&bytes[..bytes.len() - 4]) != u32::from_le_bytes(checksum) {
        return Err(DecodeError::Corrupt);
    }
    Ok(())
}

impl<W: Write> FrameWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            crc: crc32fast::Hasher::new(),
            length: 0,
            buffer: vec![0; 1 << 17],
        }
    }

    pub(crate) fn header(&mut self, header: FileHeader) -> io::Result<()> {
        self.bytes(&header.magic)?;
        self.bytes(&header.format.to_le_bytes())
    }

    /// Writes a value. Into a slice that grows when needed, which is several times faster than postcard's `Vec`.
    pub(crate) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let written = loop {
            match postcard::to_slice(value, &mut buffer) {
                Ok(bytes) => break self.bytes(bytes),
                Err(SerializeBufferFull) => buffer.resize(2 * buffer.len(), 0),
                Err(error) => break Err(io::Error::other(error)),
            }
        };
        self.buffer = buffer;
        written
    }

    /// Writes bytes, which are read as the value `&[u8]`.
    pub(crate) fn block(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.value(&bytes.len())?;
        self.bytes(bytes)
    }

    /// Writes the footer; returns the length of the whole and what was written to.
    pub(crate) fn finish(mut self) -> io::Result<(u64, W)> {
        let length = self.length + FOOTER as u64;
        self.bytes(&length.to_le_bytes())?;
        let checksum = self.crc.clone().finalize();
        self.bytes(&checksum.to_le_bytes())?;
        Ok((length, self.out))
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.crc.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }
}

impl<'a> FrameReader<'a> {
    /// Reads the next value.
    pub(crate) fn value<T: Deserialize<'a>>(&mut self) -> Result<T, Malformed> {
        let (value, rest) = postcard::take_from_bytes(self.rest).map_err(|_| Malformed)?;
        self.rest = rest;
        Ok(value)
    }

    /// Checks that nothing follows the last value.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        self.rest.is_empty().then_some(()).ok_or(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: FileHeader = FileHeader {
        magic: *b"EXAMPLE\n",
        format: 2,
    };

    fn written() -> Vec<u8> {
        let mut writer = FrameWriter::new(Vec::new());
        writer.header(HEADER).unwrap();
        writer.value(&vec![1_u64, 2]).unwrap();
        writer.value("text").unwrap();
        writer.block(b"bytes").unwrap();
        writer.finish().unwrap().1
    }

    /// The file after a change that is sealed with a new checksum.
    fn refused(change: impl FnOnce(&mut Vec<u8>)) -> DecodeError {
        let mut bytes = written();
        change(&mut bytes);
        HEADER.open(&bytes).unwrap_err()
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = written();
        let mut reader = HEADER.open(&bytes).unwrap();
        assert_eq!(reader.value(), Ok(vec![1_u64, 2]));
        assert_eq!(reader.end(), Err(Malformed));
        assert_eq!(reader.value(), Ok("text"));
        assert_eq!(reader.value(), Ok(b"bytes".as_slice()));
        assert_eq!(reader.end(), Ok(()));
        assert_eq!(reader.value::<u8>(), Err(Malformed));
    }

    #[test]
    fn each_damage_has_its_own_error() {
        assert_eq!(refused(Vec::clear), DecodeError::Truncated);
        assert_eq!(refused(|bytes| bytes.truncate(11)), DecodeError::Truncated);
        let last = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
        assert_eq!(refused(last), DecodeError::Truncated);
        assert_eq!(refused(|bytes| bytes[0] ^= 1), DecodeError::Foreign);
        assert_eq!(refused(|bytes| bytes[8] = 3), DecodeError::NewerFormat);
        assert_eq!(refused(|bytes| bytes[8] = 1), DecodeError::OlderFormat);
        assert_eq!(refused(|bytes| bytes[8] = 0), DecodeError::Corrupt);
        assert_eq!(refused(|bytes| bytes[13] ^= 1), DecodeError::Corrupt);
    }

    #[test]
    fn a_value_larger_than_the_buffer_is_written_whole() {
        let large = vec![0xfedc_ba98_u32; 1 << 16];
        let mut writer = FrameWriter::new(Vec::new());
        writer.header(HEADER).unwrap();
        writer.value(&large).unwrap();
        let bytes = writer.finish().unwrap().1;
        assert_eq!(HEADER.open(&bytes).unwrap().value(), Ok(large));
    }

    #[test]
    fn a_list_that_claims_billions_of_items_ends_at_the_last_byte() {
        let mut reader = FrameReader { rest: &[0xff; 20] };
        assert_eq!(reader.value::<Vec<u64>>(), Err(Malformed));
        let mut reader = FrameReader {
            rest: &[0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2],
        };
        assert_eq!(reader.value::<Vec<u64>>(), Err(Malformed));
    }
}
