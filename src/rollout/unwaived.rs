//! The callers without a waiver by client kind, counted for metrics and alerts.

use super::{state::WaiverCover, stranded::Stranded};
use crate::census::{Census, Select, Window};

/// The callers of one kind that have no waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnwaivedFigures {
    pub(super) kind: String,
    /// Those that depended in the last 24 hours.
    pub(super) dependent: u64,
    /// Those that were stranded since the flag last changed.
    pub(super) stranded: u64,
    /// Responses to anonymous callers that were stranded since the flag last changed; `None` while these are waived, so that
    /// the end of a waiver does not look like an increase.
    pub(super) stranded_anonymous: Option<u64>,
}

/// Counts them. `since_change` is the time since the flag last changed.
pub(super) fn unwaived_figures(
    census: &Census,
    waivers: &WaiverCover,
    stranded: &Stranded,
    since_change: Window,
) -> Vec<UnwaivedFigures> {
    let report = census.report(since_change);
    let kinds = report.kinds.iter().map(|kind| {
        let waived = waivers.covers_anonymous() || waivers.covers_kind(&kind.kind);
        let responses = kind.counts.responses.stranded_anonymous;
        UnwaivedFigures {
            kind: kind.kind.clone(),
            dependent: 0,
            stranded: stranded.of_kind(&kind.kind),
            stranded_anonymous: (!waived).then_some(responses),
        }
    });
    let mut figures: Vec<_> = kinds.collect();
    census.each_caller(Window::DAY, Select::Dependent, |row| {
        let of_kind = figures.iter_mut().find(|figures| figures.kind == row.kind);
        if let Some(figures) = of_kind.filter(|_| !waivers.covers(&row)) {
            figures.dependent += 1;
        }
    });
    figures
}
