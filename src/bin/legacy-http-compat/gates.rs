//! What each gate said last.

use std::collections::BTreeMap;

use legacy_http_compat::rollout::{
    Attempt, AttemptRefused, Event, EventPayload, GateReport, Identifier, Phase, PhaseChange,
};

/// The last report of a gate, and the attempt that asked for it.
pub(crate) struct LastReport<'a> {
    /// The report.
    pub(crate) report: &'a GateReport,
    /// The event that carries it.
    pub(crate) event: &'a Event,
    /// The step that was asked for, from and to.
    pub(crate) step: Option<(Phase, Phase)>,
}

/// The last report of each gate, by its name.
pub(crate) fn last_reports(events: &[Event]) -> BTreeMap<&Identifier, LastReport<'_>> {
    let mut last = BTreeMap::new();
    for event in events {
        let (reports, step) = reports(event.payload());
        for report in reports {
            let said = LastReport {
                report,
                event,
                step,
            };
            last.insert(report.name(), said);
        }
    }
    last
}

/// The reports that an event carries, and the step that they are about.
fn reports(payload: &EventPayload) -> (&[GateReport], Option<(Phase, Phase)>) {
    match payload {
        EventPayload::PhaseChanged(PhaseChange {
            from, to, gates, ..
        }) => (gates, Some((*from, *to))),
        EventPayload::AttemptRefused(AttemptRefused { attempt, gates, .. }) => match attempt {
            Attempt::Transition { from, to } => (gates, Some((*from, *to))),
            _ => (gates, None),
        },
        _ => (&[], None),
    }
}
