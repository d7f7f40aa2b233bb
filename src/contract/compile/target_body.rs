//! What an outcome says of the target response's body.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{
    contract::definition::endpoint::{Condition, MatchTarget, Outcome},
    http_syntax::{JsonByType, is_encoded, json_by_type},
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
        let status = outcome.status.and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        if let Some(status) = status.filter(|status| is_bodiless(*status)) {
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
        let mut conditions = outcome.conditions.iter();
        let condition = conditions.find(|condition| condition.on.is_same(&on))?;
        let all = texts(condition).all(|text| {
            let value = HeaderValue::from_str(text).ok();
            value.is_some_and(|value| excludes(&HeaderMap::from_iter([(name.clone(), value)])))
        });
        let cause = || texts(condition).collect::<Vec<_>>().join(", ");
        (all && !condition.values.is_empty()).then(|| Self::Without {
            cause: cause(),
            reason,
        })
    }
}

fn texts(condition: &Condition) -> impl Iterator<Item = &str> {
    condition.values.iter().filter_map(|value| value.as_str())
}

/// Fields are read of no other body, not even of text that looks like JSON.
fn is_not_json(headers: &HeaderMap) -> bool {
    json_by_type(headers) != JsonByType::Yes
}

/// Whether a response of this status never has content (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and 15.4.5).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || matches!(status.as_u16(), 204 | 205 | 304)
}
