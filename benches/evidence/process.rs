//! One process with a whole migration on a data directory.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use legacy_http_compat::{
    middleware::LegacyHttpCompat, migration::Migration, time::ManualClock, worker::Tick,
};
use tower::Layer;

use crate::{
    handler::Handler,
    server::{FLAG, HEARTBEAT_LIMIT, Settings, contract, detector},
};

pub(crate) struct Process {
    dir: PathBuf,
    pub(crate) clock: Arc<ManualClock>,
    /// `None` while the process is down.
    migration: Option<Migration>,
    /// The handler in the layer; `None` while it runs without.
    pub(crate) service: Option<LegacyHttpCompat<Handler>>,
}

impl Process {
    pub(crate) fn new(dir: &Path, clock: Arc<ManualClock>) -> Self {
        Self {
            dir: dir.to_owned(),
            clock,
            migration: None,
            service: None,
        }
    }

    pub(crate) fn open(&mut self, settings: &Settings) {
        let migration = Migration::builder(contract(settings.contract), detector(settings))
            .flag_name(FLAG)
            .data_dir(&self.dir)
            .policy(settings.policy.clone())
            .clock(Arc::clone(&self.clock) as _)
            .census(|census| {
                let census = census.capacity(settings.capacity);
                // The simulation ticks seldom, and saves when it means to.
                let census = census.heartbeat_limit(Duration::from_millis(HEARTBEAT_LIMIT));
                census.snapshot_every(Duration::from_secs(1 << 32))
            })
            .without_worker();
        let migration = migration.open().expect("the files are intact");
        self.service = Some(migration.layer().layer(Handler));
        self.migration = Some(migration);
    }

    pub(crate) fn is_up(&self) -> bool {
        self.migration.is_some()
    }

    /// The migration of a process that is up.
    pub(crate) fn migration(&self) -> &Migration {
        self.migration.as_ref().expect("the process is up")
    }

    pub(crate) fn tick(&self) {
        Tick::tick(self.migration());
    }

    pub(crate) fn tick_census(&self) {
        self.migration().census().tick();
    }

    pub(crate) fn save(&self) {
        let census = self.migration().census();
        census.save().expect("the disk takes it");
    }

    pub(crate) fn shut_down(&mut self) {
        self.service = None;
        if let Some(migration) = self.migration.take() {
            migration.shutdown();
        }
    }

    /// Ends the process without its last work.
    pub(crate) fn kill(&mut self) {
        self.service = None;
        self.migration = None;
    }

    pub(crate) fn lose_snapshot(&self) {
        let snapshot = self.dir.join(Migration::SNAPSHOT);
        if snapshot.exists() {
            fs::remove_file(snapshot).expect("the file is there");
        }
    }

    pub(crate) fn remove_layer(&mut self) {
        self.service = None;
    }

    pub(crate) fn put_layer_back(&mut self) {
        let layer = self.migration.as_ref().map(Migration::layer);
        self.service = layer.map(|layer| layer.layer(Handler));
    }
}
