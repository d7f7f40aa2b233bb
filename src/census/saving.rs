//! Saving a census, and filling it with what was saved.

use std::io::{self, Write};

use super::{census::Census, decode::Saved, encode, record::Record, versions::Names};
use crate::storage::{
    codec::{Malformed, Read, Writer},
    saver::{Saver, SnapshotStatus},
};

/// So many callers, about, are written at once.
const PART: usize = 1_024;

impl Census {
    /// How the writing of snapshots goes; `None` if there is no snapshot file.
    #[must_use]
    pub fn snapshot_status(&self) -> Option<SnapshotStatus> {
        self.saver.as_ref().map(Saver::status)
    }

    /// Writes the snapshot now and waits for the disk. Without a snapshot file it does nothing.
    ///
    /// # Errors
    ///
    /// When it could not be written; the file is then as it was before. [`Census::snapshot_status`] shows it as well.
    pub fn save(&self) -> io::Result<()> {
        let Some(saver) = &self.saver else {
            return Ok(());
        };
        saver.save(&*self.clock, |writer| self.write(writer))
    }

    /// The snapshot as bytes, for [`CensusBuilder::open_bytes`](super::CensusBuilder::open_bytes).
    ///
    /// # Errors
    ///
    /// None that a buffer in memory gives.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes)?;
        Ok(bytes)
    }

    /// Writes the bytes of a snapshot to somewhere else than the file, in many small parts, and flushes.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write_to(&self, out: impl Write) -> io::Result<()> {
        let mut writer = Writer::new(out);
        self.write(&mut writer)?;
        let (_, mut out) = writer.finish()?;
        out.flush()
    }

    pub(super) fn kind_number(&self, name: &str) -> u8 {
        let place = self.kind_names().iter().position(|known| known == name);
        place
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(0)
    }

    pub(super) fn fill_keeping(
        &self,
        saved: Saved<'_>,
        kinds: &[u8],
        unknown_downtime: bool,
    ) -> Read<()> {
        self.lock_overflow()
            .restore(saved.last_overflow, saved.overflow);
        let mut keeping = self.lock_keeping();
        for entry in &saved.history {
            keeping.history.restore(
                entry.width,
                entry.number,
                entry.kind.into(),
                &entry.responses,
            );
        }
        for ((_, forgotten), kind) in saved.kinds.iter().zip(kinds) {
            keeping.forgotten[usize::from(*kind)].add(forgotten);
        }
        keeping.losses = saved.losses;
        let restored = keeping.coverage.restore(saved.stretches);
        if unknown_downtime {
            tracing::warn!(
                "the clock went back while the census was down: earlier coverage is void"
            );
            keeping.coverage.forget();
        }
        restored.then_some(()).ok_or(Malformed)
    }

    fn write<W: Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        writer.bytes(&self.head())?;
        let versions = self.table.versions().names();
        let mut records = Vec::with_capacity(PART);
        for bucket in self.table.buckets() {
            // Copied, because the disk must not be waited for with the bucket locked.
            records.extend_from_slice(&bucket);
            drop(bucket);
            if records.len() >= PART {
                write_part(writer, &mut records, &versions)?;
            }
        }
        if !records.is_empty() {
            write_part(writer, &mut records, &versions)?;
        }
        write_part(writer, &mut records, &versions)
    }

    /// All of a snapshot but the callers. They are written after it, so none of them is earlier than its time.
    fn head(&self) -> Vec<u8> {
        let now = self.heartbeat();
        let mut head = Vec::new();
        let keeping = self.lock_keeping();
        encode::put_head(&mut head, self.settings.key_check, now.time, now.wall);
        let kinds = self
            .kind_names()
            .iter()
            .zip(keeping.forgotten.iter().copied());
        encode::put_names(&mut head, kinds, &self.endpoints.names(), &keeping.losses);
        encode::put_coverage(&mut head, &keeping.coverage);
        encode::put_history(&mut head, &keeping.history);
        encode::put_overflow(&mut head, &self.lock_overflow());
        head
    }
}

/// Writes some callers, or the end if there are none.
fn write_part<W: Write>(
    writer: &mut Writer<W>,
    records: &mut Vec<Record>,
    versions: &Names<'_>,
) -> io::Result<()> {
    let mut part = Vec::new();
    encode::put_callers(&mut part, records, versions);
    records.clear();
    writer.bytes(&part)
}
