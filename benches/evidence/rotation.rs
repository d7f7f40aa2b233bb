//! Identities that rotate beyond the table of the census.
//!
//! Such callers are estimated by sketches, so their numbers differ from the truth. By how much, a report says itself: with
//! 2,000 callers without a place, 3.25 % are 65. Up to some hundreds the sketches count exactly, and so does the table.

use std::{path::Path, sync::Arc, time::Duration};

use legacy_http_compat::{
    census::{Counts, Window},
    rollout::policy::Policy,
    time::ManualClock,
};

use crate::{
    installation::{Identity, Installation, Reply},
    server::{Server, Settings},
};

/// The places of the table.
const PLACES: u64 = 4_096;

/// How many callers get none.
const BEYOND: [u64; 6] = [1, 10, 100, 500, 2_000, 8_000];

/// Up to this many callers without a place the numbers are exact.
const EXACT: u64 = 100;

/// What the census counted of one number of identities.
#[derive(Debug)]
pub(crate) struct Rotation {
    pub(crate) beyond: u64,
    /// The differences of known, dependent and stranded callers.
    pub(crate) differences: [u64; 3],
    /// The largest difference that the report allows for.
    pub(crate) allowed: u64,
}

impl Rotation {
    /// Whether each number is as exact as the report says.
    pub(crate) fn is_true(&self) -> bool {
        let exact = self.beyond <= EXACT;
        let allowed = if exact { 0 } else { self.allowed };
        self.differences
            .iter()
            .all(|difference| *difference <= allowed)
    }
}

/// Counts ever more identities, each of which calls once; the process restarts after the last.
pub(crate) fn rotate(dir: &Path) -> Vec<Rotation> {
    BEYOND
        .iter()
        .map(|beyond| rotate_beyond(*beyond, &dir.join(beyond.to_string())))
        .collect()
}

fn rotate_beyond(beyond: u64, dir: &Path) -> Rotation {
    std::fs::create_dir_all(dir).expect("a temporary directory");
    let clock = Arc::new(ManualClock::new(1_800_000_000_000));
    let mut server = Server::start(dir, Arc::clone(&clock), settings());
    let mut installation = Installation::legacy();
    let callers = PLACES + beyond;
    for id in 1..=callers {
        installation.identity = Identity::Rotating(id);
        // Every second one is stranded.
        let reply = if id % 2 == 0 {
            Reply::Undecidable
        } else {
            Reply::Pending
        };
        server.call(0, &installation, reply);
        clock.advance(Duration::from_millis(10));
    }
    server.shut_down();
    server.open();
    let report = server.census().report(Window::DAY);
    let estimate = report.estimate.map_or((0, 0.0), |estimate| {
        (estimate.callers, estimate.relative_error)
    });
    Rotation {
        beyond,
        differences: differences(&report.all, callers),
        allowed: share(estimate),
    }
}

fn differences(counts: &Counts, callers: u64) -> [u64; 3] {
    [
        counts.known.abs_diff(callers),
        counts.dependent.abs_diff(callers),
        counts.stranded.abs_diff(callers / 2),
    ]
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of some thousands"
)]
fn share((callers, relative_error): (u64, f64)) -> u64 {
    (callers as f64 * relative_error).ceil() as u64
}

fn settings() -> Settings {
    Settings {
        policy: Policy::default(),
        capacity: usize::try_from(PLACES).expect("some thousands"),
        contract: 0,
        detector: 0,
        identity: "x-client-id",
    }
}
