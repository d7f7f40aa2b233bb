//! The rollout of one flag: its phases, and the record of who did what and why.
//!
//! - [`Phase`] and [`Transition`]: where a rollout can stand, and the five steps there are. The flag follows from the phase.
//! - [`NewEvent`], [`Event`], [`EventPayload`]: what can happen, with time, actor and reason.
//! - [`Journal`]: the append-only record of it, in a file ([`FileJournal`], which has the format) or in memory
//!   ([`MemoryJournal`]).
//! - [`Projection`] and [`RolloutState`]: where the rollout stands. It follows from the events and from nothing else.
//! - [`Policy`]: what is asked for before each step, and within which bounds.
//! - [`Gate`] and [`GateReport`]: the evidence; [`BuiltInGate`] has those that come with the crate.
//! - [`Rollout`]: holds the flag and takes the commands. It shows how it stands as a [`RolloutStatus`], and in numbers as
//!   a [`Source`](crate::metrics::Source).
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use legacy_http_compat::{Contract, LegacyHttpCompatLayer, LiveContract, caller::{FingerprintKey, SignalDetector}, census::Census, worker::BackgroundWorker};
//! use legacy_http_compat::metrics::Metrics;
//! use legacy_http_compat::rollout::{Actor, FlagName, MemoryJournal, CommandContext, Phase, Policy, Reason, Rollout, Transition};
//!
//! let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
//! let contract = LiveContract::new(Contract::device_flow());
//! let census = Arc::new(Census::new(&detector));
//! let metrics = Arc::new(Metrics::new());
//! let policy = Policy::from_json(r#"{"required_checks": ["openapi", "client_compat"], "cutover_quiet_window": "48h"}"#)?;
//! let rollout = Rollout::builder(FlagName::new("features.auth.device_flow.compat_legacy_http")?, policy)
//!     .contract(contract.clone())
//!     .census(census.clone())
//!     .metrics(metrics.clone())
//!     .open(Arc::new(MemoryJournal::new()))?; // a `FileJournal` where it matters
//! let rollout = Arc::new(rollout);
//! let layer = LegacyHttpCompatLayer::new(contract, rollout.reader()).observer(census.clone()).observer(metrics);
//! let keeper = BackgroundWorker::start(Duration::from_secs(1), [census as _, rollout.clone() as _])?;
//! // … serve; here somebody is in a hurry …
//! let run = rollout.dry_run(Transition::Cutover)?;
//! let failing: Vec<_> = run.failing().map(|report| report.name().as_str()).collect();
//! assert_eq!(failing, ["required_checks", "no_dependent_responses", "coverage"]);
//! let order = CommandContext::new(Actor::human("mara")?, Reason::new("it is Friday")?);
//! assert!(rollout.transition(Phase::Cutover, &order).is_err());
//! # drop((layer, keeper));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What decides a command
//!
//! 1. What others have journaled meanwhile is taken in, and a rollback that could not be written is written.
//! 2. An order that expects another head is a conflict that shows what happened since.
//! 3. There has to be such a step; the gates of it have to pass, or in a cutover the failing ones have to be named.
//! 4. The event is appended behind the head that the gates were asked at; if it has moved, that is a conflict too.
//! 5. Only then is the flag set. If the event cannot be appended, the flag stays as it was.
//!
//! A rollback skips 2 and 3 but for the phase, and if it cannot be appended the flag goes on all the same: the event is
//! logged at `ERROR` and written as soon as it can be. Until then nothing else is decided. **It is lost if the process
//! dies first.**
//!
//! # Deployment
//!
//! - Keep census and rollout with a [`BackgroundWorker`](crate::worker::BackgroundWorker), in this order.
//! - Give both the same clock. Time limits go by the wall clock; the guard and the daily signs by the monotonic one.
//! - A guard needs a census; without one it never acts.
//!
//! # Log
//!
//! Each event is a `tracing` event too, on the target `legacy_http_compat::audit`. Its fields are stable:
//!
//! | Fields | Of |
//! |---|---|
//! | `flag`, `at`, `event`, `actor_kind`, `actor_id`, `reason` | all |
//! | `seq` | those in the journal |
//! | `correlation_id`, `incident` | those that have one |
//! | `phase` | `opened` |
//! | `from`, `to`, `failing_gates`, `overridden_gates` | `phase_changed`, `attempt_refused` |
//! | `cause` | `attempt_refused` |
//! | `check`, `green` | `check_reported` |
//! | `client_kind`, `version` | `client_rolled_back` |
//! | `waived`, `owner`, `until` | `dependence_waived`, `waiver_ended` |
//! | `digest` | `contract_changed` |
//! | `rollback` | `post_analysis_filed` |
//! | `mode` | `process_started` |
//! | `line` | `recovered` |
//! | `error` | those that are not in the journal |
//!
//! The level is `WARN` for a cutover that overrides gates, `ERROR` for what could not be journaled and for a journal that
//! was found torn, `INFO` for all others. Links, evidence, policies and summaries stay in the journal: they may hold
//! more than a log should.
//!
//! # Texts
//!
//! What people and services hand in is bounded and free of control characters, the bidirectional ones included:
//!
//! | Text | Most characters | Form |
//! |---|---|---|
//! | [`ActorId`], [`CorrelationId`], [`IncidentId`], [`Owner`] | 128 | any |
//! | [`FlagName`] | 200 | any |
//! | [`Reason`] | 1,000 | any |
//! | [`Summary`] | 4,000 | any |
//! | [`Identifier`]: gates, checks, client kinds | 64 | token (RFC 9110 §5.6.2) |
//! | [`Link`] | 2,000 | absolute `http` or `https` URI without credentials |
//! | [`ContractDigest`] | 64 | lower-case hexadecimal digits |
//!
//! A [`PolicyDocument`] has at most 32 KiB of JSON, the [`Evidence`] of a gate at most 4 KiB.

mod actor;
mod audit;
#[cfg(test)]
mod audit_tests;
mod bounded_json;
mod controller;
mod event;
mod gate;
mod gate_report;
mod journal;
mod payload;
mod phase;
mod policy;
mod projection;
mod records;
mod state;
mod text;
mod texts;
mod waived;

pub use actor::{Actor, ActorKind};
pub use bounded_json::{Evidence, InvalidObject, InvalidObjectKind, PolicyDocument};
pub use controller::{
    CommandContext, DryRun, OpenRolloutError, OpenRolloutErrorKind, Overdue, Refusal, RefusalKind,
    RolledBack, Rollout, RolloutBuilder, RolloutStatus,
};
pub use event::{Event, NewEvent};
pub use gate::{Gate, GateContext};
pub use gate_report::GateReport;
pub use journal::{
    AppendError, Conflict, FileJournal, Journal, JournalReader, MemoryJournal, OpenError,
    OpenErrorKind, ReadError, ReadErrorKind, TornLine, Verified,
};
pub use payload::{
    Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged, DependenceWaived,
    EventPayload, Incident, Mode, Opened, PhaseChange, PolicyChanged, PostAnalysisFiled,
    ProcessStarted, Recovered, WaiverEnded,
};
pub use phase::{ImpossibleTransition, Phase, Transition};
pub use policy::{BuiltInGate, Guard, Policy, PolicyBuilder, PolicyError};
pub use projection::{Projection, ProjectionError, ProjectionErrorKind, ReplayError};
pub use records::{
    Check, ClientRollback, EventRef, Obligation, ObligationKind, Override, PostAnalysis,
    ProcessStart, Rollback, ServedContract, Waiver,
};
pub use state::RolloutState;
pub use text::{InvalidText, InvalidTextKind};
pub use texts::{
    ActorId, ContractDigest, CorrelationId, FlagName, Identifier, IncidentId, Link, Owner, Reason,
    Summary,
};
pub use waived::WaiverTarget;
