//! Numbers, texts and a checksum as bytes, all little-endian.

use std::io::{self, Write};

use super::unreadable::Unreadable;

/// Counts and checksums what is written through it.
pub(crate) struct Writer<W> {
    out: W,
    crc: crc32fast::Hasher,
    length: u64,
}

/// Reads what a [`Writer`] wrote, from bytes that nobody vouches for: never past their end, and no allocation is ever
/// sized by a number that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// The bytes are not what a [`Writer`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

pub(crate) type Read<T> = Result<T, Malformed>;

/// A length of the whole and a checksum end what is written.
const FOOTER: usize = 12;

/// What the footer says of the bytes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Footer {
    Intact,
    WrongLength,
    WrongChecksum,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            crc: crc32fast::Hasher::new(),
            length: 0,
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.crc.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Writes length and checksum; returns the length and what was written to.
    pub(crate) fn finish(mut self) -> io::Result<(u64, W)> {
        let length = self.length + FOOTER as u64;
        self.bytes(&length.to_le_bytes())?;
        let checksum = self.crc.clone().finalize();
        self.bytes(&checksum.to_le_bytes())?;
        Ok((length, self.out))
    }
}

/// What a file begins with: what it is (8 bytes) and the version of its format (4 bytes).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) magic: [u8; 8],
    /// Not 0.
    pub(crate) format: u32,
}

/// Puts numbers and texts into a buffer.
pub(crate) trait Put {
    fn u8(&mut self, value: u8);
    fn u32(&mut self, value: u32);
    fn u64(&mut self, value: u64);
    /// At most 65,535 bytes, the rest is left out.
    fn block(&mut self, bytes: &[u8]);
    /// How many there are, then each. At most 2³² − 1; the rest is left out.
    fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, each: impl FnMut(&mut Self, T));
}

impl Put for Vec<u8> {
    fn u8(&mut self, value: u8) {
        self.push(value);
    }

    fn u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn block(&mut self, bytes: &[u8]) {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        self.extend_from_slice(&length.to_le_bytes());
        self.extend_from_slice(&bytes[..usize::from(length)]);
    }

    fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        self.u32(count);
        for (_, item) in (0..count).zip(items) {
            each(self, item);
        }
    }
}

impl Form {
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.magic);
        out.u32(self.format);
    }

    /// The content between this form and the footer, after checking form, version, length and checksum in this order.
    pub(crate) fn open(self, bytes: &[u8]) -> Result<Reader<'_>, Unreadable> {
        self.check(&mut Reader::new(bytes))?;
        let mut whole = Reader::new(bytes);
        match whole.footer() {
            Footer::Intact => {}
            Footer::WrongLength => return Err(Unreadable::Truncated),
            Footer::WrongChecksum => return Err(Unreadable::Corrupt),
        }
        let _: [u8; 12] = whole.array().map_err(|Malformed| Unreadable::Corrupt)?;
        Ok(whole)
    }

    fn check(self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        let truncated = |Malformed| Unreadable::Truncated;
        let magic: [u8; 8] = reader.array().map_err(truncated)?;
        if magic != self.magic {
            return Err(Unreadable::Foreign);
        }
        // Before the checksum: a newer format may have another one.
        match reader.u32().map_err(truncated)? {
            format if format == self.format => Ok(()),
            format if format > self.format => Err(Unreadable::NewerFormat),
            _ => Err(Unreadable::Corrupt),
        }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Looks at the footer and takes it off.
    fn footer(&mut self) -> Footer {
        let whole = self.rest;
        let Some((body, footer)) = whole.split_last_chunk::<FOOTER>() else {
            return Footer::WrongLength;
        };
        self.rest = body;
        let [l0, l1, l2, l3, l4, l5, l6, l7, checksum @ ..] = *footer;
        if u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]) != whole.len() as u64 {
            return Footer::WrongLength;
        }
        if crc32fast::hash(&whole[..whole.len() - 4]) != u32::from_le_bytes(checksum) {
            return Footer::WrongChecksum;
        }
        Footer::Intact
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*array)
    }

    pub(crate) fn u8(&mut self) -> Read<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Read<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Read<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn block(&mut self) -> Read<&'a [u8]> {
        let length = self.array().map(u16::from_le_bytes)?;
        let (block, rest) = self.rest.split_at_checked(length.into()).ok_or(Malformed)?;
        self.rest = rest;
        Ok(block)
    }

    pub(crate) fn text(&mut self) -> Read<&'a str> {
        str::from_utf8(self.block()?).map_err(|_| Malformed)
    }

    /// Reads as many items as the list says it has; each must take at least a byte.
    pub(crate) fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let count = self.u32()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(each(self)?);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut body = Vec::new();
        body.list([1_u64, 2].into_iter(), Put::u64);
        body.block(b"text");
        let mut writer = Writer::new(Vec::new());
        writer.bytes(&body).unwrap();
        writer.finish().unwrap().1
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = written();
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.footer(), Footer::Intact);
        assert_eq!(reader.list(Reader::u64), Ok(vec![1, 2]));
        assert_eq!(reader.text(), Ok("text"));
        assert!(reader.is_empty());
        assert_eq!(reader.u8(), Err(Malformed));
    }

    #[test]
    fn a_missing_end_and_a_changed_byte_are_told_apart() {
        let mut bytes = written();
        assert_eq!(
            Reader::new(&bytes[..bytes.len() - 1]).footer(),
            Footer::WrongLength
        );
        bytes[5] ^= 1;
        assert_eq!(Reader::new(&bytes).footer(), Footer::WrongChecksum);
    }

    #[test]
    fn a_list_that_claims_four_billion_items_ends_at_the_last_byte() {
        let bytes = [0xff; 20];
        assert_eq!(Reader::new(&bytes).list(Reader::u64), Err(Malformed));
    }
}
