//! The kind of a caller.

use http::header::USER_AGENT;

use super::detector_settings::{DetectorSettings, KindSource};
use super::header_scan::{FoundHeaders, Slot, WantedHeaders};
use crate::caller::kind::{Kind, Kinds};
use crate::caller::user_agent::{Product, Products};
use crate::diagnostics::{Diagnostics, FaultCode, escape_token};
use crate::http_syntax::token;

/// The sources of the kind in their order.
#[derive(Debug)]
pub(super) struct KindRules {
    sources: Box<[CompiledKindSource]>,
    products: Option<ProductTable>,
    kinds: Kinds,
}

#[derive(Debug)]
enum CompiledKindSource {
    Header(Slot),
    Products,
}

/// A caller's kind, and the product that determined it.
#[derive(Clone, Copy, Debug)]
pub(super) struct KindMatch<'h> {
    pub(super) kind: Kind,
    pub(super) product: Option<Product<'h>>,
}

impl KindRules {
    pub(super) fn compile(
        settings: &DetectorSettings,
        kinds: &Kinds,
        wanted: &mut WantedHeaders,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut rules = Self {
            sources: Box::default(),
            products: None,
            kinds: kinds.clone(),
        };
        let mut sources = Vec::new();
        for (index, source) in settings.kind_sources.iter().enumerate() {
            let place = format!("/kind_from/{index}");
            sources.extend(rules.compile_source(source, &place, kinds, wanted, diagnostics));
            check_unique(&settings.kind_sources[..index], source, &place, diagnostics);
        }
        if settings.kind_sources.is_empty() {
            let expected = "a header or products that determine the kind";
            diagnostics.add_at("/kind_from", FaultCode::NoKindSource, "", expected);
        }
        rules.sources = sources.into();
        rules
    }

    /// The kind by the first source that has a known one, else `other`.
    pub(super) fn find<'h>(&self, found: &FoundHeaders<'h>) -> KindMatch<'h> {
        let matched = self.sources.iter().find_map(|source| match source {
            CompiledKindSource::Header(slot) => self.by_header(found, *slot),
            CompiledKindSource::Products => self.by_product(found),
        });
        matched.unwrap_or(KindMatch {
            kind: Kind::OTHER,
            product: None,
        })
    }

    /// The products that determine the kind.
    pub(super) const fn products(&self) -> Option<&ProductTable> {
        self.products.as_ref()
    }

    /// The version of the product that determined the caller's kind, else of the first that is mapped to it.
    pub(super) fn product_version<'h>(
        &self,
        found: &FoundHeaders<'h>,
        matched: KindMatch<'h>,
    ) -> Option<&'h [u8]> {
        let mapped = || self.products.as_ref()?.of_kind(found, matched.kind);
        let product = matched.product.or_else(mapped)?;
        product.version().map(str::as_bytes)
    }

    fn by_header<'h>(&self, found: &FoundHeaders<'h>, slot: Slot) -> Option<KindMatch<'h>> {
        let kind = configured_kind(&self.kinds, str::from_utf8(found.value(slot)?).ok()?)?;
        let product = None;
        Some(KindMatch { kind, product })
    }

    fn by_product<'h>(&self, found: &FoundHeaders<'h>) -> Option<KindMatch<'h>> {
        let (kind, product) = self.products.as_ref()?.first(found)?;
        Some(KindMatch {
            kind,
            product: Some(product),
        })
    }

    fn compile_source(
        &mut self,
        source: &KindSource,
        place: &str,
        kinds: &Kinds,
        wanted: &mut WantedHeaders,
        diagnostics: &mut Diagnostics,
    ) -> Option<CompiledKindSource> {
        match source {
            KindSource::Header(name) => {
                let slot = wanted.parse(name, &format!("{place}/header"), diagnostics)?;
                Some(CompiledKindSource::Header(slot))
            }
            KindSource::Products(pairs) => {
                let place = format!("{place}/products");
                let entries = compile_products(pairs, &place, kinds, diagnostics);
                let slot = wanted.slot(USER_AGENT);
                self.products = Some(ProductTable { slot, entries });
                Some(CompiledKindSource::Products)
            }
        }
    }
}

/// Names of products and their kinds.
///
/// RFC 9110 §10.1.5 leaves open whether product names are case-sensitive. Here they are not, as in RFC 9309 §2.2.1: a
/// client stays the same when an intermediary rewrites the case.
#[derive(Debug)]
pub(super) struct ProductTable {
    slot: Slot,
    entries: Vec<(String, Kind)>,
}

impl ProductTable {
    /// The first product that is mapped to a kind, and the kind.
    pub(super) fn first<'h>(&self, found: &FoundHeaders<'h>) -> Option<(Kind, Product<'h>)> {
        products(found, self.slot).find_named(|name| self.kind(name))
    }

    /// The first product that is mapped to this kind.
    pub(super) fn of_kind<'h>(&self, found: &FoundHeaders<'h>, kind: Kind) -> Option<Product<'h>> {
        let is_wanted = |name: &str| self.kind(name).filter(|found| *found == kind);
        let (_, product) = products(found, self.slot).find_named(is_wanted)?;
        Some(product)
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        let mut entries = self.entries.iter();
        let (_, kind) = entries.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(*kind)
    }
}

/// The products of the `User-Agent` in this slot; none without one.
pub(super) fn products<'h>(found: &FoundHeaders<'h>, user_agent: Slot) -> Products<'h> {
    Products::of(found.value(user_agent).unwrap_or_default())
}

/// The kind of this name, or a fault at `place`.
pub(super) fn known_kind(
    name: &str,
    place: &str,
    kinds: &Kinds,
    diagnostics: &mut Diagnostics,
) -> Option<Kind> {
    let kind = configured_kind(kinds, name);
    if kind.is_none() {
        let names = kinds.names().skip(1).collect::<Vec<_>>().join(", ");
        let expected = format!("one of the kinds {names}");
        diagnostics.add_at(place, FaultCode::UnknownKind, name, expected);
    }
    kind
}

/// The kind of this name, unless it is `other`.
fn configured_kind(kinds: &Kinds, name: &str) -> Option<Kind> {
    kinds.find(name).filter(|kind| *kind != Kind::OTHER)
}

fn compile_products(
    pairs: &[(String, String)],
    place: &str,
    kinds: &Kinds,
    diagnostics: &mut Diagnostics,
) -> Vec<(String, Kind)> {
    if pairs.is_empty() {
        let expected = "at least one product";
        diagnostics.add_at(place, FaultCode::NoKindSource, "", expected);
    }
    let mut entries: Vec<(String, Kind)> = Vec::new();
    for (index, (product, kind)) in pairs.iter().enumerate() {
        let place = format!("{place}/{}", escape_token(product));
        check_product(&pairs[..index], product, &place, diagnostics);
        let kind = known_kind(kind, &place, kinds, diagnostics);
        entries.extend(kind.map(|kind| (product.to_ascii_lowercase(), kind)));
    }
    entries
}

fn check_product(
    before: &[(String, String)],
    product: &str,
    place: &str,
    diagnostics: &mut Diagnostics,
) {
    if token(product.as_bytes()).is_none() {
        let expected = "a token (RFC 9110 §10.1.5) without a version";
        diagnostics.add_at(place, FaultCode::InvalidProduct, product, expected);
    }
    if before
        .iter()
        .any(|(known, _)| known.eq_ignore_ascii_case(product))
    {
        let expected = "each product once, in any letter case";
        diagnostics.add_at(place, FaultCode::DuplicateProduct, product, expected);
    }
}

fn check_unique(
    before: &[KindSource],
    source: &KindSource,
    place: &str,
    diagnostics: &mut Diagnostics,
) {
    let (repeated, value) = match source {
        KindSource::Header(name) => {
            let same = |known: &KindSource| matches!(known, KindSource::Header(known) if known.eq_ignore_ascii_case(name));
            (before.iter().any(same), name.as_str())
        }
        KindSource::Products(_) => {
            let same = |known: &KindSource| matches!(known, KindSource::Products(_));
            (before.iter().any(same), "products")
        }
    };
    if repeated {
        let expected = "each header once, and all products in one source";
        diagnostics.add_at(place, FaultCode::DuplicateKindSource, value, expected);
    }
}
