//! Journal, flag and sessions that several Cores share in `PostgreSQL`.

use std::{
    env,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::PathBuf,
    process,
    sync::Arc,
};

use legacy_http_compat::{
    admin::SessionStore,
    caller::FingerprintKey,
    migration::MigrationBuilder,
    postgres::{PostgresJournal, PostgresStore},
    rollout::names::{FlagName, InstanceId},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    app::compat::FLAG_NAME,
    data::{DataDir, fingerprint_key},
};

#[derive(clap::Args)]
pub(crate) struct StoreArgs {
    /// Share journal, flag, census and sessions with the Cores of the same store; its schema is created if missing
    #[arg(
        long,
        value_name = "postgres://…",
        env = "CORE_STORE",
        hide_env_values = true
    )]
    store: Option<String>,

    /// The name of this instance among those of the store [default: core- and the process id]
    #[arg(long, value_name = "NAME", requires = "store")]
    instance: Option<InstanceId>,
}

/// What is shared, if a store is given.
pub(crate) struct Shared {
    store: Option<Store>,
}

struct Store {
    url: String,
    postgres: PostgresStore,
    flag: FlagName,
    journal: Arc<PostgresJournal>,
    instance: InstanceId,
}

impl StoreArgs {
    /// Opens the store. The local copy of the journal is in the data directory.
    pub(crate) fn open(&self, data: &DataDir) -> Result<Shared, String> {
        let store = self.store.as_ref().map(|url| self.open_at(url, data));
        let store = store.transpose()?;
        Ok(Shared { store })
    }

    fn open_at(&self, url: &str, data: &DataDir) -> Result<Store, String> {
        let (tls, _unreadable) = MakeRustlsConnect::with_native_certs()
            .map_err(|errors| format!("no certificates of the operating system: {errors:?}"))?;
        let builder = PostgresStore::builder(url).map_err(|error| error.to_string())?;
        let store = builder.tls(tls).migrate().mirror_dir(data.path()).open();
        let store = store.map_err(|error| error.to_string())?;
        let flag = FlagName::new(FLAG_NAME).expect("a dotted word is a name");
        let journal = store.journal(&flag).map_err(|error| error.to_string())?;
        let by_process = || InstanceId::new(format!("core-{}", process::id()));
        let instance = self.instance.clone().map_or_else(by_process, Ok);
        Ok(Store {
            url: url.to_owned(),
            postgres: store,
            flag,
            journal: Arc::new(journal),
            instance: instance.map_err(|error| error.to_string())?,
        })
    }
}

impl Shared {
    /// The key from the environment, or else one that all Cores of the store on this machine share.
    pub(crate) fn fingerprint_key(&self, data: &DataDir) -> Result<FingerprintKey, String> {
        match &self.store {
            Some(store) => fingerprint_key(&store.key_file()),
            None => data.fingerprint_key(),
        }
    }

    pub(crate) fn configure(&self, builder: MigrationBuilder) -> MigrationBuilder {
        let Some(shared) = &self.store else {
            return builder;
        };
        let instances = shared.postgres.instances(&shared.flag);
        builder
            .journal(shared.journal.clone())
            .instance(shared.instance.clone(), Arc::new(instances))
            .census_store(Arc::new(shared.postgres.census(&shared.flag)))
            .version(env!("CARGO_PKG_VERSION"))
    }

    pub(crate) fn sessions(&self) -> Option<Arc<dyn SessionStore>> {
        let shared = self.store.as_ref()?;
        Some(Arc::new(shared.postgres.sessions()))
    }
}

impl Store {
    fn key_file(&self) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        self.url.hash(&mut hasher);
        env::temp_dir().join(format!("core-{:016x}.key", hasher.finish()))
    }
}
