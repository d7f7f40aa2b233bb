//! Which statuses of a response have to be looked at, each for all that are alike.

use std::collections::HashSet;

use http::StatusCode;

use super::operation_proof::Subject;
use crate::{
    contract::compile::taken_statuses,
    openapi::document::operation::{Response, StatusKey},
};

/// The statuses of a response, without those that are like an earlier one: in the same class, under the same key of OLD, and
/// taken by the same outcomes. Those that OLD or an outcome takes come first.
pub(super) fn statuses(subject: &Subject<'_, '_>, response: &Response<'_>) -> Vec<u16> {
    let classes: &[u16] = match response.key {
        StatusKey::Status(status) => return vec![status],
        StatusKey::Class(class) => &[class],
        StatusKey::Default => &[4, 5, 2, 3],
    };
    let outcomes = subject.endpoint.map(|on| on.endpoint.outcomes());
    let outcomes = outcomes.unwrap_or_default().iter();
    let taken: Vec<_> = outcomes.map(taken_statuses).collect();
    let of_old = |status| {
        subject
            .old
            .and_then(|old| old.response(status))
            .map(|response| response.key)
    };
    let taken_by = |status| -> Vec<bool> {
        let status = StatusCode::from_u16(status).ok();
        let takes = |taken: &std::collections::BTreeSet<StatusCode>| {
            status.is_some_and(|status| taken.contains(&status))
        };
        taken.iter().map(takes).collect()
    };
    let mut seen = HashSet::new();
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for status in classes
        .iter()
        .flat_map(|class| class * 100..class * 100 + 100)
    {
        let is_own = subject
            .new
            .response(status)
            .is_some_and(|own| own.key == response.key);
        let (old, outcomes) = (of_old(status), taken_by(status));
        let is_named = matches!(old, Some(StatusKey::Status(_))) || outcomes.contains(&true);
        if is_own && seen.insert((status / 100, old, outcomes)) {
            if is_named { &mut named } else { &mut others }.push(status);
        }
    }
    named.sort_unstable();
    [named, others].concat()
}
