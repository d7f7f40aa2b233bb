//! A rollout with a clock that stands still, a census, and a journal that fails on demand.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    Contract, FlagState, LiveContract,
    caller::{
        Caller, Fingerprint, FingerprintKey, Generation, Kinds, SignalDetector,
        SignalDetectorBuilder,
    },
    census::{CallerEvent, Census, CensusBuilder, Dependence, EndpointSlot},
    metrics::Metrics,
    observation::Feeder,
    rollout::{
        CommandContext, Phase, Rollout, RolloutBuilder, Transition,
        event::{Event, Head, NewEvent},
        gate::{Evidence, Gate},
        journal::{AppendError, Journal, MemoryJournal, ReadError},
        names::{Actor, FlagName, Identifier, IncidentId, Reason, WaiverTarget},
        policy::Policy,
    },
    time::{Clock, ManualClock, Timestamp},
    worker::Tick,
};

pub(super) const START: u64 = 1_772_366_400_000;
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

const KINDS: [&str; 3] = ["AGENT", "MCP", "UI_RUST"];

/// A journal in memory that fails on demand.
#[derive(Debug, Default)]
pub(super) struct Flaky {
    pub(super) inner: MemoryJournal,
    /// In the place of `inner`.
    replaced: Mutex<Option<MemoryJournal>>,
    trouble: Mutex<Trouble>,
    closed: AtomicBool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trouble {
    #[default]
    None,
    /// No space: nothing is written.
    Full,
    /// A sync failed, and so did taking it back; the event turns out to stand.
    UndecidedStands,
    /// The same, and it turns out not to stand.
    UndecidedGone,
    /// It cannot be read either.
    Gone,
}

impl Flaky {
    pub(super) fn set(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Puts another journal in the place of this one.
    pub(super) fn replace(&self, other: MemoryJournal) {
        *self.replaced.lock().unwrap() = Some(other);
    }

    fn trouble(&self) -> Trouble {
        *self.trouble.lock().unwrap()
    }

    pub(super) fn names(&self) -> Vec<String> {
        let events = self.inner.read(0, 10_000).unwrap();
        let names = events.iter().map(|event| event.payload.name().to_owned());
        names.collect()
    }
}

impl Journal for Flaky {
    fn append(&self, expected: Head, draft: NewEvent) -> Result<Event, AppendError> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(AppendError::Closed);
        }
        match self.trouble() {
            Trouble::None => self.inner.append(expected, draft),
            Trouble::Full | Trouble::Gone => Err(AppendError::NotWritten("no space left".into())),
            undecided => {
                self.closed.store(true, Ordering::SeqCst);
                if undecided == Trouble::UndecidedStands {
                    self.inner.append(expected, draft)?;
                }
                Err(AppendError::Undecided("sync failed".into()))
            }
        }
    }

    fn read(&self, after: u64, limit: usize) -> Result<Vec<Event>, ReadError> {
        if self.trouble() == Trouble::Gone {
            return Err(ReadError::storage("gone"));
        }
        if self.closed.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        self.inner.read(after, limit)
    }

    fn head(&self) -> Result<Head, ReadError> {
        if let Some(other) = &*self.replaced.lock().unwrap() {
            return other.head();
        }
        self.inner.head()
    }

    fn wait(&self, after: u64, timeout: Duration) -> Result<Head, ReadError> {
        self.inner.wait(after, timeout)
    }

    fn reopen(&self) -> Result<(), ReadError> {
        if self.trouble() != Trouble::None {
            return Err(ReadError::storage("still failing"));
        }
        self.closed.store(false, Ordering::SeqCst);
        Ok(())
    }
}

pub(super) struct Stage {
    pub(super) clock: Arc<ManualClock>,
    pub(super) census: Arc<Census>,
    pub(super) contract: LiveContract,
    pub(super) journal: Arc<Flaky>,
    pub(super) rollout: Rollout,
    pub(super) feeder: Option<Feeder>,
    poll: EndpointSlot,
    kinds: Kinds,
}

pub(super) fn flag() -> FlagName {
    FlagName::new("features.jobs.compat").unwrap()
}

pub(super) fn order(reason: &str) -> CommandContext {
    CommandContext::new(Actor::human("mara").unwrap(), Reason::new(reason).unwrap())
}

pub(super) fn incident(id: &str) -> IncidentId {
    IncidentId::new(id).unwrap()
}

pub(super) fn label(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

/// A policy without gates that begins in observe.
pub(super) fn observing() -> Policy {
    Policy {
        opening_phase: Phase::Observe,
        ..Policy::permissive()
    }
}

/// A builder that asks a census of few places, with a clock that stands still.
pub(super) fn stage(policy: Policy) -> Stage {
    stage_with(policy, 100, |builder| builder)
}

pub(super) fn stage_with(
    policy: Policy,
    capacity: usize,
    set_up: impl FnOnce(RolloutBuilder) -> RolloutBuilder,
) -> Stage {
    let clock = Arc::new(ManualClock::new(START));
    let census = census(&clock, &detector()).capacity(capacity);
    let journal = Arc::new(Flaky::default());
    open((clock, journal), census.open().unwrap(), policy, set_up)
}

pub(super) fn detector() -> SignalDetectorBuilder {
    SignalDetector::builder(KINDS).kind_header("x-client-kind")
}

pub(super) fn census(clock: &Arc<ManualClock>, detector: &SignalDetectorBuilder) -> CensusBuilder {
    let detector = detector.build(&FingerprintKey::new([7; 16])).unwrap();
    let census = Census::builder(&detector).capacity(100);
    census.heartbeat_limit(2 * HOUR).clock(clock.clone())
}

fn open(
    (clock, journal): (Arc<ManualClock>, Arc<Flaky>),
    census: Census,
    policy: Policy,
    set_up: impl FnOnce(RolloutBuilder) -> RolloutBuilder,
) -> Stage {
    let census = Arc::new(census);
    let contract = LiveContract::new(Contract::device_flow());
    let builder = Rollout::builder(flag(), policy)
        .clock(clock.clone())
        .census(Arc::clone(&census))
        .metrics(Arc::new(Metrics::new()))
        .contract(contract.clone());
    Stage {
        feeder: Some(census.feeder()),
        rollout: set_up(builder).open(journal.clone()).unwrap(),
        poll: census.endpoint("device_poll"),
        kinds: Kinds::new(KINDS).unwrap(),
        clock,
        census,
        contract,
        journal,
    }
}

impl Stage {
    /// Another process on the same journal, with this census.
    pub(super) fn restarted(self, census: Census) -> Self {
        let policy = self.rollout.status().policy.clone();
        open((self.clock, self.journal), census, policy, |builder| {
            builder
        })
    }

    /// The evidence of a gate.
    pub(super) fn evidence(&self, gate: &str, step: Transition) -> Evidence {
        let run = self.rollout.dry_run(step).unwrap();
        let mut reports = run.gates.into_iter();
        reports
            .find(|report| report.name.as_str() == gate)
            .unwrap()
            .evidence
    }
}

impl Stage {
    pub(super) fn tick(&self) {
        self.census.tick();
        self.rollout.tick();
    }

    /// Lets time pass in steps of an hour, each with ticks, with a response to an upgraded client twice a day.
    pub(super) fn pass(&self, time: Duration) {
        let half_days = |time: Duration| time.as_secs() / (12 * 3_600);
        let end = self.clock.monotonic() + time;
        while self.clock.monotonic() < end {
            let before = self.clock.monotonic();
            self.clock.advance(HOUR.min(end.saturating_sub(before)));
            if half_days(before) < half_days(self.clock.monotonic()) {
                self.traffic(1);
            }
            self.tick();
        }
    }

    pub(super) fn see(
        &self,
        kind: &str,
        generation: Generation,
        id: Option<u128>,
        dependence: Dependence,
    ) {
        let kind = self.kinds.find(kind).unwrap();
        let mut caller = Caller::new(kind, generation);
        if let Some(id) = id {
            caller = caller.with_fingerprint(Fingerprint::from_u128(id));
        }
        self.census.record(&CallerEvent {
            caller,
            endpoint: self.poll,
            dependence,
            failed: false,
        });
    }

    pub(super) fn legacy(&self, kind: &str, id: u128) {
        self.see(kind, Generation::Legacy, Some(id), Dependence::Served);
    }

    pub(super) fn stranded(&self, kind: &str, id: u128) {
        self.see(kind, Generation::Legacy, Some(id), Dependence::Stranded);
    }

    pub(super) fn anonymous(&self, kind: &str) {
        self.see(kind, Generation::Legacy, None, Dependence::Served);
    }

    pub(super) fn stranded_anonymous(&self, kind: &str) {
        self.see(kind, Generation::Legacy, None, Dependence::Stranded);
    }

    /// Responses to upgraded clients.
    pub(super) fn traffic(&self, responses: u32) {
        for _ in 0..responses {
            let new = Generation::Target;
            self.see("AGENT", new, Some(7_000), Dependence::None);
        }
    }

    /// Waives callers for some time.
    pub(super) fn waive(&self, waived: WaiverTarget, lasts: Duration) {
        let until = Timestamp::now(&*self.clock).plus(lasts);
        let owner = "team probes".parse().unwrap();
        let granted = self.rollout.waive(waived, owner, until, &order("a probe"));
        granted.unwrap();
    }

    pub(super) fn phase(&self) -> Phase {
        self.rollout.status().state.phase
    }

    pub(super) fn flag(&self) -> FlagState {
        self.rollout.reader().state()
    }

    /// The names of the gates that do not let a step pass.
    pub(super) fn failing(&self, step: Transition) -> Vec<String> {
        let run = self.rollout.dry_run(step).unwrap();
        let failing = run.failing().map(|report| report.name.to_string());
        failing.collect()
    }

    pub(super) fn passes(&self, gate: &str, step: Transition) -> bool {
        let run = self.rollout.dry_run(step).unwrap();
        let mut reports = run.gates.iter();
        let report = reports.find(|report| report.name.as_str() == gate);
        report.unwrap().passed
    }

    pub(super) fn cut_over(&self) {
        self.rollout
            .transition(Phase::Cutover, &order("cut over"))
            .unwrap();
    }
}

/// A gate that passes or fails as scripted.
#[derive(Debug)]
pub(super) struct ScriptedGate(pub(super) &'static str, pub(super) AtomicBool);

impl Gate for ScriptedGate {
    fn name(&self) -> Identifier {
        label(self.0)
    }

    fn report(
        &self,
        _: &crate::rollout::gate::GateContext<'_>,
    ) -> crate::rollout::gate::GateReport {
        let passed = self.1.load(Ordering::SeqCst);
        assert!(passed || self.0 != "panics", "scripted");
        // The name is another: that of the gate counts.
        crate::rollout::gate::GateReport::new(label("other"), passed, serde_json::json!({}))
    }
}

/// How many warnings are logged on this thread meanwhile that something is overdue.
pub(super) fn count_warnings(work: impl FnOnce()) -> usize {
    let count = Arc::new(Mutex::new(0));
    let subscriber = Counting(Arc::clone(&count));
    tracing::subscriber::with_default(subscriber, || {
        // Another test may have met the place that warns for the first time just before this subscriber was there.
        tracing::callsite::rebuild_interest_cache();
        work();
    });
    *count.lock().unwrap()
}

/// Counts the warnings of the rollout's own periodic work.
struct Counting(Arc<Mutex<usize>>);

impl tracing::Subscriber for Counting {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
            && metadata.target().ends_with("controller::rollout")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        *self.0.lock().unwrap() += 1;
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
