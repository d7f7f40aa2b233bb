//! Encodes an event as a line, and decodes it.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::{ReadError, ReadErrorKind};
use crate::rollout::event::Event;

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
    use crate::flag::FlagState;
    use crate::rollout::{
        event::{EventPayload, NewEvent, ProcessStarted},
        names::{Actor, Reason},
    };
    use crate::time::Timestamp;

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
