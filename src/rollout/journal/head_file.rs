//! The small file beside a journal that holds its acknowledged head.

use std::io;

use serde::{Deserialize, Serialize};

use super::storage::Storage;
use crate::rollout::{
    event::{Event, EventPayload, Head},
    phase::Phase,
};

/// The acknowledged head of a journal, in a file of its own.
///
/// Two slots of one block each, written in turns: a write that is interrupted leaves the other slot, and needs no space
/// on a full disk. A slot is a line of text: a CRC-32 and JSON.
#[derive(Debug)]
pub(super) struct HeadFile {
    storage: Box<dyn Storage>,
    last: Option<HeadRecord>,
}

/// What the file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeadRecord {
    v: u32,
    /// How often the record was written; the highest one counts.
    write: u64,
    /// The last acknowledged event.
    pub(super) head: Head,
    /// The phase after it; `None` before a rollout was opened.
    pub(super) phase: Option<Phase>,
}

const FORMAT: u32 = 1;

/// The size of a slot: one sector.
const SLOT: usize = 512;

impl HeadFile {
    /// Reads the file. Slots that are damaged count as not there.
    pub(super) fn open(storage: Box<dyn Storage>) -> io::Result<Self> {
        let last = None;
        let mut file = Self { storage, last };
        file.load()?;
        Ok(file)
    }

    /// Reads the file again: another process may have written it.
    pub(super) fn load(&mut self) -> io::Result<()> {
        let mut bytes = [0; 2 * SLOT];
        let mut length = 0;
        while length < bytes.len() {
            match self.storage.read_at(length as u64, &mut bytes[length..])? {
                0 => break,
                read => length += read,
            }
        }
        let slots = bytes.chunks(SLOT).filter_map(decode);
        self.last = slots.max_by_key(|record| record.write);
        Ok(())
    }

    pub(super) const fn record(&self) -> Option<HeadRecord> {
        self.last
    }

    /// Writes and syncs a head.
    pub(super) fn write(&mut self, head: Head, phase: Option<Phase>) -> io::Result<()> {
        let write = self.last.map_or(0, |last| last.write) + 1;
        let record = HeadRecord {
            v: FORMAT,
            write,
            head,
            phase,
        };
        let place = (write % 2) * SLOT as u64;
        self.storage.write_at(place, &encode(&record)?)?;
        self.storage.sync()?;
        self.last = Some(record);
        Ok(())
    }
}

fn encode(record: &HeadRecord) -> io::Result<[u8; SLOT]> {
    let json = serde_json::to_string(record)?;
    let line = format!("{:08x} {json}", crc32fast::hash(json.as_bytes()));
    let mut slot = [b' '; SLOT];
    let text = slot.get_mut(..line.len()).filter(|_| line.len() < SLOT);
    text.ok_or(io::ErrorKind::InvalidData)?
        .copy_from_slice(line.as_bytes());
    slot[SLOT - 1] = b'\n';
    Ok(slot)
}

fn decode(slot: &[u8]) -> Option<HeadRecord> {
    let text = str::from_utf8(slot).ok()?;
    let (crc, json) = text.trim_end().split_once(' ')?;
    let expected = u32::from_str_radix(crc, 16).ok()?;
    let record: HeadRecord = serde_json::from_str(json).ok()?;
    (crc32fast::hash(json.as_bytes()) == expected && record.v <= FORMAT).then_some(record)
}

/// The phase after the events of a journal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PhaseTrack {
    phase: Option<Phase>,
    entered: u64,
}

impl PhaseTrack {
    pub(super) const fn phase(&self) -> Option<Phase> {
        self.phase
    }

    pub(super) fn apply(&mut self, event: &Event) {
        let entered = match &event.payload {
            EventPayload::Opened(opened) => Some(opened.phase),
            EventPayload::PhaseChanged(change) => Some(change.to),
            EventPayload::RollbackTaken(taken) => {
                let lasts = self.phase == Some(Phase::Cutover) && taken.cutover == self.entered;
                lasts.then_some(Phase::Compat)
            }
            EventPayload::LossAccepted(loss) => loss.phase,
            _ => None,
        };
        if entered.is_some() {
            (self.phase, self.entered) = (entered, event.seq);
        }
    }
}
