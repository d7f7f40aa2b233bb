//! The census as an observer of answers.

use crate::observation::{Observation, Observe};

use super::{binding::Binding, census::Census};

/// Counts each answer for its caller.
impl Observe for Census {
    #[inline]
    fn observe(&self, observation: &Observation<'_>) {
        let prepare = || Binding::new(observation, &self.endpoints, self.kind_names());
        let record = |binding: &Binding| self.record(&binding.sighting(observation));
        self.per_contract.with(observation, prepare, record);
    }
}
