//! What an outcome says of the target response's body.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::status::{self, is_bodiless};
use crate::{
    contract::definition::{
        condition::{Alternative, Condition, MatchTarget, Matcher},
        endpoint::Outcome,
    },
    http_syntax::{BodySyntax, JsonByType, is_encoded},
};

/// Whether the body of an outcome's responses can have JSON fields.
pub(super) enum TargetBody {
    MayHaveFields,
    /// It has none, because of this part of the outcome.
    Without {
        cause: String,
        reason: &'static str,
    },
}

impl TargetBody {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let mut statuses = status::taken_statuses(outcome).into_iter();
        if let Some(status) = statuses.find(|status| is_bodiless(*status)) {
            return Self::Without {
                cause: format!("status {}", status.as_str()),
                reason: "a response of this status has no body",
            };
        }
        let other_type = "a body that is no JSON text by its media type has no fields";
        let encoded = "an encoded body is not read";
        Self::without(outcome, &header::CONTENT_TYPE, is_not_json, other_type)
            .or_else(|| Self::without(outcome, &header::CONTENT_ENCODING, is_encoded, encoded))
            .unwrap_or(Self::MayHaveFields)
    }

    /// Whether the body always has a content coding, so that conditions on its fields are never decided.
    pub(super) fn is_encoded(outcome: &Outcome) -> bool {
        Self::without(outcome, &header::CONTENT_ENCODING, is_encoded, "").is_some()
    }

    /// The fault of a condition that allows this header only values that exclude fields.
    fn without(
        outcome: &Outcome,
        name: &HeaderName,
        excludes: impl Fn(&HeaderMap) -> bool,
        reason: &'static str,
    ) -> Option<Self> {
        let on = MatchTarget::Header(name.to_string());
        let cause = cause_of_exclusion(&outcome.conditions, (&on, name), excludes)?;
        Some(Self::Without { cause, reason })
    }
}

/// The values that a condition allows a header, if all of them exclude something.
pub(super) fn cause_of_exclusion(
    conditions: &[Condition],
    (on, name): (&MatchTarget, &HeaderName),
    excludes: impl Fn(&HeaderMap) -> bool,
) -> Option<String> {
    let mut conditions = conditions.iter();
    let Matcher(alternatives) = &conditions
        .find(|condition| condition.on.is_same(on))?
        .matcher;
    let lines = alternatives.iter().map(|alternative| match alternative {
        Alternative::Value(value) => {
            let value = HeaderValue::from_str(value.as_str()?).ok()?;
            Some(HeaderMap::from_iter([(name.clone(), value)]))
        }
        Alternative::Absent => Some(HeaderMap::new()),
        Alternative::Pattern(_) | Alternative::Present => None,
    });
    let mut lines = lines.map(|lines| lines.is_some_and(|lines| excludes(&lines)));
    (lines.all(|excludes| excludes) && !alternatives.is_empty()).then(|| {
        let cause = alternatives.iter().map(|of| {
            let tree = of.as_tree();
            tree.as_str()
                .map_or_else(|| tree.to_string(), str::to_owned)
        });
        cause.collect::<Vec<_>>().join(", ")
    })
}

/// Fields are read of no other body, not even of text that looks like JSON.
pub(super) fn is_not_json(headers: &HeaderMap) -> bool {
    BodySyntax::of(headers).by_type != JsonByType::Yes
}
