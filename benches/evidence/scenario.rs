//! A rollout as it is drawn: who is installed, what becomes of them, and what goes wrong.

use std::time::Duration;

use legacy_http_compat::{
    census::Window,
    rollout::{
        Phase,
        policy::{AutoRollback, Policy},
    },
};

use crate::{
    comeback::Comeback,
    fault::{Fault, FleetFault},
    fleet::FleetPlan,
    installation::{Change, Identity, Installation, KINDS, Reply, Version},
    random::Random,
    rhythm::Rhythm,
    times::{DAY, HOUR},
};

/// About how many calls a rollout may cost.
const CALLS: u64 = 8_000;

/// The places in the census, for more callers than there are.
const PLACES: usize = 4_096;

/// By when all that is going to change has changed.
const SETTLED: u64 = 22 * DAY;

pub(crate) struct Scenario {
    pub(crate) random: Random,
    pub(crate) policy: Policy,
    /// `inactive_after` of the policy.
    pub(crate) window: u64,
    pub(crate) capacity: usize,
    pub(crate) installations: Vec<Installation>,
    pub(crate) changes: Vec<(u64, usize, Change)>,
    pub(crate) faults: Vec<(u64, Fault)>,
    /// Dependents that come back after the first cutover.
    pub(crate) comebacks: Vec<Comeback>,
    /// Faults so long after the first cutover.
    pub(crate) late_faults: Vec<(u64, Fault)>,
    /// Whether the operator rolls back a cutover that strands callers, or waits until they are gone.
    pub(crate) rolls_back: bool,
    /// How long a cutover lasts at least before the operator retires the rollout.
    pub(crate) retires_after: u64,
    /// Several instances, in one of three rollouts.
    pub(crate) fleet: Option<FleetPlan>,
    /// Whether one that depends never leaves, so that the gates must never pass.
    pub(crate) stays: bool,
}

impl Scenario {
    /// One of so many rollouts has several instances.
    pub(crate) const FLEETS: u64 = 3;

    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let window = random.pick(&[14 * DAY, 14 * DAY, 7 * DAY, 3 * DAY]);
        let count = random.magnitude(1..=500);
        let mut scenario = Self {
            policy: policy(window, &mut random),
            window,
            capacity: PLACES,
            installations: Vec::new(),
            changes: Vec::new(),
            faults: Vec::new(),
            comebacks: Vec::new(),
            late_faults: Vec::new(),
            rolls_back: random.percent(60),
            retires_after: random.pick(&[0, window, 2 * window]),
            stays: random.percent(30),
            fleet: seed
                .is_multiple_of(Self::FLEETS)
                .then(|| FleetPlan::draw(seed)),
            random,
        };
        if let Some(plan) = &scenario.fleet {
            scenario.policy.processes = plan.processes;
        }
        scenario.draw_faults(count);
        let longest = scenario.longest_period();
        for _ in 0..count {
            scenario.install(longest, count);
        }
        scenario.add_monitor();
        scenario.decide_fates();
        scenario.draw_comebacks();
        scenario.provide_places();
        scenario
    }

    fn draw_comebacks(&mut self) {
        for _ in 0..self.random.within(0..=2) {
            let stays = self.random.percent(10);
            let comeback = Comeback::draw(&mut self.random, self.window, stays);
            self.comebacks.push(comeback);
        }
    }

    /// Places for all identities, if not a table that is too small was drawn: a larger one costs time and shows no more.
    fn provide_places(&mut self) {
        if self.capacity == PLACES {
            let identities = self.installations.iter().map(Installation::identities);
            let most = usize::try_from(2 * identities.sum::<u64>() + 16).expect("some thousands");
            self.capacity = most.min(PLACES);
        }
    }

    /// In one of five, some have periods that are longer than the window. Not where some have no place in the census, which
    /// then cannot know their pauses.
    fn longest_period(&mut self) -> u64 {
        if self.random.percent(20) && self.capacity == PLACES {
            35 * DAY
        } else {
            self.window - HOUR
        }
    }

    fn install(&mut self, longest: u64, count: u64) {
        let random = &mut self.random;
        let version = match random.within(0..=9) {
            0 | 1 => Version::Unnamed,
            2 => Version::New,
            _ => Version::Old,
        };
        let id = random.within(1..=u64::MAX - 1);
        let identity = match random.within(0..=19) {
            0..=2 => Identity::None,
            3 | 4 => Identity::Rotating(id),
            _ => Identity::Stable(id),
        };
        // A caller that cannot be followed from call to call is judged by its calls alone.
        let untraceable = identity == Identity::None
            || version == Version::Unnamed && identity != Identity::Stable(id);
        let pending_percent = if untraceable {
            100
        } else {
            random.pick(&[100, 100, 60, 20, 3])
        };
        let rhythm = Rhythm::draw(random, longest, CALLS / count / 30);
        let next_call = random.within(0..=rhythm.period());
        let mut installation = Installation {
            kind: random.pick(&KINDS),
            version,
            first_version: version,
            identity,
            pending_percent,
            next_call,
            rhythm,
            ..Installation::legacy()
        };
        installation.draw_reply(random);
        self.installations.push(installation);
        self.maybe_clone(count);
    }

    /// Gives the last one the identifier of an earlier one: its image was cloned.
    fn maybe_clone(&mut self, count: u64) {
        if count < 2 || !self.random.percent(8) {
            return;
        }
        let last = self.installations.len() - 1;
        let other = usize::try_from(self.random.within(0..=last as u64)).expect("an index");
        if let Identity::Stable(id) = self.installations[other].identity
            && other != last
        {
            for index in [other, last] {
                self.installations[index].identity = Identity::Stable(id);
                self.installations[index].traits.shares_identity = true;
            }
        }
    }

    /// A target caller that calls each hour, as a monitor does.
    fn add_monitor(&mut self) {
        self.installations.push(Installation {
            version: Version::New,
            first_version: Version::New,
            identity: Identity::Stable(u64::MAX),
            next_reply: Reply::Approved,
            ..Installation::legacy()
        });
    }

    fn decide_fates(&mut self) {
        let staying = self.staying();
        for index in 0..self.installations.len() {
            if self.installations[index].is_legacy() && Some(index) != staying {
                self.decide_fate(index);
            }
        }
    }

    /// One that depends and stays; if there is none, none stays.
    fn staying(&mut self) -> Option<usize> {
        let depends = |installation: &Installation| installation.is_legacy();
        let found = self.installations.iter().rposition(depends);
        self.stays &= found.is_some();
        let staying = found.filter(|_| self.stays);
        if let Some(index) = staying {
            self.installations[index].pending_percent = 100;
            self.installations[index].next_reply = Reply::Pending;
        }
        staying
    }

    fn decide_fate(&mut self, index: usize) {
        let at = self.random.within(DAY..=SETTLED / 2);
        let later = self.random.within(at + HOUR..=SETTLED - DAY);
        let last = self.random.within(later + HOUR..=SETTLED);
        let stable = matches!(self.installations[index].identity, Identity::Stable(_));
        let fate: &[(u64, Change)] = match self.random.within(0..=9) {
            0 => &[(at, Change::Leave)],
            1 if stable => &[(at, Change::Waive)],
            2 => &[
                (at, Change::Upgrade),
                (later, Change::RollBack),
                (last, Change::Upgrade),
            ],
            3 => &[(at, Change::Reinstall), (later, Change::Upgrade)],
            4 => &[
                (at, Change::Upgrade),
                (later, Change::RollBack),
                (last, Change::Leave),
            ],
            _ => &[(at, Change::Upgrade)],
        };
        let changes = fate.iter().map(|(at, change)| (*at, index, *change));
        self.changes.extend(changes);
    }

    fn draw_faults(&mut self, count: u64) {
        if self.random.percent(50) {
            return;
        }
        if self.random.percent(15) && self.fleet.is_none() {
            self.capacity = usize::try_from(count / 4 + 2).expect("a few");
        }
        for _ in 0..self.random.within(1..=3) {
            let at = self.random.within(DAY..=SETTLED + self.window);
            let fault = self.draw_fault();
            self.faults.push((at, fault));
        }
        for _ in 0..self.random.within(0..=2) {
            let after = self.random.magnitude(HOUR..=2 * self.window);
            let fault = self.draw_fault();
            self.late_faults.push((after, fault));
        }
    }

    fn draw_fault(&mut self) -> Fault {
        if self.fleet.is_some() && self.random.percent(70) {
            return Fault::OfFleet(FleetFault::draw(&mut self.random));
        }
        Fault::draw(&mut self.random)
    }

    pub(crate) fn is_faultless(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One that any stranded caller triggers, or the third.
fn auto_rollback(random: &mut Random) -> AutoRollback {
    AutoRollback {
        window: Duration::from_millis(random.pick(&[12 * HOUR, 2 * DAY, 10 * DAY])),
        stranded_callers: Some(random.pick(&[0, 0, 2])),
        stranded_percent: None,
    }
}

fn policy(window: u64, random: &mut Random) -> Policy {
    let window = Window::new(Duration::from_millis(window)).expect("some days");
    Policy {
        opening_phase: random.pick(&[Phase::Observe, Phase::Compat, Phase::Compat, Phase::Compat]),
        inactive_after: window,
        retirement_quiet_window: window,
        // The monitor alone gives 24 a day.
        min_responses: 10,
        auto_rollback: random.percent(40).then(|| auto_rollback(random)),
        ..Policy::default()
    }
}
