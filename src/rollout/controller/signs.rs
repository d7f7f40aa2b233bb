//! What is past its time, and saying so.

use std::time::Duration;

use super::{desk::Desk, parts::Parts};
use crate::rollout::view::overdue;

const DAY: Duration = Duration::from_secs(86_400);

impl Parts {
    /// Says what is past its time: once at first, and then once a day.
    pub(super) fn give_signs(&self, desk: &mut Desk) {
        let overdue = overdue(desk.state(), &desk.policy, self.now());
        let now = self.clock.monotonic();
        desk.signs.retain(|what, _| overdue.contains(what));
        for what in overdue {
            let given = desk.signs.get(&what);
            if given.is_none_or(|given| now.saturating_sub(*given) >= DAY) {
                desk.signs.insert(what, now);
                let (flag, phase) = (self.flag.name(), desk.state().phase().as_str());
                let what = what.as_str();
                tracing::warn!(flag, phase, what, "the rollout is overdue");
            }
        }
    }
}
