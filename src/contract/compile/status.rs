//! Statuses of a contract.

use http::StatusCode;

use crate::{
    contract::definition::{body_shape::BodyShape, shape::LegacyShape},
    diagnostics::{Diagnostics, FaultCode},
};

use super::target_body::is_bodiless;

/// The status of a target response.
pub(super) fn target(status: i64, diagnostics: &mut Diagnostics) -> Option<StatusCode> {
    let known = valid(status, diagnostics)?;
    if known.is_informational() && known != StatusCode::SWITCHING_PROTOCOLS {
        let expected = "the status of a final response: 1xx other than 101 are interim (RFC 9110, section 15.2)";
        diagnostics.add(FaultCode::InvalidStatus, known.as_str(), expected);
        return None;
    }
    Some(known)
}

/// The status of a legacy response to a target response of status `target`.
pub(super) fn legacy(
    shape: &LegacyShape,
    target: Option<StatusCode>,
    diagnostics: &mut Diagnostics,
) -> Option<StatusCode> {
    if let Some(target) = target {
        check_target(shape, target, diagnostics);
    }
    diagnostics.at("status", |diagnostics| {
        let status = valid(shape.status, diagnostics)?;
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
        let expected = "a legacy shape with a body of its own, `empty` or `json`: the target response has none";
        diagnostics.add(code, target.as_str(), expected);
    }
}

fn valid(status: i64, diagnostics: &mut Diagnostics) -> Option<StatusCode> {
    let known = u16::try_from(status).ok().filter(|status| *status < 600);
    let known = known.and_then(|status| StatusCode::from_u16(status).ok());
    if known.is_none() {
        let expected = "a status from 100 to 599";
        diagnostics.add(FaultCode::InvalidStatus, status.to_string(), expected);
    }
    known
}

/// Whether responses of this status always pass through: interim ones, upgrades, parts of a larger response, and those
/// to a condition of the request.
pub(crate) fn is_never_rewritten(status: StatusCode) -> bool {
    status.is_informational() || matches!(status.as_u16(), 206 | 304 | 412)
}
