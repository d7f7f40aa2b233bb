//! The evidence of the gates, by simulation: randomised rollouts, of which the truth is known.
//!
//! ```sh
//! cargo bench --features rollout --bench evidence              # a thousand rollouts, from seed 1
//! cargo bench --features rollout --bench evidence -- 10000 7   # ten thousand, from seed 7
//! cargo bench --features rollout --bench evidence -- fleets 30 # thirty with several instances
//! ```
//!
//! Each rollout has 1 to 500 installations that call for weeks in rhythms of their own, through the real layer, detector,
//! census, metrics and rollout, with a file journal and a clock that the simulation moves. They upgrade, roll back, are
//! installed anew, share identifiers or have none; processes crash, clocks jump, handlers fail. Beside it stands the truth, by
//! a model of its own: who lives and would get a legacy response at the next call.
//!
//! Every third rollout has 2 to 8 instances, between which the installations wander: each with a census and a clock of its own
//! that is up to 5 s off, one store, deployments, instances that are killed or cut off, a store that is away or whose responses
//! are lost. What is lost with an instance is taken out of the truth, and must lie in a gap that is shown.
//!
//! It prints false zeros by cause, the delay from the true zero to the pass, rollouts that are stuck, and wrong counts; and
//! exits with 1 if a bar is missed.

mod comeback;
mod fault;
mod fleet;
mod fleet_faults;
mod handler;
mod installation;
mod ledger;
mod link;
mod operator;
mod outcome;
mod process;
mod random;
mod rhythm;
mod rotation;
mod scenario;
mod server;
mod states;
mod summary;
mod times;
mod truth;
mod way_out;
mod world;

use std::{
    fs,
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use outcome::Outcome;
use rotation::rotate;
use scenario::Scenario;
use summary::Summary;
use world::World;

/// With `cargo test --benches`, which passes no number.
const SMALL: u64 = 24;

fn main() -> ExitCode {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let benchmarking = std::env::args().any(|argument| argument == "--bench");
    let rollouts = numbers
        .next()
        .unwrap_or(if benchmarking { 1_000 } else { SMALL });
    let first = numbers.next().unwrap_or(1);
    let seeds = first..first + rollouts;
    let only_fleets = std::env::args().any(|argument| argument == "fleets");
    let summary = if only_fleets {
        Summary {
            outcomes: simulate(seeds, Scenario::FLEETS),
            rotations: Vec::new(),
        }
    } else {
        Summary {
            outcomes: simulate(seeds, 1),
            rotations: in_directory(0, rotate),
        }
    };
    summary.print();
    if summary.meets_the_bars() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The outcomes by seed, of the multiples of `step`.
fn simulate(seeds: std::ops::Range<u64>, step: u64) -> Vec<(u64, Outcome)> {
    let next = AtomicU64::new(seeds.start);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut outcomes = Vec::new();
        loop {
            // Relaxed: the number orders nothing else.
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= seeds.end {
                return outcomes;
            }
            let seed = number * step;
            outcomes.push((seed, simulate_one(seed)));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let outcomes = workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"));
        outcomes.flatten().collect()
    })
}

fn simulate_one(seed: u64) -> Outcome {
    in_directory(seed, |dir| World::new(Scenario::draw(seed), dir).play())
}

/// Runs something on a directory of its own.
fn in_directory<T>(number: u64, run: impl FnOnce(&Path) -> T) -> T {
    let name = format!("evidence-{}-{number}", std::process::id());
    let dir = std::env::temp_dir().join(name);
    fs::create_dir_all(&dir).expect("a temporary directory");
    let result = run(&dir);
    fs::remove_dir_all(&dir).expect("the files are closed");
    result
}
