//! What became of everyone who ever depended.

use serde_json::json;

use super::{context::GateContext, coverage::lost, verdict::Verdict, waivers::Waivers};
use crate::census::{CallerRow, CallerState, Report, Select};

/// How many of those in the way the evidence names.
const SHOWN: usize = 10;

/// Those that depended and did not migrate.
#[derive(Debug, Default)]
struct Unaccounted {
    waived: u64,
    inactive: u64,
    in_the_way: u64,
    shown: Vec<String>,
}

/// Every caller that ever depended has migrated, is waived or has been silent for long enough.
///
/// Silence counts only where it would have been heard: if the verdict rests on silent callers, the time of their
/// silence must have been watched. Callers that the census has forgotten were silent for its retention, which is no
/// shorter than the longest window. Those without a place are not known one by one: seen in the window, they are in the
/// way.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let Some(census) = context.census else {
        return Verdict::unknown("no census is attached");
    };
    let window = context.policy.inactive_after();
    let report = census.report(window);
    let waivers = Waivers::of(context.state, context.now);
    let mut found = Unaccounted::default();
    census.each_caller(window, Select::Unresolved, |row| found.add(&row, &waivers));
    let rests_on_silence = found.inactive > 0 || report.all.forgotten_dependents > 0;
    let heard = !rests_on_silence || is_watched(&report, context);
    let passed = found.in_the_way == 0 && heard && lost(&report) == 0 && !report.overflowed();
    let evidence = json!({
        "inactive_after": report.window,
        "migrated": report.all.migrated,
        "waived": found.waived,
        "inactive": found.inactive,
        "forgotten_dependents": report.all.forgotten_dependents,
        "in_the_way": found.in_the_way,
        "callers": found.shown,
        "watched_ratio": report.coverage.ratio,
        "overflowed": report.overflowed(),
        "snapshots_lost": lost(&report),
    });
    Verdict::new(passed, evidence)
}

fn is_watched(report: &Report, context: &GateContext<'_>) -> bool {
    report.coverage.ratio >= context.policy.coverage_ratio()
}

impl Unaccounted {
    fn add(&mut self, row: &CallerRow, waivers: &Waivers) {
        if waivers.cover(row) {
            self.waived += 1;
        } else if row.state == CallerState::Inactive {
            self.inactive += 1;
        } else {
            self.in_the_way += 1;
            if self.shown.len() < SHOWN {
                self.shown.push(row.fingerprint.to_string());
            }
        }
    }
}
