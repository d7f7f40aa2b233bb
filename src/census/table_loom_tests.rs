//! All interleavings of what threads do with the table: callers come, a report reads, a snapshot is written, places are freed.

use std::sync::Arc;

use loom::thread;

use super::{
    bucket::Callers,
    event::{CallerEvent, Dependence, EndpointSlot},
    record::Record,
    response_counts::ResponseCounts,
    snapshot::{read_callers, write_callers},
    table::Table,
};
use crate::{
    caller::{Caller, ClientVersion, Fingerprint, Generation, Kind},
    storage::frame::{FileHeader, FrameWriter},
    sync::MutexGuard,
};

fn legacy(fingerprint: u128) -> CallerEvent {
    CallerEvent {
        caller: Caller::new(Kind::OTHER, Generation::Legacy)
            .with_fingerprint(Fingerprint::from_u128(fingerprint)),
        endpoint: EndpointSlot::OTHER,
        dependence: Dependence::Served,
        failed: false,
    }
}

fn target(fingerprint: u128) -> CallerEvent {
    let mut event = legacy(fingerprint);
    event.caller = Caller::new(Kind::OTHER, Generation::Target)
        .with_fingerprint(Fingerprint::from_u128(fingerprint));
    event.dependence = Dependence::None;
    event
}

fn of_version(fingerprint: u128, version: &str) -> CallerEvent {
    let mut event = legacy(fingerprint);
    event.caller = event
        .caller
        .with_version(ClientVersion::parse(version).expect("a version"));
    event
}

/// All records, as a report and a snapshot read them: one bucket after the other.
fn records(table: &Table) -> Vec<Record> {
    let copies = |bucket: MutexGuard<'_, Callers>| bucket.iter().copied().collect::<Vec<_>>();
    table.buckets().flat_map(copies).collect()
}

/// The callers of a snapshot that is written meanwhile, with the texts of their versions.
fn snapshot(table: &Table) -> Vec<(Record, String)> {
    let header = FileHeader {
        magic: *b"CALLERS\n",
        format: 1,
    };
    let mut writer = FrameWriter::new(Vec::new());
    writer.header(header).expect("memory takes all");
    write_callers(table, &mut writer).expect("memory takes all");
    let (_, bytes) = writer.finish().expect("memory takes all");
    let reader = header.open(&bytes).expect("it is whole");
    let (blocks, versions) = read_callers(reader).expect("it is as it was written");
    let records = blocks.into_iter().flatten();
    let records = records.map(|bytes| Record::from_bytes(bytes).expect("a record"));
    let named = |record: Record| (record, versions[usize::from(record.version)].to_owned());
    records.map(named).collect()
}

/// The responses and the callers without a place that were counted since the last call.
fn drained(table: &Table) -> (ResponseCounts, usize) {
    let mut all = ResponseCounts::default();
    let unplaced = table.drain(|_, counts| all.add(counts));
    (all, unplaced.len())
}

#[test]
fn no_caller_is_lost_while_two_take_the_last_place() {
    loom::model(|| {
        let table = Arc::new(Table::new(1, 1));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || other.see(1, legacy(1).sighting(), |_| {}));
        table.see(1, legacy(2).sighting(), |_| {});
        thread.join().expect("the thread does not panic");
        let (responses, unplaced) = drained(&table);
        assert_eq!((records(&table).len(), table.known(), unplaced), (1, 1, 1));
        assert_eq!(
            (
                responses.all,
                responses.dependent,
                responses.dependent_unplaced
            ),
            (2, 2, 1)
        );
    });
}

#[test]
fn a_report_shows_no_dependent_caller_without_its_response() {
    loom::model(|| {
        let table = Arc::new(Table::new(4, 1));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || {
            other.see(1, legacy(1).sighting(), |_| {});
            other.see(2, legacy(1).sighting(), |_| {});
        });
        let seen: u32 = records(&table).iter().map(|record| record.responses).sum();
        let (counted, _) = drained(&table);
        assert!(
            counted.all >= u64::from(seen),
            "{} responses, {seen} in records",
            counted.all
        );
        thread.join().expect("the thread does not panic");
        assert_eq!(counted.all + drained(&table).0.all, 2);
    });
}

#[test]
fn while_places_are_freed_no_caller_is_dropped_that_may_depend() {
    loom::model(|| {
        let table = Arc::new(Table::new(2, 1));
        table.see(1, target(1).sighting(), |_| {});
        table.see(1, target(2).sighting(), |_| {});
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || {
            other.see(2, legacy(1).sighting(), |_| {});
            other.see(2, legacy(3).sighting(), |_| {});
        });
        let mut dropped = 0;
        table.free_places(|record| {
            assert!(record.fingerprint != 3, "it depends");
            dropped += 1;
        });
        thread.join().expect("the thread does not panic");
        let (responses, unplaced) = drained(&table);
        assert_eq!(responses.all, 4);
        assert_eq!(records(&table).len(), table.known());
        let dependent = records(&table)
            .iter()
            .filter(|record| record.fingerprint % 2 == 1)
            .count();
        // The first caller is one of the two that may have been dropped before it came again, and found its place taken.
        assert!(
            dependent + unplaced >= 2,
            "{dependent} with a place, {unplaced} without, {dropped} dropped"
        );
    });
}

#[test]
fn a_version_that_a_record_has_is_not_given_to_another() {
    let mut model = loom::model::Builder::new();
    // All interleavings take a minute.
    model.preemption_bound = Some(2);
    model.check(|| {
        let table = Arc::new(Table::new(4, 1));
        table.see(1, of_version(1, "1.0.0").sighting(), |_| {});
        table.see(1, of_version(2, "2.0.0").sighting(), |_| {});
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || {
            other.see(2, of_version(1, "2.0.0").sighting(), |_| {});
            other.see(3, of_version(3, "3.0.0").sighting(), |_| {});
        });
        table.retain(|_| true);
        thread.join().expect("the thread does not panic");
        let names = table.versions().names();
        for record in records(&table) {
            let version = names.get(record.version).map(ClientVersion::as_str);
            let right: &[_] = match record.fingerprint {
                3 => &[Some("3.0.0"), None],
                _ => &[Some("2.0.0")],
            };
            assert!(
                right.contains(&version),
                "{} has {version:?}",
                record.fingerprint
            );
        }
    });
}

#[test]
fn a_snapshot_gives_each_caller_its_version_while_others_come_and_go() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let table = Arc::new(Table::new(4, 1));
        table.see(1, of_version(1, "1.0.0").sighting(), |_| {});
        table.see(1, of_version(2, "2.0.0").sighting(), |_| {});
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || {
            // Its version makes place for another.
            other.retain(|record| record.fingerprint != 1);
            other.see(2, of_version(3, "3.0.0").sighting(), |_| {});
        });
        let saved = snapshot(&table);
        thread.join().expect("the thread does not panic");
        for (record, version) in &saved {
            let right: &[_] = match record.fingerprint {
                1 => &["1.0.0"],
                2 => &["2.0.0"],
                _ => &["3.0.0", ""],
            };
            assert!(
                right.contains(&&**version),
                "{} has {version}",
                record.fingerprint
            );
        }
        let kept = saved.iter().filter(|(record, _)| record.fingerprint == 2);
        assert_eq!(kept.count(), 1, "a caller that stays is in every snapshot");
    });
}

#[test]
fn a_number_that_is_being_freed_is_given_to_no_record() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let table = Arc::new(Table::new(4, 1));
        for (fingerprint, version) in [(1, "1.0.0"), (2, "2.0.0"), (1, "2.0.0")] {
            table.see(1, of_version(fingerprint, version).sighting(), |_| {});
        }
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || other.see(2, of_version(3, "1.0.0").sighting(), |_| {}));
        table.retain(|_| true);
        thread.join().expect("the thread does not panic");
        table.see(3, of_version(4, "3.0.0").sighting(), |_| {});
        let names = table.versions().names();
        let [record] = table.find(3)[..] else {
            panic!("one record");
        };
        let version = names.get(record.version).map(ClientVersion::as_str);
        assert!([Some("1.0.0"), None].contains(&version), "{version:?}");
    });
}
