//! Several instances that share one journal and one census, each with a clock of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::Request;
use legacy_http_compat::{
    census::{Census, View, fleet::FleetCensus, fleet::MemoryCensusStore},
    contract::{Contract, LiveContract},
    metrics::Metrics,
    middleware::{LegacyHttpCompat, LegacyHttpCompatLayer},
    rollout::{
        Rollout,
        fleet::MemoryInstances,
        journal::{Journal, MemoryJournal},
        names::InstanceId,
    },
    time::ManualClock,
    worker::Tick,
};
use tower::Layer;

use crate::{
    handler::Handler,
    link::Link,
    random::Random,
    server::{Called, FLAG, HEARTBEAT_LIMIT, Settings, call, contract, detector},
    times::{MINUTE, SECOND},
};

/// How many instances there are, and how far their clocks are off.
#[derive(Clone, Debug)]
pub(crate) struct FleetPlan {
    pub(crate) instances: u64,
    /// How many the policy requires.
    pub(crate) processes: u32,
    pub(crate) random: Random,
}

pub(crate) struct Fleet {
    plan: FleetPlan,
    store: Arc<MemoryCensusStore>,
    clock: Arc<ManualClock>,
    journal: Arc<dyn Journal>,
    table: Arc<MemoryInstances>,
    pub(crate) nodes: Vec<Node>,
    /// How many instances there were.
    named: u64,
    start: u64,
    passed: Duration,
}

/// One instance.
pub(crate) struct Node {
    pub(crate) number: u64,
    name: String,
    clock: Arc<ManualClock>,
    contract: LiveContract,
    local: Arc<Census>,
    census: Arc<FleetCensus>,
    rollout: Arc<Rollout>,
    metrics: Arc<Metrics>,
    service: Option<LegacyHttpCompat<Handler>>,
    /// Whether it reaches the store.
    away: Arc<AtomicBool>,
    /// The calls that it has not handed over.
    pub(crate) pending: Vec<Pending>,
    /// When it last handed all over, since the fleet began.
    handed_over: Duration,
    /// Whether changes of state were handed over since, and the rest was not.
    pub(crate) in_part: bool,
}

/// A call that an instance has not handed over yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) at: u64,
    pub(crate) installation: usize,
    pub(crate) incarnation: u32,
    /// The number of the sighting, of a caller with an identity.
    pub(crate) sighting: Option<u64>,
    /// Whether the response was dependent.
    pub(crate) met_legacy: bool,
}

impl FleetPlan {
    pub(crate) fn draw(seed: u64) -> Self {
        // Numbers of its own, so that the rest is as without a fleet.
        let mut random = Random::new(seed ^ 0xf1ee_7000_0000_0000);
        let instances = random.within(2..=8);
        let processes = random.within(1..=instances);
        Self {
            instances,
            processes: u32::try_from(processes).expect("a few"),
            random,
        }
    }
}

impl Fleet {
    /// No instances yet.
    pub(crate) fn new(plan: &FleetPlan, start: u64, settings: &Settings) -> Self {
        let clock = Arc::new(ManualClock::new(start));
        let store = MemoryCensusStore::with_clock(Arc::clone(&clock) as _);
        Self {
            plan: plan.clone(),
            store: Arc::new(store.capacity(16 * settings.capacity)),
            table: Arc::new(MemoryInstances::with_clock(Arc::clone(&clock) as _)),
            clock,
            journal: Arc::new(MemoryJournal::new()),
            nodes: Vec::new(),
            named: 0,
            start,
            passed: Duration::ZERO,
        }
    }

    /// Starts all instances.
    pub(crate) fn open(&mut self, settings: &Settings) {
        for _ in 0..self.plan.instances {
            self.add(settings, None);
        }
        self.tick();
    }

    /// Starts one more instance, under the name of one that is gone, or a new one.
    pub(crate) fn add(&mut self, settings: &Settings, name: Option<String>) {
        self.named += 1;
        let name = name.unwrap_or_else(|| format!("core-{}", self.named));
        let skew = self.plan.random.within(0..=10 * SECOND);
        let clock = Arc::new(ManualClock::new(self.start + skew - 5 * SECOND));
        clock.advance(self.passed);
        let node = self.node(settings, name, clock);
        self.nodes.push(node);
    }

    fn node(&self, settings: &Settings, name: String, clock: Arc<ManualClock>) -> Node {
        let (detector, contract) = (detector(settings), contract(settings.contract));
        let contract = LiveContract::from(contract);
        let local = Census::builder(&detector)
            .clock(Arc::clone(&clock) as _)
            .capacity(settings.capacity)
            .heartbeat_limit(Duration::from_millis(HEARTBEAT_LIMIT))
            .open()
            .expect("it has no snapshot");
        let local = Arc::new(local);
        let away = Arc::new(AtomicBool::new(false));
        let link = Link::new(Arc::clone(&self.store), Arc::clone(&away));
        let census = Arc::new(FleetCensus::new(Arc::clone(&local), Arc::new(link), &name));
        census.join().expect("the key is the same");
        let metrics = Arc::new(Metrics::new());
        let id = InstanceId::new(&*name).expect("a word");
        let rollout = Rollout::builder(FLAG.parse().expect("a name"), settings.policy.clone())
            .clock(Arc::clone(&clock) as _)
            .census(Arc::clone(&local))
            .census_view(Arc::clone(&census) as _)
            .metrics(Arc::clone(&metrics))
            .contract(contract.clone())
            .instance(id, Arc::clone(&self.table) as _)
            .open(Arc::clone(&self.journal))
            .expect("the journal is intact");
        let mut node = Node {
            number: self.named,
            name,
            clock,
            contract,
            local,
            census,
            rollout: Arc::new(rollout),
            metrics,
            service: None,
            away,
            pending: Vec::new(),
            handed_over: self.passed,
            in_part: false,
        };
        node.put_layer_back(settings);
        node
    }

    pub(crate) fn is_up(&self) -> bool {
        !self.nodes.is_empty()
    }

    pub(crate) fn observes(&self) -> bool {
        self.nodes.iter().any(|node| node.service.is_some())
    }

    /// That of the instance which the operator looks at now.
    pub(crate) fn rollout(&self) -> &Rollout {
        &self.looked_at().rollout
    }

    pub(crate) fn census(&self) -> Arc<Census> {
        let census = &self.looked_at().census;
        census
            .refresh(self.plan.processes, Duration::from_secs(1))
            .expect("the store can be reached");
        census.census()
    }

    fn looked_at(&self) -> &Node {
        let reaches = self.nodes.iter().filter(|node| !node.is_away());
        let nodes: Vec<&Node> = reaches.collect();
        let turn = usize::try_from(self.passed.as_secs() / 3_600).expect("some hours");
        match nodes.len() {
            0 => &self.nodes[0],
            some => nodes[turn % some],
        }
    }

    pub(crate) fn clock(&self) -> &ManualClock {
        &self.clock
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.advance(time);
        for node in &self.nodes {
            node.clock.advance(time);
        }
    }

    /// So much time has passed since the start.
    pub(crate) fn note_time(&mut self, passed: u64) {
        self.passed = Duration::from_millis(passed);
    }

    pub(crate) fn tick(&mut self) {
        self.tick_census();
        // The second time for what the first one journaled.
        for _ in 0..2 {
            for node in &self.nodes {
                node.rollout.tick();
            }
        }
    }

    pub(crate) fn tick_census(&mut self) {
        // The second time all read what all handed over.
        for _ in 0..2 {
            for index in 0..self.nodes.len() {
                self.hand_over(index);
            }
        }
    }

    /// Lets an instance tick once.
    pub(crate) fn hand_over(&mut self, index: usize) {
        let passed = self.passed;
        let node = &mut self.nodes[index];
        node.local.tick();
        node.census.tick();
        let exchange = node.census.exchange().expect("it is shared");
        if exchange.error.is_some() {
            return;
        }
        if passed >= node.handed_over + Duration::from_millis(MINUTE) || passed.is_zero() {
            node.pending.clear();
            (node.handed_over, node.in_part) = (passed, false);
        } else if !node.pending.is_empty() {
            node.in_part = true;
        }
    }

    pub(crate) fn shut_down(&mut self) {
        while !self.nodes.is_empty() {
            self.remove(0);
        }
    }

    /// Stops an instance, which hands over the rest. Returns its name, and what it could not hand over.
    pub(crate) fn remove(&mut self, index: usize) -> (String, Vec<Pending>) {
        let mut node = self.nodes.remove(index);
        node.service = None;
        node.census.shutdown();
        node.rollout.shutdown();
        let exchange = node.census.exchange().expect("it is shared");
        if exchange.error.is_none() {
            node.pending.clear();
        }
        (node.name, node.pending)
    }

    /// Ends an instance without its last work.
    pub(crate) fn kill(&mut self, index: usize) -> (String, Vec<Pending>, bool) {
        let node = self.nodes.remove(index);
        (node.name, node.pending, node.in_part)
    }

    pub(crate) fn kill_all(&mut self) {
        self.nodes.clear();
    }

    pub(crate) fn remove_layers(&mut self) {
        for node in &mut self.nodes {
            node.service = None;
        }
    }

    pub(crate) fn put_layers_back(&mut self, settings: &Settings) {
        for node in &mut self.nodes {
            node.put_layer_back(settings);
        }
    }

    pub(crate) fn serve(&self, contract: &Contract) {
        for node in &self.nodes {
            node.contract.replace(contract.clone());
        }
    }

    /// Half of the calls of an installation go to one instance, the others to any.
    pub(crate) fn call(&mut self, installation: usize, request: Request<()>) -> Called {
        let count = self.nodes.len();
        let any = self.plan.random.within(0..=count as u64 - 1);
        let node = if self.plan.random.percent(50) {
            installation % count
        } else {
            usize::try_from(any).expect("an index")
        };
        if let Some(service) = &self.nodes[node].service {
            call(service, request);
        }
        let on = self.nodes[node].rollout.reader().is_on();
        Called { on, node }
    }

    pub(crate) fn any(&mut self) -> usize {
        let last = self.nodes.len() as u64 - 1;
        usize::try_from(self.plan.random.within(0..=last)).expect("an index")
    }

    /// Whether one fewer is enough for the policy.
    pub(crate) fn can_lose_one(&self) -> bool {
        self.nodes.len() as u64 > u64::from(self.plan.processes)
    }

    pub(crate) fn find(&self, number: u64) -> Option<usize> {
        self.nodes.iter().position(|node| node.number == number)
    }

    pub(crate) fn set_store_away(&self, away: bool) {
        self.store.set_away(away);
    }

    pub(crate) fn set_loses_responses(&self, loses: bool) {
        self.store.set_loses_responses(loses);
    }

    pub(crate) fn step_store(&self, ms: i64) {
        self.store.step_clock(ms);
    }
}

impl Node {
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    pub(crate) fn step_clock(&self, ms: i64) {
        use legacy_http_compat::time::Clock as _;
        let wall = self.clock.unix_ms();
        self.clock.set_unix_ms(wall.saturating_add_signed(ms));
        self.local.tick();
    }

    fn put_layer_back(&mut self, settings: &Settings) {
        let layer = LegacyHttpCompatLayer::new(self.contract.clone(), self.rollout.reader())
            .detector(Arc::new(detector(settings)))
            .observer(Arc::clone(&self.local) as _)
            .observer(Arc::clone(&self.metrics) as _);
        self.service = Some(layer.layer(Handler));
    }
}
