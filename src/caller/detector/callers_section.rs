//! The settings of a detector as the section `callers` of a document.
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

use super::detector_builder::SignalDetectorBuilder;
use super::detector_settings::{DetectorSettings, IdentitySignal, KindSource, OptIn, SignalPart};
use crate::caller::caller::Generation;
use crate::caller::fingerprint_key::FingerprintKey;
use crate::diagnostics::{Diagnostics, FaultCode};
use crate::json::{ObjectReader, OrderedValue, wrong_type};

impl SignalDetectorBuilder {
    /// Reads the section and adds the faults of its form and of its meaning.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let builder = Self {
            settings: DetectorSettings::read(tree, diagnostics),
        };
        // No key makes settings right or wrong.
        builder.compile(&FingerprintKey::new([0; 16]), diagnostics);
        builder
    }

    pub(crate) fn write(&self) -> OrderedValue {
        self.settings.write()
    }
}

impl DetectorSettings {
    fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        reader.require("kinds");
        reader.require("kind_from");
        let settings = Self {
            kinds: reader.string_list("kinds"),
            kind_sources: reader.each("kind_from", |_, tree, diagnostics| {
                read_source(tree, diagnostics)
            }),
            opt_in: reader.nested("opt_in", read_opt_in),
            version_header: reader.string("version_header"),
            target_since: reader.entries("target_since", read_pair),
            unknown_generation: read_generation(&mut reader),
            identity: reader.each("identity", |_, tree, diagnostics| {
                Some(read_signal(tree, diagnostics))
            }),
        };
        reader.finish();
        settings
    }

    fn write(&self) -> OrderedValue {
        let since = self.target_since.iter();
        let since: Vec<_> = since
            .map(|(kind, version)| (kind.clone(), text(version)))
            .collect();
        let identity: Vec<_> = self.identity.iter().map(write_signal).collect();
        OrderedValue::object([
            (
                "kinds",
                Some(list(self.kinds.iter().map(|kind| text(kind)))),
            ),
            (
                "kind_from",
                Some(list(self.kind_sources.iter().map(write_source))),
            ),
            ("opt_in", self.opt_in.as_ref().map(write_opt_in)),
            ("version_header", self.version_header.as_deref().map(text)),
            (
                "target_since",
                (!since.is_empty()).then_some(OrderedValue::Object(since)),
            ),
            (
                "unknown_generation",
                Some(text(self.unknown_generation.as_str())),
            ),
            (
                "identity",
                (!identity.is_empty()).then_some(OrderedValue::Array(identity)),
            ),
        ])
    }
}

fn read_generation(reader: &mut ObjectReader<'_, '_>) -> Generation {
    let Some(name) = reader.string("unknown_generation") else {
        return Generation::Legacy;
    };
    let mut known = [Generation::Legacy, Generation::Target].into_iter();
    let found = known.find(|generation| generation.as_str() == name);
    found.unwrap_or_else(|| {
        let (code, expected) = (FaultCode::InvalidValue, "\"legacy\" or \"target\"");
        reader.add("unknown_generation", code, name, expected);
        Generation::Legacy
    })
}

fn read_source(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<KindSource> {
    let mut reader = ObjectReader::new(tree, diagnostics);
    let header = reader.string("header");
    let has_products = reader.has("products");
    let products = reader.entries("products", read_pair);
    reader.finish();
    match (header, has_products) {
        (Some(header), false) => Some(KindSource::Header(header)),
        (None, true) => Some(KindSource::Products(products)),
        _ => {
            let expected = r#"either {"header": "…"} or {"products": {"name": "KIND"}}"#;
            diagnostics.add(FaultCode::InvalidValue, tree.to_string(), expected);
            None
        }
    }
}

fn read_opt_in(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> OptIn {
    let mut reader = ObjectReader::new(tree, diagnostics);
    let header = reader.required_string("header").unwrap_or_default();
    let value = reader.required_string("value").unwrap_or_default();
    reader.finish();
    OptIn { header, value }
}

fn read_signal(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> IdentitySignal {
    if let Some(part) = read_part(tree) {
        return match part {
            SignalPart::Header(name) => IdentitySignal::Header(name),
            SignalPart::ClientAddress => IdentitySignal::ClientAddress,
            SignalPart::ProductName => IdentitySignal::AllOf(vec![part]),
        };
    }
    let mut reader = ObjectReader::new(tree, diagnostics);
    reader.require("all_of");
    let parts = reader.each("all_of", |_, tree, diagnostics| {
        let part = read_part(tree);
        if part.is_none() {
            let expected = r#""client_address", "product" or {"header": "…"}"#;
            diagnostics.add(FaultCode::InvalidValue, tree.to_string(), expected);
        }
        part
    });
    reader.finish();
    IdentitySignal::AllOf(parts)
}

fn read_part(tree: &OrderedValue) -> Option<SignalPart> {
    match tree {
        OrderedValue::Scalar(word) if word == "client_address" => Some(SignalPart::ClientAddress),
        OrderedValue::Scalar(word) if word == "product" => Some(SignalPart::ProductName),
        OrderedValue::Object(members) => match members.as_slice() {
            [(name, OrderedValue::Scalar(value))] if name == "header" => {
                value.as_str().map(SignalPart::header)
            }
            _ => None,
        },
        _ => None,
    }
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

fn write_source(source: &KindSource) -> OrderedValue {
    match source {
        KindSource::Header(name) => OrderedValue::object([("header", Some(text(name)))]),
        KindSource::Products(products) => {
            let products = products
                .iter()
                .map(|(product, kind)| (product.clone(), text(kind)));
            OrderedValue::object([("products", Some(OrderedValue::Object(products.collect())))])
        }
    }
}

fn write_opt_in(opt_in: &OptIn) -> OrderedValue {
    OrderedValue::object([
        ("header", Some(text(&opt_in.header))),
        ("value", Some(text(&opt_in.value))),
    ])
}

fn write_signal(signal: &IdentitySignal) -> OrderedValue {
    match signal {
        IdentitySignal::Header(name) => write_part(&SignalPart::Header(name.clone())),
        IdentitySignal::ClientAddress => write_part(&SignalPart::ClientAddress),
        IdentitySignal::AllOf(parts) => {
            OrderedValue::object([("all_of", Some(list(parts.iter().map(write_part))))])
        }
    }
}

fn write_part(part: &SignalPart) -> OrderedValue {
    match part {
        SignalPart::Header(name) => OrderedValue::object([("header", Some(text(name)))]),
        SignalPart::ClientAddress => text("client_address"),
        SignalPart::ProductName => text("product"),
    }
}

fn text(value: &str) -> OrderedValue {
    OrderedValue::Scalar(value.into())
}

fn list(items: impl Iterator<Item = OrderedValue>) -> OrderedValue {
    OrderedValue::Array(items.collect())
}
