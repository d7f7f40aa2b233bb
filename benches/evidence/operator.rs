//! The operator: takes each step as soon as its gates pass, and is the one who finds out that they should not have.

use legacy_http_compat::{
    rollout::{
        CommandContext, Phase,
        names::{Actor, Reason, WaiverTarget},
    },
    time::{ManualClock, Timestamp},
};

use crate::{
    installation::Installation,
    outcome::Failing,
    server::Server,
    times::DAY,
    truth::trait_of,
    world::{OPERATOR, World},
};

/// A rollout in which one stays is watched for this long.
const WATCHED: u64 = 50 * DAY;

/// After so many windows without a pass a rollout is stuck.
const STUCK_AFTER: u64 = 5;

#[derive(Default)]
pub(crate) struct Operator {
    /// Since when there is none that would ever get a legacy response.
    zero_since: Option<u64>,
    /// Since when the evidence says that callers had no place.
    full_since: Option<u64>,
}

impl Operator {
    /// Looks at the gates, each six hours; `true` once the rollout is over.
    pub(crate) fn is_done(&mut self, world: &mut World) -> bool {
        if !world.now.is_multiple_of(OPERATOR) {
            return false;
        }
        let living = living(world);
        if may_depend(world) {
            self.zero_since = None;
        } else {
            self.zero_since.get_or_insert(world.now);
        }
        if !world.can_tick() {
            return false;
        }
        if world.server.migration().rollout().status().state.phase == Phase::Observe {
            return !order(&world.server, Phase::Compat) && self.gives_up(world);
        }
        if order(&world.server, Phase::Cutover) {
            self.judge_pass(world, &living);
            return true;
        }
        if self.zero_since.is_some() {
            world.outcome.failing = failing(&world.server);
            self.takes_the_way_out(world);
        }
        self.gives_up(world)
    }

    /// Does what the evidence calls for: if callers had no place, a census with more places, two days later.
    fn takes_the_way_out(&mut self, world: &mut World) {
        if world.outcome.failing.lacks_places {
            let since = *self.full_since.get_or_insert(world.now);
            if world.now == since + 2 * DAY {
                world.restart_with_more_places();
            }
        }
    }

    fn judge_pass(&self, world: &mut World, living: &[usize]) {
        if let Some(index) = living.first() {
            let what = trait_of(&world.installations[*index], world.window);
            let cause = format!("{what}{}", world.after_faults());
            world.outcome.false_zero = Some(cause);
        } else if let Some(zero) = self.zero_since {
            world.outcome.delay = Some(windows(
                world.now - zero.max(last_due(world)).min(world.now),
                world.window,
            ));
        }
    }

    fn gives_up(&self, world: &mut World) -> bool {
        let Some(zero) = self.zero_since.filter(|_| !world.stays) else {
            return world.now > WATCHED;
        };
        if world.now < zero.max(last_due(world)) + STUCK_AFTER * world.window {
            return false;
        }
        world.outcome.is_stuck = true;
        true
    }

    /// Waives an installation by its fingerprint, for a year.
    pub(crate) fn waive(server: &Server, installation: &Installation, clock: &ManualClock) {
        let Some(fingerprint) = server.fingerprint(installation) else {
            return;
        };
        let until = Timestamp::now(clock).plus(std::time::Duration::from_millis(365 * DAY));
        let owner = "team".parse().expect("a word");
        let rollout = server.migration().rollout();
        let waived = rollout.waive(WaiverTarget::Caller(fingerprint), owner, until, &command());
        waived.expect("the journal takes it");
    }
}

/// Those that really depend.
fn living(world: &World) -> Vec<usize> {
    let identity = world.server.settings.identity;
    let installations = (0..).zip(&world.installations);
    let living = installations.filter(|(_, installation)| {
        installation.is_living_dependent(world.window, identity, &world.waived)
    });
    living.map(|(index, _)| index).collect()
}

fn may_depend(world: &World) -> bool {
    let identity = world.server.settings.identity;
    let mut installations = world.installations.iter();
    installations.any(|installation| installation.may_depend(identity, &world.waived))
}

/// When the last caller that is gone would have been due.
fn last_due(world: &World) -> u64 {
    let due = world.installations.iter().map(|installation| {
        let gone = !installation.alive;
        installation
            .due_before
            .max(if gone { installation.due() } else { 0 })
    });
    due.max().unwrap_or(0)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of weeks are exact in a float"
)]
fn windows(time: u64, window: u64) -> f64 {
    time as f64 / window as f64
}

/// Whether the step was taken. The shared evaluation is asked first, since a refusal is journaled.
fn order(server: &Server, to: Phase) -> bool {
    let rollout = server.migration().rollout();
    let evaluation = rollout.evaluation();
    let next = evaluation.next.is_some_and(|step| step.to() == to);
    let gates = &evaluation.gates;
    let passed = !gates.is_empty() && gates.iter().all(|gate| gate.passed);
    next && passed && rollout.transition(to, &command()).is_ok()
}

/// The gates that fail.
fn failing(server: &Server) -> Failing {
    let evaluation = server.migration().rollout().evaluation();
    let failing: Vec<_> = evaluation
        .gates
        .iter()
        .filter(|gate| !gate.passed)
        .collect();
    let names: Vec<&str> = failing.iter().map(|gate| gate.name.as_str()).collect();
    let evidence = failing
        .iter()
        .map(|gate| serde_json::to_string(&gate.evidence.to_members()));
    let evidence: Vec<String> = evidence.map(|text| text.expect("it is JSON")).collect();
    let blocking = failing.iter().map(|gate| gate.evidence.to_members());
    let lacks_places = blocking
        .filter_map(|members| members.get("blocking").cloned())
        .any(|blocking| {
            ["estimated_callers", "unplaced_responses"]
                .iter()
                .any(|what| blocking[*what].as_u64() > Some(0))
        });
    Failing {
        lacks_places,
        gates: names.join(", "),
        evidence: evidence.join(" "),
    }
}

fn command() -> CommandContext {
    let actor = Actor::human("mara").expect("a word is an id");
    CommandContext::new(
        actor,
        Reason::new("as planned").expect("two words are a reason"),
    )
}
