//! What goes wrong in a rollout.

use crate::{
    random::Random,
    times::{DAY, HOUR, MINUTE},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// An orderly restart.
    Restart,
    /// The process is killed and starts from its last snapshot.
    CrashWithOldSnapshot,
    /// The process is killed and its snapshot is lost.
    CrashWithoutSnapshot,
    /// The process is down: calls fail.
    Down(u64),
    /// The service runs without the layer: calls succeed, unobserved.
    WithoutLayer(u64),
    /// The wall clock jumps ahead.
    ClockAhead(u64),
    /// The wall clock jumps back.
    ClockBack(u64),
    /// Another contract is served, with the same shapes.
    NewContract,
    /// A restart with other rules of the detector that say the same of each client.
    NewDetector,
    /// A restart with another identity signal: every client has another fingerprint.
    NewIdentitySignal,
    /// The handler's bodies cannot be decided.
    Undecidable(u64),
    /// The handler fails.
    Failing(u64),
    /// The worker does not tick.
    Stalled(u64),
}

impl Fault {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let hours = |random: &mut Random| random.magnitude(HOUR..=2 * DAY);
        match random.within(0..=12) {
            0 => Self::Restart,
            1 => Self::CrashWithOldSnapshot,
            2 => Self::CrashWithoutSnapshot,
            3 => Self::Down(hours(random)),
            4 => Self::WithoutLayer(hours(random)),
            5 => Self::ClockAhead(random.magnitude(MINUTE..=2 * DAY)),
            6 => Self::ClockBack(random.magnitude(MINUTE..=2 * DAY)),
            7 => Self::NewContract,
            8 => Self::NewDetector,
            9 => Self::NewIdentitySignal,
            10 => Self::Undecidable(random.magnitude(HOUR..=6 * HOUR)),
            11 => Self::Failing(hours(random)),
            _ => Self::Stalled(hours(random)),
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::CrashWithOldSnapshot => "crash with an old snapshot",
            Self::CrashWithoutSnapshot => "crash without a snapshot",
            Self::Down(_) => "downtime",
            Self::WithoutLayer(_) => "without the layer",
            Self::ClockAhead(_) => "clock ahead",
            Self::ClockBack(_) => "clock back",
            Self::NewContract => "new contract",
            Self::NewDetector => "new detector",
            Self::NewIdentitySignal => "new identity signal",
            Self::Undecidable(_) => "undecidable bodies",
            Self::Failing(_) => "5xx",
            Self::Stalled(_) => "stalled worker",
        }
    }
}
