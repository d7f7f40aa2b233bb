//! Which statuses of a response have to be looked at, each for all that are alike.

use std::collections::{BTreeSet, HashSet};

use http::StatusCode;

use super::operation_proof::Subject;
use crate::{
    contract::{
        LegacyShape,
        compile::taken_statuses,
        definition::{
            body_shape::BodyShape,
            template::{PlaceholderSource, Template},
        },
    },
    openapi::document::operation::{Response, StatusKey},
};

/// The statuses of a response, without those that are like an earlier one: in the same class, under the same key of OLD, and
/// taken by the same outcomes, none of which writes it into its legacy response. Those that OLD or an outcome takes come first.
pub(super) fn statuses(subject: &Subject<'_, '_>, response: &Response<'_>) -> Vec<u16> {
    let classes: &[u16] = match response.key {
        StatusKey::Status(status) => return vec![status],
        StatusKey::Class(class) => &[class],
        StatusKey::Default => &[4, 5, 2, 3],
    };
    let outcomes = subject.endpoint.map(|on| on.endpoint.outcomes());
    let outcomes = outcomes.unwrap_or_default().iter();
    let taken: Vec<_> = outcomes.clone().map(taken_statuses).collect();
    let of_old = |status| {
        subject
            .old
            .and_then(|old| old.response(status))
            .map(|response| response.key)
    };
    let taken_by = |status| -> Vec<bool> {
        let status = StatusCode::from_u16(status).ok();
        let takes =
            |taken: &BTreeSet<StatusCode>| status.is_some_and(|status| taken.contains(&status));
        taken.iter().map(takes).collect()
    };
    let read_statuses = outcomes.clone().map(|outcome| {
        let shape = outcome.legacy_shape();
        shape.is_some_and(reads_status)
    });
    let read_statuses: Vec<bool> = read_statuses.collect();
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
        let mut own = outcomes.iter().zip(&read_statuses);
        let itself = own.any(|(takes, reads)| *takes && *reads).then_some(status);
        if is_own && seen.insert((status / 100, old, outcomes, itself)) {
            if is_named { &mut named } else { &mut others }.push(status);
        }
    }
    named.sort_unstable();
    [named, others].concat()
}

/// Whether a template of the shape has the status of the target response.
fn reads_status(shape: &LegacyShape) -> bool {
    let reads = |template: &Template| {
        let mut is_status = |source: &PlaceholderSource| *source == PlaceholderSource::Status;
        template.0.any_source(&mut is_status)
    };
    let mut lines = shape.set.iter().chain(&shape.append);
    lines.any(|(_, value)| reads(value))
        || match &shape.body {
            BodyShape::Json(template) | BodyShape::Text(template) | BodyShape::Form(template) => {
                reads(template)
            }
            BodyShape::Edit(edit) => edit.set.iter().any(|(_, value)| reads(value)),
            BodyShape::AsIs | BodyShape::Empty | BodyShape::Fn(_) => false,
        }
}
