//! Builds a store.

use std::{fmt, future::Future, path::PathBuf, sync::Arc, time::Duration};

use tokio_postgres::{
    Config, NoTls, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

use super::{
    connector::Tls,
    error::{StoreError, StoreErrorKind},
    link::{Target, driven},
    migrations,
    runtime::Runtime,
    session,
    store::PostgresStore,
};

/// How long opening waits for the server.
const OPEN_PATIENCE: Duration = Duration::from_secs(5);

/// How long migrating may take: other instances may do it first.
const MIGRATE_PATIENCE: Duration = Duration::from_secs(60);

/// Builder for [`PostgresStore`].
#[must_use]
pub struct PostgresStoreBuilder {
    target: Arc<Target>,
    migrates: bool,
    runtime_role: Option<String>,
    mirror_dir: Option<PathBuf>,
    open_patience: Duration,
}

/// What migrating did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The migrations that were applied now.
    pub applied: i32,
    /// The last one of the database.
    pub latest: i32,
}

impl PostgresStore {
    /// A builder for the store at a connection string, such as `postgres://user@host/database`.
    ///
    /// # Errors
    ///
    /// When the connection string cannot be read.
    pub fn builder(url: &str) -> Result<PostgresStoreBuilder, StoreError> {
        let config: Config = url.parse().map_err(StoreError::connecting)?;
        Ok(PostgresStoreBuilder::new(config))
    }
}

impl PostgresStoreBuilder {
    fn new(mut config: Config) -> Self {
        if config.get_application_name().is_none() {
            config.application_name("legacy-http-compat");
        }
        Self {
            target: Arc::new(Target {
                config,
                connector: Box::new(Tls(NoTls)),
            }),
            migrates: false,
            runtime_role: None,
            mirror_dir: None,
            open_patience: OPEN_PATIENCE,
        }
    }

    /// Encrypts the connections. Without this, a connection string with `sslmode=require` is refused.
    pub fn tls<T>(mut self, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        self.target = Arc::new(Target {
            config: self.target.config.clone(),
            connector: Box::new(Tls(tls)),
        });
        self
    }

    /// Migrates the database when the store is opened. Needs the rights of its owner; without this, a database that lacks
    /// migrations is refused.
    pub const fn migrate(mut self) -> Self {
        self.migrates = true;
        self
    }

    /// The role of the service, which migrating grants what it needs: it may read and append to the journal, and not change it.
    pub fn runtime_role(mut self, role: impl Into<String>) -> Self {
        self.runtime_role = Some(role.into());
        self
    }

    /// The directory for local copies of the journals, which must exist. Without one, a rollout opens while the server is
    /// away only with a state that the program gives.
    pub fn mirror_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.mirror_dir = Some(dir.into());
        self
    }

    /// How long opening waits for the server; 5 seconds if not set.
    pub const fn open_patience(mut self, patience: Duration) -> Self {
        self.open_patience = patience;
        self
    }

    /// Opens the store. A server that cannot be reached is no error: a [journal](PostgresStore::journal) is read from its local
    /// copy.
    ///
    /// # Errors
    ///
    /// When the server or its database cannot be used as they are: see [`StoreErrorKind`].
    pub fn open(self) -> Result<PostgresStore, StoreError> {
        if self.migrates {
            self.migrate_if_reachable()?;
        }
        let runtime = start()?;
        match run(
            &runtime,
            self.open_patience,
            check(Arc::clone(&self.target)),
        ) {
            Ok(false) => {}
            Ok(true) => tracing::warn!(
                "the role of this service may change the journal in the database; `store migrate --grant` gives a role only \
                 what it needs"
            ),
            Err(error) if error.is_passing() => {
                tracing::warn!(%error, "the store is opened without its server");
            }
            Err(error) => return Err(error),
        }
        Ok(PostgresStore::start(
            self.target,
            runtime,
            self.mirror_dir,
            self.open_patience,
        ))
    }

    fn migrate_if_reachable(&self) -> Result<(), StoreError> {
        match self.migrate_now() {
            // Opening says so.
            Err(error) if error.is_passing() => Ok(()),
            migrated => migrated.map(drop),
        }
    }

    /// Migrates the database, and grants the [runtime role](Self::runtime_role) what it needs. Any number of instances may do
    /// so at the same time.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or the role may not migrate; when a later version has migrated the database so that
    /// this one cannot use it.
    pub fn migrate_now(&self) -> Result<Migrated, StoreError> {
        let runtime = start()?;
        let migrating = migrate(Arc::clone(&self.target), self.runtime_role.clone());
        let applied = run(&runtime, MIGRATE_PATIENCE, migrating)?;
        let latest = migrations::LATEST;
        Ok(Migrated { applied, latest })
    }
}

impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("mirror_dir", &self.mirror_dir)
            .finish_non_exhaustive()
    }
}

fn start() -> Result<Runtime, StoreError> {
    Runtime::start().map_err(|error| StoreError::io(StoreErrorKind::Thread, error))
}

fn run<T: Send + 'static>(
    runtime: &Runtime,
    patience: Duration,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let done = runtime.run(patience, work);
    done.unwrap_or_else(|| {
        Err(StoreError::because(
            StoreErrorKind::Unreachable,
            "no response in time",
        ))
    })
}

/// Whether the role may do more with the journal than it needs.
async fn check(target: Arc<Target>) -> Result<bool, StoreError> {
    let (client, mut driver) = target.connect().await?;
    let checking = async {
        session::check(&client).await?;
        session::may_rewrite(&client).await
    };
    driven(&mut *driver, checking).await
}

async fn migrate(target: Arc<Target>, role: Option<String>) -> Result<i32, StoreError> {
    let (client, mut driver) = target.connect().await?;
    let migrating = async {
        session::check_settings(&client).await?;
        let applied = migrations::migrate(&client, role.as_deref()).await?;
        session::check(&client).await?;
        Ok(applied)
    };
    driven(&mut *driver, migrating).await
}
