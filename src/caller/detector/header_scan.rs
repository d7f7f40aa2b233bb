//! All headers that a detector reads, found in one pass.
//!
//! One pass instead of one look-up for each, because a look-up hashes the name byte by byte and costs more than skipping
//! ten headers, and a request has about that many.

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::diagnostics::{Diagnostics, FaultCode};

/// How many different headers a detector reads at most.
pub(super) const MAX_HEADERS: usize = 16;

/// Names whose lengths are equal modulo this share a chain.
const LENGTHS: usize = 64;

/// Ends a chain: no place in the list of wanted names, which is far shorter.
const END: u8 = u8::MAX;

/// The place of one wanted header in what a scan has found: below [`MAX_HEADERS`] in any detector that was
/// built, so that the remainder by it changes nothing and spares a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub(super) u8);

/// The wanted headers, each name once, as they are gathered from the settings.
#[derive(Debug, Default)]
pub(super) struct WantedHeaders {
    names: Vec<HeaderName>,
}

/// The wanted headers, chained by the length of their names.
#[derive(Debug)]
pub(super) struct HeaderScan {
    /// A bit for each length that a wanted name has: most headers are passed over by this alone.
    lengths: u64,
    first: [u8; LENGTHS],
    wanted: Box<[Wanted]>,
}

#[derive(Debug)]
struct Wanted {
    name: Box<[u8]>,
    next: u8,
}

/// The first value of each wanted header.
#[derive(Debug)]
pub(super) struct FoundHeaders<'h>([Option<&'h HeaderValue>; MAX_HEADERS]);

impl WantedHeaders {
    /// The slot of the header of this name, or a fault at `place`.
    pub(super) fn parse(
        &mut self,
        name: &str,
        place: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Slot> {
        if let Ok(name) = HeaderName::try_from(name) {
            return Some(self.slot(name));
        }
        let expected = "a header name (a token, RFC 9110 §5.1) such as X-Client-Id";
        diagnostics.add_at(place, FaultCode::InvalidHeader, name, expected);
        None
    }

    /// The slot of this header.
    pub(super) fn slot(&mut self, name: HeaderName) -> Slot {
        let known = self.names.iter().position(|known| *known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        Slot(u8::try_from(place).unwrap_or(END))
    }

    pub(super) fn names(&self) -> &[HeaderName] {
        &self.names
    }

    /// The scan for these headers; a fault when they are too many.
    pub(super) fn compile(self, diagnostics: &mut Diagnostics) -> HeaderScan {
        diagnostics.at_most(MAX_HEADERS, "different headers", "", self.names.len());
        let mut scan = HeaderScan {
            lengths: 0,
            first: [END; LENGTHS],
            wanted: Box::default(),
        };
        let chain = |(place, name): (u8, &HeaderName)| scan.chain(place, name.as_str());
        scan.wanted = (0..END).zip(&self.names).map(chain).collect();
        scan
    }
}

impl HeaderScan {
    /// Hands out all values of wanted headers.
    #[inline]
    pub(super) fn visit<'h>(
        &self,
        headers: &'h HeaderMap,
        mut take: impl FnMut(Slot, &'h HeaderValue),
    ) {
        for (name, value) in headers {
            let name = name.as_str().as_bytes();
            if self.lengths >> (name.len() % LENGTHS) & 1 == 1
                && let Some(slot) = self.find(name)
            {
                take(slot, value);
            }
        }
    }

    #[inline]
    fn find(&self, name: &[u8]) -> Option<Slot> {
        let mut place = self.first[name.len() % LENGTHS];
        while let Some(wanted) = self.wanted.get(usize::from(place)) {
            if is_same(&wanted.name, name) {
                return Some(Slot(place));
            }
            place = wanted.next;
        }
        None
    }

    /// Puts a wanted header into the chain of its length.
    fn chain(&mut self, place: u8, name: &str) -> Wanted {
        let length = name.len() % LENGTHS;
        self.lengths |= 1 << length;
        Wanted {
            name: name.as_bytes().into(),
            next: std::mem::replace(&mut self.first[length], place),
        }
    }
}

impl<'h> FoundHeaders<'h> {
    pub(super) const fn none() -> Self {
        Self([None; MAX_HEADERS])
    }

    /// Adds a value of a wanted header, of which the first counts.
    #[inline]
    pub(super) fn add(&mut self, slot: Slot, value: &'h HeaderValue) {
        self.0[usize::from(slot.0) % MAX_HEADERS].get_or_insert(value);
    }

    /// Whether there is a value of this header.
    #[inline]
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.0[usize::from(slot.0) % MAX_HEADERS].is_some()
    }

    /// The header's value without blanks around it.
    pub(super) fn value(&self, slot: Slot) -> Option<&'h [u8]> {
        let value = self.0[usize::from(slot.0) % MAX_HEADERS];
        value.map(|value| value.as_bytes().trim_ascii())
    }
}

/// Whether two names are equal. Most have 8 to 16 bytes and are compared as two words, without a call to `memcmp`.
#[inline]
fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    match (left.first_chunk::<8>(), left.last_chunk::<8>()) {
        (Some(first), Some(last)) if left.len() <= 16 => {
            right.starts_with(first) && right.ends_with(last)
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use http::header::{HOST, USER_AGENT};

    use super::*;

    fn scan(names: &[&str]) -> (HeaderScan, Vec<Slot>) {
        let mut wanted = WantedHeaders::default();
        let mut diagnostics = Diagnostics::default();
        let slots = names
            .iter()
            .filter_map(|name| wanted.parse(name, "", &mut diagnostics))
            .collect();
        let scan = wanted.compile(&mut diagnostics);
        assert_eq!(diagnostics.into_faults(), []);
        (scan, slots)
    }

    fn found<'h>(scan: &HeaderScan, headers: &'h HeaderMap) -> FoundHeaders<'h> {
        let mut found = FoundHeaders::none();
        scan.visit(headers, |slot, value| found.add(slot, value));
        found
    }

    #[test]
    fn every_wanted_header_is_found_standard_or_not_and_of_any_length() {
        let long = "x".repeat(70);
        let other = format!("{}y", &long[1..]);
        let (scan, slots) = scan(&["X-Kind", "User-Agent", &long, &other, "x-name"]);
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("host"));
        headers.insert(USER_AGENT, HeaderValue::from_static("agent"));
        headers.insert("x-kind", HeaderValue::from_static("kind"));
        headers.insert(
            HeaderName::try_from(other).unwrap(),
            HeaderValue::from_static("long"),
        );
        let found = found(&scan, &headers);
        let values: Vec<_> = slots.iter().map(|slot| found.value(*slot)).collect();
        assert_eq!(
            values,
            [
                Some(&b"kind"[..]),
                Some(b"agent"),
                None,
                Some(b"long"),
                None
            ]
        );
    }

    #[test]
    fn names_are_the_same_when_every_byte_is() {
        for length in 0..20 {
            let name = vec![b'x'; length];
            assert!(is_same(&name, &name.clone()) && !is_same(&name, &vec![b'x'; length + 1]));
            for place in 0..length {
                let mut other = name.clone();
                other[place] = b'y';
                assert!(!is_same(&name, &other), "{length} {place}");
            }
        }
    }

    #[test]
    fn of_several_values_the_first_counts() {
        let (scan, slots) = scan(&["x-kind"]);
        let mut headers = HeaderMap::new();
        headers.append("x-kind", HeaderValue::from_static(" first\t"));
        headers.append("x-kind", HeaderValue::from_static("second"));
        assert_eq!(found(&scan, &headers).value(slots[0]), Some(&b"first"[..]));
    }

    #[test]
    fn a_header_wanted_twice_has_one_slot() {
        let (_, slots) = scan(&["X-Kind", "x-kind", "x-name"]);
        assert!(slots[0] == slots[1] && slots[1] != slots[2]);
    }
}
