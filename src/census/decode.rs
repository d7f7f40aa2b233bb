//! Reading a snapshot, from bytes that nobody vouches for.

use crate::{
    caller::ClientVersion,
    storage::codec::{Malformed, Read, Reader},
};

use super::{
    coverage::{GapCause, WatchedInterval},
    format::FORM,
    keeping::Forgotten,
    open_error::OpenErrorKind,
    overflow::{Bucket, Sketches},
    record::Record,
    sketch_bytes::MAX_BYTES,
    tally::ResponseCounts,
    versions::UNKNOWN,
};

/// Seconds in 32 bits, as milliseconds.
const LATEST: u64 = u32::MAX as u64 * 1_000;

/// What a snapshot holds, the callers still unread.
#[derive(Debug)]
pub(super) struct Saved<'a> {
    pub(super) time: u64,
    pub(super) wall: u64,
    pub(super) kinds: Vec<(&'a str, Forgotten)>,
    pub(super) endpoints: Vec<&'a str>,
    pub(super) losses: Vec<(u64, OpenErrorKind)>,
    pub(super) stretches: Vec<WatchedInterval>,
    pub(super) history: Vec<SavedAnswers>,
    pub(super) last_overflow: u32,
    pub(super) overflow: Vec<Bucket>,
    callers: Reader<'a>,
}

/// The answers of one kind in one bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct SavedAnswers {
    pub(super) width: u32,
    pub(super) number: u32,
    pub(super) kind: u8,
    pub(super) responses: ResponseCounts,
}

impl<'a> Saved<'a> {
    /// Reads all but the callers, after checking version, length, checksum and key in this order.
    pub(super) fn read(bytes: &'a [u8], key_check: u64) -> Result<Self, OpenErrorKind> {
        let corrupt = |Malformed| OpenErrorKind::Corrupt;
        let mut whole = FORM.open(bytes).map_err(OpenErrorKind::from)?;
        if whole.u64().map_err(corrupt)? != key_check {
            return Err(OpenErrorKind::ForeignKey);
        }
        Self::read_body(whole).map_err(corrupt)
    }

    fn read_body(mut reader: Reader<'a>) -> Read<Self> {
        let reader = &mut reader;
        let time = reader.u64()?;
        if time > LATEST {
            return Err(Malformed);
        }
        let wall = reader.u64()?;
        let kinds = reader.list(read_kind)?;
        let bounds = Bounds {
            time,
            kinds: kinds.len(),
        };
        Ok(Self {
            time,
            wall,
            kinds,
            endpoints: reader.list(Reader::text)?,
            losses: reader.list(read_loss)?,
            stretches: reader.list(|reader| bounds.read_stretch(reader))?,
            history: reader.list(|reader| bounds.read_responses(reader))?,
            last_overflow: reader.u32()?.min(bounds.second()),
            overflow: reader.list(|reader| bounds.read_bucket(reader))?,
            callers: *reader,
        })
    }

    /// Reads the callers.
    pub(super) fn callers(
        &self,
        mut each: impl FnMut(Record, Option<ClientVersion>) -> Read<()>,
    ) -> Read<()> {
        let mut reader = self.callers;
        let bounds = Bounds {
            time: self.time,
            kinds: self.kinds.len(),
        };
        loop {
            let count = reader.u32()?;
            for _ in 0..count {
                let mut record = read_record(&mut reader)?;
                record.clamp(bounds.second());
                each(record, read_version(&mut reader)?)?;
            }
            if count == 0 {
                return reader.is_empty().then_some(()).ok_or(Malformed);
            }
        }
    }
}

/// What numbers in a snapshot must not exceed.
#[derive(Clone, Copy)]
struct Bounds {
    time: u64,
    kinds: usize,
}

impl Bounds {
    /// The callers are written after the rest, so some records may be a little later than its time. More than a minute
    /// later none is.
    fn second(self) -> u32 {
        u32::try_from(self.time / 1_000 + 60).unwrap_or(u32::MAX)
    }

    fn check(self, width: u32, number: u32, kind: u8) -> Read<()> {
        let newest = self.second().checked_div(width).ok_or(Malformed)?;
        let known = usize::from(kind) < self.kinds;
        (number <= newest && known).then_some(()).ok_or(Malformed)
    }

    fn read_stretch(self, reader: &mut Reader<'_>) -> Read<WatchedInterval> {
        let stretch = WatchedInterval {
            from: reader.u64()?,
            to: reader.u64()?,
            before: nth(&GapCause::ALL, reader.u8()?)?,
        };
        let past = stretch.to <= self.time;
        past.then_some(stretch).ok_or(Malformed)
    }

    fn read_responses(self, reader: &mut Reader<'_>) -> Read<SavedAnswers> {
        let (width, number, kind) = (reader.u32()?, reader.u32()?, reader.u8()?);
        self.check(width, number, kind)?;
        Ok(SavedAnswers {
            width,
            number,
            kind,
            responses: ResponseCounts {
                all: reader.u64()?,
                dependent: reader.u64()?,
                dependent_anonymous: reader.u64()?,
                stranded: reader.u64()?,
            },
        })
    }

    fn read_bucket(self, reader: &mut Reader<'_>) -> Read<Bucket> {
        let (width, number, kind) = (reader.u32()?, reader.u32()?, reader.u8()?);
        self.check(width, number, kind)?;
        let sketches = [reader.block()?, reader.block()?, reader.block()?];
        let short = sketches.iter().all(|sketch| sketch.len() <= MAX_BYTES);
        if !short || !Bucket::is_width(width) {
            return Err(Malformed);
        }
        Ok(Bucket {
            width,
            number,
            kind,
            sketches: Sketches::from_bytes(sketches).ok_or(Malformed)?,
        })
    }
}

fn read_kind<'a>(reader: &mut Reader<'a>) -> Read<(&'a str, Forgotten)> {
    let name = reader.text()?;
    let forgotten = Forgotten {
        callers: reader.u64()?,
        dependents: reader.u64()?,
    };
    Ok((name, forgotten))
}

fn read_loss(reader: &mut Reader<'_>) -> Read<(u64, OpenErrorKind)> {
    Ok((reader.u64()?, nth(&OpenErrorKind::ALL, reader.u8()?)?))
}

fn read_version(reader: &mut Reader<'_>) -> Read<Option<ClientVersion>> {
    match reader.block()? {
        [] => Ok(None),
        version => ClientVersion::parse(version).map(Some).ok_or(Malformed),
    }
}

fn read_record(reader: &mut Reader<'_>) -> Read<Record> {
    let fingerprint = u128::from_le_bytes(reader.array()?);
    let endpoints = reader.u64()?;
    let mut numbers = [0; 8];
    for number in &mut numbers {
        *number = reader.u32()?;
    }
    let [kind, flags] = reader.array()?;
    let [first_seen, last_seen, last_dependent, last_stranded, ..] = numbers;
    let [.., last_status_driven, responses, dependent, stranded] = numbers;
    Ok(Record {
        fingerprint,
        endpoints,
        first_seen,
        last_seen,
        last_dependent,
        last_stranded,
        last_status_driven,
        responses,
        dependent,
        stranded,
        kind,
        flags,
        version: UNKNOWN,
        version_tag: 0,
    })
}

fn nth<T: Copy>(all: &[T], place: u8) -> Read<T> {
    all.get(usize::from(place)).copied().ok_or(Malformed)
}
