//! The products of `User-Agent` that are mapped to kinds.

use super::header_scan::{Found, Slot};
use crate::caller::kind::Kind;
use crate::caller::user_agent::{Product, Products};

/// Names of products and their kinds.
///
/// RFC 9110 §10.1.5 does not say whether the case of letters counts in a product's name. It does not here,
/// as in RFC 9309 §2.2.1: a client is not another one because something on the way rewrites the case.
#[derive(Debug)]
pub(super) struct ProductTable {
    slot: Slot,
    entries: Box<[Entry]>,
}

#[derive(Debug)]
struct Entry {
    name: Box<str>,
    kind: Kind,
}

impl ProductTable {
    pub(super) fn new(slot: Slot, entries: impl IntoIterator<Item = (String, Kind)>) -> Self {
        let entry = |(name, kind): (String, Kind)| Entry {
            name: name.into(),
            kind,
        };
        Self {
            slot,
            entries: entries.into_iter().map(entry).collect(),
        }
    }

    /// The first product that is mapped to a kind, and the kind.
    pub(super) fn first<'h>(&self, found: &Found<'h>) -> Option<(Kind, Product<'h>)> {
        products(found, self.slot)
            .find_map(|product| self.kind(product.name()).map(|kind| (kind, product)))
    }

    /// The first product that is mapped to this kind.
    pub(super) fn of_kind<'h>(&self, found: &Found<'h>, kind: Kind) -> Option<Product<'h>> {
        let mut products = products(found, self.slot);
        products.find(|product| self.kind(product.name()) == Some(kind))
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| entry.name.eq_ignore_ascii_case(name))?;
        Some(entry.kind)
    }
}

/// The products of the `User-Agent` in this slot; none without one.
pub(super) fn products<'h>(found: &Found<'h>, user_agent: Slot) -> Products<'h> {
    Products::of(found.value(user_agent).unwrap_or_default())
}
