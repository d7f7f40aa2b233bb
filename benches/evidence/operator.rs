//! The operator: takes each step as soon as its gates pass, and is the one who finds out that they should not have.

use legacy_http_compat::{
    rollout::{
        CommandContext, DryRun, Phase, RolledBack, Rollout, Transition,
        names::{Actor, IncidentId, Reason, WaiverTarget},
    },
    time::Timestamp,
};

use crate::{
    installation::Installation,
    server::Server,
    times::{DAY, HOUR},
    truth::trait_of,
    way_out::{self, WayOut},
    world::{OPERATOR, World},
};

/// By when all that changes by itself has changed.
const SETTLED: u64 = 22 * DAY;

/// A phase in which one stays that depends is watched for this many windows.
const WATCHED: u64 = 2;

/// After so many windows without a pass a rollout is stuck.
const STUCK_AFTER: u64 = 5;

pub(crate) struct Operator {
    phase: Phase,
    /// Since when the phase lasts.
    entered: u64,
    /// Since when there is none that would ever get a legacy response.
    zero_since: Option<u64>,
    /// Since when the evidence says that callers had no place.
    full_since: Option<u64>,
}

impl Operator {
    pub(crate) fn of(world: &World) -> Self {
        Self {
            phase: phase(world),
            entered: 0,
            zero_since: None,
            full_since: None,
        }
    }

    /// Looks at the gates, each six hours; `true` once the rollout is over.
    pub(crate) fn is_done(&mut self, world: &mut World) -> bool {
        if !world.now.is_multiple_of(OPERATOR) {
            return false;
        }
        if may_depend(world) {
            self.zero_since = None;
        } else {
            self.zero_since.get_or_insert(world.now);
        }
        if !world.can_tick() {
            return false;
        }
        if self.enters(world) {
            world.outcome.rollbacks[1] += 1;
        }
        let over = match self.phase {
            Phase::Observe => {
                self.tries(world, Transition::Enable);
                false
            }
            Phase::Compat => self.tries(world, Transition::Cutover),
            Phase::Cutover => {
                let tries = world.now >= self.not_before(world);
                tries && self.tries(world, Transition::Retire) || self.looks(world)
            }
            Phase::Retired => true,
        };
        over || self.gives_up(world)
    }

    /// Whether the phase is another than before.
    fn enters(&mut self, world: &World) -> bool {
        let before = std::mem::replace(&mut self.phase, phase(world));
        if before != self.phase {
            self.entered = world.now;
        }
        before != self.phase
    }

    /// Takes a step if its gates pass, else does what they ask for. `true` if the rollout is over with that.
    fn tries(&mut self, world: &mut World, step: Transition) -> bool {
        let run = rollout(world).dry_run(step).expect("the journal works");
        if !run.passes() {
            self.takes_the_ways_out(world, &run);
            return false;
        }
        let living = living(world);
        let taken = rollout(world).transition(step.to(), &command());
        taken.expect("as the dry run said");
        // As the worker does within a second.
        world.server.tick();
        if step.is_gated() && step != Transition::Enable {
            self.judges_pass(world, &living);
        }
        self.enters(world);
        match self.phase {
            Phase::Cutover => world.cut_over(),
            Phase::Retired => world.outcome.is_retired = true,
            Phase::Observe | Phase::Compat => {}
        }
        let outcome = &world.outcome;
        self.phase == Phase::Retired || outcome.false_zero.is_some() || outcome.unknowable.is_some()
    }

    fn judges_pass(&self, world: &mut World, living: &[usize]) {
        let ledger = (&world.ledger, world.server.settings.identity);
        let is_knowable = |index: &&usize| {
            world.installations[**index].is_knowable(**index, ledger) && !world.is_pending(**index)
        };
        let known = living.iter().find(is_knowable);
        if let Some(index) = known.or(living.first()) {
            let what = trait_of(&world.installations[*index], world.window);
            let cause = format!("{what}, in {}{}", self.phase, world.after_faults());
            if known.is_some() {
                world.outcome.false_zero = Some(cause);
            } else {
                world.outcome.unknowable = Some(cause);
            }
        } else if let Some(since) = self.might_pass_since(world) {
            let late = windows(world.now.saturating_sub(since), world.window);
            let to = phase(world);
            world.outcome.delays.push((to, late));
        }
    }

    /// Since when the gates might pass: there is none that depends, and the last is due no more.
    fn might_pass_since(&self, world: &World) -> Option<u64> {
        let zero = self.zero_since?.max(self.not_before(world));
        let since_due = world.ledger.since_last_due(&world.waived);
        let due = since_due.map_or(0, |ago| world.now.saturating_add_signed(-ago));
        Some(zero.max(due))
    }

    /// When the operator tries the next step at the earliest.
    fn not_before(&self, world: &World) -> u64 {
        let lasts = if self.phase == Phase::Cutover {
            world.retires_after
        } else {
            0
        };
        self.entered + lasts
    }

    /// Looks twice a day at who is stranded, and rolls the cutover back if there are any, if it is that kind of an operator.
    fn looks(&mut self, world: &mut World) -> bool {
        if !world.now.is_multiple_of(12 * HOUR) {
            return false;
        }
        world.compare_stranded();
        let evaluation = rollout(world).evaluation();
        let stranded = evaluation.stranded.as_ref();
        if world.rolls_back && stranded.is_some_and(|stranded| stranded.callers > 0) {
            let incident = IncidentId::new(format!("INC-{}", world.now)).expect("a number");
            let done = rollout(world).rollback(incident, &command());
            assert!(matches!(done, Ok(RolledBack::Recorded(_))), "{done:?}");
            world.server.tick();
            world.outcome.rollbacks[0] += 1;
            self.enters(world);
        }
        false
    }

    /// Does what the refusal and the evidence of the gates ask for.
    fn takes_the_ways_out(&mut self, world: &mut World, run: &DryRun) {
        for rollback in &run.post_analyses_due {
            way_out::file_post_analysis(rollout(world), *rollback, &command());
        }
        for report in run.failing() {
            match WayOut::of(&report.evidence) {
                Some(WayOut::CloseIncidents(incidents)) => {
                    for incident in incidents {
                        let closed = rollout(world).close_incident(incident, &command());
                        closed.expect("it is open");
                    }
                }
                Some(WayOut::MorePlaces) if self.zero_since.is_some() => {
                    let since = *self.full_since.get_or_insert(world.now);
                    if world.now >= since + 2 * DAY {
                        world.restart_with_more_places();
                        self.full_since = Some(u64::MAX / 2);
                    }
                }
                Some(_) => {}
                None => world.outcome.unexplained = Some(report.name.to_string()),
            }
        }
        if self.zero_since.is_some() {
            world.outcome.failing = way_out::text(run);
        }
    }

    fn gives_up(&self, world: &mut World) -> bool {
        let Some(zero) = self.zero_since else {
            return world.now > self.entered.max(SETTLED) + WATCHED * world.window;
        };
        let passed = |since: u64| world.now >= since + STUCK_AFTER * world.window;
        if !passed(zero) || !self.might_pass_since(world).is_some_and(passed) {
            return false;
        }
        world.outcome.stuck = Some(self.phase);
        true
    }

    /// Waives an installation by its fingerprint, for a year.
    pub(crate) fn waive(server: &Server, installation: &Installation) {
        let Some(fingerprint) = server.fingerprint(installation) else {
            return;
        };
        let until =
            Timestamp::now(server.clock()).plus(std::time::Duration::from_millis(365 * DAY));
        let owner = "team".parse().expect("a word");
        let rollout = server.rollout();
        let waived = rollout.waive(WaiverTarget::Caller(fingerprint), owner, until, &command());
        waived.expect("the journal takes it");
    }
}

fn rollout(world: &World) -> &Rollout {
    world.server.rollout()
}

fn phase(world: &World) -> Phase {
    rollout(world).status().state.phase
}

/// Those that really depend.
fn living(world: &World) -> Vec<usize> {
    let ledger = (&world.ledger, world.server.settings.identity);
    let installations = (0..).zip(&world.installations);
    let living = installations.filter(|(_, installation)| {
        installation.is_living_dependent(world.window, ledger, &world.waived)
    });
    living.map(|(index, _)| index).collect()
}

fn may_depend(world: &World) -> bool {
    let identity = world.server.settings.identity;
    let mut installations = world.installations.iter();
    installations.any(|installation| installation.may_depend(identity, &world.waived))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of weeks are exact in a float"
)]
fn windows(time: u64, window: u64) -> f64 {
    time as f64 / window as f64
}

fn command() -> CommandContext {
    let actor = Actor::human("mara").expect("a word is an id");
    CommandContext::new(
        actor,
        Reason::new("as planned").expect("two words are a reason"),
    )
}
