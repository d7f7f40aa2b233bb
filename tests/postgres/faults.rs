//! What breaks between a store and its server, and in the server.

use std::{
    thread,
    time::{Duration, Instant},
};

use legacy_http_compat::rollout::{
    Phase,
    event::{EventPayload, NewEvent, Opened},
    journal::{AppendAttempt, AppendError, Journal, JournalSync},
    policy::PolicyDocument,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, all, event, eventually, fill, flag, reaches},
    events::draft,
    proxy::{Proxy, Way},
};

/// The patience of a rollback.
const SHORT: Duration = Duration::from_millis(500);

fn attempt() -> AppendAttempt {
    AppendAttempt::new(SHORT)
}

#[test]
fn a_server_that_hangs_costs_the_patience_and_no_more_and_reading_costs_nothing() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let journal = database.at(proxy.port).journal();
    let head = fill(&journal, 3);
    proxy.hang(true);
    let begun = Instant::now();
    // Others wait, too. Each returns while the server hangs.
    thread::scope(|scope| {
        for number in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                let failed = journal.append_attempt(head, event(number), attempt());
                assert!(matches!(
                    failed,
                    Err(AppendError::Undecided(_) | AppendError::NotWritten(_))
                ));
            });
        }
        assert_eq!(all(&journal).len(), 3);
        assert_eq!(journal.head().unwrap(), head);
    });
    println!(
        "8 appends with a patience of {SHORT:?} to a server that hangs: all returned after {:?}",
        begun.elapsed()
    );
    eventually("the journal is stale", || {
        matches!(journal.sync_state(), JournalSync::Stale { since: Some(_) })
    });
    proxy.hang(false);
    eventually("the journal is current again", || {
        journal.sync_state() == JournalSync::Current
    });
    let late = journal.head().unwrap();
    assert!(
        late.seq <= 4,
        "at most one of eight that expected the same head"
    );
    fill(&journal, 1);
}

#[test]
fn a_short_patience_on_a_slow_network_closes_no_connection() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let store = database.at(proxy.port).store();
    let instances = store.instances(&flag("flag"));
    instances.list(LONG).unwrap();
    let connections = || {
        let rows = database.query(
            "select pid from pg_stat_activity where datname = current_database() \
                and application_name = 'legacy-http-compat' and query not ilike 'listen%' order by pid",
        );
        let pids = rows.iter().map(|row| row.get::<_, i32>(0));
        pids.collect::<Vec<_>>()
    };
    eventually(
        "only the one for statements is left beside the listener",
        || store.health().hears && connections().len() == 1,
    );
    let before = connections();
    proxy.delay(Duration::from_millis(150));
    for _ in 0..4 {
        instances.list(Duration::from_millis(100)).unwrap_err();
        instances.list(LONG).unwrap();
    }
    assert_eq!(connections(), before);
}

#[test]
fn a_lost_response_is_undecided_and_the_same_attempt_decides_it() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let journal = database.at(proxy.port).journal();
    let head = fill(&journal, 1);
    proxy.hold(Way::ToClient, true);
    let attempt = attempt();
    let undecided = journal.append_attempt(head, event(7), attempt).unwrap_err();
    assert!(
        matches!(undecided, AppendError::Undecided(_)),
        "{undecided}"
    );
    proxy.cut(true);
    proxy.hold(Way::ToClient, false);
    // That it cannot be sent now decides nothing.
    let undecided = journal.append_attempt(head, event(7), attempt).unwrap_err();
    assert!(
        matches!(undecided, AppendError::Undecided(_)),
        "{undecided}"
    );
    // An attempt that was never sent is certain.
    let certain = journal
        .append_attempt(head, event(8), AppendAttempt::new(SHORT))
        .unwrap_err();
    assert!(certain.is_certain(), "{certain}");
    proxy.cut(false);
    eventually("the server is back", || {
        match journal.append_attempt(head, event(7), attempt) {
            Ok(event) => event.seq == 2,
            Err(AppendError::Undecided(_)) => false,
            Err(error) => panic!("{error}"),
        }
    });
    assert_eq!(all(&database.journal()).len(), 2, "appended once");
}

#[test]
fn a_statement_that_arrives_late_has_no_effect() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let journal = database.at(proxy.port).journal();
    let head = fill(&journal, 1);
    proxy.hold(Way::ToServer, true);
    let undecided = journal
        .append_attempt(head, event(7), attempt())
        .unwrap_err();
    assert!(!undecided.is_certain(), "{undecided}");
    thread::sleep(Duration::from_secs(2));
    proxy.hold(Way::ToServer, false);
    // What follows on the same connection is there once it has been handled.
    eventually("the journal is current again", || {
        journal.sync_state() == JournalSync::Current
    });
    assert_eq!(database.journal().head().unwrap(), head);
}

#[test]
fn connections_that_are_reset_or_terminated_are_opened_again() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let store = database.at(proxy.port).store();
    let journal = store.journal(&flag("flag")).unwrap();
    let mut head = fill(&journal, 1);
    let terminate = "select pg_terminate_backend(pid) from pg_stat_activity \
        where datname = current_database() and application_name = 'legacy-http-compat'";
    for round in 0..4 {
        if round % 2 == 0 {
            proxy.reset();
        } else {
            database.execute(terminate);
        }
        let attempt = AppendAttempt::new(SHORT);
        eventually("the event is appended", || {
            journal.append_attempt(head, event(round), attempt).is_ok()
        });
        let next = journal.head().unwrap();
        assert_eq!(next.seq, head.seq + 1, "once");
        head = next;
    }
    eventually("events are announced again", || store.health().hears);
}

#[test]
fn a_listener_that_went_deaf_is_found_out_while_the_poll_goes_on() {
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let store = database.at(proxy.port).store();
    let journal = store.journal(&flag("flag")).unwrap();
    eventually("it hears", || store.health().hears);
    proxy.hang_listeners(true);
    let head = fill(&database.journal(), 1);
    reaches(&journal, head);
    eventually("it is found deaf", || !store.health().hears);
    assert_eq!(journal.sync_state(), JournalSync::Current);
    proxy.hang_listeners(false);
    eventually("it hears again", || store.health().hears);
}

#[test]
fn a_server_that_is_frozen_is_away_until_it_thaws() {
    let cluster = Cluster::start(&[], &[]);
    let database = cluster.database();
    let journal = database.journal();
    let head = fill(&journal, 1);
    cluster.command("freeze");
    let failed = journal
        .append_attempt(head, event(1), attempt())
        .unwrap_err();
    assert!(matches!(failed, AppendError::Undecided(_)), "{failed}");
    cluster.command("thaw");
    eventually("it is back", || {
        let head = journal.head().unwrap();
        journal.append_attempt(head, event(2), attempt()).is_ok()
    });
}

#[test]
fn without_a_free_connection_the_event_is_certainly_not_appended() {
    let cluster = Cluster::start(
        &["max_connections = 8", "superuser_reserved_connections = 0"],
        &[],
    );
    let database = cluster.database();
    let proxy = Proxy::to(database.port);
    let store = database.at(proxy.port).store();
    let journal = store.journal(&flag("flag")).unwrap();
    let head = fill(&journal, 1);
    proxy.cut(true);
    let mut taken = Vec::new();
    eventually("all connections are taken", || {
        taken.extend(Held::open(&database));
        taken.len() == 8
    });
    proxy.cut(false);
    eventually("the server refuses the connection", || {
        let away = store.health().away;
        away.is_some_and(|away| away.contains("53300"))
    });
    let failed = journal
        .append_attempt(head, event(1), attempt())
        .unwrap_err();
    assert!(matches!(failed, AppendError::NotWritten(_)), "{failed}");
    assert!(failed.to_string().contains("53300"), "{failed}");
    drop(taken);
    let attempt = attempt();
    eventually("it is back", || {
        journal.append_attempt(head, event(1), attempt).is_ok()
    });
}

/// A connection that is held open.
struct Held {
    _client: Client,
    _runtime: Runtime,
}

impl Held {
    fn open(database: &Database) -> Option<Self> {
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let connected = runtime.block_on(tokio_postgres::connect(&database.url(), NoTls));
        let (client, connection) = connected.ok()?;
        runtime.spawn(connection);
        Some(Self {
            _client: client,
            _runtime: runtime,
        })
    }
}

#[test]
fn on_a_full_disk_no_acknowledged_event_is_lost() {
    let cluster = Cluster::start(
        &[
            "max_wal_size = 4MB",
            "min_wal_size = 2MB",
            "wal_recycle = off",
        ],
        &[("SMALL_DISK", "80m")],
    );
    let database = cluster.database();
    let journal = database.journal();
    let mut acknowledged = fill(&journal, 2);
    cluster.command("fill");
    let attempt = AppendAttempt::default();
    let failed = loop {
        match journal.append_attempt(acknowledged, large_event(), attempt) {
            Ok(event) => acknowledged = event.head(),
            Err(error) => break error,
        }
    };
    println!("a full disk after {} events: {failed}", acknowledged.seq);
    cluster.command("empty");
    cluster.command("start");
    eventually("the disk has space again", || {
        journal
            .append_attempt(acknowledged, large_event(), attempt)
            .is_ok()
    });
    let events = all(&database.journal());
    assert_eq!(events.len() as u64, acknowledged.seq + 1);
    assert_eq!(events[events.len() - 2].head(), acknowledged);
}

/// An event whose line has many pages, and cannot be compressed.
fn large_event() -> NewEvent {
    let mut state = 1_u64;
    let digits = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'!' + 1 + (state >> 58) as u8)
    });
    let note: String = digits.filter(|digit| *digit != '\\').take(25_000).collect();
    draft(EventPayload::Opened(Opened {
        flag: flag("flag"),
        phase: Phase::Compat,
        policy: PolicyDocument::new(serde_json::json!({ "note": note })).unwrap(),
        loosened: Vec::new(),
    }))
}
