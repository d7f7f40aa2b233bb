//! The settings of a detector, before they are checked, from code or as the section `callers` of a document.
//!
//! ```json
//! {
//!   "kinds": ["UI_RUST", "AGENT", "MCP"],
//!   "kind_from": [
//!     {"header": "X-Client-Kind"},
//!     {"products": {"core-ui-rust": "UI_RUST", "core-agent": "AGENT", "core-mcp": "MCP"}}
//!   ],
//!   "opt_in": {"header": "X-Status-Driven", "value": "1"},
//!   "version_header": "X-Client-Version",
//!   "target_since": {"UI_RUST": "2.0.0", "AGENT": "2.0.0", "MCP": "2.0.0"},
//!   "unknown_generation": "legacy",
//!   "identity": [
//!     {"header": "X-Client-Id"},
//!     {"all_of": ["client_address", "product"]}
//!   ]
//! }
//! ```
//!
//! Only `kinds` and `kind_from` are required. A signal on its own may be `"client_address"`; a part of a
//! combination may be `{"header": "…"}`. The key is never in a document.

use serde::Serialize;

use crate::caller::caller::Generation;
use crate::caller::detect::RulesDigest;
use crate::diagnostics::{Diagnostics, FaultCode};
use crate::json::{ObjectReader, OrderedValue, as_object, wrong_type};

/// The settings of a [`SignalDetector`](super::SignalDetector), from code or from a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DetectorSettings {
    pub(crate) kinds: Vec<String>,
    #[serde(rename = "kind_from")]
    pub(crate) kind_sources: Vec<KindSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) opt_in: Option<OptIn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version_header: Option<String>,
    /// Pairs of kind and version.
    #[serde(serialize_with = "as_object", skip_serializing_if = "Vec::is_empty")]
    pub(crate) target_since: Vec<(String, String)>,
    pub(crate) unknown_generation: Generation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) identity: Vec<IdentitySignal>,
}

/// The header by which a caller declares that it understands the target contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct OptIn {
    pub(crate) header: String,
    pub(crate) value: String,
}

/// Where a caller's kind comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KindSource {
    /// A header whose value is the name of a kind, letter case included.
    Header(String),
    /// The products of `User-Agent`: pairs of a product's name and its kind.
    Products(#[serde(serialize_with = "as_object")] Vec<(String, String)>),
}

/// What distinguishes one installation from another, and stays when it is upgraded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IdentitySignal {
    /// The value of a header: 1 to 256 visible ASCII characters, else it counts as absent. It is the
    /// client's own claim.
    Header(String),
    /// The [`ClientAddr`](crate::caller::ClientAddr) in the request's extensions.
    ClientAddress,
    /// Several together; absent when one of them is.
    AllOf(Vec<SignalPart>),
}

/// One part of a combined [`IdentitySignal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignalPart {
    /// The value of a header, under the same rule as [`IdentitySignal::Header`].
    Header(String),
    /// The [`ClientAddr`](crate::caller::ClientAddr) in the request's extensions.
    ClientAddress,
    /// The name, without version, of the first product of `User-Agent` that is mapped to a kind, or else of
    /// its first product: at most 64 characters, letter case aside.
    #[serde(rename = "product")]
    ProductName,
}

impl DetectorSettings {
    /// The digest of the rules that concern this kind: where it comes from, from which version on it is target, and all that
    /// holds of every kind. `other` depends on the sources of all.
    pub(super) fn rules_digest(&self, kind: &str) -> RulesDigest {
        let concerns = |name: &str| kind == "other" || name == kind;
        let mut rules = self.clone();
        rules.kinds.retain(|name| concerns(name));
        rules.target_since.retain(|(name, _)| name == kind);
        for source in &mut rules.kind_sources {
            if let KindSource::Products(products) = source {
                products.retain(|(_, name)| concerns(name));
            }
        }
        let text = serde_json::to_string(&rules).expect("settings are written as JSON");
        RulesDigest::of(&text)
    }

    /// Reads the section and adds the faults of its form.
    pub(super) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("kinds");
        reader.require("kind_from");
        let settings = Self {
            kinds: reader.string_list("kinds"),
            kind_sources: reader
                .each("kind_from", |_, tree, diagnostics| {
                    KindSource::read(tree, diagnostics)
                })
                .into_iter()
                .flatten()
                .collect(),
            opt_in: reader.nested("opt_in", OptIn::read),
            version_header: reader.string("version_header"),
            target_since: reader.entries("target_since", read_pair),
            unknown_generation: read_generation(&mut reader),
            identity: reader.each("identity", |_, tree, diagnostics| {
                IdentitySignal::read(tree, diagnostics)
            }),
        };
        reader.finish();
        settings
    }
}

impl OptIn {
    fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        let header = reader.required_string("header").unwrap_or_default();
        let value = reader.required_string("value").unwrap_or_default();
        reader.finish();
        Self { header, value }
    }
}

impl KindSource {
    fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut reader = ObjectReader::new(tree, diagnostics);
        let header = reader.string("header");
        let has_products = reader.has("products");
        let products = reader.entries("products", read_pair);
        reader.finish();
        match (header, has_products) {
            (Some(header), false) => Some(Self::Header(header)),
            (None, true) => Some(Self::Products(products)),
            _ => {
                let expected = r#"either {"header": "…"} or {"products": {"name": "KIND"}}"#;
                diagnostics.add(FaultCode::InvalidValue, tree.to_string(), expected);
                None
            }
        }
    }
}

impl IdentitySignal {
    /// [`IdentitySignal::Header`] of this name.
    pub fn header(name: impl Into<String>) -> Self {
        Self::Header(name.into())
    }

    /// [`IdentitySignal::AllOf`] of these parts.
    pub fn all_of(parts: impl IntoIterator<Item = SignalPart>) -> Self {
        Self::AllOf(parts.into_iter().collect())
    }
    fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        if let Some(part) = SignalPart::read(tree) {
            return match part {
                SignalPart::Header(name) => Self::Header(name),
                SignalPart::ClientAddress => Self::ClientAddress,
                SignalPart::ProductName => Self::AllOf(vec![part]),
            };
        }
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("all_of");
        let parts = reader.each("all_of", |_, tree, diagnostics| {
            let part = SignalPart::read(tree);
            if part.is_none() {
                let expected = r#""client_address", "product" or {"header": "…"}"#;
                diagnostics.add(FaultCode::InvalidValue, tree.to_string(), expected);
            }
            part
        });
        reader.finish();
        Self::AllOf(parts.into_iter().flatten().collect())
    }
}

impl SignalPart {
    /// [`SignalPart::Header`] of this name.
    pub fn header(name: impl Into<String>) -> Self {
        Self::Header(name.into())
    }
    fn read(tree: &OrderedValue) -> Option<Self> {
        match tree {
            OrderedValue::Scalar(word) if word == "client_address" => Some(Self::ClientAddress),
            OrderedValue::Scalar(word) if word == "product" => Some(Self::ProductName),
            OrderedValue::Object(members) => match members.as_slice() {
                [(name, OrderedValue::Scalar(value))] if name == "header" => {
                    value.as_str().map(Self::header)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn read_generation(reader: &mut ObjectReader<'_, '_>) -> Generation {
    let Some(name) = reader.string("unknown_generation") else {
        return Generation::Legacy;
    };
    Generation::find(&name).unwrap_or_else(|| {
        let (code, expected) = (FaultCode::InvalidValue, "\"legacy\" or \"target\"");
        reader.add("unknown_generation", code, name, expected);
        Generation::Legacy
    })
}

/// A member whose value is a string.
fn read_pair(
    name: &str,
    value: &OrderedValue,
    diagnostics: &mut Diagnostics,
) -> Option<(String, String)> {
    let Some(value) = value.as_str() else {
        wrong_type(value, "a string", diagnostics);
        return None;
    };
    Some((name.to_owned(), value.to_owned()))
}
