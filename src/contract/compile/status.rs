//! Statuses of a contract.

use std::collections::BTreeSet;

use http::StatusCode;

use crate::{
    contract::definition::{
        body_shape::BodyShape,
        endpoint::Outcome,
        shape::LegacyShape,
        statuses::{StatusEntry, Statuses},
    },
    diagnostics::{Diagnostics, FaultCode},
};

/// The statuses of the target responses that an outcome takes, as far as they are valid.
pub(crate) fn taken_statuses(outcome: &Outcome) -> BTreeSet<StatusCode> {
    let is_possible = |status: &StatusCode| {
        let has_shape = outcome.legacy.is_some();
        !(has_shape && is_never_rewritten(*status)
            || (has_shape || outcome.reads_fields()) && is_bodiless(*status))
    };
    let entries = outcome.statuses().0.iter();
    let statuses = entries.flat_map(|entry| match entry {
        StatusEntry::Single(_) => of(entry).filter(|status| !is_interim(*status)).collect(),
        StatusEntry::Class(_) => of(entry).filter(is_possible).collect::<Vec<_>>(),
    });
    statuses.collect()
}

/// Adds the faults of an outcome's statuses.
pub(super) fn check(outcome: &Outcome, diagnostics: &mut Diagnostics) {
    // Those that could not be read are reported already.
    let Some(Statuses(entries)) = &outcome.statuses else {
        return;
    };
    diagnostics.enter("status");
    if entries.is_empty() {
        diagnostics.add(FaultCode::InvalidStatus, "[]", "at least one status");
    }
    for (index, entry) in entries.iter().enumerate() {
        if entries.len() > 1 {
            diagnostics.enter(index);
        }
        check_entry(entry, &entries[..index], diagnostics);
        if entries.len() > 1 {
            diagnostics.leave();
        }
    }
    diagnostics.leave();
}

fn check_entry(entry: &StatusEntry, earlier: &[StatusEntry], diagnostics: &mut Diagnostics) {
    let expected = match entry {
        StatusEntry::Single(status) => match known(*status) {
            None => "a status from 100 to 599",
            Some(status) if is_interim(status) => {
                "the status of a final response: 1xx other than 101 are interim (RFC 9110, section 15.2)"
            }
            Some(_) => "each status once",
        },
        StatusEntry::Class(_) if entry.hundreds().is_none() => {
            "an integer such as 404, or a class from \"2xx\" to \"5xx\""
        }
        StatusEntry::Class(_) => "each status once",
    };
    let own: Vec<StatusCode> = of(entry).collect();
    let is_right = !own.is_empty() && !own.iter().any(|status| is_interim(*status));
    let mut earlier = earlier.iter().flat_map(of);
    if !is_right || earlier.any(|status| own.contains(&status)) {
        let found = serde_json::to_string(entry).unwrap_or_default();
        diagnostics.add(FaultCode::InvalidStatus, found, expected);
    }
}

fn is_interim(status: StatusCode) -> bool {
    status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
}

/// The status, or all statuses of the class.
pub(super) fn of(entry: &StatusEntry) -> impl Iterator<Item = StatusCode> + use<> {
    let single = match entry {
        StatusEntry::Single(status) => known(*status),
        StatusEntry::Class(_) => None,
    };
    let hundreds = entry.hundreds().into_iter();
    let class = hundreds.flat_map(|hundreds| 100 * hundreds..100 * (hundreds + 1));
    let class = class.filter_map(|status| StatusCode::from_u16(status).ok());
    single.into_iter().chain(class)
}

/// The status of a legacy response to target responses of the statuses `targets`.
pub(super) fn legacy(
    shape: &LegacyShape,
    targets: &[StatusCode],
    diagnostics: &mut Diagnostics,
) -> Option<StatusCode> {
    for target in targets {
        check_target(shape, *target, diagnostics);
    }
    diagnostics.at("status", |diagnostics| {
        let Some(status) = known(shape.status) else {
            let (status, expected) = (shape.status.to_string(), "a status from 100 to 599");
            diagnostics.add(FaultCode::InvalidStatus, status, expected);
            return None;
        };
        let fault = match status {
            StatusCode::UPGRADE_REQUIRED => (
                FaultCode::InvalidStatus,
                "another status: 426 requires Upgrade, which is about the connection (RFC 9110, section 15.5.22)",
            ),
            StatusCode::NO_CONTENT if shape.body == BodyShape::Empty => return Some(status),
            status if is_bodiless(status) || is_never_rewritten(status) => (
                FaultCode::StatusWithoutBody,
                "a status with a body, or 204 with an empty one",
            ),
            _ => return Some(status),
        };
        diagnostics.add(fault.0, status.as_str(), fault.1);
        None
    })
}

fn check_target(shape: &LegacyShape, target: StatusCode, diagnostics: &mut Diagnostics) {
    let code = FaultCode::StatusWithoutBody;
    if is_never_rewritten(target) {
        let expected =
            "no legacy shape: responses of status 1xx, 206, 304 and 412 are never rewritten";
        diagnostics.add(code, target.as_str(), expected);
    } else if is_bodiless(target) && shape.body == BodyShape::AsIs {
        let expected = "a legacy shape with a body of its own, `empty`, `json`, `text` or `form`: the target response has none";
        diagnostics.add(code, target.as_str(), expected);
    }
}

fn known(status: i64) -> Option<StatusCode> {
    let known = u16::try_from(status).ok().filter(|status| *status < 600);
    known.and_then(|status| StatusCode::from_u16(status).ok())
}

/// Whether responses of this status always pass through: interim ones, upgrades, parts of a larger response, and those
/// to a condition of the request.
pub(crate) fn is_never_rewritten(status: StatusCode) -> bool {
    status.is_informational() || matches!(status.as_u16(), 206 | 304 | 412)
}

/// Whether a response of this status never has content (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and 15.4.5).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || matches!(status.as_u16(), 204 | 205 | 304)
}
