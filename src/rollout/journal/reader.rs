//! The lines of a journal: how one is encoded, decoded, and read after the other.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::{ReadError, ReadErrorKind};
use crate::rollout::event::{Event, EventHash, Head};

/// Iterator over the events of a journal, each line checked against the one before it.
///
/// Holds one line at a time and no lock: a journal can be read while another process writes it. Ends after the first
/// error, and before a [torn](Self::torn) last line.
///
/// ```
/// use legacy_http_compat::rollout::journal::{JournalReader, ReadErrorKind};
///
/// let verified = JournalReader::new(&b""[..]).verify()?;
/// assert_eq!(verified.head.seq, 0);
///
/// let error = JournalReader::new(&b"{}\n"[..]).verify().unwrap_err();
/// assert_eq!((error.line(), error.kind()), (Some(1), ReadErrorKind::Changed));
/// # Ok::<(), legacy_http_compat::rollout::journal::ReadError>(())
/// ```
#[derive(Debug)]
pub struct JournalReader<R> {
    input: R,
    line: Vec<u8>,
    head: Head,
    good_bytes: u64,
    torn: Option<TornLine>,
    ended: bool,
}

/// An incomplete last line: without a line break, or with zeros as a lost page leaves them.
///
/// It may be a write in progress, or what a process left that was killed; or the file was cut or damaged, and an event is
/// lost. Only the head that was recorded tells the two apart: an event is acknowledged once its whole line is on disk.
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
    /// The last event.
    pub head: Head,
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
            head: Head::NONE,
            good_bytes: 0,
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
            head: self.head,
            torn: self.torn,
        })
    }

    /// The bytes of the lines read so far.
    pub(crate) const fn good_bytes(&self) -> u64 {
        self.good_bytes
    }

    #[cfg(feature = "postgres")]
    /// The line of the last event read.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// The last event read.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        if !self.fill_line().map_err(ReadError::storage)? {
            return Ok(None);
        }
        let place = self.head.seq + 1;
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
        let event = decode(&self.line, place, self.head.hash)?;
        self.good_bytes += self.line.len() as u64;
        self.head = event.head();
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

/// The version of the format that is written, and the latest that is read.
const FORMAT: u32 = 1;

/// The most bytes of a line, its line break included.
pub(crate) const MAX_LINE: usize = 256 * 1024;

/// What precedes a line's own hash.
const SEAL: &[u8] = br#","sha256":""#;

/// What follows it.
const END: &[u8] = b"\"}\n";

/// Bytes of a hash in hexadecimal digits.
const HEX: usize = 64;

/// A line without its own hash.
#[derive(Serialize)]
struct Body<'a> {
    v: u32,
    prev_sha256: &'a str,
    event: &'a Event,
}

/// A line as it is read; its own hash is checked before.
#[derive(Deserialize)]
struct Line<'a> {
    v: u32,
    prev_sha256: &'a str,
    event: Event,
}

/// What a line of any version has.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

/// The line of an event after another one, and the hash of the event.
pub(crate) fn encode(
    event: &Event,
    previous: EventHash,
) -> Result<(Vec<u8>, EventHash), serde_json::Error> {
    let body = Body {
        v: FORMAT,
        prev_sha256: &previous.to_hex(),
        event,
    };
    let mut line = serde_json::to_vec(&body)?;
    line.pop(); // the closing brace, which END brings back
    let own = hash(&line);
    line.extend_from_slice(SEAL);
    line.extend_from_slice(own.to_hex().as_bytes());
    line.extend_from_slice(END);
    Ok((line, own))
}

/// The event of the line with a sequence number, after another event.
pub(crate) fn decode(line: &[u8], seq: u64, previous: EventHash) -> Result<Event, ReadError> {
    let fault = |kind| ReadError::at(seq, kind);
    let Some(own) = unseal(line) else {
        // A later version may hash its lines differently.
        return Err(newer(line, seq).unwrap_or_else(|| fault(ReadErrorKind::Changed)));
    };
    let read: Line<'_> = serde_json::from_slice(line)
        .map_err(|error| newer(line, seq).unwrap_or_else(|| ReadError::malformed(seq, error)))?;
    if read.v != FORMAT {
        let error = serde::de::Error::custom(format_args!("there is no format {}", read.v));
        return Err(newer(line, seq).unwrap_or_else(|| ReadError::malformed(seq, error)));
    }
    let mut event = read.event;
    if event.seq != seq {
        let found = event.seq;
        return Err(fault(ReadErrorKind::OutOfPlace { found }));
    }
    if read.prev_sha256 != previous.to_hex() {
        return Err(fault(ReadErrorKind::Unlinked));
    }
    event.hash = own;
    Ok(event)
}

/// The error of a line of a later format.
fn newer(line: &[u8], seq: u64) -> Option<ReadError> {
    let Versioned { v: found } = serde_json::from_slice(line).ok()?;
    let supported = FORMAT;
    let newer = ReadErrorKind::NewerFormat { found, supported };
    (found > FORMAT).then(|| ReadError::at(seq, newer))
}

/// The hash of a line, if it is that of what precedes it.
fn unseal(line: &[u8]) -> Option<EventHash> {
    let (sealed, own) = line.strip_suffix(END)?.split_last_chunk::<HEX>()?;
    let body = sealed.strip_suffix(SEAL)?;
    let hash = hash(body);
    (hash.to_hex().as_bytes() == own).then_some(hash)
}

fn hash(bytes: &[u8]) -> EventHash {
    EventHash::new(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rollout::{
            event::{EventPayload, Incident, NewEvent},
            names::{Actor, Reason},
        },
        time::Timestamp,
    };

    fn event() -> Event {
        let payload = Incident {
            incident: "INC-1".parse().unwrap(),
        };
        NewEvent::new(
            Timestamp::from_unix_ms(1_772_366_400_000),
            Actor::system("core").unwrap(),
            Reason::new("errors").unwrap(),
            EventPayload::IncidentOpened(payload),
        )
        .numbered(1)
    }

    #[test]
    fn the_line_of_an_event_is_fixed() {
        let (line, hash) = encode(&event(), EventHash::NONE).unwrap();
        let expected = concat!(
            r#"{"v":1,"prev_sha256":"0000000000000000000000000000000000000000000000000000000000000000","#,
            r#""event":{"seq":1,"at":"2026-03-01T12:00:00.000Z","actor":{"kind":"system","id":"core"},"#,
            r#""reason":"errors","payload":{"incident_opened":{"incident":"INC-1"}}},"sha256":""#,
        );
        let expected = format!("{expected}{hash}\"}}\n");
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn a_line_reads_back_at_its_own_position_only() {
        let (line, hash) = encode(&event(), EventHash::NONE).unwrap();
        let read = decode(&line, 1, EventHash::NONE).unwrap();
        assert_eq!(read, Event { hash, ..event() });
        assert!(decode(&line, 2, EventHash::NONE).is_err());
        assert!(decode(&line, 1, hash).is_err());
    }
}
