//! Counts the instructions of one repetition: the difference of two runs of different length.

use std::{collections::HashMap, env, error::Error, process::Command};

use crate::case::Case;

/// The counts of the cases measured so far.
#[derive(Default)]
pub(crate) struct Counts(HashMap<String, u64>);

impl Counts {
    /// Counts a case, or remembers its count.
    pub(crate) fn of(&mut self, case: Case) -> Result<u64, Box<dyn Error>> {
        let name = case.to_string();
        if let Some(count) = self.0.get(&name) {
            return Ok(*count);
        }
        let (few, many) = lengths(&name);
        let count = (run(&name, many)? - run(&name, few)?) / (many - few);
        eprintln!("{name}: {count}");
        self.0.insert(name, count);
        Ok(count)
    }
}

/// Long bodies and snapshots cost seconds under valgrind.
fn lengths(name: &str) -> (u64, u64) {
    match name {
        _ if name.contains("Snapshot") => (1, 3),
        _ if name.contains("64k") => (10, 60),
        _ => (200, 1200),
    }
}

/// Of a request, only what is between sending it and the end of its response: its making would add the search of the
/// allocator for a block of its size, which varies.
fn collected_within(case: &str) -> Option<&'static str> {
    (!case.contains("Snapshot")).then_some("--toggle-collect=*support::exchange*")
}

/// All instructions of a run.
fn run(case: &str, times: u64) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(collected_within(case))
        .arg(env::current_exe()?)
        .args([case, &times.to_string()])
        // Hash maps and allocations vary with neither.
        .env_clear()
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected :"));
    match collected {
        Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
        _ => Err(format!("valgrind failed on {case}:\n{log}").into()),
    }
}
