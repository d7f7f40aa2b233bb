//! A real process that is killed at any moment, and what is known after it.
//!
//! The test runs itself again as the child, which counts callers, writes snapshots as fast as it can, and says on its
//! standard output what it has promised so far.

#![cfg(unix)]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use legacy_http_compat::{
    caller::{AnonymousLegacy, Caller, Fingerprint, Generation, Kind},
    census::{
        CallerEvent, Census, Dependence, EndpointSlot, GapCause, OpenCensusErrorKind, Select,
        Window,
    },
    worker::Tick,
};

use crate::{once_free::once_free, support::temp_dir::TempDir};

const CHILD: &str = "CENSUS_KILL_CHILD";

fn open(path: &Path) -> Census {
    let census = || {
        Census::builder(&AnonymousLegacy::new())
            .snapshot(path)
            .open()
    };
    once_free(census, |error| error.kind() == OpenCensusErrorKind::InUse).unwrap()
}

/// Counts one caller after another. A caller is promised once a snapshot has returned after it.
fn child(path: &Path) -> ! {
    let census = open(path);
    let _feeder = census.feeder();
    for fingerprint in census.known() as u128.. {
        census.record(&CallerEvent {
            caller: Caller::new(Kind::OTHER, Generation::Legacy)
                .with_fingerprint(Fingerprint::from_u128(fingerprint)),
            endpoint: EndpointSlot::OTHER,
            dependence: Dependence::Served,
            failed: false,
        });
        census.tick();
        if fingerprint % 8 == 0 {
            census.save().unwrap();
            println!("promised {fingerprint}");
            std::io::stdout().flush().unwrap();
        }
    }
    unreachable!("there are endless numbers");
}

/// Runs the child until it has promised `promises` times and a little longer, kills it, and returns its last promise.
fn run_and_kill(path: &Path, promises: usize, longer: Duration) -> u128 {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "census_kill::a_killed_process_keeps_what_it_promised",
            "--nocapture",
        ])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let promise = |line: std::io::Result<String>| {
        let line = line.unwrap();
        line.split_once("promised ")
            .map(|(_, number)| number.parse::<u128>().unwrap())
    };
    let mut last = lines
        .by_ref()
        .filter_map(promise)
        .take(promises)
        .last()
        .unwrap();
    std::thread::sleep(longer);
    child.kill().unwrap();
    child.wait().unwrap();
    last = lines.filter_map(promise).last().unwrap_or(last);
    last
}

#[test]
fn a_killed_process_keeps_what_it_promised() {
    if let Some(path) = env::var_os(CHILD) {
        child(&PathBuf::from(path));
    }
    let directory = TempDir::new();
    let path = directory.path().join("census.snapshot");
    for round in 0..12_u32 {
        // Real time, as only a real process can be killed: the moment falls anywhere into the work of the child.
        let promised = run_and_kill(&path, 2, Duration::from_micros(u64::from(round) * 777));
        let census = open(&path);
        let _feeder = census.feeder();
        let known = census.known() as u128;
        assert!(known > promised, "{known} known, {promised} promised");
        let mut fingerprints = Vec::new();
        census.each_caller(Window::DAY, Select::All, |row| {
            fingerprints.push(row.fingerprint.as_u128());
        });
        fingerprints.sort_unstable();
        assert!(
            fingerprints.into_iter().eq(0..known),
            "no caller is made up or missing"
        );
        let report = census.report(Window::DAY);
        let last = report.coverage.gaps.last().unwrap();
        assert_eq!(last.cause, GapCause::Restart);
        assert!(
            last.from < last.to,
            "what came after the snapshot is no coverage"
        );
        assert!(report.losses.is_empty());
    }
}
