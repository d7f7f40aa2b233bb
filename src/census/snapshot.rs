//! The snapshot of a census.
//!
//! | part | content |
//! | --- | --- |
//! | header | `LHCCENS\n`, format version |
//! | key | key check of the fingerprints (8 bytes) |
//! | state | [`State`] |
//! | callers | blocks of [records](Record), of fixed width, with times in sixteenths of a second; an empty block ends them |
//! | versions | the client versions by number, empty for a number not in use |
//! | footer | length, CRC-32 |
//!
//! This format is read by all later versions of the crate: what changes it takes a new number, and reads this one as well.
//!
//! Derived `serde` impls write and read everything but the records, which are blocks of fixed width. A caller takes 62 bytes,
//! about 110 instructions to encode and 1,210 to read; `benches/README.md` has the times.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

#[cfg(feature = "cli")]
use super::rules::RulesInForce;
#[cfg(feature = "cli")]
use crate::caller::RulesDigest;
use crate::{
    caller::{ClientVersion, KeyCheck, Kind},
    storage::{
        frame::{FileHeader, FrameReader, FrameWriter, Malformed},
        saver::{Saver, SnapshotStatus},
    },
    time::timeline::{TICKS, ticks},
};

use super::{
    census::Census,
    failures::Failures,
    open_error::OpenCensusErrorKind,
    overflow::Bucket,
    record::{Record, StoredRecord},
    response_counts::BucketCounts,
    rules::ServedSince,
    table::Table,
    watch::{Forgotten, WatchedInterval},
};

const HEADER: FileHeader = FileHeader {
    magic: *b"LHCCENS\n",
    format: 4,
};

/// A larger file is not read. It would hold more than a hundred million callers, and a wrong path must not fill the memory.
pub(super) const MAX_FILE: u64 = 8 << 30;

/// About how many callers are written at once.
const CHUNK: usize = 1_024;

/// The latest time: ticks in 32 bits, as milliseconds.
const LATEST: u64 = u32::MAX as u64 / TICKS as u64 * 1_000;

/// Everything but the callers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct State<'a> {
    pub(super) time: u64,
    pub(super) wall: u64,
    /// When the census began.
    began: u64,
    #[serde(borrow)]
    kinds: Vec<SavedKind<'a>>,
    contract: Option<ServedSince>,
    endpoints: Vec<&'a str>,
    losses: Vec<(u64, OpenCensusErrorKind)>,
    flag_changed: Option<((u64, u64), u64)>,
    intervals: Vec<WatchedInterval>,
    failures: Failures,
    responses: Vec<BucketCounts>,
    last_overflow: u32,
    overflow: Vec<Bucket>,
}

/// A kind, by its name.
#[derive(Debug, Serialize, Deserialize)]
struct SavedKind<'a> {
    name: &'a str,
    forgotten: Forgotten,
    /// The digest of the detector's rules for it, and since when they are in force.
    rules: (u128, u32),
}

/// The content of a snapshot, with the callers still unread.
#[derive(Debug)]
pub(super) struct CensusSnapshot<'a> {
    pub(super) state: State<'a>,
    callers: FrameReader<'a>,
}

impl Census {
    /// How the writing of snapshots goes; `None` if there is no snapshot file.
    #[must_use]
    pub fn snapshot_status(&self) -> Option<SnapshotStatus> {
        self.saver.as_ref().map(Saver::status)
    }

    /// Writes the snapshot now and waits for the disk. Does nothing without a snapshot file.
    ///
    /// # Errors
    ///
    /// When it cannot be written; the file is then unchanged. [`Census::snapshot_status`] shows the error as well.
    pub fn save(&self) -> io::Result<()> {
        let Some(saver) = &self.saver else {
            return Ok(());
        };
        saver.save(&*self.clock, |writer| write(self, writer))
    }

    /// The snapshot as bytes, for [`CensusBuilder::open_bytes`](super::CensusBuilder::open_bytes).
    ///
    /// # Errors
    ///
    /// When the detector has no [key check](crate::caller::Detect::key_check).
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the bytes of a snapshot to somewhere else than the file, in many small parts, and flushes.
    ///
    /// # Errors
    ///
    /// Those of `out`, and when the detector has no [key check](crate::caller::Detect::key_check).
    pub fn write_to(&self, out: impl Write) -> io::Result<()> {
        let mut writer = FrameWriter::new(out);
        write(self, &mut writer)?;
        let (_, mut out) = writer.finish()?;
        out.flush()
    }
}

/// Writes a snapshot without its footer.
fn write<W: Write>(census: &Census, writer: &mut FrameWriter<W>) -> io::Result<()> {
    let key_check = census.settings.key_check;
    let key_check = key_check.ok_or_else(|| io::Error::other("the detector has no key check"))?;
    writer.header(HEADER)?;
    writer.value(&key_check.as_u64().to_le_bytes())?;
    write_state(census, writer)?;
    write_callers(&census.table, writer)
}

/// Written before the callers, so none of them is earlier than its time.
fn write_state<W: Write>(census: &Census, writer: &mut FrameWriter<W>) -> io::Result<()> {
    let now = census.heartbeat();
    let endpoints = census.endpoints.names();
    let kinds = census.kinds.names();
    // Copied, because nothing must stay locked while the disk writes.
    let watch = census.lock_watch();
    let overflow = census.lock_overflow();
    let kinds = kinds.zip(&watch.forgotten).zip(&watch.rules.kinds);
    let kinds = kinds.map(|((name, forgotten), (digest, since))| SavedKind {
        name,
        forgotten: *forgotten,
        rules: (digest.as_u128(), *since),
    });
    let state = State {
        time: now.time,
        wall: now.wall,
        began: watch.began,
        kinds: kinds.collect(),
        contract: watch.rules.contract.clone(),
        endpoints: endpoints.iter().map(|name| &**name).collect(),
        losses: watch.losses.clone(),
        flag_changed: watch.flag_changed,
        intervals: watch.coverage.intervals().copied().collect(),
        failures: watch.failures.clone(),
        responses: watch.history.saved(),
        last_overflow: overflow.last,
        overflow: overflow.buckets.clone(),
    };
    drop((watch, overflow));
    writer.value(&state)
}

pub(super) fn write_callers<W: Write>(
    table: &Table,
    writer: &mut FrameWriter<W>,
) -> io::Result<()> {
    let versions = table.versions();
    // As long as these live, no number in a record changes its meaning.
    let mut names = versions.names();
    let mut records = Vec::with_capacity(CHUNK);
    for bucket in table.buckets() {
        // Copied first: while records are fetched from all over the memory, each instruction more costs time.
        records.extend(bucket.iter());
        drop(bucket);
        if records.len() >= CHUNK {
            write_block(&mut records, writer)?;
        }
    }
    if !records.is_empty() {
        write_block(&mut records, writer)?;
    }
    writer.block(&[])?;
    // Last, so that they include the versions that came meanwhile.
    names.renew(versions);
    writer.value(&names.texts())
}

fn write_block<W: Write>(records: &mut Vec<Record>, writer: &mut FrameWriter<W>) -> io::Result<()> {
    let block: Vec<_> = records.drain(..).map(Record::to_bytes).collect();
    writer.block(block.as_flattened())
}

/// Reads a snapshot, after checking header, checksum and, if there is one to compare with, key in this order.
pub(super) fn read(
    bytes: &[u8],
    key_check: Option<KeyCheck>,
) -> Result<CensusSnapshot<'_>, OpenCensusErrorKind> {
    let corrupt = |Malformed| OpenCensusErrorKind::Corrupt;
    let mut reader = HEADER.open(bytes).map_err(OpenCensusErrorKind::from)?;
    let saved: [u8; 8] = reader.value().map_err(corrupt)?;
    if key_check.is_some_and(|expected| u64::from_le_bytes(saved) != expected.as_u64()) {
        return Err(OpenCensusErrorKind::ForeignKey);
    }
    let mut state: State<'_> = reader.value().map_err(corrupt)?;
    state.check().map_err(corrupt)?;
    let callers = reader;
    Ok(CensusSnapshot { state, callers })
}

impl State<'_> {
    /// Checks all numbers against the time of the snapshot.
    fn check(&mut self) -> Result<(), Malformed> {
        let intervals = self
            .intervals
            .iter()
            .all(|interval| interval.to <= self.time);
        let mut responses = self.responses.iter();
        let responses =
            responses.all(|bucket| self.allows(bucket.width, bucket.number, bucket.kind));
        let mut overflow = self.overflow.iter();
        let overflow = overflow.all(|bucket| {
            Bucket::is_width(bucket.width) && self.allows(bucket.width, bucket.number, bucket.kind)
        });
        self.last_overflow = self.last_overflow.min(self.last_tick());
        (self.time.max(self.began) <= LATEST && intervals && responses && overflow)
            .then_some(())
            .ok_or(Malformed)
    }

    /// Callers are written after the state, so some records may be a little later than its time, but not by a minute.
    fn last_tick(&self) -> u32 {
        ticks(self.time.saturating_add(60_000))
    }

    fn allows(&self, width: u32, number: u32, kind: u8) -> bool {
        let newest = (self.last_tick() / TICKS).checked_div(width);
        newest.is_some_and(|newest| number <= newest) && usize::from(kind) < self.kinds.len()
    }
}

/// What only a reader of the file needs: the census that made it knows these.
#[cfg(feature = "cli")]
impl CensusSnapshot<'_> {
    /// The names of the kinds, `other` first.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.state.kinds.iter().map(|kind| kind.name)
    }

    /// How many callers it has.
    pub(super) fn len(&self) -> Result<usize, Malformed> {
        let (blocks, _) = read_callers(self.callers)?;
        Ok(blocks.iter().map(|block| block.len()).sum())
    }

    /// The detector's rules for each kind, in force as they were.
    pub(super) fn rules(&self) -> RulesInForce {
        let kinds = self.state.kinds.iter();
        let kinds = kinds.map(|kind| (RulesDigest::from_u128(kind.rules.0), kind.rules.1));
        RulesInForce {
            kinds: kinds.collect(),
            contract: None,
        }
    }
}

impl CensusSnapshot<'_> {
    /// Puts everything into an empty census.
    pub(super) fn restore(self, census: &Census, unknown_downtime: bool) -> Result<(), Malformed> {
        for (index, name) in self.state.endpoints.iter().enumerate() {
            let distinct = census.endpoint(name).index() == index;
            distinct.then_some(()).ok_or(Malformed)?;
        }
        let names = self.state.kinds.iter().map(|kind| kind.name);
        let kinds: Vec<u8> = names.map(|name| kind_number(census, name)).collect();
        self.restore_rules(census);
        self.restore_callers(census, &kinds)?;
        self.restore_state(census, &kinds, unknown_downtime)
    }

    /// Rules that are not the same are in force since the census was opened.
    fn restore_rules(&self, census: &Census) {
        let mut watch = census.lock_watch();
        let now = ticks(watch.last.time);
        let saved = self.state.kinds.iter();
        let saved: Vec<_> = saved
            .map(|kind| (kind.name, kind.rules.0, kind.rules.1))
            .collect();
        watch.rules.resume(&census.kinds, &saved, now);
        watch.rules.contract.clone_from(&self.state.contract);
        for (kind, (_, since)) in watch.rules.kinds.iter().enumerate() {
            census.table.set_in_force(kind, *since);
        }
    }

    fn restore_callers(&self, census: &Census, kinds: &[u8]) -> Result<(), Malformed> {
        let (blocks, versions) = read_callers(self.callers)?;
        let numbers = versions.into_iter().map(|text| {
            let version = parse_version(text)?;
            Ok(census.table.versions().restore(version.as_ref()))
        });
        let numbers = numbers.collect::<Result<Vec<_>, Malformed>>()?;
        let last_tick = self.state.last_tick();
        for bytes in blocks.into_iter().flatten() {
            let mut record = Record::from_bytes(bytes).ok_or(Malformed)?;
            record.clamp(last_tick);
            let kind = kinds.get(usize::from(record.kind)).copied().unwrap_or(0);
            let renamed = std::mem::replace(&mut record.kind, kind) != kind;
            let number = numbers.get(usize::from(record.version));
            (record.version, record.version_tag) = *number.ok_or(Malformed)?;
            let is_new = census.table.restore(record, renamed);
            is_new.then_some(()).ok_or(Malformed)?;
        }
        Ok(())
    }

    fn restore_state(
        self,
        census: &Census,
        kinds: &[u8],
        unknown_downtime: bool,
    ) -> Result<(), Malformed> {
        let State {
            kinds: saved_kinds,
            began,
            failures,
            losses,
            flag_changed,
            intervals,
            responses,
            last_overflow,
            mut overflow,
            ..
        } = self.state;
        for bucket in &mut overflow {
            bucket.kind = kinds[usize::from(bucket.kind)];
        }
        let mut restored = census.lock_overflow();
        (restored.last, restored.buckets) = (last_overflow, overflow);
        drop(restored);
        let mut watch = census.lock_watch();
        for mut bucket in responses {
            bucket.kind = kinds[usize::from(bucket.kind)];
            watch.history.restore(&bucket);
        }
        for (saved, kind) in saved_kinds.iter().zip(kinds) {
            watch.forgotten[usize::from(*kind)].add(&saved.forgotten);
        }
        (watch.began, watch.failures) = (began, failures);
        (watch.losses, watch.flag_changed) = (losses, flag_changed);
        let restored = watch.coverage.restore(intervals);
        if unknown_downtime {
            tracing::warn!(
                "the clock went back while the census was down: earlier coverage is void"
            );
            watch.coverage.forget();
        }
        restored.then_some(()).ok_or(Malformed)
    }
}

/// The blocks of stored records, and the versions.
pub(super) fn read_callers(
    mut reader: FrameReader<'_>,
) -> Result<(Vec<&[StoredRecord]>, Vec<&str>), Malformed> {
    let mut blocks = Vec::new();
    loop {
        let block: &[u8] = reader.value()?;
        if block.is_empty() {
            break;
        }
        let (records, rest) = block.as_chunks();
        rest.is_empty().then_some(()).ok_or(Malformed)?;
        blocks.push(records);
    }
    let versions = reader.value()?;
    reader.end()?;
    Ok((blocks, versions))
}

/// The number of a kind; `other` if the census does not have it.
fn kind_number(census: &Census, name: &str) -> u8 {
    let kind = census.kinds.find(name).unwrap_or(Kind::OTHER);
    u8::try_from(kind.index()).unwrap_or(0)
}

fn parse_version(version: &str) -> Result<Option<ClientVersion>, Malformed> {
    if version.is_empty() {
        return Ok(None);
    }
    ClientVersion::parse(version).map(Some).ok_or(Malformed)
}
