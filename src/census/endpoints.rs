//! Endpoint names as small numbers, so that a caller's endpoints fit into one word.

use std::sync::{Mutex, PoisonError};

/// The number of an endpoint in the census, given by [`Census::endpoint`](super::Census::endpoint).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointSlot(u8);

impl EndpointSlot {
    /// The slot that all endpoints share once no other is left.
    pub const OTHER: Self = Self(0);

    /// Its index among the names; `other` is 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
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
