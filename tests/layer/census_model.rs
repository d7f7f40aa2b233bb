//! The census against a plain model that keeps every sighting and reckons everything anew.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use legacy_http_compat::{
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kind, Kinds, SignalDetector},
    census::{CallerEvent, CallerState, Census, Counts, Dependence, ListQuery, Select, Window},
    observation::Feeder,
    time::{Clock, ManualClock},
    worker::Tick,
};
use proptest::prelude::*;

const LIMIT: u64 = 10_000;
const JUMP: u64 = 2_000;
const START: u64 = 1_800_000_000_000;

#[derive(Clone, Debug)]
enum Act {
    See {
        caller: Option<u8>,
        kind: u8,
        target: bool,
        dependence: Dependence,
    },
    Pass(u64),
    SetWall(i64),
    Tick,
    Save,
    Crash(u64),
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: u64,
    /// When a heartbeat took it into the counts of responses.
    booked: Option<u64>,
    caller: Option<u8>,
    kind: usize,
    target: bool,
    dependence: Dependence,
}

/// Time as the documentation tells it: it follows the monotonic clock, and is put forward when the wall clock runs
/// ahead. Everything else is a list.
#[derive(Clone, Debug)]
struct Model {
    time: u64,
    wall: u64,
    beat: (u64, u64),
    watched: Vec<(u64, u64)>,
    seen: Vec<Seen>,
}

impl Model {
    fn new() -> Self {
        let time = 400 * 86_400_000;
        Self {
            time,
            wall: START,
            beat: (time, START),
            watched: Vec::new(),
            seen: Vec::new(),
        }
    }

    fn pass(&mut self, ms: u64) {
        self.time += ms;
        self.wall += ms;
    }

    fn beat(&mut self) {
        let (time, wall) = self.beat;
        let passed = self.time - time;
        let ahead = i128::from(self.wall) - i128::from(wall) - i128::from(passed);
        if ahead.unsigned_abs() <= u128::from(JUMP) && passed <= LIMIT {
            self.watched.push((time, self.time));
        } else if ahead > i128::from(JUMP) {
            self.time += u64::try_from(ahead).unwrap();
        }
        self.beat = (self.time, self.wall);
        for seen in &mut self.seen {
            seen.booked.get_or_insert(self.time);
        }
    }

    fn restart(&mut self, saved: &Self) {
        let wall = self.wall;
        *self = saved.clone();
        let back = saved.wall.saturating_sub(wall);
        if back > 60_000 {
            self.watched.clear();
        } else if back > 0 {
            self.time += 60_000;
        } else {
            self.time += wall - saved.wall;
        }
        self.wall = wall;
        self.beat = (self.time, self.wall);
    }

    fn since(&self, window: Window) -> u64 {
        tick(self.time - window.as_millis())
    }

    /// The sightings of each caller, apart for each kind that it was seen as. What it did as `other` belongs to its first
    /// kind with a name.
    fn callers(&self) -> BTreeMap<u8, Vec<(usize, Vec<Seen>)>> {
        let mut callers = BTreeMap::<u8, Vec<(usize, Vec<Seen>)>>::new();
        for seen in &self.seen {
            let Some(caller) = seen.caller else {
                continue;
            };
            let kinds = callers.entry(caller).or_default();
            let place = kinds.iter().position(|(kind, _)| *kind == seen.kind);
            let place = place.or_else(|| {
                let other = kinds.iter().position(|(kind, _)| *kind == 0);
                other.or((seen.kind == 0 && !kinds.is_empty()).then_some(0))
            });
            match place {
                Some(place) => {
                    if kinds[place].0 == 0 {
                        kinds[place].0 = seen.kind;
                    }
                    kinds[place].1.push(*seen);
                }
                None => kinds.push((seen.kind, vec![*seen])),
            }
        }
        callers
    }

    fn counts(&self, window: Window, kind: usize) -> Counts {
        let since = self.since(window);
        let mut counts = Counts::default();
        for kinds in self.callers().values() {
            for (_, own) in kinds.iter().filter(|(of, _)| *of == kind) {
                count(&mut counts, own, since);
                counts.shared_identity += u64::from(kinds.len() > 1);
            }
        }
        counts
    }

    /// How many callers there are, each once, and in how many of them the worst record is dependent.
    fn whole(&self, window: Window) -> (u64, u64) {
        let since = self.since(window);
        let callers = self.callers();
        let depends = |kinds: &&Vec<(usize, Vec<Seen>)>| {
            let mut kinds = kinds.iter();
            kinds.any(|(_, own)| state(own, since) == CallerState::Dependent)
        };
        let dependent = callers.values().filter(depends).count();
        (callers.len() as u64, dependent as u64)
    }

    fn watched(&self, window: Window) -> u64 {
        let from = self.time - window.as_millis();
        let within = |(start, end): &(u64, u64)| end.saturating_sub(from.max(*start));
        self.watched.iter().map(within).sum()
    }

    fn responses(&self, kind: usize, which: impl Fn(&Seen) -> bool) -> u64 {
        let of_kind = self.seen.iter().filter(|seen| seen.kind == kind);
        of_kind.filter(|seen| which(seen)).count() as u64
    }
}

fn depends(seen: &Seen) -> bool {
    !seen.target && seen.dependence.is_dependent()
}

/// To the sixteenth of a second, as the census keeps its times.
fn tick(time: u64) -> u64 {
    time * 2 / 125
}

fn within(seen: &Seen, since: u64) -> bool {
    tick(seen.at) >= since
}

/// Whether a legacy sighting came after a target one.
fn mixed(own: &[Seen]) -> bool {
    let first = own.iter().position(|seen| seen.target);
    first.is_some_and(|first| own[first..].iter().any(|seen| !seen.target))
}

fn state(own: &[Seen], since: u64) -> CallerState {
    let depended = own.iter().any(depends);
    let latent = |seen: &Seen| !seen.target && seen.dependence == Dependence::Latent;
    let mut legacy = own.iter().filter(|seen| !seen.target);
    let legacy_in_window = legacy.any(|seen| within(seen, since));
    if !depended && !own.iter().any(latent) {
        CallerState::NeverDependent
    } else if own.last().unwrap().target && (!mixed(own) || !legacy_in_window) {
        if depended {
            CallerState::Migrated
        } else {
            CallerState::NeverDependent
        }
    } else if own.iter().any(|seen| depends(seen) && within(seen, since)) {
        CallerState::Dependent
    } else if !legacy_in_window {
        CallerState::Inactive
    } else if depended {
        CallerState::Inconclusive
    } else {
        CallerState::Latent
    }
}

fn stranded(own: &[Seen], since: u64) -> bool {
    let is_stranded = |seen: &Seen| depends(seen) && seen.dependence == Dependence::Stranded;
    own.iter()
        .any(|seen| is_stranded(seen) && within(seen, since))
}

fn regressed(own: &[Seen]) -> bool {
    let moved = own.iter().position(|seen| seen.target);
    moved.is_some_and(|moved| own[moved..].iter().any(depends))
}

fn count(counts: &mut Counts, own: &[Seen], since: u64) {
    counts.known += 1;
    match state(own, since) {
        CallerState::NeverDependent => counts.never_dependent += 1,
        CallerState::Dependent => {
            counts.dependent += 1;
            counts.stranded += u64::from(stranded(own, since));
            counts.regressed += u64::from(regressed(own));
        }
        CallerState::Latent => {
            counts.latent += 1;
            counts.latent_identified += 1;
        }
        CallerState::Inconclusive => counts.inconclusive += 1,
        CallerState::Migrated => counts.migrated += 1,
        CallerState::Inactive => counts.inactive += 1,
        other => panic!("a state that the model does not know: {other:?}"),
    }
}

struct Pair {
    clock: Arc<ManualClock>,
    census: Census,
    feeder: Feeder,
    model: Model,
    saved: Option<(Vec<u8>, Model)>,
}

fn detector() -> SignalDetector {
    SignalDetector::builder(["AGENT", "MCP"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap()
}

fn kind(number: u8) -> Kind {
    Kinds::new(["AGENT", "MCP"])
        .unwrap()
        .find(["AGENT", "MCP", "other"][usize::from(number % 3)])
        .unwrap()
}

impl Pair {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let census = Census::builder(&detector())
            .capacity(64)
            .clock(clock.clone())
            .open()
            .unwrap();
        Self {
            clock,
            feeder: census.feeder(),
            census,
            model: Model::new(),
            saved: None,
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::See {
                caller,
                kind: number,
                target,
                dependence,
            } => {
                self.see(*caller, kind(*number), *target, *dependence);
            }
            Act::Pass(ms) => {
                self.clock.advance(Duration::from_millis(*ms));
                self.model.pass(*ms);
            }
            Act::SetWall(by) => {
                let wall = self.clock.unix_ms().saturating_add_signed(*by);
                self.clock.set_unix_ms(wall);
                self.model.wall = wall;
            }
            Act::Tick => {
                self.census.tick();
                self.model.beat();
            }
            Act::Save => {
                self.saved = Some((self.census.to_bytes().unwrap(), {
                    self.model.beat();
                    self.model.clone()
                }));
            }
            Act::Crash(down) => self.crash(*down),
        }
    }

    fn see(&mut self, caller: Option<u8>, kind: Kind, target: bool, dependence: Dependence) {
        let generation = if target {
            Generation::Target
        } else {
            Generation::Legacy
        };
        let mut who = Caller::new(kind, generation);
        if let Some(caller) = caller {
            who = who.with_fingerprint(Fingerprint::from_u128(caller.into()));
        }
        let endpoint = self.census.endpoint("device_poll");
        self.census.record(&CallerEvent {
            caller: who,
            endpoint,
            dependence,
            failed: false,
        });
        self.model.seen.push(Seen {
            at: self.model.time,
            booked: None,
            caller,
            kind: kind.index(),
            target,
            dependence,
        });
    }

    fn crash(&mut self, down: u64) {
        self.clock.advance(Duration::from_millis(down));
        self.model.pass(down);
        let Some((bytes, saved)) = &self.saved else {
            return;
        };
        self.model.restart(saved);
        let builder = Census::builder(&detector())
            .capacity(64)
            .clock(self.clock.clone());
        self.census = builder.open_bytes(bytes).unwrap();
        self.feeder = self.census.feeder();
    }

    fn check(&mut self, window: Window) {
        let report = self.census.report(window);
        self.model.beat();
        for (number, kind) in report.kinds.iter().enumerate() {
            let mut counts = kind.counts;
            self.check_responses(number, &counts, window);
            counts.responses = Counts::default().responses;
            assert_eq!(
                counts,
                self.model.counts(window, number),
                "{window} {}",
                kind.kind
            );
        }
        let whole = (report.all.known, report.all.dependent);
        assert_eq!(whole, self.model.whole(window));
        assert_eq!(
            report.coverage.watched_ms,
            self.model.watched(window),
            "{window}"
        );
        assert!((0.0..=1.0).contains(&report.coverage.ratio));
        assert!(report.estimate.is_none());
        self.check_list(window);
    }

    /// Never less than there was in the window, and nothing booked before the bucket in which it starts.
    fn check_responses(&self, kind: usize, counts: &Counts, window: Window) {
        let width = match window.as_millis() {
            ms if ms <= 3_600_000 => 10_000,
            ms if ms <= 86_400_000 => 60_000,
            _ => 900_000,
        };
        let since = self.model.time - window.as_millis();
        let booked = |seen: &Seen| seen.booked.is_none_or(|at| at + width + 1_000 > since);
        let held = |reported: u64, which: fn(&Seen) -> bool| {
            let least = self
                .model
                .responses(kind, |seen| which(seen) && seen.at >= since);
            let most = self
                .model
                .responses(kind, |seen| which(seen) && booked(seen));
            assert!(
                (least..=most).contains(&reported),
                "{least} <= {reported} <= {most}"
            );
        };
        let responses = &counts.responses;
        held(responses.all, |_| true);
        held(responses.dependent, depends);
        held(responses.dependent_anonymous, |seen| {
            depends(seen) && seen.caller.is_none()
        });
        held(responses.stranded, |seen| {
            depends(seen) && seen.dependence == Dependence::Stranded
        });
        held(responses.stranded_anonymous, |seen| {
            depends(seen) && seen.dependence == Dependence::Stranded && seen.caller.is_none()
        });
        held(responses.latent_anonymous, |seen| {
            !seen.target && seen.dependence == Dependence::Latent && seen.caller.is_none()
        });
        held(responses.dependent_unplaced, |_| false);
    }

    fn check_list(&self, window: Window) {
        let since = self.model.since(window);
        let query = ListQuery::new(window).page(0, 1_000);
        let page = self.census.list(&query);
        let callers = self.model.callers();
        let records: usize = callers.values().map(Vec::len).sum();
        assert_eq!(page.total, records);
        for row in &page.rows {
            let kinds = &callers[&u8::try_from(row.fingerprint.as_u128()).unwrap()];
            let names = ["other", "AGENT", "MCP"];
            let of_row = |(kind, _): &&(usize, Vec<Seen>)| names[*kind] == row.kind;
            let own = &kinds.iter().find(of_row).unwrap().1;
            assert_eq!(row.state, state(own, since));
            assert_eq!(row.shared_identity, kinds.len() > 1);
            assert_eq!(row.responses as usize, own.len());
            assert_eq!(
                row.dependent_responses as usize,
                own.iter().filter(|seen| depends(seen)).count()
            );
            assert!(row.first_seen <= row.last_seen);
        }
        let depended = self.census.list(&query.select(Select::Depended)).total;
        let expected = callers
            .values()
            .flatten()
            .filter(|(_, own)| own.iter().any(|seen| depends(seen) && within(seen, since)));
        assert_eq!(depended, expected.count());
    }
}

fn dependence() -> impl Strategy<Value = Dependence> {
    prop_oneof![
        Just(Dependence::None),
        Just(Dependence::Latent),
        Just(Dependence::Served),
        Just(Dependence::Stranded),
    ]
}

fn see() -> impl Strategy<Value = Act> {
    let caller = prop_oneof![4 => (0_u8..6).prop_map(Some), 1 => Just(None)];
    (caller, 0_u8..3, any::<bool>(), dependence()).prop_map(|(caller, kind, target, dependence)| {
        Act::See {
            caller,
            kind,
            target,
            dependence,
        }
    })
}

/// As long as a window, or nearly: what lies at its edge is where mistakes are made.
fn near_a_window() -> impl Strategy<Value = u64> {
    let off = prop_oneof![Just(0), -12_000_i64..12_000];
    (prop::sample::select(Window::STANDARD.to_vec()), off)
        .prop_map(|(window, off)| window.as_millis().saturating_add_signed(off))
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => see(),
        3 => prop_oneof![0_u64..3_000, 0_u64..30_000, 0_u64..4_000_000, 0_u64..300_000_000, near_a_window()].prop_map(Act::Pass),
        1 => prop_oneof![-5_000_i64..5_000, -100_000_000_i64..100_000_000].prop_map(Act::SetWall),
        4 => Just(Act::Tick),
        1 => Just(Act::Save),
        1 => prop_oneof![0_u64..20_000, 0_u64..200_000_000].prop_map(Act::Crash),
    ]
}

fn window() -> impl Strategy<Value = Window> {
    let any_length =
        (1_u64..=2_592_000_000).prop_map(|ms| Window::new(Duration::from_millis(ms)).unwrap());
    prop_oneof![2 => prop::sample::select(Window::STANDARD.to_vec()), 1 => any_length]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn reports_agree_with_a_plain_model(
        acts in prop::collection::vec((act(), prop::option::weighted(0.15, window())), 1..60),
        last in window(),
    ) {
        let mut pair = Pair::new();
        for (act, window) in &acts {
            pair.act(act);
            if let Some(window) = window {
                pair.check(*window);
            }
        }
        pair.check(last);
    }
}
