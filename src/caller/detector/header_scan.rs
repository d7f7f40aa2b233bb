//! All headers that a detector reads, found in one pass.
//!
//! One pass instead of one look-up for each, because a look-up hashes the name byte by byte and costs more than skipping
//! ten headers, and a request has about that many.

use std::hash::{Hash as _, Hasher};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::caller::also_wanted::AlsoWanted;
use crate::diagnostics::{Diagnostics, FaultCode};

/// How many different headers a detector reads at most.
pub(super) const MAX_HEADERS: usize = 16;

/// How many hashes of names there are. Names of the same hash share a chain.
const HASHES: usize = 64;

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

/// The wanted headers, chained by the hash of their names.
#[derive(Debug)]
pub(super) struct HeaderScan {
    /// Those of the wanted names.
    hashes: NameHashes,
    first: [u8; HASHES],
    wanted: Box<[Wanted]>,
}

#[derive(Debug)]
struct Wanted {
    name: Box<[u8]>,
    ends: [u64; 2],
    next: u8,
}

/// The first value of each wanted header.
#[derive(Debug)]
pub(super) struct FoundHeaders<'h> {
    first: [Option<&'h HeaderValue>; MAX_HEADERS],
    /// How many headers are wanted.
    wanted: usize,
    /// Whether a wanted header occurs more than once.
    repeated: bool,
}

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
            hashes: NameHashes::default(),
            first: [END; HASHES],
            wanted: Box::default(),
        };
        let chain = |(place, name): (u8, &HeaderName)| scan.chain(place, name);
        scan.wanted = (0..END).zip(&self.names).map(chain).collect();
        scan
    }
}

impl HeaderScan {
    /// None of the wanted headers yet.
    #[inline]
    pub(super) fn none<'h>(&self) -> FoundHeaders<'h> {
        FoundHeaders {
            first: [None; MAX_HEADERS],
            wanted: self.wanted.len(),
            repeated: false,
        }
    }

    /// Adds the wanted ones of these headers to `found`, and finds the one that is wanted by another, unless its name is like one of
    /// them.
    // Outlined, so that it has all registers.
    #[inline(never)]
    pub(super) fn find<'h>(
        &self,
        headers: &'h HeaderMap,
        found: &mut FoundHeaders<'h>,
        also: &mut AlsoWanted<'_, 'h>,
    ) {
        let mut hashes = self.hashes;
        let mut other = also.name().filter(|name| hashes.insert(NameHash::of(name)));
        for (name, value) in headers {
            let hash = NameHash::of(name);
            if !hashes.has(hash) {
                continue;
            }
            if other.is_some_and(|other| other == name) {
                also.find(value);
                other = None;
                continue;
            }
            let name = name.as_str().as_bytes();
            let place = self.first[hash.index()];
            match self.wanted.get(usize::from(place)) {
                Some(wanted) if wanted.is_clearly(name) => found.add(Slot(place), value),
                _ => self.look_along_chain(name, place, value, found),
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn look_along_chain<'h>(
        &self,
        name: &[u8],
        mut place: u8,
        value: &'h HeaderValue,
        found: &mut FoundHeaders<'h>,
    ) {
        while let Some(wanted) = self.wanted.get(usize::from(place)) {
            if *wanted.name == *name {
                return found.add(Slot(place), value);
            }
            place = wanted.next;
        }
    }

    /// Puts a wanted header into the chain of its hash.
    fn chain(&mut self, place: u8, name: &HeaderName) -> Wanted {
        let hash = NameHash::of(name);
        self.hashes.add(hash);
        let name = name.as_str().as_bytes();
        Wanted {
            name: name.into(),
            ends: ends(name).unwrap_or_default(),
            next: std::mem::replace(&mut self.first[hash.index()], place),
        }
    }
}

/// The hash of a name, below [`HASHES`].
///
/// By what `http` itself hashes, since the text of a standard name costs more than all the rest of passing over a header: a
/// number for a standard name, or else the text, of which the last four bytes count, since most names of one's own begin alike.
#[derive(Clone, Copy)]
enum NameHash {
    Standard(usize),
    Custom(usize),
}

impl NameHash {
    #[inline]
    fn of(name: &HeaderName) -> Self {
        let mut hash = Self::Standard(0);
        name.hash(&mut hash);
        hash
    }

    #[inline]
    fn index(self) -> usize {
        let (Self::Standard(hash) | Self::Custom(hash)) = self;
        hash % HASHES
    }
}

impl Hasher for NameHash {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        const ODD: u32 = 0x9e37_79b1;
        *self = Self::Custom(match bytes.last_chunk() {
            Some(last) => (u32::from_le_bytes(*last).wrapping_mul(ODD) >> 26) as usize,
            None => bytes.len(),
        });
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        *self = Self::Standard(number.cast_unsigned());
    }

    fn finish(&self) -> u64 {
        self.index() as u64
    }
}

/// Hashes of names, one bit for each: most headers are passed over by this alone.
#[derive(Clone, Copy, Debug, Default)]
struct NameHashes {
    standard: u64,
    custom: u64,
}

impl NameHashes {
    #[inline]
    fn has(&self, hash: NameHash) -> bool {
        match hash {
            NameHash::Standard(_) => self.standard >> hash.index() & 1 == 1,
            NameHash::Custom(_) => self.custom >> hash.index() & 1 == 1,
        }
    }

    /// Adds one, if it is new.
    #[inline]
    fn insert(&mut self, hash: NameHash) -> bool {
        let is_new = !self.has(hash);
        self.add(hash);
        is_new
    }

    fn add(&mut self, hash: NameHash) {
        match hash {
            NameHash::Standard(_) => self.standard |= 1 << hash.index(),
            NameHash::Custom(_) => self.custom |= 1 << hash.index(),
        }
    }
}

impl<'h> FoundHeaders<'h> {
    /// Adds a value of a wanted header, of which the first counts.
    #[inline]
    fn add(&mut self, slot: Slot, value: &'h HeaderValue) {
        match &mut self.first[slot.index()] {
            Some(_) => self.repeated = true,
            first => *first = Some(value),
        }
    }

    /// Whether a wanted header occurs more than once.
    #[inline]
    pub(super) const fn repeated(&self) -> bool {
        self.repeated
    }

    /// The first value of each wanted header, as it was sent and in the order of the slots.
    #[inline]
    pub(super) fn values(&self) -> &[Option<&'h HeaderValue>] {
        self.first.get(..self.wanted).unwrap_or(&self.first)
    }

    /// Whether there is a value of this header.
    #[inline]
    pub(super) const fn has(&self, slot: Slot) -> bool {
        self.first[slot.index()].is_some()
    }

    /// The header's value without blanks around it.
    pub(super) fn value(&self, slot: Slot) -> Option<&'h [u8]> {
        let value = self.first[slot.index()];
        value.map(|value| value.as_bytes().trim_ascii())
    }
}

impl Slot {
    #[inline]
    const fn index(self) -> usize {
        self.0 as usize % MAX_HEADERS
    }
}

impl Wanted {
    /// Whether this is the name, which has 8 to 16 bytes as most have: two words to compare, and no call of `memcmp`.
    #[inline]
    fn is_clearly(&self, name: &[u8]) -> bool {
        self.name.len() == name.len() && ends(name) == Some(self.ends)
    }
}

/// The first and the last eight bytes of a name of 8 to 16.
#[inline]
fn ends(name: &[u8]) -> Option<[u64; 2]> {
    let (first, last) = (name.first_chunk()?, name.last_chunk()?);
    (name.len() <= 16).then(|| [*first, *last].map(u64::from_ne_bytes))
}

#[cfg(test)]
mod tests {
    use http::header::{self, HOST, USER_AGENT};

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
        let mut found = scan.none();
        scan.find(headers, &mut found, &mut AlsoWanted::new(None));
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
    fn a_name_is_a_wanted_one_when_every_byte_is() {
        for length in 1..40 {
            let name = "x".repeat(length);
            let (scan, _) = scan(&[&name]);
            let is_found = |name: String| {
                let name = HeaderName::try_from(name).unwrap();
                let headers = HeaderMap::from_iter([(name, HeaderValue::from_static("1"))]);
                found(&scan, &headers).values()[0].is_some()
            };
            assert!(is_found(name.clone()) && !is_found("x".repeat(length + 1)));
            for place in 0..length {
                let mut other = name.clone();
                other.replace_range(place..=place, "y");
                assert!(!is_found(other), "{length} {place}");
            }
        }
    }

    #[test]
    fn wanted_names_of_one_hash_are_distinguished() {
        let names = [
            "x-one-kind",
            "x-two-kind",
            "x-a-longer-name-of-one-kind",
            "kind",
        ];
        let (scan, slots) = scan(&names);
        let values = names.map(|name| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(name),
            )
        });
        let headers = HeaderMap::from_iter(values);
        let found = found(&scan, &headers);
        for (name, slot) in names.iter().zip(slots) {
            assert_eq!(found.value(slot), Some(name.as_bytes()));
        }
    }

    #[test]
    fn each_standard_name_is_found_among_all_others() {
        let all = [
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::COOKIE,
            header::FORWARDED,
            header::HOST,
            header::ORIGIN,
            header::RANGE,
            header::REFERER,
            header::USER_AGENT,
            header::VARY,
            header::VIA,
            header::WARNING,
            header::WWW_AUTHENTICATE,
            header::X_XSS_PROTECTION,
        ];
        let headers: HeaderMap = all
            .iter()
            .map(|name| (name.clone(), HeaderValue::from_static("1")))
            .chain([(
                HeaderName::from_static("x-agent"),
                HeaderValue::from_static("2"),
            )])
            .collect();
        for name in &all {
            let (scan, slots) = scan(&[name.as_str(), "x-agent"]);
            let found = found(&scan, &headers);
            assert_eq!(
                slots
                    .iter()
                    .map(|slot| found.value(*slot))
                    .collect::<Vec<_>>(),
                [Some(&b"1"[..]), Some(b"2")]
            );
            assert!(!found.repeated());
        }
    }

    #[test]
    fn of_several_values_the_first_counts() {
        let (scan, slots) = scan(&["x-kind"]);
        let mut headers = HeaderMap::new();
        headers.append("x-kind", HeaderValue::from_static(" first\t"));
        assert!(!found(&scan, &headers).repeated());
        headers.append("x-kind", HeaderValue::from_static("second"));
        let found = found(&scan, &headers);
        assert_eq!(found.values(), [headers.get("x-kind")]);
        assert_eq!(found.value(slots[0]), Some(&b"first"[..]));
        assert!(found.repeated());
    }

    #[test]
    fn the_header_of_another_is_found_beside_those_wanted() {
        let (scan, _) = scan(&["x-kind", "user-agent"]);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-kind", "kind"),
            ("x-trace", "1"),
            ("host", "core"),
            ("x-trace", "2"),
            ("x-same-kind", "3"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let found = |name: &'static str| {
            let name = HeaderName::from_static(name);
            let mut also = AlsoWanted::new(Some(&name));
            let mut found = scan.none();
            scan.find(&headers, &mut found, &mut also);
            assert_eq!(found.values(), [headers.get("x-kind"), None]);
            assert!(!found.repeated());
            also.found().cloned()
        };
        assert_eq!(found("x-trace").unwrap(), "1");
        assert_eq!(found("host").unwrap(), "core");
        assert_eq!(found("x-none"), None);
        // Those that are wanted themselves, or that are like them, are left to a look-up.
        for alike in ["x-kind", "x-same-kind", "user-agent"] {
            assert_eq!(found(alike), None, "{alike}");
        }
    }

    #[test]
    fn a_header_wanted_twice_has_one_slot() {
        let (_, slots) = scan(&["X-Kind", "x-kind", "x-name"]);
        assert!(slots[0] == slots[1] && slots[1] != slots[2]);
    }
}
