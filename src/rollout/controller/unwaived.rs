//! The callers without a waiver, counted for metrics and alerts.

use std::time::Duration;

use crate::{
    census::{CallerRow, Census, Report, Select, Window},
    rollout::{gate::WaiverCover, view::RolloutStatus},
};

/// The shortest window.
const SHORTEST: Duration = Duration::from_millis(1);

/// The callers of one kind that have no waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnwaivedFigures {
    pub(super) kind: String,
    /// Those that depended in the last 24 hours.
    pub(super) dependent: u64,
    /// Those that were stranded since the flag last changed.
    pub(super) stranded: u64,
    /// Responses to anonymous callers that were stranded since the flag last changed.
    pub(super) stranded_anonymous: u64,
}

/// Counts them, as of a status.
pub(super) fn unwaived_figures(census: &Census, status: &RolloutStatus) -> Vec<UnwaivedFigures> {
    let waivers = WaiverCover::new(&status.state, status.at);
    // The flag changes with the phase, and only with it.
    let since = status.at.since(status.state.entered.at);
    let window = Window::new(since.max(SHORTEST)).unwrap_or(Window::MONTH);
    let mut figures = without_callers(&census.report(window), &waivers);
    for_each_unwaived(census, (Window::DAY, Select::Dependent), &waivers, |row| {
        of_kind(&mut figures, &row.kind, |figures| figures.dependent += 1);
    });
    // The window is rounded outward: what was stranded in the moment before the change is not counted.
    let changed = status.state.entered.at;
    for_each_unwaived(census, (window, Select::Stranded), &waivers, |row| {
        if row.last_stranded.is_some_and(|at| at >= changed) {
            of_kind(&mut figures, &row.kind, |figures| figures.stranded += 1);
        }
    });
    figures
}

/// The figures of each kind, without its callers yet.
fn without_callers(report: &Report, waivers: &WaiverCover) -> Vec<UnwaivedFigures> {
    let kinds = report.kinds.iter().map(|kind| {
        let waived = waivers.covers_anonymous() || waivers.covers_kind(&kind.kind);
        let responses = kind.counts.responses.stranded_anonymous;
        UnwaivedFigures {
            kind: kind.kind.clone(),
            dependent: 0,
            stranded: 0,
            stranded_anonymous: if waived { 0 } else { responses },
        }
    });
    kinds.collect()
}

fn for_each_unwaived(
    census: &Census,
    (window, select): (Window, Select),
    waivers: &WaiverCover,
    mut each: impl FnMut(&CallerRow),
) {
    census.each_caller(window, select, |row| {
        if !waivers.covers(&row) {
            each(&row);
        }
    });
}

fn of_kind(figures: &mut [UnwaivedFigures], kind: &str, count: impl FnOnce(&mut UnwaivedFigures)) {
    if let Some(figures) = figures.iter_mut().find(|figures| figures.kind == kind) {
        count(figures);
    }
}
