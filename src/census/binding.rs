//! From the names of a contract and a detector to the numbers of the census.

use crate::{
    caller::{Caller, Kind, Kinds},
    observation::Observation,
};

use super::{
    endpoints::{EndpointSlot, Endpoints},
    event::{CallerEvent, Dependence},
};

/// The census's numbers for the endpoints of a contract and the kinds of a detector, by their index there.
pub(super) struct Binding {
    endpoints: Box<[EndpointSlot]>,
    kinds: Box<[Kind]>,
}

impl Binding {
    /// `known` are the kinds of the census, `other` first.
    pub(super) fn new(observation: &Observation<'_>, slots: &Endpoints, known: &[String]) -> Self {
        let known = Kinds::new(known.iter().skip(1).cloned());
        let known = known.expect("the kinds of a census are a set");
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
    pub(super) fn event(&self, observation: &Observation<'_>) -> CallerEvent {
        CallerEvent {
            caller: self.caller(observation.caller()),
            endpoint: self.endpoints[observation.endpoint_index()],
            dependence: dependence(observation),
        }
    }

    /// The caller with its kind as the census numbers it; `other` if the census does not know it.
    #[inline]
    fn caller(&self, caller: &Caller) -> Caller {
        let kind = self.kinds.get(caller.kind().index()).copied();
        caller.of_kind(kind.unwrap_or(Kind::OTHER))
    }
}

/// Only dependent callers are served a legacy shape.
fn dependence(observation: &Observation<'_>) -> Dependence {
    if observation.shape().is_legacy() {
        Dependence::Served
    } else if observation.is_dependent() {
        Dependence::Stranded
    } else {
        Dependence::None
    }
}
