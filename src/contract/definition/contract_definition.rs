//! What a contract says as a whole, in Rust and as a document.

use serde::Serialize;

use super::{
    dropped::DroppedPromise,
    endpoint::{Endpoint, Outcome},
};
use crate::{
    diagnostics::Diagnostics,
    json::{ObjectReader, OrderedValue},
};

/// What a contract says, checked or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Definition {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) base_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deprecation: Option<Deprecation>,
    /// Those that endpoints refer to by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) endpoints: Vec<Endpoint>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) dropped: Vec<DroppedPromise>,
}

/// When the legacy shapes are deprecated, where to read about it, and when they end.
///
/// Becomes `Deprecation: @<unix seconds>` (RFC 9745, section 2.1), `Link: <…>; rel="deprecation"; type="text/html"` (RFC
/// 9745, section 3) and, where a sunset is given, `Sunset: <HTTP-date>` (RFC 8594, section 3), on rewritten responses only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Deprecation {
    pub(in crate::contract) date: i64,
    pub(in crate::contract) link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::contract) sunset: Option<i64>,
}

impl Definition {
    /// Reads all of a document that can be read and reports the faults of the rest.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("endpoints");
        let definition = Self {
            base_path: reader.string("base_path").unwrap_or_default(),
            deprecation: reader.nested("deprecation", Deprecation::read).flatten(),
            outcomes: reader.each("outcomes", Outcome::read),
            endpoints: reader.each("endpoints", Endpoint::read),
            dropped: reader.each("dropped", DroppedPromise::read),
        };
        reader.finish();
        definition
    }
}

impl Deprecation {
    /// Deprecated at this time, in seconds since the Unix epoch; it may lie in the future. `link` is the absolute URI of a
    /// page for developers.
    ///
    /// The page has to say what is deprecated. `Deprecation` is about the resource, whose URL stays, while only one form
    /// of its responses ends.
    pub fn new(date: i64, link: impl Into<String>) -> Self {
        Self {
            date,
            link: link.into(),
            sunset: None,
        }
    }

    /// When the legacy shapes are expected to be gone, in seconds since the Unix epoch. Never earlier than the
    /// deprecation.
    pub fn sunset(mut self, date: i64) -> Self {
        self.sunset = Some(date);
        self
    }

    fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("date");
        let date = reader.integer("date");
        let link = reader.required_string("link");
        let sunset = reader.integer("sunset");
        reader.finish();
        Some(Self {
            date: date?,
            link: link?,
            sunset,
        })
    }
}
