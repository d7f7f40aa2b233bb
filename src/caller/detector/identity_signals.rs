//! The installation that a caller is.

use http::Extensions;
use http::header::{HeaderName, USER_AGENT};

use super::detector_settings::{DetectorSettings, IdentitySignal, SignalPart};
use super::header_scan::{FoundHeaders, Slot, WantedHeaders};
use super::kind_rules::{KindMatch, KindRules, products};
use crate::caller::caller::ClientAddr;
use crate::caller::fingerprint::{Fingerprint, FingerprintKey, Pseudonym};
use crate::diagnostics::{Diagnostics, FaultCode};
use crate::http_syntax::is_visible;

/// How many characters a header may have to count as an identity.
const LONGEST_VALUE: usize = 256;

/// How many characters a product's name may have to count as an identity.
const LONGEST_PRODUCT: usize = 64;

/// The identity signals in their order.
#[derive(Debug)]
pub(super) struct IdentitySignals(Box<[CompiledSignal]>);

/// One signal: its parts, and the hash of all that is known of them in advance.
#[derive(Debug)]
struct CompiledSignal {
    /// Up to the name of the first part.
    start: Pseudonym,
    first: PartSource,
    /// The others with their names.
    more: Box<[(Box<str>, PartSource)]>,
}

#[derive(Clone, Copy, Debug)]
enum PartSource {
    Header(Slot),
    ClientAddress,
    ProductName(Slot),
}

/// What of a request the signals are read from.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignalInput<'a, 'h> {
    pub(super) found: &'a FoundHeaders<'h>,
    pub(super) extensions: &'a Extensions,
    pub(super) kinds: &'a KindRules,
    pub(super) matched: KindMatch<'h>,
}

impl IdentitySignals {
    pub(super) fn compile(
        settings: &DetectorSettings,
        key: &FingerprintKey,
        wanted: &mut WantedHeaders,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let decisive = wanted.names().to_vec();
        let mut compiler = SignalCompiler {
            wanted,
            diagnostics,
            decisive: &decisive,
        };
        let mut signals = Vec::new();
        for (index, signal) in settings.identity.iter().enumerate() {
            let parts = compiler.signal(signal, &format!("/identity/{index}"));
            signals.extend(CompiledSignal::new(parts, key));
        }
        Self(signals.into())
    }

    /// Whether the first signal is a header and identifies the caller, so that the result depends on headers alone.
    pub(super) fn is_identified_by_header(&self, found: &FoundHeaders<'_>) -> bool {
        let value = self.first_header().and_then(|slot| found.value(slot));
        value.is_some_and(is_identity)
    }

    /// The header that alone is the first signal.
    #[inline]
    pub(super) fn first_header(&self) -> Option<Slot> {
        match self.0.first()? {
            CompiledSignal {
                first: PartSource::Header(slot),
                more,
                ..
            } if more.is_empty() => Some(*slot),
            _ => None,
        }
    }

    /// The fingerprint by the first signal that is present.
    pub(super) fn find(&self, input: SignalInput<'_, '_>) -> Option<Fingerprint> {
        self.0.iter().find_map(|signal| signal.fingerprint(input))
    }
}

impl CompiledSignal {
    fn new(parts: Vec<(String, PartSource)>, key: &FingerprintKey) -> Option<Self> {
        let count = 2 * parts.len();
        let mut parts = parts.into_iter();
        let (name, first) = parts.next()?;
        Some(Self {
            start: Pseudonym::under(key, count).with(name.as_bytes()),
            first,
            more: parts.map(|(name, source)| (name.into(), source)).collect(),
        })
    }

    fn fingerprint(&self, input: SignalInput<'_, '_>) -> Option<Fingerprint> {
        let Some(((last_name, last), between)) = self.more.split_last() else {
            return self
                .first
                .read(input, |value| self.start.finish_with(value));
        };
        let mut hash = self
            .first
            .read(input, |value| self.start.clone().with(value))?;
        for (name, source) in between {
            hash = source.read(input, |value| hash.with(name.as_bytes()).with(value))?;
        }
        last.read(input, |value| {
            hash.with(last_name.as_bytes()).finish_with(value)
        })
    }
}

impl PartSource {
    /// What `hash` makes of the part's value; `None` when it is absent.
    fn read<T>(self, input: SignalInput<'_, '_>, hash: impl FnOnce(&[u8]) -> T) -> Option<T> {
        match self {
            Self::Header(slot) => {
                let value = input.found.value(slot)?;
                is_identity(value).then(|| hash(value))
            }
            Self::ClientAddress => Some(match ClientAddr::of(input.extensions)? {
                std::net::IpAddr::V4(address) => hash(&address.octets()),
                std::net::IpAddr::V6(address) => hash(&address.octets()),
            }),
            Self::ProductName(user_agent) => {
                let name = product_name(input, user_agent)?.as_bytes();
                let mut buffer = [0; LONGEST_PRODUCT];
                let lower = buffer.get_mut(..name.len())?;
                lower.copy_from_slice(name);
                lower.make_ascii_lowercase();
                Some(hash(lower))
            }
        }
    }
}

/// The first product mapped to a kind, which may already be known; else the first of all.
fn product_name<'h>(input: SignalInput<'_, 'h>, user_agent: Slot) -> Option<&'h str> {
    let SignalInput {
        found,
        kinds,
        matched,
        ..
    } = input;
    let mapped = || kinds.products()?.first(found).map(|(_, product)| product);
    let product = matched.product.or_else(mapped);
    let product = product.or_else(|| products(found, user_agent).next());
    product.map(|product| product.name())
}

/// Whether the value is 1 to 256 visible ASCII characters.
#[inline]
fn is_identity(value: &[u8]) -> bool {
    (1..=LONGEST_VALUE).contains(&value.len()) && is_visible(value)
}

struct SignalCompiler<'a> {
    wanted: &'a mut WantedHeaders,
    diagnostics: &'a mut Diagnostics,
    /// The headers that decide kind and generation.
    decisive: &'a [HeaderName],
}

impl SignalCompiler<'_> {
    fn signal(&mut self, signal: &IdentitySignal, place: &str) -> Vec<(String, PartSource)> {
        match signal {
            IdentitySignal::Header(name) => self.header(name, place).into_iter().collect(),
            IdentitySignal::ClientAddress => vec![client_address()],
            IdentitySignal::AllOf(parts) => {
                let place = format!("{place}/all_of");
                self.check_combination(parts, &place);
                let parts = parts.iter().enumerate();
                parts
                    .filter_map(|(i, part)| self.part(part, &format!("{place}/{i}")))
                    .collect()
            }
        }
    }

    fn part(&mut self, part: &SignalPart, place: &str) -> Option<(String, PartSource)> {
        match part {
            SignalPart::Header(name) => self.header(name, place),
            SignalPart::ClientAddress => Some(client_address()),
            SignalPart::ProductName => {
                let slot = self.wanted.slot(USER_AGENT);
                Some(("product".to_owned(), PartSource::ProductName(slot)))
            }
        }
    }

    fn header(&mut self, name: &str, place: &str) -> Option<(String, PartSource)> {
        let place = format!("{place}/header");
        let slot = self.wanted.parse(name, &place, self.diagnostics)?;
        let lower = name.to_ascii_lowercase();
        if lower == "user-agent" || self.decisive.iter().any(|known| known.as_str() == lower) {
            let expected = "a header that an upgrade does not change (kind, version and user agent do), such as \
                            X-Client-Id";
            self.diagnostics
                .add_at(place, FaultCode::UnstableIdentity, name, expected);
        }
        Some((format!("header:{lower}"), PartSource::Header(slot)))
    }

    fn check_combination(&mut self, parts: &[SignalPart], place: &str) {
        if parts.is_empty() {
            let expected = "at least one part";
            self.diagnostics
                .add_at(place, FaultCode::EmptyCombination, "", expected);
        } else if parts.iter().all(|part| *part == SignalPart::ProductName) {
            let expected = "another part beside it: all installations share the product name";
            self.diagnostics
                .add_at(place, FaultCode::ProductAlone, "product", expected);
        }
    }
}

fn client_address() -> (String, PartSource) {
    ("client_address".to_owned(), PartSource::ClientAddress)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_is_judged_alike_at_every_place() {
        for length in 1..20 {
            for (place, byte) in (0..length).flat_map(|place| (0..=255).map(move |b| (place, b))) {
                let mut value = vec![b'i'; length];
                value[place] = byte;
                assert_eq!(
                    is_visible(&value),
                    byte.is_ascii_graphic(),
                    "{byte} at {place}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn visible_is_what_every_byte_alone_is(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(is_visible(&value), value.iter().all(u8::is_ascii_graphic));
        }
    }
}
