//! What goes wrong in a rollout.

use crate::{
    random::Random,
    times::{DAY, HOUR, MINUTE, SECOND},
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
    /// What only several instances have.
    OfFleet(FleetFault),
}

/// What goes wrong with one of several instances, or between them and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FleetFault {
    /// One is replaced: by itself, or by one of another name.
    Restart { renamed: bool },
    /// One is killed so long after it last handed all over, and comes back so much later.
    Kill {
        after: u64,
        down: u64,
        renamed: bool,
    },
    /// All are replaced, one after the other in this time: by one that starts before, or in place.
    Deployment { step: u64, surges: bool },
    /// One is added.
    Added,
    /// One is removed, if the policy allows that.
    Removed,
    /// The store cannot be reached.
    StoreAway(u64),
    /// Batches are merged, and no instance hears of it.
    ResponsesLost(u64),
    /// One does not reach the store.
    CutOff(u64),
    /// The clock of one is set.
    ClockStep(i64),
    /// The clock of the store is set.
    StoreClockStep(i64),
}

impl FleetFault {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let renamed = random.percent(50);
        match random.within(0..=9) {
            0 => Self::Restart { renamed },
            1 | 2 => Self::Kill {
                after: random.within(1..=70 * SECOND),
                down: random.pick(&[0, MINUTE, 10 * MINUTE, 5 * HOUR]),
                renamed,
            },
            3 => Self::Deployment {
                step: random.magnitude(SECOND..=HOUR),
                surges: random.percent(70),
            },
            4 => Self::Added,
            5 => Self::Removed,
            6 => Self::StoreAway(random.magnitude(MINUTE..=2 * DAY)),
            7 => Self::ResponsesLost(random.magnitude(MINUTE..=DAY)),
            8 => Self::CutOff(random.magnitude(MINUTE..=DAY)),
            _ => {
                let by = random.magnitude(SECOND..=2 * DAY).cast_signed();
                let by = if random.percent(50) { by } else { -by };
                if random.percent(70) {
                    Self::ClockStep(by)
                } else {
                    Self::StoreClockStep(by)
                }
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Restart { .. } => "an instance restarted",
            Self::Kill { .. } => "an instance killed",
            Self::Deployment { surges: true, .. } => "deployment with surge",
            Self::Deployment { surges: false, .. } => "deployment in place",
            Self::Added => "an instance added",
            Self::Removed => "an instance removed",
            Self::StoreAway(_) => "store away",
            Self::ResponsesLost(_) => "responses of the store lost",
            Self::CutOff(_) => "an instance cut off",
            Self::ClockStep(_) => "clock of an instance",
            Self::StoreClockStep(_) => "clock of the store",
        }
    }
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
            Self::OfFleet(fault) => fault.name(),
        }
    }
}
