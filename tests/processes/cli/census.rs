//! `status` and `report` with the snapshot of a census.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use legacy_http_compat::{
    caller::{Caller, Detect, Fingerprint, FingerprintKey, Generation, SignalDetector},
    census::{CallerEvent, Census, Dependence},
    rollout::{Phase, event::NewEvent, names::WaiverTarget},
    time::ManualClock,
};

use super::{
    events,
    journals::OnDisk,
    run::{Ran, run},
    temp_dir::TempDir,
};

/// 2026-03-01, 12:00 UTC: when the flag goes on.
const NOON: u64 = 1_772_366_400_000;
const HOUR: u64 = 3_600_000;

/// A cutover was rolled back at noon; MCP is waived.
fn rolled_back() -> Vec<NewEvent> {
    let mcp = WaiverTarget::Kind(events::label("MCP"));
    vec![
        events::draft_at(NOON - 2 * HOUR, events::opened(Phase::Compat)),
        events::draft_at(NOON - 2 * HOUR, events::waived(mcp, 4_000_000_000_000)),
        events::draft_at(NOON - HOUR, events::cutover(Vec::new(), &[])),
        events::draft_at(NOON, events::rollback(3, "INC-7")),
    ]
}

/// The snapshot of two minutes past noon. Two callers were stranded before noon, of which one is served again; since then
/// one is, and one of those that are waived.
fn snapshot(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("census.snapshot");
    let detector = SignalDetector::builder(["AGENT", "MCP"]).kind_header("x-client-kind");
    let detector = detector.build(&FingerprintKey::new([7; 16])).unwrap();
    let clock = Arc::new(ManualClock::new(NOON - 60_000));
    let census = Census::builder(&detector).clock(clock.clone());
    let census = census.snapshot(&path).open().unwrap();
    let see = |kind: &str, number, dependence| {
        let kind = detector.kinds().find(kind).unwrap();
        let caller = Caller::new(kind, Generation::Legacy);
        census.record(&CallerEvent {
            caller: caller.with_fingerprint(Fingerprint::from_u128(number)),
            endpoint: census.endpoint("device_poll"),
            dependence,
            failed: false,
        });
    };
    see("AGENT", 1, Dependence::Stranded);
    see("AGENT", 2, Dependence::Stranded);
    clock.advance(Duration::from_secs(120));
    see("AGENT", 1, Dependence::Served);
    see("AGENT", 3, Dependence::Stranded);
    see("MCP", 4, Dependence::Stranded);
    clock.advance(Duration::from_secs(60));
    census.save().unwrap();
    path
}

fn with_census(command: &str, journal: &OnDisk, census: &Path, flags: &[&str]) -> Ran {
    let journal = journal.path();
    let args = [
        command.as_ref(),
        journal.as_os_str(),
        "--census".as_ref(),
        census.as_os_str(),
    ];
    run(args.into_iter().chain(flags.iter().map(AsRef::as_ref)))
}

#[test]
fn stranded_callers_are_those_since_the_flag_changed_without_waived_ones() {
    let directory = TempDir::new();
    let (journal, census) = (OnDisk::of_drafts(rolled_back()), snapshot(&directory));
    let status = with_census("status", &journal, &census, &[]);
    status
        .ends(0)
        .says("flag on since 2026-03-01T12:00:00.000Z");
    status.says(
        "stranded callers: 1 of 3 dependent (1 AGENT) since the flag changed, as of 2026-03-01T12:02:00.000Z, 2m later; \
         1 waived; 2 before, of which 1 are served again\n",
    );
    let report = with_census("report", &journal, &census, &[]);
    report.ends(0).says("- Stranded callers: 1 of 3 dependent");
    let json = with_census("status", &journal, &census, &["--json"]);
    let json = json.ends(0).json();
    assert_eq!(json["stranded"]["callers"], 1, "{json}");
    assert_eq!(json["stranded"]["since"], "2026-03-01T12:00:00.000Z");
    assert_eq!(json["evaluated"], "2026-03-01T12:02:00.000Z");
    assert_eq!(json["gates_verdict"], "not_evaluated");
}

#[test]
fn what_no_snapshot_shows_is_unknown_and_not_zero() {
    let directory = TempDir::new();
    let journal = OnDisk::of_drafts(rolled_back());
    let status = run(["status".as_ref(), journal.path().as_os_str()]);
    status
        .ends(0)
        .says("stranded callers: unknown without a census");
    let changed = events::changed(Phase::Compat, Phase::Cutover);
    let later = [
        rolled_back(),
        vec![
            events::draft_at(NOON + HOUR, events::post_analysis(4)),
            events::draft_at(NOON + HOUR, changed),
        ],
    ];
    let (later, census) = (OnDisk::of_drafts(later.concat()), snapshot(&directory));
    let status = with_census("status", &later, &census, &[]);
    status.ends(0).says(
        "stranded callers: unknown, the flag has changed since the census of 2026-03-01T12:02:00.000Z\n",
    );
    let json = with_census("status", &later, &census, &["--json"])
        .ends(0)
        .json();
    assert_eq!(json.get("stranded"), None, "{json}");
}

#[test]
fn a_file_that_is_no_intact_snapshot_is_an_error() {
    let directory = TempDir::new();
    let (journal, census) = (OnDisk::of_drafts(rolled_back()), snapshot(&directory));
    let mut bytes = fs::read(&census).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&census, &bytes).unwrap();
    let missing = directory.path().join("missing");
    for (file, why) in [
        (census.as_path(), "is corrupt"),
        (journal.path().as_path(), "is not a snapshot of a census"),
        (missing.as_path(), "cannot be read"),
        (directory.path(), "it is not a regular file"),
    ] {
        for command in ["status", "report"] {
            let ran = with_census(command, &journal, file, &[]);
            ran.ends(2).complains(why);
            assert_eq!(ran.out, "");
        }
    }
}
