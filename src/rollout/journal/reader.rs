//! Reads the lines of a journal.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use serde::Serialize;

use super::{
    error::{ReadError, ReadErrorKind},
    line::{LineDigest, MAX_LINE, decode},
};
use crate::rollout::event::Event;

/// Iterator over the events of a journal, each line checked against the one before it.
///
/// Holds one line at a time and no lock: a journal can be read while another process writes it. Ends after the first
/// error, and before a [torn](Self::torn) last line.
///
/// ```
/// use legacy_http_compat::rollout::journal::{JournalReader, ReadErrorKind};
///
/// let verified = JournalReader::new(&b""[..]).verify()?;
/// assert_eq!(verified.events, 0);
///
/// let error = JournalReader::new(&b"{}\n"[..]).verify().unwrap_err();
/// assert_eq!((error.line(), error.kind()), (Some(1), ReadErrorKind::Changed));
/// # Ok::<(), legacy_http_compat::rollout::journal::ReadError>(())
/// ```
#[derive(Debug)]
pub struct JournalReader<R> {
    input: R,
    line: Vec<u8>,
    read: u64,
    good_bytes: u64,
    tail: LineDigest,
    torn: Option<TornLine>,
    ended: bool,
}

/// An incomplete last line: without a line break, or with zeros as a lost page leaves them.
///
/// No event is lost with it: an event is only reported as appended once its whole line is on disk. In a journal that
/// another process is writing, it may be a write in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TornLine {
    /// The line, counted from 1.
    pub line: u64,
    /// How many bytes of it there are.
    pub bytes: u64,
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many events there are.
    pub events: u64,
    /// The SHA-256 of the last line in hexadecimal digits, which identifies the whole journal; 64 zeros if there is none.
    pub sha256: String,
    /// A torn last line.
    pub torn: Option<TornLine>,
}

impl JournalReader<BufReader<File>> {
    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        File::open(path).map(BufReader::new).map(Self::new)
    }
}

impl<R: BufRead> JournalReader<R> {
    /// Reads a journal from its beginning.
    pub const fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            read: 0,
            good_bytes: 0,
            tail: LineDigest::NONE,
            torn: None,
            ended: false,
        }
    }

    /// The torn last line, once all lines before it are read.
    #[must_use]
    pub const fn torn(&self) -> Option<TornLine> {
        self.torn
    }

    /// Reads to the end.
    ///
    /// # Errors
    ///
    /// The first broken line, not counting a torn last one.
    pub fn verify(mut self) -> Result<Verified, ReadError> {
        self.by_ref().try_for_each(|event| event.map(drop))?;
        Ok(Verified {
            events: self.read,
            sha256: self.tail.to_hex(),
            torn: self.torn,
        })
    }

    /// The bytes of the lines read so far.
    pub(super) const fn good_bytes(&self) -> u64 {
        self.good_bytes
    }

    /// The hash of the last line read.
    pub(super) const fn tail(&self) -> LineDigest {
        self.tail
    }

    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        if !self.fill_line().map_err(ReadError::storage)? {
            return Ok(None);
        }
        let place = self.read + 1;
        if self.line.len() > MAX_LINE {
            return Err(ReadError::at(place, ReadErrorKind::TooLong));
        }
        if self.is_torn().map_err(ReadError::storage)? {
            self.torn = Some(TornLine {
                line: place,
                bytes: self.line.len() as u64,
            });
            return Ok(None);
        }
        let event = decode(&self.line, place, self.tail)?;
        self.read = place;
        self.good_bytes += self.line.len() as u64;
        self.tail = LineDigest::of(&self.line);
        Ok(Some(event))
    }

    /// Reads the next line, complete or not, up to one byte more than a line may have.
    fn fill_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let mut line = self.input.by_ref().take(MAX_LINE as u64 + 1);
        Ok(line.read_until(b'\n', &mut self.line)? > 0)
    }

    fn is_torn(&mut self) -> io::Result<bool> {
        if self.line.last() != Some(&b'\n') {
            return Ok(true);
        }
        // Written JSON has no zero byte. In a line before the last, zeros are damage and not a torn write.
        Ok(self.line.contains(&0) && self.is_at_end()?)
    }

    fn is_at_end(&mut self) -> io::Result<bool> {
        loop {
            match self.input.fill_buf() {
                Ok(rest) => return Ok(rest.is_empty()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: BufRead> Iterator for JournalReader<R> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_event().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}
