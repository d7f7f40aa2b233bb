//! One simulated rollout: time passes, installations call, things go wrong, an operator looks at the gates.

use std::{cmp::Reverse, collections::BinaryHeap, path::Path, sync::Arc, time::Duration};

use legacy_http_compat::{
    census::{Census, ListQuery, Report, Window},
    time::ManualClock,
};

use crate::{
    comeback::Comeback,
    fault::{Fault, FleetFault},
    fleet::Pending,
    fleet_faults::FleetState,
    installation::{Change, Identity, Installation, Reply},
    ledger::{Ledger, Seen},
    operator::Operator,
    outcome::Outcome,
    random::Random,
    scenario::Scenario,
    server::{Called, Server, Settings},
    states::States,
    times::{DAY, HOUR, SECOND},
    truth::Waived,
};

/// How often the census ticks.
pub(crate) const TICK: u64 = 2 * HOUR;

/// How often the operator looks at the gates, and the rollout ticks.
pub(crate) const OPERATOR: u64 = 6 * HOUR;

/// How many signs of life there are until a lost instance does not count any more, and how often.
pub(crate) const SIGNS: u32 = 120;
const SIGN: u64 = 8 * SECOND;

/// The wall clock at the start.
pub(crate) const START: u64 = 1_800_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    Call(usize),
    Change(usize),
    Begin(Fault),
    End(Fault),
    /// Each two hours.
    Tick,
    /// Instances give a sign of life, as they do each two seconds, and so often again. The simulation lets them do so while
    /// one is lost: silence of all would be a store that is away.
    SignOfLife(u32),
}

pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) window: u64,
    pub(crate) rolls_back: bool,
    pub(crate) retires_after: u64,
    pub(crate) installations: Vec<Installation>,
    pub(crate) waived: Waived,
    pub(crate) server: Server,
    pub(crate) outcome: Outcome,
    /// The faults so far.
    pub(crate) faults: Vec<Fault>,
    random: Random,
    changes: Vec<(u64, usize, Change)>,
    comebacks: Vec<Comeback>,
    late_faults: Vec<(u64, Fault)>,
    /// By time; the second number keeps the order of what happens at once.
    queue: BinaryHeap<Reverse<(u64, u64, Event)>>,
    queued: u64,
    pub(crate) ledger: Ledger,
    saved: Option<Ledger>,
    stalled: bool,
    /// What the handler does to every call, while it is broken.
    broken: Option<Reply>,
    pub(crate) fleet_state: FleetState,
}

impl World {
    pub(crate) fn new(scenario: Scenario, dir: &Path) -> Self {
        let settings = Settings {
            policy: scenario.policy.clone(),
            capacity: scenario.capacity,
            contract: 0,
            detector: 0,
            identity: "x-client-id",
        };
        let mut world = Self {
            now: 0,
            window: scenario.window,
            rolls_back: scenario.rolls_back,
            retires_after: scenario.retires_after,
            outcome: Outcome {
                faultless: scenario.is_faultless(),
                ..Outcome::default()
            },
            server: match &scenario.fleet {
                None => Server::start(dir, Arc::new(ManualClock::new(START)), settings),
                Some(plan) => Server::start_fleet(plan, START, settings),
            },
            installations: scenario.installations,
            waived: Waived::new(),
            faults: Vec::new(),
            random: scenario.random,
            changes: scenario.changes,
            comebacks: scenario.comebacks,
            late_faults: scenario.late_faults,
            queue: BinaryHeap::new(),
            queued: 0,
            ledger: Ledger::new(START, (0, "x-client-id")),
            saved: None,
            stalled: false,
            broken: None,
            fleet_state: FleetState::default(),
        };
        world.queue_all(&scenario.faults);
        world
    }

    fn queue_all(&mut self, faults: &[(u64, Fault)]) {
        for index in 0..self.installations.len() {
            self.queue(self.installations[index].next_call, Event::Call(index));
        }
        for index in 0..self.changes.len() {
            self.queue(self.changes[index].0, Event::Change(index));
        }
        for (at, fault) in faults {
            self.queue(*at, Event::Begin(*fault));
        }
        self.queue(TICK, Event::Tick);
    }

    pub(crate) fn queue(&mut self, at: u64, event: Event) {
        self.queued += 1;
        self.queue.push(Reverse((at, self.queued, event)));
    }

    /// Plays the rollout to its end.
    pub(crate) fn play(mut self) -> Outcome {
        let mut operator = Operator::of(&self);
        while let Some(Reverse((at, _, event))) = self.queue.pop() {
            self.pass_until(at);
            match event {
                Event::Call(index) => self.call(index),
                Event::Change(index) => self.change(index),
                Event::Begin(fault) => self.begin(fault),
                Event::End(fault) => self.end(fault),
                Event::SignOfLife(left) => self.give_sign_of_life(left),
                Event::Tick => {
                    self.tick();
                    if operator.is_done(&mut self) {
                        break;
                    }
                }
            }
        }
        self.server.kill();
        self.outcome
    }

    /// The flag was switched off. What is drawn to come after the first cutover comes from now on.
    pub(crate) fn cut_over(&mut self) {
        self.ledger.cut_over();
        for (after, fault) in std::mem::take(&mut self.late_faults) {
            self.queue(self.now + after, Event::Begin(fault));
        }
        for comeback in std::mem::take(&mut self.comebacks) {
            let index = self.comes_back(&comeback);
            let is_waivable = matches!(self.installations[index].identity, Identity::Stable(_));
            for (after, change) in comeback.changes {
                let change = if change == Change::Waive && !is_waivable {
                    Change::Leave
                } else {
                    change
                };
                self.changes.push((self.now + after, index, change));
                self.queue(self.now + after, Event::Change(self.changes.len() - 1));
            }
        }
    }

    /// Who comes back: one that was upgraded, and is rolled back; if there is none, a new one is installed.
    fn comes_back(&mut self, comeback: &Comeback) -> usize {
        let upgraded = self.installations.iter().rposition(|installation| {
            let upgraded = installation.first_version != installation.version;
            upgraded && installation.alive && !installation.wants_waiver
        });
        if let Some(index) = upgraded.filter(|_| comeback.is_upgraded) {
            return index;
        }
        // It starts to live with its first change.
        self.installations.push(Installation {
            alive: false,
            ..comeback.installation.clone()
        });
        self.installations.len() - 1
    }

    fn pass_until(&mut self, at: u64) {
        let time = at - self.now;
        self.now = at;
        self.server.advance(Duration::from_millis(time));
        if let Some((fleet, _)) = self.server.fleet_mut() {
            fleet.note_time(at);
        }
        self.ledger.pass(time);
    }

    fn tick(&mut self) {
        self.queue(self.now + TICK, Event::Tick);
        if !self.can_tick() {
            return;
        }
        if self.now.is_multiple_of(OPERATOR) {
            self.server.tick();
        } else {
            self.server.tick_census();
        }
        if self.now.is_multiple_of(DAY) {
            self.compare_counts();
            if self.random.percent(40) {
                self.server.save();
                self.saved = Some(self.ledger.clone());
            }
        }
    }

    fn give_sign_of_life(&mut self, left: u32) {
        if self.can_tick() {
            self.server.tick_census();
        }
        if left > 0 {
            self.queue(self.now + SIGN, Event::SignOfLife(left - 1));
        }
    }

    pub(crate) fn can_tick(&self) -> bool {
        self.server.is_up() && !self.stalled
    }

    // --- calls ---

    fn call(&mut self, index: usize) {
        let installation = &mut self.installations[index];
        if !installation.alive || installation.next_call != self.now {
            return;
        }
        let reply = installation.next_reply;
        let starts_burst = installation
            .last_call
            .is_none_or(|last| self.now - last > HOUR / 2);
        installation.last_call = Some(self.now);
        if let Identity::Rotating(id) = &mut installation.identity
            && starts_burst
        {
            *id = self.random.within(1..=u64::MAX - 1);
        }
        if self.server.observes() {
            self.observe(index, reply);
        }
        let installation = &mut self.installations[index];
        installation.draw_reply(&mut self.random);
        installation.next_call = self.now + installation.rhythm.next(&mut self.random);
        let next = installation.next_call;
        self.queue(next, Event::Call(index));
    }

    fn observe(&mut self, index: usize, reply: Reply) {
        let reply = match self.broken {
            Some(broken) if reply != Reply::Started => broken,
            _ => reply,
        };
        self.outcome.calls += 1;
        let installation = &mut self.installations[index];
        let Called { on, node } = self.server.call(index, installation, reply);
        let legacy = installation.is_legacy();
        let dependent = legacy && matches!(reply, Reply::Pending | Reply::Undecidable);
        installation.met_legacy += u32::from(dependent);
        let mut pending = Pending {
            at: self.now,
            installation: index,
            incarnation: installation.incarnation,
            sighting: None,
            met_legacy: dependent,
        };
        self.ledger.observe(index, installation.incarnation);
        if let Some(id) = installation.identifier() {
            let seen = match (legacy, dependent) {
                (false, _) => Seen::Target,
                (true, true) if on && reply == Reply::Pending => Seen::Served,
                (true, true) => Seen::Stranded,
                (true, false) if reply == Reply::Started => Seen::Legacy,
                (true, false) => Seen::Latent,
            };
            let key = (self.server.settings.identity, id);
            let kind = installation.shown_kind();
            pending.sighting = Some(self.ledger.see(key, kind, seen));
        }
        if let Some((fleet, _)) = self.server.fleet_mut() {
            fleet.nodes[node].pending.push(pending);
        }
    }

    // --- changes ---

    fn change(&mut self, index: usize) {
        let (_, index, change) = self.changes[index];
        if self.server.is_fleet() && self.can_tick() {
            // Instances tick each second, and what one second has is ordered by it.
            self.server.tick_census();
        }
        let fresh = self.random.within(1..=u64::MAX - 1);
        let installation = &mut self.installations[index];
        installation.apply(change, fresh);
        if change == Change::Waive {
            self.waive(index);
        } else if installation.alive {
            // A client that starts calls at once.
            installation.next_call = self.now;
            installation.draw_reply(&mut self.random);
            self.queue(self.now, Event::Call(index));
        }
    }

    fn waive(&mut self, index: usize) {
        let installation = &mut self.installations[index];
        installation.wants_waiver = true;
        let key = installation
            .identifier()
            .map(|id| (self.server.settings.identity, id));
        if let Some(key) = key.filter(|_| self.server.is_up()) {
            Operator::waive(&self.server, &self.installations[index]);
            self.waived.insert(key);
        }
    }

    fn waive_again(&mut self) {
        for index in 0..self.installations.len() {
            if self.installations[index].wants_waiver {
                self.waive(index);
            }
        }
    }

    // --- faults ---

    fn begin(&mut self, fault: Fault) {
        if !self.can_tick() || !self.server.observes() || self.broken.is_some() {
            return;
        }
        if let Fault::OfFleet(fault) = fault {
            self.begin_in_fleet(fault);
            return;
        }
        if !self.fleet_state.is_connected() {
            return;
        }
        self.faults.push(fault);
        match fault {
            Fault::Restart => self.restart(|_| {}),
            Fault::CrashWithOldSnapshot => self.crash(),
            Fault::CrashWithoutSnapshot => {
                self.saved = None;
                self.server.lose_snapshot();
                self.crash();
            }
            Fault::Down(length) => {
                self.server.shut_down();
                self.saved = Some(self.ledger.clone());
                self.queue(self.now + length, Event::End(fault));
            }
            Fault::WithoutLayer(length) => {
                self.server.remove_layer();
                self.queue(self.now + length, Event::End(fault));
            }
            Fault::ClockAhead(by) if self.server.is_fleet() => {
                self.begin_in_fleet(FleetFault::ClockStep(by.cast_signed()));
            }
            Fault::ClockBack(by) if self.server.is_fleet() => {
                self.begin_in_fleet(FleetFault::ClockStep(-by.cast_signed()));
            }
            Fault::ClockAhead(by) => self.set_wall(|wall| wall + by),
            Fault::ClockBack(by) => self.set_wall(|wall| wall - by),
            Fault::NewContract => self.server.serve_new_contract(),
            Fault::NewDetector => {
                self.restart(|settings| settings.detector += 1);
            }
            Fault::NewIdentitySignal => {
                self.restart(|settings| settings.identity = other_signal(settings.identity));
                self.forget_outcomes();
            }
            Fault::Undecidable(length) => self.break_handler(Reply::Undecidable, (length, fault)),
            Fault::Failing(length) => self.break_handler(Reply::Failed, (length, fault)),
            Fault::Stalled(length) => {
                self.stalled = true;
                self.queue(self.now + length, Event::End(fault));
            }
            Fault::OfFleet(_) => {}
        }
    }

    fn end(&mut self, fault: Fault) {
        if let Fault::WithoutLayer(length) | Fault::Stalled(length) | Fault::Failing(length) = fault
        {
            // A failing hour is a gap as a whole.
            self.ledger.note_gap(length + HOUR);
        }
        match fault {
            Fault::OfFleet(fault) => self.end_in_fleet(fault),
            Fault::Down(_) => self.open(),
            Fault::WithoutLayer(_) => self.server.put_layer_back(),
            Fault::Stalled(_) => {
                self.stalled = false;
                self.server.tick();
            }
            _ => self.broken = None,
        }
        self.waive_again();
    }

    fn break_handler(&mut self, reply: Reply, (length, fault): (u64, Fault)) {
        self.broken = Some(reply);
        self.queue(self.now + length, Event::End(fault));
    }

    fn restart(&mut self, change: impl FnOnce(&mut Settings)) {
        self.server.shut_down();
        self.saved = Some(self.ledger.clone());
        change(&mut self.server.settings);
        self.open();
        self.waive_again();
    }

    /// Starts from what was saved last.
    fn crash(&mut self) {
        if self.server.is_fleet() {
            // All at once, just after they handed over what they had.
            self.server.tick_census();
            self.saved = Some(self.ledger.clone());
            self.queue(self.now, Event::SignOfLife(SIGNS));
        }
        self.server.kill();
        self.open();
        self.forget_outcomes();
    }

    /// The census does not know any more which outcomes the installations met.
    fn forget_outcomes(&mut self) {
        for installation in &mut self.installations {
            installation.met_legacy = 0;
        }
    }

    fn open(&mut self) {
        self.server.open();
        let rules = (self.server.settings.detector, self.server.settings.identity);
        match &self.saved {
            Some(saved) => self.ledger.resume(saved),
            None => self.ledger.forget(rules),
        }
        self.ledger.apply_rules(rules);
    }

    pub(crate) fn set_wall(&mut self, to: impl FnOnce(u64) -> u64) {
        let wall = to(self.ledger.wall());
        self.server.clock().set_unix_ms(wall);
        self.server.tick();
        self.ledger.set_wall(wall);
    }

    pub(crate) fn restart_with_more_places(&mut self) {
        self.restart(|settings| settings.capacity = 16 * 4_096);
    }

    /// The faults so far, for a list of causes.
    pub(crate) fn after_faults(&self) -> String {
        let faults: Vec<&str> = self.faults.iter().map(|fault| fault.name()).collect();
        match faults[..] {
            [] => String::new(),
            _ => format!("; after {}", faults.join(", ")),
        }
    }

    // --- counts ---

    /// Compares how many callers are stranded since the cutover, as pages and the automatic rollback count them.
    pub(crate) fn compare_stranded(&mut self) {
        let evaluation = self.server.rollout().evaluation();
        let Some(stranded) = evaluation.stranded.as_ref() else {
            return;
        };
        if !self.is_handed_over() {
            return;
        }
        if !is_complete(&self.server.census().report(Window::MONTH)) {
            return;
        }
        self.outcome.comparisons += 1;
        let truth = self.ledger.stranded(&self.waived);
        // Either way where instances may count an identity of several kinds under another one.
        let doubt = if self.server.is_fleet() {
            self.ledger.of_several_kinds()
        } else {
            0
        };
        let difference = truth.abs_diff(stranded.callers);
        self.note_difference(
            "stranded since the cutover",
            difference.saturating_sub(doubt),
        );
    }

    pub(crate) fn note_difference(&mut self, what: &str, difference: u64) {
        if difference > 0 {
            let cause = format!("{what}{}", self.after_faults());
            let worst = self.outcome.wrong_counts.entry(cause).or_default();
            *worst = difference.max(*worst);
        }
    }

    /// Compares how many responses all callers got: each was merged once.
    fn compare_sums(&mut self) {
        let census = self.server.census();
        let Some(counted) = sums(&census).filter(|_| is_complete(&census.report(Window::MONTH)))
        else {
            return;
        };
        self.outcome.comparisons += 1;
        let truth = self.ledger.responses();
        for (what, at) in [("responses", 0), ("dependent responses", 1)] {
            self.note_difference(what, truth[at].abs_diff(counted[at]));
        }
    }

    fn compare_counts(&mut self) {
        self.compare_gaps();
        if !self.is_handed_over() {
            return;
        }
        for window in [Window::DAY, Window::MONTH] {
            let report = self.server.census().report(window);
            if !is_complete(&report) {
                continue;
            }
            self.outcome.comparisons += 1;
            let truth = self.ledger.states(window);
            let counted = States::from(report.all);
            let direction = truth.direction_of(counted);
            let doubt = self.ledger.of_several_kinds();
            for (state, difference) in truth.differences(counted) {
                if !self.server.is_fleet() {
                    self.note_difference(state, difference);
                } else if difference <= doubt {
                    let what = format!("{state}, of an identity of several kinds");
                    self.outcome.doubts.insert(what, difference);
                } else {
                    let what = format!("{state}, {direction}");
                    self.outcome.doubts.insert(what, difference);
                }
            }
        }
        if self.server.is_fleet() {
            self.compare_sums();
        }
    }
}

/// The sums of the responses of all callers, if they are few enough for one page.
fn sums(census: &Census) -> Option<[u64; 2]> {
    let page = census.list(&ListQuery::new(Window::MONTH).page(0, ListQuery::MAX_LIMIT));
    let sums = page.rows.iter().fold([0, 0], |[all, dependent], row| {
        [
            all + u64::from(row.responses),
            dependent + u64::from(row.dependent_responses),
        ]
    });
    (page.total == page.rows.len()).then_some(sums)
}

/// Whether each caller has its record. Those without a place are estimated, and in the windows in which they were seen alone.
fn is_complete(report: &Report) -> bool {
    let lost = report.all.dropped + report.all.forgotten;
    report.last_overflow.is_none() && lost == 0
}

fn other_signal(signal: &str) -> &'static str {
    if signal == "x-client-id" {
        "x-installation-id"
    } else {
        "x-client-id"
    }
}
