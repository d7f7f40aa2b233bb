//! What a layer was set up with, shared by all its services.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

use http::HeaderValue;

use crate::{
    caller::{Detect, Kinds},
    contract::LiveContract,
    flag::FlagReader,
    observation::Observe,
};

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) contract: LiveContract,
    pub(super) flag: FlagReader,
    pub(super) observers: Vec<Arc<dyn Observe>>,
    /// How many bytes of a body are looked at.
    pub(super) body_limit: usize,
    /// The request headers that decide who the caller is, for `Vary`.
    pub(super) vary: Option<HeaderValue>,
    /// Who tells callers apart; without one every caller is an anonymous legacy caller.
    pub(super) detector: Option<Arc<dyn Detect>>,
    pub(super) kinds: Kinds,
    pub(super) warned_of_placement: Arc<AtomicBool>,
    pub(super) warned_of_capture: Arc<AtomicBool>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("contract", &self.contract)
            .field("flag", &self.flag)
            .field("observers", &self.observers.len())
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}
