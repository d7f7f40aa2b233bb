//! The evaluation that status, pages and metrics share.

use std::time::Duration;

use super::{
    brownout_callers::BrownoutCallers, evidence::GateReport, phase::Transition, stranded::Stranded,
    unwaived::UnwaivedFigures,
};
use crate::{census::Report, time::Timestamp};

/// What the census says about a rollout at a moment: the gates of the next transition, reports, stranded callers.
///
/// It is made on demand and shared by all that ask for it. It is made anew after each decision, and when it is older than
/// two seconds and than twenty times what making it cost, so that no number of observers costs more than a twentieth of
/// a core. A command evaluates its gates for itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Evaluation {
    /// When it was made.
    pub at: Timestamp,
    /// How long it took to make.
    pub cost: Duration,
    /// The transition whose gates were evaluated.
    pub next: Option<Transition>,
    /// Their reports.
    pub gates: Vec<GateReport>,
    /// A report for each standard window of the census; empty without a census.
    pub reports: Vec<Report>,
    /// The stranded callers; `None` without a census.
    pub stranded: Option<Stranded>,
    /// The callers that the last brownout hit; `None` without a census, or before a brownout began.
    pub brownout_callers: Option<BrownoutCallers>,
    /// The callers of each kind without a waiver; empty without a census.
    pub(super) unwaived: Vec<UnwaivedFigures>,
}
