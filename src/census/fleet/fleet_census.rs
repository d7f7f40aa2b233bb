//! The census of all instances that serve.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::{
    census::{
        census::Census,
        view::{ExchangeStatus, View, ViewError},
    },
    metrics::{Family, Sample, Source},
    time::{millis, timeline::Due},
    worker::Tick,
};

use super::{
    batch::Member,
    merged::Merged,
    outbox::Outbox,
    store::{CensusStore, CensusStoreError, Followed, Sweep},
};

/// The census of all instances that serve: each hands over what its own one counts, and reads what all of them did.
///
/// Tick it by a [`BackgroundWorker`](crate::worker::BackgroundWorker) of its own, since it waits for the store: beside that of
/// the local census, which counts on whatever the store does. It hands over changes of state at every tick and mere times once
/// a minute. It stops with a last batch, so an instance that is replaced without downtime leaves no gap; one that is killed
/// leaves a gap that begins where all it had counted was handed over.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use legacy_http_compat::{
///     caller::{Caller, Fingerprint, FingerprintKey, Generation, Kind, SignalDetector},
///     census::{CallerEvent, Census, Dependence, View, Window},
///     census::fleet::{FleetCensus, MemoryCensusStore},
///     worker::Tick,
/// };
///
/// let detector = SignalDetector::builder(["AGENT"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
/// let store = Arc::new(MemoryCensusStore::new());
/// let [a, b] = ["core-7f9", "core-b21"].map(|name| {
///     let local = Arc::new(Census::new(&detector));
///     let fleet = FleetCensus::new(Arc::clone(&local), store.clone(), name);
///     (local, fleet)
/// });
/// let caller = Caller::new(Kind::OTHER, Generation::Legacy).with_fingerprint(Fingerprint::from_u128(1));
/// let endpoint = a.0.endpoint("device_poll");
/// a.0.record(&CallerEvent { caller, endpoint, dependence: Dependence::Served, failed: false });
/// a.1.tick();
///
/// b.1.refresh(2, Duration::from_secs(1))?;
/// assert_eq!(b.1.census().report(Window::DAY).all.dependent, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct FleetCensus {
    local: Arc<Census>,
    store: Arc<dyn CensusStore>,
    patience: Duration,
    times_every: u64,
    /// Locked before `reading`.
    outbox: Mutex<Sending>,
    reading: Mutex<Reading>,
    /// How many processes serve, by the policy.
    processes: AtomicU32,
}

#[derive(Debug)]
struct Sending {
    outbox: Outbox,
    joined: bool,
    /// When all is due to be taken, a sign of life, and looking for callers to forget.
    due: [Due; 3],
    /// When something was handed over last, by the monotonic clock in milliseconds.
    sent: Option<u64>,
    error: Option<String>,
}

#[derive(Debug)]
struct Reading {
    merged: Merged,
    loaded: bool,
    /// When it was read last, by the monotonic clock in milliseconds.
    read: Option<u64>,
    error: Option<String>,
}

/// How often mere times are handed over, in milliseconds.
const TIMES_EVERY: u64 = 60_000;

/// How often an instance gives a sign of life, in milliseconds.
const ALIVE_EVERY: u64 = 2_000;

/// How often callers past the retention are looked for, in milliseconds.
const SWEEP_EVERY: u64 = 3_600_000;

const PATIENCE: Duration = Duration::from_secs(2);

/// How long the first reading may take.
const LOAD_PATIENCE: Duration = Duration::from_secs(60);

impl FleetCensus {
    /// The census of the instances that share a store, as one of them: it hands over what `local` counts. No two instances
    /// that run at the same time have the same name. `local` has no snapshot: what was handed over is in the store.
    #[must_use]
    pub fn new(local: Arc<Census>, store: Arc<dyn CensusStore>, instance: &str) -> Self {
        local.begin_handing_over();
        let member = Member {
            name: instance.to_owned(),
            started: local.clock.unix_ms(),
        };
        let merged = Merged::like(&local);
        let now = millis(local.clock.monotonic());
        Self {
            store,
            patience: PATIENCE,
            times_every: TIMES_EVERY,
            outbox: Mutex::new(Sending {
                outbox: Outbox::new(member),
                joined: false,
                due: [Due::at(now), Due::at(now), Due::at(now + SWEEP_EVERY)],
                sent: None,
                error: None,
            }),
            reading: Mutex::new(Reading {
                merged,
                loaded: false,
                read: None,
                error: None,
            }),
            processes: AtomicU32::new(1),
            local,
        }
    }

    /// How often times of callers whose state is known already are handed over; once a minute by default. An instance that is
    /// killed leaves a gap of at most that and a second.
    #[must_use]
    pub fn times_every(mut self, interval: Duration) -> Self {
        self.times_every = millis(interval);
        self
    }

    /// How long a tick waits for the store; 2 seconds by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The census of this process.
    #[must_use]
    pub fn local(&self) -> &Arc<Census> {
        &self.local
    }

    /// Joins the others before this instance serves, and reads what they counted. A store that cannot be reached is tried
    /// again at each tick.
    ///
    /// # Errors
    ///
    /// When the census counts by another fingerprint key.
    pub fn join(&self) -> Result<(), CensusStoreError> {
        let mut sending = self.sending();
        match self
            .join_as(&mut sending)
            .and_then(|()| self.read(self.patience))
        {
            Err(error @ CensusStoreError::OtherKey { .. }) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the census of the instances cannot be read yet");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        // Safe after a panic: what is in flight is sent once more.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn monotonic(&self) -> u64 {
        millis(self.local.clock.monotonic())
    }

    fn join_as(&self, sending: &mut Sending) -> Result<(), CensusStoreError> {
        let own = Merged::own_names(&self.local);
        let sent = self.local.moment();
        let joined = self.store.join(
            &sending.outbox.member,
            self.local.settings.key_check,
            self.patience,
        )?;
        let received = self.local.moment();
        sending.outbox.anchors.add((sent, received), joined.now);
        let names = self.store.name(&own, self.patience)?;
        sending.outbox.set_names(&names, &own);
        sending.joined = true;
        Ok(())
    }

    /// Takes what the local census counted, and hands it over.
    fn hand_over(&self, leaves: bool) -> Result<(), CensusStoreError> {
        let mut sending = self.sending();
        let sending = &mut *sending;
        let now = self.monotonic();
        let all = sending.due[0].take(now, self.times_every) || leaves;
        // What is read of the store afterwards bounds when that was.
        sending
            .outbox
            .scan((&self.local, &self.census()), all, leaves);
        if !sending.joined {
            self.join_as(sending)?;
        }
        let change = self.reading().merged.change;
        let sent = self.local.moment();
        let followed = self.store.follow(change, self.patience)?;
        let between = (sent, self.local.moment());
        sending.outbox.anchors.add(between, followed.now);
        // What cannot be read is still handed over to; reading says why.
        let _ = self.take(followed);
        let own = Merged::own_names(&self.local);
        if !sending.outbox.numbers.have(&own) {
            let names = self.store.name(&own, self.patience)?;
            sending.outbox.set_names(&names, &own);
        }
        let in_force = self.census().table.all_in_force();
        sending.outbox.set_in_force(in_force);
        let alive = sending.due[1].take(now, ALIVE_EVERY);
        if alive || leaves || !sending.outbox.is_empty() {
            self.send(sending, leaves)?;
        }
        if leaves {
            return Ok(());
        }
        let is_due = sending.due[2].take(now, SWEEP_EVERY);
        if is_due || self.local.is_nearly_full() {
            self.local.forget_handed_over();
        }
        if is_due {
            self.sweep(Merged::expired)?;
        }
        if sending.outbox.is_full() {
            self.sweep(Merged::dispensable)?;
        }
        Ok(())
    }

    /// Removes callers from the store.
    fn sweep(&self, which: impl Fn(&Merged) -> Option<Sweep>) -> Result<(), CensusStoreError> {
        let sweep = which(&self.reading().merged);
        sweep.map_or(Ok(()), |sweep| self.store.sweep(&sweep, self.patience))
    }

    fn send(&self, sending: &mut Sending, leaves: bool) -> Result<(), CensusStoreError> {
        loop {
            let outbox = &mut sending.outbox;
            let Some(batch) = outbox.batch(leaves) else {
                return Ok(());
            };
            let is_last = batch.leaves;
            match self.store.merge(batch, self.patience) {
                Ok(merged) => outbox.merged(&merged.refused, &self.local),
                Err(error @ CensusStoreError::WrittenOff(_)) => {
                    tracing::warn!(%error, "the instance goes on as a new one");
                    let started = self.local.clock.unix_ms().max(outbox.member.started + 1);
                    outbox.begin_run(Member {
                        started,
                        ..outbox.member.clone()
                    });
                    sending.joined = false;
                    self.join_as(sending)?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            sending.sent = Some(self.monotonic());
            if is_last || !leaves && sending.outbox.is_empty() {
                return Ok(());
            }
        }
    }

    /// Brings the copy up to date.
    fn read(&self, patience: Duration) -> Result<(), CensusStoreError> {
        let read = self.catch_up(patience);
        let mut reading = self.reading();
        reading.error = read.as_ref().err().map(ToString::to_string);
        if read.is_err() {
            reading.merged.cut_off();
        }
        read
    }

    /// Reads what was merged since the last time. Nothing that others wait for is locked meanwhile.
    fn catch_up(&self, patience: Duration) -> Result<(), CensusStoreError> {
        loop {
            let change = self.reading().merged.change;
            let followed = self.store.follow(change, patience)?;
            if self.take(followed)? {
                return Ok(());
            }
        }
    }

    /// Applies what was read, or reads all. Returns whether that was the last of it.
    fn take(&self, followed: Followed) -> Result<bool, CensusStoreError> {
        let own = self.local.lock_watch().rules.clone();
        let mut reading = self.reading();
        let is_known = reading.loaded && followed.names == reading.merged.names.len();
        let Some(changes) = followed.batches.filter(|_| is_known) else {
            drop(reading);
            return self.load().map(|()| false);
        };
        for member in followed.members {
            reading.merged.set_member(member);
        }
        for change in &changes {
            reading.merged.apply(change);
        }
        reading.merged.clock.set(followed.now, followed.wall);
        if followed.more {
            return Ok(false);
        }
        reading.merged.change = reading.merged.change.max(followed.change);
        let processes = self.processes.load(Ordering::Relaxed);
        reading.merged.settle(processes, &own);
        reading.read = Some(self.monotonic());
        Ok(true)
    }

    /// Reads all. What reads the copy before goes on with that.
    fn load(&self) -> Result<(), CensusStoreError> {
        let mut merged = Merged::like(&self.local);
        self.store
            .load(&mut |part| merged.load(part), LOAD_PATIENCE)?;
        let mut reading = self.reading();
        merged.go_on_from(&reading.merged);
        (reading.merged, reading.loaded) = (merged, true);
        Ok(())
    }

    fn log(&self, done: Result<(), CensusStoreError>) {
        let mut sending = self.sending();
        let error = done.err().map(|error| error.to_string());
        if let Some(error) = error.as_ref().filter(|_| sending.error.is_none()) {
            tracing::warn!(%error, "what this instance counts cannot be handed over");
        }
        sending.error = error;
    }
}

impl View for FleetCensus {
    fn census(&self) -> Arc<Census> {
        Arc::clone(&self.reading().merged.census)
    }

    fn refresh(&self, processes: u32, patience: Duration) -> Result<(), ViewError> {
        self.processes.store(processes, Ordering::Relaxed);
        self.read(patience).map_err(ViewError::new)
    }

    fn exchange(&self) -> Option<ExchangeStatus> {
        let now = self.monotonic();
        let ago = |at: u64| Duration::from_millis(now.saturating_sub(at));
        let mut status = ExchangeStatus::default();
        {
            let reading = self.reading();
            let time = reading.merged.census.moment().time;
            for run in reading.merged.runs.values() {
                let name = run.state.member.name.clone();
                if run.is_live(time) {
                    status.live.push(name);
                } else if run.is_lost(time) {
                    status.lost.push(name);
                }
            }
            status.read = reading.read.map(ago);
            status.error.clone_from(&reading.error);
        }
        // While something is being handed over, as it was before.
        if let Ok(sending) = self.outbox.try_lock() {
            status.sent = sending.sent.map(ago);
            status.waiting = sending.outbox.waiting();
            status.error = status.error.or_else(|| sending.error.clone());
            status.uncertainty_ms = sending
                .outbox
                .anchors
                .last()
                .map(|(_, uncertainty)| uncertainty);
        }
        Some(status)
    }

    fn write_off(&self, instance: &str) -> Result<u64, ViewError> {
        let ended = self.store.write_off(instance, self.patience);
        ended.map_err(ViewError::new)
    }

    fn is_shared(&self) -> bool {
        true
    }
}

impl Tick for FleetCensus {
    /// Hands over what this instance counted, and reads what the others did.
    fn tick(&self) {
        let done = self.hand_over(false);
        self.log(done);
        let read = self.read(self.patience);
        if read.is_ok() {
            self.census().renew_reports();
        }
    }

    /// Hands over the rest, and leaves.
    fn shutdown(&self) {
        let done = self.hand_over(true);
        self.log(done);
    }
}

/// As the source [`Census`], of the callers of all instances.
impl Source for FleetCensus {
    fn families(&self) -> &'static [Family] {
        self.local.families()
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let census = self.census();
        if let Some(flag) = self.local.flag.get() {
            census.name_flag(flag);
        }
        census.samples(family, sample);
    }
}

impl fmt::Debug for FleetCensus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetCensus")
            .field("local", &self.local)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
