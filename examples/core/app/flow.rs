//! One device authorization, as a state machine.
//!
//! ```text
//!            approve              poll
//! Pending ───────────▶ Approved ───────▶ Consumed
//!    │  deny               │
//!    ├───────▶ Denied      │
//!    ├─────────────────────┴── time ───▶ Expired
//!    └── cancel, also from Approved and Denied ──▶ Cancelled
//! ```

use std::time::Duration;

use legacy_http_compat::time::Timestamp;
use serde::Deserialize;

use super::kind::ClientKind;

/// The stage of a device authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Pending,
    Approved,
    Denied,
    Expired,
    /// The secret was shown.
    Consumed,
    Cancelled,
}

/// A user's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Decision {
    Approve,
    Deny,
}

/// A user's decision, with the user and the time of it.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) at: Timestamp,
    pub(crate) user_id: String,
}

/// The result of a poll.
#[derive(Clone, Debug)]
pub(crate) enum Polled {
    Pending,
    /// Returned once: the poll consumes the flow.
    Approved(ClientKind, Decided),
    Denied,
    Expired,
    /// Unknown, consumed or cancelled.
    Invalid,
    /// Polled too early; the time left to wait.
    TooFast(Duration),
}

/// A device authorization.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) client_kind: ClientKind,
    pub(crate) client_label: Option<String>,
    pub(crate) user_code: String,
    expires_at: Duration,
    polled_at: Option<Duration>,
    decided: Option<Decided>,
    stage: Stage,
}

impl Flow {
    pub(crate) fn new(
        client_kind: ClientKind,
        client_label: Option<String>,
        user_code: String,
        expires_at: Duration,
    ) -> Self {
        Self {
            client_kind,
            client_label,
            user_code,
            expires_at,
            polled_at: None,
            decided: None,
            stage: Stage::Pending,
        }
    }

    pub(crate) fn expires_at(&self) -> Duration {
        self.expires_at
    }

    /// The current stage.
    pub(crate) fn stage(&mut self, now: Duration) -> Stage {
        if matches!(self.stage, Stage::Pending | Stage::Approved) && now >= self.expires_at {
            self.stage = Stage::Expired;
        }
        self.stage
    }

    /// Handles a poll. One that is too early changes nothing.
    pub(crate) fn poll(&mut self, now: Duration, interval: Duration) -> Polled {
        let stage = self.stage(now);
        if matches!(stage, Stage::Consumed | Stage::Cancelled) {
            return Polled::Invalid;
        }
        if let Some(wait) = self.still_to_wait(now, interval) {
            return Polled::TooFast(wait);
        }
        self.polled_at = Some(now);
        match stage {
            Stage::Pending => Polled::Pending,
            Stage::Approved => {
                self.stage = Stage::Consumed;
                let decided = self.decided.take();
                decided.map_or(Polled::Invalid, |decided| {
                    Polled::Approved(self.client_kind, decided)
                })
            }
            Stage::Denied => Polled::Denied,
            Stage::Expired => Polled::Expired,
            Stage::Consumed | Stage::Cancelled => Polled::Invalid,
        }
    }

    /// Records a decision, or returns the stage of a flow that is not pending.
    pub(crate) fn decide(&mut self, now: Duration, decided: Decided) -> Result<(), Stage> {
        match self.stage(now) {
            Stage::Pending => {
                self.stage = match decided.decision {
                    Decision::Approve => Stage::Approved,
                    Decision::Deny => Stage::Denied,
                };
                self.decided = Some(decided);
                Ok(())
            }
            stage => Err(stage),
        }
    }

    /// Cancels the flow, or returns the stage of one that has ended.
    pub(crate) fn cancel(&mut self, now: Duration) -> Result<(), Stage> {
        match self.stage(now) {
            Stage::Pending | Stage::Approved | Stage::Denied => {
                self.stage = Stage::Cancelled;
                Ok(())
            }
            stage => Err(stage),
        }
    }

    fn still_to_wait(&self, now: Duration, interval: Duration) -> Option<Duration> {
        let next = self.polled_at? + interval;
        next.checked_sub(now).filter(|wait| !wait.is_zero())
    }
}
