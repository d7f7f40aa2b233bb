//! What a proof finds.

use serde::Serialize;
use serde_json::{Map, Value};

use super::document::operation::media_type;
use crate::words::words;

words! {
    /// What a finding is about.
    #[non_exhaustive]
    pub enum FindingKind {
        /// An operation of OLD is not in NEW.
        OperationDropped = "operation_dropped",
        /// A status that OLD documents is never given any more.
        ResponseDropped = "response_dropped",
        /// A status that OLD does not document.
        Status = "status",
        /// A media type that OLD does not document, or no body where OLD has one.
        MediaType = "media_type",
        /// A response header that OLD requires, or a value of it that OLD does not allow.
        Header = "header",
        /// A body that OLD does not allow.
        Body = "body",
        /// A response may not be rewritten: a placeholder without default can be absent, or an edit can have a conflict.
        Stranded = "stranded",
        /// No response of NEW is this outcome.
        OutcomeImpossible = "outcome_impossible",
        /// An endpoint of the contract is no operation of NEW.
        EndpointUnknown = "endpoint_unknown",
        /// A promise is listed as dropped and is still given.
        DroppedInVain = "dropped_in_vain",
        /// A part of a document cannot be read.
        Unreadable = "unreadable",
        /// A finding that was accepted is gone.
        AcceptedGone = "accepted_gone",
        /// OLD allows the target responses of an outcome as they are, so that it needs no legacy shape.
        ShapeNotNeeded = "shape_not_needed",
    }
}

words! {
    /// What a proof came to, or one finding of it.
    pub enum Verdict {
        /// Every response that NEW can give is one that OLD allows.
        Proved = "proved",
        /// An example shows the opposite.
        Refuted = "refuted",
        /// Neither was shown.
        CannotTell = "cannot_tell",
        /// A remark, which does not count.
        Note = "note",
    }
}

/// One finding of a proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The same in every run as long as the finding is the same.
    pub id: String,
    /// What it is about.
    pub kind: FindingKind,
    /// What it means.
    pub verdict: Verdict,
    /// What was found.
    pub message: String,
    /// Where it shows: operations with their statuses, outcomes. At most 20; `places_left_out` counts the others.
    pub places: Vec<String>,
    /// How many places are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub places_left_out: usize,
    /// An exchange that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
    /// Prose of a document that may explain it. It proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Why it is accepted, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// An exchange that shows a finding: its parts were validated by `jsonschema`, and the legacy response was made by the real
/// layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Example {
    /// The request.
    pub request: ExampleRequest,
    /// What the handler responds, valid under NEW; none if NEW responds nothing like it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<ExampleResponse>,
    /// What an old client gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy: Option<ExampleResponse>,
    /// What is wrong with that.
    pub violation: String,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExampleRequest {
    /// In capitals.
    pub method: String,
    /// The path.
    pub path: String,
    /// By name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
    /// The JSON body, if it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExampleResponse {
    /// The status.
    pub status: u16,
    /// By name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
    /// The body, if there is one: a JSON value, or a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

impl ExampleResponse {
    /// The media type with its parameters, in lower case.
    pub(crate) fn media(&self) -> Option<String> {
        let line = self.headers.get("content-type")?.as_str()?;
        Some(media_type(line))
    }
}

impl Finding {
    /// How many places are listed.
    pub(super) const MAX_PLACES: usize = 20;

    pub(super) fn new(kind: FindingKind, id: &str, message: String) -> Self {
        Self {
            id: format!("{kind}:{id}"),
            kind,
            verdict: Verdict::CannotTell,
            message,
            places: Vec::new(),
            places_left_out: 0,
            example: None,
            hint: None,
            accepted: None,
        }
    }

    pub(super) fn at(mut self, place: impl Into<String>) -> Self {
        self.places.push(place.into());
        self
    }

    /// Refuted by this example, or not decided without one.
    pub(super) fn shown_by(mut self, example: Option<Example>) -> Self {
        if example.is_some() {
            self.verdict = Verdict::Refuted;
            self.example = example;
        }
        self
    }

    /// Whether it stands in the way of a proof.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.verdict != Verdict::Note && self.accepted.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "called by serde")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
