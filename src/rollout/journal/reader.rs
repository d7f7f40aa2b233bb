//! The lines of a journal: how one is encoded, decoded, and read after the other.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::{ReadError, ReadErrorKind};
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

/// The version of the format that is written, and the latest that is read.
const FORMAT: u32 = 1;

/// The most bytes of a line, its line break included.
pub(super) const MAX_LINE: usize = 256 * 1024;

/// What precedes a line's own hash.
const SEAL: &[u8] = br#","sha256":""#;

/// What follows it.
const END: &[u8] = b"\"}\n";

/// Bytes of a hash in hexadecimal digits.
const HEX: usize = 64;

/// The SHA-256 of a line, its line break included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineDigest([u8; 32]);

/// A line without its own hash.
#[derive(Serialize)]
struct Body<'a> {
    v: u32,
    prev_sha256: &'a str,
    event: &'a Event,
}

#[derive(Deserialize)]
struct OwnedBody {
    v: u32,
    prev_sha256: String,
    event: Event,
}

/// What a line of any version has.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

impl LineDigest {
    /// The hash before the first line.
    pub(super) const NONE: Self = Self([0; 32]);

    pub(super) fn of(line: &[u8]) -> Self {
        Self(Sha256::digest(line).into())
    }

    pub(super) fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

/// The line of an event after another line.
pub(super) fn encode(event: &Event, previous: LineDigest) -> Result<Vec<u8>, serde_json::Error> {
    let body = Body {
        v: FORMAT,
        prev_sha256: &previous.to_hex(),
        event,
    };
    let mut line = serde_json::to_vec(&body)?;
    line.pop(); // the closing brace, which END brings back
    let own = LineDigest::of(&line).to_hex();
    line.extend_from_slice(SEAL);
    line.extend_from_slice(own.as_bytes());
    line.extend_from_slice(END);
    Ok(line)
}

/// The event of the line with a sequence number, after another line.
pub(super) fn decode(line: &[u8], seq: u64, previous: LineDigest) -> Result<Event, ReadError> {
    let fault = |kind| ReadError::at(seq, kind);
    // The version first: a later one may hash its lines differently.
    if let Ok(Versioned { v: found }) = serde_json::from_slice(line)
        && found > FORMAT
    {
        let supported = FORMAT;
        return Err(fault(ReadErrorKind::NewerFormat { found, supported }));
    }
    let body = unseal(line).ok_or_else(|| fault(ReadErrorKind::Changed))?;
    let body = read_body(body).map_err(|error| ReadError::malformed(seq, error))?;
    if body.event.seq != seq {
        let found = body.event.seq;
        return Err(fault(ReadErrorKind::OutOfPlace { found }));
    }
    if body.prev_sha256 != previous.to_hex() {
        return Err(fault(ReadErrorKind::Unlinked));
    }
    Ok(body.event)
}

/// The part of a line before its own hash, if the hash matches.
fn unseal(line: &[u8]) -> Option<&[u8]> {
    let (sealed, own) = line.strip_suffix(END)?.split_last_chunk::<HEX>()?;
    let body = sealed.strip_suffix(SEAL)?;
    (LineDigest::of(body).to_hex().as_bytes() == own).then_some(body)
}

fn read_body(body: &[u8]) -> Result<OwnedBody, serde_json::Error> {
    let mut json = body.to_vec();
    json.push(b'}');
    let body: OwnedBody = serde_json::from_slice(&json)?;
    if body.v == FORMAT {
        Ok(body)
    } else {
        let message = format_args!("there is no format {}", body.v);
        Err(serde::de::Error::custom(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        flag::FlagState,
        rollout::{
            event::{EventPayload, NewEvent, ProcessStarted},
            names::{Actor, Reason},
        },
        time::Timestamp,
    };

    fn event() -> Event {
        let payload = ProcessStarted {
            flag: FlagState::On,
        };
        NewEvent::new(
            Timestamp::from_unix_ms(1_772_366_400_000),
            Actor::system("core").unwrap(),
            Reason::new("start").unwrap(),
            EventPayload::ProcessStarted(payload),
        )
        .numbered(1)
    }

    #[test]
    fn the_line_of_an_event_is_fixed() {
        let line = encode(&event(), LineDigest::NONE).unwrap();
        let expected = concat!(
            r#"{"v":1,"prev_sha256":"0000000000000000000000000000000000000000000000000000000000000000","#,
            r#""event":{"seq":1,"at":"2026-03-01T12:00:00.000Z","actor":{"kind":"system","id":"core"},"#,
            r#""reason":"start","payload":{"process_started":{"flag":"on"}}},"sha256":"8e1cbb126c1f03a7bae6c6e7f5fbad55bfa55ccd887ce9fe20878d357d77c9e5"}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(line).unwrap(), expected);
    }

    #[test]
    fn a_line_reads_back_at_its_own_position_only() {
        let line = encode(&event(), LineDigest::NONE).unwrap();
        assert_eq!(decode(&line, 1, LineDigest::NONE).unwrap(), event());
        assert!(decode(&line, 2, LineDigest::NONE).is_err());
        assert!(decode(&line, 1, LineDigest::of(b"another")).is_err());
    }
}
