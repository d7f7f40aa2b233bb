//! Writing the parts of a snapshot, in the order of the [format](super::format).

use crate::{caller::ClientVersion, storage::codec::Put};

use super::{
    coverage::{Coverage, GapCause},
    endpoints::Endpoints,
    format::FORM,
    keeping::Forgotten,
    open_error::OpenErrorKind,
    overflow::Overflow,
    record::Record,
    tally::History,
    versions::Names,
};

// Names in a snapshot fit into a block.
const _: () = assert!(Endpoints::MAX_NAME <= u16::MAX as usize);

pub(super) fn put_head(out: &mut Vec<u8>, key_check: u64, time: u64, wall: u64) {
    FORM.put(out);
    out.u64(key_check);
    out.u64(time);
    out.u64(wall);
}

pub(super) fn put_names(
    out: &mut Vec<u8>,
    kinds: impl ExactSizeIterator<Item = (impl AsRef<str>, Forgotten)>,
    endpoints: &[Box<str>],
    losses: &[(u64, OpenErrorKind)],
) {
    out.list(kinds, |out, (name, forgotten)| {
        // A name that no block can hold is no kind's name when it is read back.
        let name = name.as_ref();
        let fits = u16::try_from(name.len()).is_ok();
        out.block(if fits { name } else { "" }.as_bytes());
        out.u64(forgotten.callers);
        out.u64(forgotten.dependents);
    });
    out.list(endpoints.iter(), |out, name| out.block(name.as_bytes()));
    out.list(losses.iter(), |out, (at, reason)| {
        out.u64(*at);
        out.u8(place(&OpenErrorKind::ALL, reason));
    });
}

pub(super) fn put_coverage(out: &mut Vec<u8>, coverage: &Coverage) {
    out.list(coverage.stretches(), |out, stretch| {
        out.u64(stretch.from);
        out.u64(stretch.to);
        out.u8(place(&GapCause::ALL, &stretch.before));
    });
}

pub(super) fn put_history(out: &mut Vec<u8>, history: &History) {
    let mut entries = Vec::new();
    for level in history.levels() {
        for (number, counts) in level.buckets() {
            let counted = (0_u8..).zip(counts).filter(|(_, counts)| !counts.is_none());
            entries
                .extend(counted.map(|(kind, responses)| (level.width(), number, kind, *responses)));
        }
    }
    out.list(
        entries.into_iter(),
        |out, (width, number, kind, responses)| {
            out.u32(width);
            out.u32(number);
            out.u8(kind);
            out.u64(responses.all);
            out.u64(responses.dependent);
            out.u64(responses.dependent_anonymous);
            out.u64(responses.stranded);
        },
    );
}

pub(super) fn put_overflow(out: &mut Vec<u8>, overflow: &Overflow) {
    out.u32(overflow.last());
    out.list(overflow.buckets().iter(), |out, bucket| {
        out.u32(bucket.width);
        out.u32(bucket.number);
        out.u8(bucket.kind);
        bucket
            .sketches
            .to_bytes()
            .iter()
            .for_each(|sketch| out.block(sketch));
    });
}

/// Some callers; a snapshot ends with none.
pub(super) fn put_callers(out: &mut Vec<u8>, records: &[Record], versions: &Names<'_>) {
    out.list(records.iter(), |out, record| {
        put_record(out, record);
        let version = versions.get(record.version).map(ClientVersion::as_str);
        out.block(version.unwrap_or_default().as_bytes());
    });
}

fn put_record(out: &mut Vec<u8>, record: &Record) {
    out.extend_from_slice(&record.fingerprint.to_le_bytes());
    out.u64(record.endpoints);
    for number in [
        record.first_seen,
        record.last_seen,
        record.last_dependent,
        record.last_stranded,
        record.last_status_driven,
        record.responses,
        record.dependent,
        record.stranded,
    ] {
        out.u32(number);
    }
    out.u8(record.kind);
    out.u8(record.flags);
}

/// The number of a value: its place among all.
fn place<T: PartialEq>(all: &[T], value: &T) -> u8 {
    let place = all.iter().position(|known| known == value);
    place
        .and_then(|place| u8::try_from(place).ok())
        .unwrap_or(0)
}
