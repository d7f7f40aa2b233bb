//! What the census counts: one observed response, with the numbers that the census has for its endpoint and kind.

use std::sync::{Mutex, PoisonError};

use crate::{
    caller::{Caller, Kind, Kinds},
    observation::Observation,
};

/// One observed response, as the census counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerEvent {
    /// The caller that sent the request.
    pub caller: Caller,
    /// The endpoint that responded.
    pub endpoint: EndpointSlot,
    /// Whether the caller depended on the legacy shape.
    pub dependence: Dependence,
    /// Whether an endpoint with legacy shapes failed: it gave a response of status 5xx.
    pub failed: bool,
}

/// Whether a response shows that its caller depends on the legacy shape. A target caller never depends, whatever is
/// given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a response either is legacy, or should have been, or could have been, or not"
)]
pub enum Dependence {
    /// No outcome that this request could have had has a legacy shape, or the caller understands the target contract.
    None,
    /// The outcome has no legacy shape, but another one that this request could have had has one.
    Latent,
    /// The legacy shape was served.
    Served,
    /// A legacy shape exists, or the outcome is undetermined, and the target response was served.
    Stranded,
}

/// A [`CallerEvent`] whose caller stays where it is: it is large, and a copy would cost as much as a look-up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting<'a> {
    pub(super) caller: &'a Caller,
    /// The caller's kind as the census numbers it.
    pub(super) kind: Kind,
    pub(super) endpoint: EndpointSlot,
    pub(super) dependence: Dependence,
    pub(super) failed: bool,
}

impl CallerEvent {
    #[inline]
    pub(super) const fn sighting(&self) -> Sighting<'_> {
        Sighting {
            caller: &self.caller,
            kind: self.caller.kind(),
            endpoint: self.endpoint,
            dependence: self.dependence,
            failed: self.failed,
        }
    }
}

impl Sighting<'_> {
    /// The dependence that counts.
    pub(super) const fn effective(&self) -> Dependence {
        if self.caller.is_target() {
            Dependence::None
        } else {
            self.dependence
        }
    }
}

impl Dependence {
    /// Whether the caller depends on the legacy shape.
    #[must_use]
    pub const fn is_dependent(self) -> bool {
        matches!(self, Self::Served | Self::Stranded)
    }
}

/// The number of an endpoint in the census, given by [`Census::endpoint`](super::Census::endpoint).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointSlot(u8);

impl EndpointSlot {
    /// The slot that all endpoints share once no other is left.
    pub const OTHER: Self = Self(0);

    /// Its index among the names, at most 63; `other` is 0.
    pub(super) const fn index(self) -> usize {
        (self.0 & 63) as usize
    }

    pub(super) const fn bit(self) -> u64 {
        1 << (self.0 & 63)
    }
}

/// The names of the slots. Slots are never reused: records of earlier endpoints refer to them.
#[derive(Debug)]
pub(super) struct Endpoints {
    names: Mutex<Vec<Box<str>>>,
}

impl Endpoints {
    /// `other` and 63 named ones.
    pub(super) const MAX: usize = 64;

    /// The longest name with a slot; longer ones are `other`.
    pub(super) const MAX_NAME: usize = 256;

    /// The slot of a name: its own while there are any, else [`EndpointSlot::OTHER`].
    pub(super) fn slot(&self, name: &str) -> EndpointSlot {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = names.iter().position(|known| **known == *name);
        let index = known.unwrap_or_else(|| {
            if names.len() == Self::MAX || name.len() > Self::MAX_NAME {
                return 0;
            }
            names.push(name.into());
            names.len() - 1
        });
        EndpointSlot(u8::try_from(index).expect("there are at most 64 names"))
    }

    pub(super) fn names(&self) -> Vec<Box<str>> {
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            names: Mutex::new(vec!["other".into()]),
        }
    }
}

/// The names whose bits are set, in the order of registration.
pub(super) fn names_of(bits: u64, names: &[Box<str>]) -> Vec<String> {
    let set = (0_u32..).zip(names).filter(|(bit, _)| bits >> bit & 1 == 1);
    set.map(|(_, name)| name.to_string()).collect()
}

/// The census's numbers for the endpoints of a contract and the kinds of a detector, by their index there.
pub(super) struct Binding {
    endpoints: Box<[EndpointSlot]>,
    kinds: Box<[Kind]>,
}

impl Binding {
    /// `known` are the kinds of the census.
    pub(super) fn new(observation: &Observation<'_>, slots: &Endpoints, known: &Kinds) -> Self {
        let endpoints = observation.contract().endpoints.iter();
        let kinds = observation.kinds().names();
        Self {
            endpoints: endpoints
                .map(|endpoint| slots.slot(&endpoint.name))
                .collect(),
            kinds: kinds
                .map(|name| known.find(name).unwrap_or(Kind::OTHER))
                .collect(),
        }
    }

    #[inline]
    pub(super) fn sighting<'a>(&self, observation: &'a Observation<'_>) -> Sighting<'a> {
        Sighting {
            caller: observation.caller(),
            kind: self.kind(observation.caller()),
            endpoint: self.endpoints[observation.endpoint_index()],
            dependence: dependence(observation),
            failed: observation.endpoint_has_legacy()
                && observation.target_status().is_server_error(),
        }
    }

    /// The caller's kind as the census numbers it; `other` if the census does not know it.
    #[inline]
    fn kind(&self, caller: &Caller) -> Kind {
        let kind = self.kinds.get(caller.kind().index()).copied();
        kind.unwrap_or(Kind::OTHER)
    }
}

/// Only dependent callers are served a legacy shape.
#[inline]
fn dependence(observation: &Observation<'_>) -> Dependence {
    if observation.shape().is_legacy() {
        Dependence::Served
    } else if observation.is_dependent() {
        Dependence::Stranded
    } else if observation.can_be_legacy && !observation.caller().is_target() {
        // As [`Observation::is_latent`], of one that is not dependent.
        Dependence::Latent
    } else {
        Dependence::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_slot_and_the_64th_is_other() {
        let endpoints = Endpoints::default();
        let poll = endpoints.slot("device_poll");
        assert_eq!(endpoints.slot("other"), EndpointSlot::OTHER);
        for n in 0..62 {
            assert_ne!(endpoints.slot(&format!("e{n}")), EndpointSlot::OTHER);
        }
        assert_eq!(endpoints.slot("too many"), EndpointSlot::OTHER);
        assert_eq!(endpoints.slot("device_poll"), poll);
        assert_eq!(
            names_of(poll.bit() | 1, &endpoints.names()),
            ["other", "device_poll"]
        );
    }

    #[test]
    fn a_name_that_is_too_long_is_other() {
        let name = "x".repeat(Endpoints::MAX_NAME + 1);
        assert_eq!(Endpoints::default().slot(&name), EndpointSlot::OTHER);
    }
}
