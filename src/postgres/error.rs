//! Why a store cannot be opened or used.

use std::{fmt, io};

use crate::rollout::journal::ReadError;

/// Why a [`PostgresStore`](super::PostgresStore) cannot be opened or used.
#[derive(Debug)]
pub struct StoreError(
    /// Boxed, so that a result is not as large as its rare error.
    Box<Cause>,
);

#[derive(Debug)]
struct Cause {
    kind: StoreErrorKind,
    source: Option<Source>,
}

/// The kind of a [`StoreError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The server cannot be reached, or refuses the connection.
    #[error("the PostgreSQL server cannot be reached")]
    Unreachable,
    /// The server has not responded in time. Whether the statement took effect is unknown.
    #[error("the PostgreSQL server has not responded in time")]
    TimedOut,
    /// The connection broke. Whether the statement took effect is unknown.
    #[error("the connection to the PostgreSQL server broke")]
    Broken,
    /// The server refused the statement, which has no effect.
    #[error("the PostgreSQL server refused a statement")]
    Refused,
    /// The server acknowledges commits before they are on disk.
    #[error(
        "synchronous_commit is off, so the server acknowledges events that a crash loses; set it for this role or \
         database: alter role … set synchronous_commit = on"
    )]
    SynchronousCommitOff,
    /// The server is a standby, or the session is read-only.
    #[error("the PostgreSQL server takes no writes: it is a standby, or read-only")]
    ReadOnly,
    /// The server is too old.
    #[error("the PostgreSQL server has version {found}, at least 15 is needed")]
    ServerVersion {
        /// Its version.
        found: String,
    },
    /// The schema of the database lacks migrations.
    #[error(
        "the database is at migration {found} of {needed}; run `legacy-http-compat store migrate` as the owner of the \
         database"
    )]
    NotMigrated {
        /// The last migration that was applied; 0 if none was.
        found: i32,
        /// The last one that this version needs.
        needed: i32,
    },
    /// A later version has migrated the database so that this one cannot use it.
    #[error(
        "the database is at migration {found}, which needs version {version} of this crate or later; this is {}, which \
         knows up to migration {known}",
        env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// The last migration that was applied.
        found: i32,
        /// The last one that this version knows.
        known: i32,
        /// The version of the crate that the database needs.
        version: String,
    },
    /// Another fingerprint key is in use.
    #[error(
        "the instances of {flag} count callers by another fingerprint key; give this one the same, or begin a new epoch \
         by `legacy-http-compat store rekey`"
    )]
    OtherKey {
        /// The flag.
        flag: String,
    },
    /// The local copy of a journal cannot be opened.
    #[error("the local copy of the journal cannot be used")]
    Mirror,
    /// The journal in the database is not as it was written.
    #[error("the journal in the database is not as it was written")]
    Journal,
    /// The thread cannot be started.
    #[error("the thread of the store cannot be started")]
    Thread,
}

#[derive(Debug, thiserror::Error)]
enum Source {
    #[error("{0}")]
    Server(#[source] Box<tokio_postgres::Error>),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Read(#[from] ReadError),
    #[error("{0}")]
    Text(String),
}

impl StoreError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &StoreErrorKind {
        &self.0.kind
    }

    fn with(kind: StoreErrorKind, source: Option<Source>) -> Self {
        Self(Box::new(Cause { kind, source }))
    }

    pub(super) fn new(kind: StoreErrorKind) -> Self {
        Self::with(kind, None)
    }

    pub(super) fn because(kind: StoreErrorKind, why: impl Into<String>) -> Self {
        Self::with(kind, Some(Source::Text(why.into())))
    }

    pub(super) fn io(kind: StoreErrorKind, error: io::Error) -> Self {
        Self::with(kind, Some(Source::Io(error)))
    }

    pub(super) fn journal(error: ReadError) -> Self {
        Self::with(StoreErrorKind::Journal, Some(Source::Read(error)))
    }

    pub(super) fn connecting(error: tokio_postgres::Error) -> Self {
        Self::server(StoreErrorKind::Unreachable, error)
    }

    /// The error of a statement: refused if the server says so and goes on, broken otherwise.
    pub(super) fn statement(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::{Severity, SqlState};
        let kind = match error.as_db_error() {
            Some(refused) if refused.parsed_severity() == Some(Severity::Error) => {
                match *refused.code() {
                    SqlState::READ_ONLY_SQL_TRANSACTION => StoreErrorKind::ReadOnly,
                    _ => StoreErrorKind::Refused,
                }
            }
            _ => StoreErrorKind::Broken,
        };
        Self::server(kind, error)
    }

    fn server(kind: StoreErrorKind, error: tokio_postgres::Error) -> Self {
        Self::with(kind, Some(Source::Server(Box::new(error))))
    }

    /// What else is known.
    pub(super) fn detail(&self) -> String {
        match &self.0.source {
            Some(Source::Server(error)) => server_text(error),
            Some(source) => source.to_string(),
            None => String::new(),
        }
    }

    /// Whether it may pass by itself: the server is away, or about to take over.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self.0.kind,
            StoreErrorKind::Unreachable
                | StoreErrorKind::TimedOut
                | StoreErrorKind::Broken
                | StoreErrorKind::ReadOnly
        )
    }

    /// Whether a statement that failed so certainly has no effect.
    pub(super) fn is_certain(&self) -> bool {
        !matches!(
            self.0.kind,
            StoreErrorKind::TimedOut | StoreErrorKind::Broken
        )
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)?;
        match &*self.detail() {
            "" => Ok(()),
            detail => write!(f, ": {detail}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(source)
    }
}

/// What the server said, or the driver with its cause, which its own text leaves out.
fn server_text(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
