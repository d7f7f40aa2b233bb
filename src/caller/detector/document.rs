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

use super::builder::SignalDetectorBuilder;
use super::fault::{DetectorFaultKind, Faults, InvalidDetector, escaped};
use super::settings::{IdentitySignal, KindSource, OptIn, Settings, SignalPart};
use crate::caller::caller::Generation;
use crate::caller::fingerprint_key::FingerprintKey;
use crate::json::{About, Complaint, ObjectReader, OrderedValue};

impl SignalDetectorBuilder {
    /// Reads the section, and reports all that is wrong with its form and with what it says.
    pub(crate) fn read(tree: &OrderedValue) -> Result<Self, InvalidDetector> {
        let mut faults = Faults::default();
        let builder = Self {
            settings: Settings::read(tree, &mut faults),
        };
        // The key has no part in whether the settings are right.
        let check = builder.build(&FingerprintKey::new([0; 16]));
        faults.and(check.err()).into_result(())?;
        Ok(builder)
    }

    pub(crate) fn write(&self) -> OrderedValue {
        self.settings.write()
    }
}

impl Settings {
    fn read(tree: &OrderedValue, faults: &mut Faults) -> Self {
        let mut members = ObjectReader::of("callers", tree);
        members.require("kinds");
        members.require("kind_from");
        let kinds = members.texts("kinds");
        let (kind_from, identity) = (members.list("kind_from"), members.list("identity"));
        let opt_in = members.any("opt_in");
        let version_header = members.text("version_header");
        let since = pairs(members.map("target_since"), "/target_since", faults);
        let generation = members.text("unknown_generation");
        report("", members.finish(), faults);
        let unknown_generation =
            generation.map_or(Generation::Legacy, |name| read_generation(&name, faults));
        Self {
            kinds,
            kind_sources: each(kind_from, "/kind_from", |tree, place| {
                read_source(tree, place, faults)
            }),
            opt_in: opt_in.map(|tree| read_opt_in(tree, faults)),
            version_header,
            target_since: since,
            unknown_generation,
            identity: each(identity, "/identity", |tree, place| {
                Some(read_signal(tree, place, faults))
            }),
        }
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

fn read_generation(name: &str, faults: &mut Faults) -> Generation {
    let known = [Generation::Legacy, Generation::Target];
    known
        .into_iter()
        .find(|generation| generation.as_str() == name)
        .unwrap_or_else(|| {
            let remedy = "\"legacy\" or \"target\"";
            faults.add(
                DetectorFaultKind::WrongType,
                "/unknown_generation",
                name,
                remedy,
            );
            Generation::Legacy
        })
}

fn read_source(tree: &OrderedValue, place: &str, faults: &mut Faults) -> Option<KindSource> {
    let mut members = ObjectReader::of("a source of the kind", tree);
    let header = members.text("header");
    let products = members.has("products").then(|| members.map("products"));
    report(place, members.finish(), faults);
    match (header, products) {
        (Some(header), None) => Some(KindSource::Header(header)),
        (None, Some(products)) => Some(KindSource::Products(pairs(
            products,
            &format!("{place}/products"),
            faults,
        ))),
        _ => {
            let remedy = "either {\"header\": \"…\"} or {\"products\": {\"name\": \"KIND\"}}";
            faults.add(
                DetectorFaultKind::WrongType,
                place,
                tree.to_string(),
                remedy,
            );
            None
        }
    }
}

fn read_opt_in(tree: &OrderedValue, faults: &mut Faults) -> OptIn {
    let mut members = ObjectReader::of("the opt-in", tree);
    let header = members.required_text("header").unwrap_or_default();
    let value = members.required_text("value").unwrap_or_default();
    report("/opt_in", members.finish(), faults);
    OptIn { header, value }
}

fn read_signal(tree: &OrderedValue, place: &str, faults: &mut Faults) -> IdentitySignal {
    if let Some(part) = read_part(tree) {
        return match part {
            SignalPart::Header(name) => IdentitySignal::Header(name),
            SignalPart::ClientAddress => IdentitySignal::ClientAddress,
            SignalPart::ProductName => IdentitySignal::AllOf(vec![part]),
        };
    }
    let mut members = ObjectReader::of("an identity signal", tree);
    members.require("all_of");
    let parts = members.list("all_of");
    report(place, members.finish(), faults);
    let parts = each(parts, &format!("{place}/all_of"), |tree, place| {
        let part = read_part(tree);
        if part.is_none() {
            let remedy = "\"client_address\", \"product\" or {\"header\": \"…\"}";
            faults.add(
                DetectorFaultKind::WrongType,
                place,
                tree.to_string(),
                remedy,
            );
        }
        part
    });
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

/// The members of an object whose values are strings.
fn pairs(
    members: &[(String, OrderedValue)],
    place: &str,
    faults: &mut Faults,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in members {
        match value {
            OrderedValue::Scalar(serde_json::Value::String(value)) => {
                pairs.push((name.clone(), value.clone()));
            }
            other => {
                let place = format!("{place}/{}", escaped(name));
                faults.add(
                    DetectorFaultKind::WrongType,
                    place,
                    other.to_string(),
                    "a string",
                );
            }
        }
    }
    pairs
}

fn each<T>(
    items: &[OrderedValue],
    place: &str,
    mut read: impl FnMut(&OrderedValue, &str) -> Option<T>,
) -> Vec<T> {
    let items = items.iter().enumerate();
    items
        .filter_map(|(index, tree)| read(tree, &format!("{place}/{index}")))
        .collect()
}

fn report(place: &str, complaints: Vec<Complaint>, faults: &mut Faults) {
    for complaint in complaints {
        let kind = match complaint.about {
            About::Unknown => DetectorFaultKind::UnknownMember,
            About::Repeated => DetectorFaultKind::RepeatedMember,
            About::Missing => DetectorFaultKind::MissingMember,
            About::WrongType => DetectorFaultKind::WrongType,
        };
        faults.add(kind, place, complaint.value, complaint.expected);
    }
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
