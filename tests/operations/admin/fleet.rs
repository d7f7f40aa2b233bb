//! The services of several instances on one journal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicBool, atomic::Ordering},
    time::Duration,
};

use legacy_http_compat::{
    admin::{SessionStore, SessionStoreError, SharedSession, history::HistoryRange},
    census::{Dependence, fleet::MemoryCensusStore},
    flag::FlagState,
    metrics::{Family, Sources},
    rollout::{JournalFollower, Phase, fleet::MemoryInstances},
    time::ManualClock,
};
use serde_json::{Value, json};

use super::{
    orders,
    service::{MARA, START, Shared, TestService},
    stream::Stream,
};
use crate::{
    reachable::Reachable,
    shared_journal::{Link, SharedJournal, SharedStore},
};

/// A table of sessions in memory, which can be away.
#[derive(Debug, Default)]
struct Sessions {
    rows: Mutex<HashMap<[u8; 32], SharedSession>>,
    away: AtomicBool,
}

impl Sessions {
    fn reachable(&self) -> Result<(), SessionStoreError> {
        if self.away.load(Ordering::SeqCst) {
            return Err(SessionStoreError::new("away"));
        }
        Ok(())
    }
}

impl SessionStore for Sessions {
    fn begin(
        &self,
        key: &[u8; 32],
        session: &SharedSession,
        _: Duration,
    ) -> Result<(), SessionStoreError> {
        self.reachable()?;
        self.rows.lock().unwrap().insert(*key, session.clone());
        Ok(())
    }

    fn find(
        &self,
        key: &[u8; 32],
        _: Duration,
    ) -> Result<Option<SharedSession>, SessionStoreError> {
        self.reachable()?;
        Ok(self.rows.lock().unwrap().get(key).cloned())
    }

    fn end(&self, key: &[u8; 32], _: Duration) -> Result<(), SessionStoreError> {
        self.reachable()?;
        self.rows.lock().unwrap().remove(key);
        Ok(())
    }
}

struct Fleet {
    store: Arc<SharedStore>,
    shared: Shared,
    sessions: Arc<Sessions>,
    table: Arc<Reachable>,
}

/// A service with its link to the store.
struct Member {
    service: TestService,
    journal: Arc<SharedJournal>,
}

impl Fleet {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let sessions = Arc::new(Sessions::default());
        let table = Arc::new(MemoryInstances::with_clock(clock.clone()));
        let table = Arc::new(Reachable::new(table));
        Self {
            store: Arc::default(),
            shared: Shared {
                table: Arc::clone(&table) as _,
                sessions: Arc::clone(&sessions) as _,
                census: None,
                clock,
            },
            sessions,
            table,
        }
    }

    /// Instances that share one census as well.
    fn of_one_census() -> Self {
        let mut fleet = Self::new();
        let store = MemoryCensusStore::with_clock(fleet.shared.clock.clone());
        fleet.shared.census = Some(Arc::new(store));
        fleet
    }

    /// Lets time pass, and lets each hand over what it counted before any reads it.
    fn pass(&self, seconds: u64, members: &[&Member]) {
        for part in [seconds - 1, 1] {
            self.shared.clock.advance(Duration::from_secs(part));
            for member in members {
                member.service.tick();
            }
        }
    }

    async fn join(&self, name: &'static str) -> Member {
        let journal = self.store.join();
        let service = TestService::open_with(|setup| {
            setup.journal = Arc::clone(&journal) as _;
            setup.instance = Some((name, self.shared.clone()));
        });
        Member {
            service: service.await,
            journal,
        }
    }
}

impl Member {
    fn follow(&self) -> JournalFollower {
        JournalFollower::start(Arc::clone(&self.service.rollout)).unwrap()
    }

    async fn cut_over(&self) -> Value {
        let body = json!({"to": "cutover", "reason": "as planned"});
        let operator = self.service.operator();
        operator.post("/api/transitions", &body).await.ok()
    }

    async fn roll_back(&self) -> Value {
        let body = json!({"incident": "INC-1", "reason": "errors"});
        let operator = self.service.operator();
        operator.post("/api/rollbacks", &body).await.json()
    }

    async fn fleet(&self) -> Value {
        let status = self.service.viewer().get("/api/status").await.ok();
        status["fleet"].clone()
    }

    async fn page(&self, path: &str) -> String {
        self.service.viewer().get(path).await.text
    }

    /// The samples of a family, of the sources that an instance has.
    fn samples(&self, family: &Family) -> Vec<(String, f64)> {
        let mut sources = Sources::new().source(Arc::clone(&self.service.rollout));
        if let Some(fleet) = &self.service.fleet {
            sources = sources.source(Arc::clone(fleet));
        }
        let mut samples = Vec::new();
        sources.read(family, &mut |labels, value| {
            samples.push((labels[1..].join(" "), value.as_f64()));
        });
        samples
    }

    fn dependents(&self) -> Option<u64> {
        let series = self.service.history.time_series(HistoryRange::Hour);
        let agents = series.callers.iter().find(|series| series.kind == "AGENT");
        *agents.unwrap().dependent.last().unwrap()
    }

    fn flag(&self) -> FlagState {
        self.service.rollout.reader().state()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutover_says_which_instances_have_applied_it_and_goes_on_to_tell() {
    let fleet = Fleet::new();
    let a = fleet.join("core-a").await;
    let b = fleet.join("core-b").await;
    let c = fleet.join("core-c").await;
    let late = fleet.join("core-7f9").await;
    let following = [a.follow(), b.follow(), c.follow()];
    let done = a.cut_over().await;
    assert_eq!(done["applied"], "applied by 3 of 4; waiting for core-7f9");
    assert_eq!(done["propagation"]["waiting"], json!(["core-7f9"]));
    assert_eq!((a.flag(), b.flag()), (FlagState::Off, FlagState::Off));
    assert_eq!(late.flag(), FlagState::On, "nothing is undone for it");

    // In the API, on every page and in the stream, of every instance.
    fleet.shared.clock.advance(Duration::from_secs(2));
    while b.fleet().await["text"] != done["applied"] {}
    let page = b.page("").await;
    assert!(page.contains("The flag is not the same everywhere"));
    assert!(page.contains("applied by 3 of 4; waiting for core-7f9"));
    let document = b.service.stranger.document();
    let mut stream = Stream::open(&b.service.viewer(), "/api/events").await;
    let totals = stream.totals(document).await;
    assert_eq!(totals.data["applied"], done["applied"]);

    let last = late.follow();
    fleet.shared.clock.advance(Duration::from_secs(2));
    while stream.totals(document).await.data["applied"] != "applied by 4 of 4" {}
    assert_eq!(late.flag(), FlagState::Off);
    assert!(!b.page("").await.contains("not the same everywhere"));
    drop((following, last));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_instances_shows_each() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    fleet.shared.clock.advance(Duration::from_secs(2));
    a.service.tick();
    let page = a.page("/instances").await;
    for text in [
        "<span>core-a</span> <span>(this one)</span>",
        "core-b",
        "1.2.3",
        "live",
        "The last change of the flag is applied by",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert!(a.page("").await.contains(">Instances</a>"));
    fleet.shared.clock.advance(Duration::from_secs(60));
    a.service.tick();
    assert!(a.page("/instances").await.contains("not seen for 1 min"));
    drop(b);

    // What the table said before it was out of reach is not shown as of now.
    fleet.table.set_away(true);
    a.journal.set(Link::Away);
    fleet.shared.clock.advance(Duration::from_secs(3));
    a.service.tick();
    let page = a.page("/instances").await;
    for text in [
        "As of 3 s ago, the last change of the flag was applied by",
        "Since then: the table of instances cannot be reached: no route.",
    ] {
        assert!(page.contains(text), "{text} in {page}");
    }
    let shown = a.fleet().await["instances"].clone();
    assert_eq!(shown[0]["sync"], "stale", "{shown}");

    let alone = TestService::open().await;
    assert!(!alone.viewer().get("").await.text.contains("Instances"));
    let none = alone.viewer().get("/instances").await;
    assert_eq!(none.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_history_and_metrics_are_those_of_all_instances() {
    let fleet = Fleet::of_one_census();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    a.service.see("AGENT", 1, Dependence::Served);
    b.service.see("AGENT", 1, Dependence::Served);
    b.service.see("AGENT", 2, Dependence::Served);
    fleet.pass(70, &[&a, &b]);
    for member in [&a, &b] {
        let page = member.page("/callers").await;
        assert!(page.contains("2 callers of all instances"), "{page}");
        assert_eq!(member.dependents(), Some(2));
        let callers = member.samples(&Family::CALLERS);
        assert!(callers.contains(&("AGENT dependent 24h".to_owned(), 2.0)));
    }
    assert!(a.page("").await.contains("Responses of this instance"));

    let fleet = Fleet::new();
    let alone = fleet.join("core-a").await;
    alone.service.see("AGENT", 1, Dependence::Served);
    let page = alone.page("/callers").await;
    assert!(page.contains("1 caller of this instance alone"), "{page}");
    assert!(!alone.page("/instances").await.contains("Census of all"));
    assert_eq!(alone.samples(&Family::EXCHANGE_AGE_SECONDS), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_count_the_instances_by_state_and_time_the_last_change_and_the_clock() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    let lost = fleet.join("core-c").await;
    fleet.pass(4, &[&a, &b, &lost]);
    let by_state = |member: &Member| member.samples(&Family::INSTANCES);
    let states = |live: f64, lost: f64, waiting: f64| {
        [("live", live), ("lost", lost), ("waiting", waiting)]
            .map(|(state, count)| (state.to_owned(), count))
    };
    assert_eq!(by_state(&a), states(3.0, 0.0, 0.0));
    assert_eq!(a.samples(&Family::APPLIED_LAG_SECONDS), [], "none yet");

    // One follows, one is behind, one was killed.
    let following = a.follow();
    a.cut_over().await;
    fleet.pass(2, &[&a]);
    assert_eq!(by_state(&a), states(3.0, 0.0, 2.0));
    assert_eq!(
        a.samples(&Family::APPLIED_LAG_SECONDS),
        [(String::new(), 0.0)]
    );
    let late = b.follow();
    while b.flag() != FlagState::Off {}
    fleet.pass(12, &[&a, &b]);
    fleet.pass(2, &[&a, &b]);
    assert_eq!(by_state(&a), states(2.0, 1.0, 0.0));
    assert_eq!(by_state(&b), states(2.0, 1.0, 0.0));
    assert_eq!(
        b.samples(&Family::APPLIED_LAG_SECONDS),
        [(String::new(), 2.0)],
        "two seconds after it was journaled"
    );

    assert_eq!(a.samples(&Family::JOURNAL_FORKED), [(String::new(), 0.0)]);
    // A table in memory has no clock of its own.
    assert_eq!(a.samples(&Family::CLOCK_OFFSET_SECONDS), []);
    fleet.table.set_clock(-2_500);
    fleet.pass(2, &[&a]);
    assert_eq!(
        a.samples(&Family::CLOCK_OFFSET_SECONDS),
        [(String::new(), -2.5)]
    );

    fleet.store.lose_from(2);
    fleet.pass(2, &[&a]);
    assert_eq!(a.samples(&Family::JOURNAL_FORKED), [(String::new(), 1.0)]);
    drop((following, late));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_the_instances_shows_how_the_census_is_exchanged() {
    let fleet = Fleet::of_one_census();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    fleet.pass(70, &[&a, &b]);
    let page = a.page("/instances").await;
    assert!(page.contains("Nothing waits to be handed over."), "{page}");
    assert_eq!(a.samples(&Family::STORE_UP), [(String::new(), 1.0)]);

    let store = fleet.shared.census.as_ref().unwrap();
    store.set_away(true);
    a.service.see("AGENT", 1, Dependence::Served);
    fleet.pass(120, &[&a]);
    let page = a.page("/instances").await;
    assert!(
        page.contains("1 caller waits to be handed over, and gates fail until that is done"),
        "{page}"
    );
    assert!(
        page.contains("last handed over what it counts 2 min"),
        "{page}"
    );
    assert_eq!(a.samples(&Family::STORE_UP), [(String::new(), 0.0)]);
    // The last sign of life was up to two seconds before.
    let age = &a.samples(&Family::EXCHANGE_AGE_SECONDS)[0].1;
    assert!((120.0..=122.0).contains(age), "{age}");

    store.set_away(false);
    fleet.pass(2, &[&a]);
    let page = a.page("/instances").await;
    assert!(page.contains("Nothing waits to be handed over."), "{page}");
    assert!(
        page.contains("The census is incomplete without core-b"),
        "{page}"
    );
    assert!(!page.contains("Write off core-b"), "only for operators");
    let page = a.service.operator().get("/instances").await.text;
    assert!(page.contains("Write off core-b"), "{page}");

    let (path, order) = orders::of_a_fleet();
    a.service.operator().post(path, &order).await.ok();
    fleet.pass(2, &[&a]);
    assert!(!a.page("/instances").await.contains("incomplete"));
    assert_eq!(fleet.store.count("instance_written_off"), 1);
    // It was only cut off: it goes on as a new run, and loses nothing.
    b.service.see("AGENT", 2, Dependence::Served);
    fleet.pass(70, &[&a, &b]);
    assert!(
        a.page("/callers")
            .await
            .contains("2 callers of all instances")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_and_a_stale_journal_are_alarms_on_every_page() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    a.journal.set(Link::Away);
    a.service.tick();
    assert!(a.page("/callers").await.contains("The journal is stale"));
    assert_eq!(a.fleet().await["sync"], "stale");
    a.journal.set(Link::Works);
    a.service.tick();
    assert!(!a.page("/callers").await.contains("The journal is stale"));

    let head = a.service.head();
    fleet.store.replace(head, "forged");
    let late = fleet.join("core-c").await;
    for member in [&a, &b] {
        member.service.tick();
    }
    late.service.tick();
    late.service.tick();
    let lost = "The store does not have events that this instance follows.";
    let differ = "core-a and core-b follow another journal than core-c.";
    for (member, (shown, not)) in [
        (&a, (lost, "core-a and core-b follow")),
        (&b, (lost, "core-a and core-b follow")),
        (&late, (differ, lost)),
    ] {
        let page = member.page("").await;
        assert!(page.contains("The journal has forked"), "{page}");
        assert!(page.contains(shown) && !page.contains(not), "{page}");
        assert!(!page.contains("not the same everywhere"), "{page}");
    }
    let body = json!({"to": "cutover", "reason": "as planned"});
    let refused = a.service.operator().post("/api/transitions", &body).await;
    assert_eq!(refused.problem(), "journal-failing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_with_the_store_away_takes_effect_on_the_instance_asked() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    let following = [a.follow(), b.follow()];
    a.cut_over().await;
    for member in [&a, &b] {
        member.journal.set(Link::Hangs);
    }
    // The loop over the instances that the guide shows.
    for member in [&a, &b] {
        let done = member.roll_back().await;
        assert_eq!(done["recorded"], false);
        assert_eq!(member.flag(), FlagState::On);
    }
    for member in [&a, &b] {
        member.journal.set(Link::Works);
        member.service.tick();
    }
    assert_eq!(fleet.store.count("rollback_taken"), 2);
    let events = a.service.viewer().get("/api/journal").await.ok();
    let instances: Vec<&Value> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["payload"]["rollback_taken"].get("instance"))
        .collect();
    assert_eq!(instances.len(), 2, "{events}");
    assert!(a.page("/journal").await.contains("core-b"));
    drop(following);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_works_on_every_instance_until_it_ends_on_one() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    let (_, secret) = a.service.signed_in(MARA).await;
    let at_b = b.service.stranger.in_session(&secret);
    assert_eq!(at_b.get("/api/status").await.ok()["you"]["name"], "mara");

    // What is known counts while the table is away, and a sign-in is of one instance alone.
    fleet.sessions.away.store(true, Ordering::SeqCst);
    fleet.shared.clock.advance(Duration::from_secs(60));
    at_b.get("/api/status").await.ok();
    let (at_a, _) = a.service.signed_in(MARA).await;
    at_a.get("/api/status").await.ok();
    fleet.sessions.away.store(false, Ordering::SeqCst);

    let at_first = a.service.stranger.in_session(&secret);
    at_first.post_form("/sign-out", "").await;
    fleet.shared.clock.advance(Duration::from_secs(2));
    assert_eq!(at_b.get("/api/status").await.status, 401);
    // Neither its secret is in the table.
    let table = format!("{:?}", fleet.sessions);
    assert!(!table.contains(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumes_at_another_instance() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.join("core-a").await, fleet.join("core-b").await);
    let mut stream = Stream::open(&a.service.viewer(), "/api/events").await;
    let document = a.service.stranger.document();
    let incident = json!({"incident": "INC-1", "reason": "errors"});
    a.service
        .operator()
        .post("/api/incidents", &incident)
        .await
        .ok();
    let last = stream.record(document).await.id.unwrap();
    drop(stream);
    let incident = json!({"incident": "INC-2", "reason": "errors"});
    a.service
        .operator()
        .post("/api/incidents", &incident)
        .await
        .ok();
    let resuming = b.service.viewer().with("last-event-id", last.to_string());
    let mut resumed = Stream::open(&resuming, "/api/events").await;
    let record = resumed.record(document).await;
    assert_eq!(record.id, Some(last + 1));
    assert_eq!(
        record.data["payload"]["incident_opened"]["incident"],
        "INC-2"
    );
    assert_eq!(b.service.rollout.status().state.phase, Phase::Compat);
}
