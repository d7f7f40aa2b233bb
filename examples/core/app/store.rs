//! All device authorizations, in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    flow::{Decided, Flow, Polled, Stage},
    kind::ClientKind,
    secret::{Digest, fresh_secret, fresh_user_code, spell_user_code},
};

/// How long an expired flow is retained, to distinguish an expired code from an unknown one.
const RETENTION: Duration = Duration::from_secs(60 * 60);
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Device authorizations by device code (as a digest) and by user code.
pub(crate) struct DeviceFlows {
    interval: Duration,
    expires_in: Duration,
    table: Mutex<Table>,
}

/// The two codes of a new flow.
pub(crate) struct Codes {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

#[derive(Default)]
struct Table {
    flows: HashMap<Digest, Flow>,
    by_user_code: HashMap<String, Digest>,
    swept: Duration,
}

impl DeviceFlows {
    pub(crate) fn new(interval: Duration, expires_in: Duration) -> Self {
        Self {
            interval,
            expires_in,
            table: Mutex::default(),
        }
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    pub(crate) fn expires_in(&self) -> Duration {
        self.expires_in
    }

    /// Starts a flow.
    pub(crate) fn open(&self, now: Duration, kind: ClientKind, label: Option<String>) -> Codes {
        let mut table = self.table();
        table.sweep(now);
        let device_code = fresh_secret("dvc");
        let user_code = table.unused_user_code();
        let flow = Flow::new(kind, label, user_code.clone(), now + self.expires_in);
        table.insert(Digest::of(&device_code), flow);
        Codes {
            device_code,
            user_code,
        }
    }

    /// Handles a poll by the device.
    pub(crate) fn poll(&self, now: Duration, device_code: &str) -> Polled {
        let mut table = self.table();
        let flow = table.flows.get_mut(&Digest::of(device_code));
        flow.map_or(Polled::Invalid, |flow| flow.poll(now, self.interval))
    }

    /// Cancels a flow for its device; `Err(None)` if the code is unknown.
    pub(crate) fn cancel(&self, now: Duration, device_code: &str) -> Result<(), Option<Stage>> {
        let mut table = self.table();
        let flow = table.flows.get_mut(&Digest::of(device_code));
        flow.ok_or(None)?.cancel(now).map_err(Some)
    }

    /// The flow with a user code, and its stage.
    pub(crate) fn find(&self, now: Duration, user_code: &str) -> Option<(Flow, Stage)> {
        let mut table = self.table();
        let flow = table.by_user_code(user_code)?;
        let stage = flow.stage(now);
        Some((flow.clone(), stage))
    }

    /// Records a user's decision; `Err(None)` if the code is unknown.
    pub(crate) fn decide(
        &self,
        now: Duration,
        user_code: &str,
        decided: Decided,
    ) -> Result<(), Option<Stage>> {
        let mut table = self.table();
        let flow = table.by_user_code(user_code).ok_or(None)?;
        flow.decide(now, decided).map_err(Some)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn insert(&mut self, device_code: Digest, flow: Flow) {
        self.by_user_code
            .insert(flow.user_code.clone(), device_code);
        self.flows.insert(device_code, flow);
    }

    fn by_user_code(&mut self, typed: &str) -> Option<&mut Flow> {
        let device_code = self.by_user_code.get(&spell_user_code(typed))?;
        self.flows.get_mut(device_code)
    }

    fn unused_user_code(&self) -> String {
        loop {
            let code = fresh_user_code();
            if !self.by_user_code.contains_key(&code) {
                return code;
            }
        }
    }

    fn sweep(&mut self, now: Duration) {
        if now < self.swept + SWEEP_EVERY {
            return;
        }
        self.swept = now;
        self.flows
            .retain(|_, flow| now < flow.expires_at() + RETENTION);
        let flows = &self.flows;
        self.by_user_code.retain(|_, code| flows.contains_key(code));
    }
}
