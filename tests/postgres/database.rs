//! A database of a test, and what all tests do with it.

use std::time::{Duration, Instant};

use legacy_http_compat::{
    postgres::{PostgresJournal, PostgresStore, PostgresStoreBuilder},
    rollout::{
        event::{Event, EventPayload, Head, NewEvent},
        journal::Journal,
        names::FlagName,
    },
};
use tokio_postgres::{NoTls, Row};

use crate::events::{draft, incident};

/// Longer than anything takes that is not broken.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A database of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) port: u16,
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn new(port: u16, name: &str) -> Self {
        let name = name.to_owned();
        Self { port, name }
    }

    /// The same database at another port, as of a proxy.
    pub(crate) fn at(&self, port: u16) -> Self {
        Self::new(port, &self.name)
    }

    pub(crate) fn url(&self) -> String {
        self.url_as("postgres")
    }

    pub(crate) fn url_as(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{}", self.port, self.name)
    }

    pub(crate) fn builder(&self) -> PostgresStoreBuilder {
        PostgresStore::builder(&self.url()).unwrap()
    }

    pub(crate) fn store(&self) -> PostgresStore {
        self.builder().open().unwrap()
    }

    /// The journal of the flag `flag`, by a store of its own, as another instance would have it.
    pub(crate) fn journal(&self) -> PostgresJournal {
        self.store().journal(&flag("flag")).unwrap()
    }

    /// Executes statements as the superuser.
    pub(crate) fn execute(&self, sql: &str) {
        self.try_execute("postgres", sql).unwrap();
    }

    pub(crate) fn try_execute(&self, user: &str, sql: &str) -> Result<(), tokio_postgres::Error> {
        run(async {
            let client = connect(&self.url_as(user)).await?;
            client.batch_execute(sql).await
        })
    }

    pub(crate) fn query(&self, sql: &str) -> Vec<Row> {
        run(async {
            let client = connect(&self.url()).await?;
            client.query(sql, &[]).await
        })
        .unwrap()
    }

    /// All lines of the journal of `flag`, one after the other.
    pub(crate) fn lines(&self) -> Vec<u8> {
        self.lines_of("flag")
    }

    pub(crate) fn lines_of(&self, flag: &str) -> Vec<u8> {
        let rows = self.query(&format!(
            "select line from legacy_http_compat.journal where flag = '{flag}' order by seq"
        ));
        rows.iter()
            .flat_map(|row| row.get::<_, Vec<u8>>(0))
            .collect()
    }
}

async fn connect(url: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with the client.
    tokio::spawn(connection);
    Ok(client)
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

pub(crate) fn flag(name: &str) -> FlagName {
    FlagName::new(name).unwrap()
}

/// Some event; its number makes it another one.
pub(crate) fn event(number: usize) -> NewEvent {
    draft(EventPayload::IncidentOpened(incident(&format!(
        "INC-{number}"
    ))))
}

/// Appends some events, one after the other.
pub(crate) fn fill(journal: &dyn Journal, events: usize) -> Head {
    for number in 0..events {
        let head = journal.head().unwrap();
        journal.append(head, event(number)).unwrap();
    }
    journal.head().unwrap()
}

/// All events of a journal.
pub(crate) fn all(journal: &dyn Journal) -> Vec<Event> {
    journal.read(0, usize::MAX).unwrap()
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < until, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a journal has an event.
#[track_caller]
pub(crate) fn reaches(journal: &dyn Journal, head: Head) {
    let reached = journal.wait(head.seq - 1, LONG).unwrap();
    assert!(reached.seq >= head.seq, "{reached} instead of {head}");
}

/// The length of a campaign.
pub(crate) fn length(variable: &str, default: usize) -> usize {
    let given = std::env::var(variable).ok();
    given.map_or(default, |given| given.parse().expect("a number"))
}

/// The 50th and 99th percentile and the maximum.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    format!("p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100))
}
