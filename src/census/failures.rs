//! Hours in which an endpoint gave nothing but errors, and so could not show who depends.

use std::{
    array,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use serde::{Deserialize, Serialize};

use super::event::{EndpointSlot, Endpoints};

/// An hour in milliseconds.
const HOUR: u64 = 3_600_000;

/// The fewest failed responses that make an hour a gap.
const FEWEST: u32 = 10;

/// What was counted since the last heartbeat, by endpoint.
#[derive(Debug)]
pub(super) struct EndpointHealth([Health; Endpoints::MAX]);

#[derive(Debug, Default)]
struct Health {
    /// Whether a response was no failure. Only ever read while it is set, so that threads do not fight for it.
    worked: AtomicBool,
    failed: AtomicU32,
}

/// The failures of the present hour.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Failures {
    /// The number of the hour on the timeline.
    hour: u64,
    /// Of each endpoint: whether any response was no failure, and the number of failures.
    endpoints: Vec<(bool, u32)>,
}

impl EndpointHealth {
    #[inline]
    pub(super) fn count(&self, endpoint: EndpointSlot, failed: bool) {
        let health = &self.0[endpoint.index()];
        // Relaxed here and below: the counts order no other memory.
        if failed {
            health.failed.fetch_add(1, Ordering::Relaxed);
        } else if !health.worked.load(Ordering::Relaxed) {
            health.worked.store(true, Ordering::Relaxed);
        }
    }
}

impl EndpointHealth {
    /// What was counted since the last time: of each endpoint whether any response was no failure, and the failures.
    pub(super) fn take(&self) -> impl Iterator<Item = (u8, bool, u32)> {
        let taken = (0..).zip(&self.0).map(|(endpoint, health)| {
            let worked = health.worked.swap(false, Ordering::Relaxed);
            (endpoint, worked, health.failed.swap(0, Ordering::Relaxed))
        });
        taken.filter(|(_, worked, failed)| *worked || *failed > 0)
    }
}

/// Whether an endpoint with these failures in an hour could not show who depends.
pub(super) const fn is_failing(worked: bool, failed: u64) -> bool {
    !worked && failed >= FEWEST as u64
}

impl Default for EndpointHealth {
    fn default() -> Self {
        Self(array::from_fn(|_| Health::default()))
    }
}

impl Failures {
    /// Takes in what was counted up to this time, and returns the start and end of the hour before if it has ended by now
    /// and an endpoint failed all through it.
    pub(super) fn take(&mut self, health: &EndpointHealth, now: u64) -> Option<(u64, u64)> {
        self.endpoints.resize(Endpoints::MAX, (false, 0));
        for ((worked, failed), health) in self.endpoints.iter_mut().zip(&health.0) {
            *worked |= health.worked.swap(false, Ordering::Relaxed);
            *failed = failed.saturating_add(health.failed.swap(0, Ordering::Relaxed));
        }
        let ended = std::mem::replace(&mut self.hour, now / HOUR);
        if ended == self.hour {
            return None;
        }
        let failing = |(worked, failed): &(bool, u32)| is_failing(*worked, u64::from(*failed));
        let is_gap = self.endpoints.iter().any(failing);
        self.endpoints.fill((false, 0));
        is_gap.then_some((ended * HOUR, (ended + 1) * HOUR))
    }
}
