//! The rollout of one flag: its phases, gates and journal.
//!
//! - [`Phase`] and [`Transition`]: the four phases and the four transitions. The state of the flag follows from the phase.
//! - [`Rollout`]: controls the flag and takes commands. [`RolloutStatus`] is its status, [`RolloutView`] what API and
//!   command-line tool show of it; it is also a [source of metrics](crate::metrics::Source).
//! - [`event`]: what can happen, with time, actor and reason.
//! - [`journal`]: the append-only record of it, in a file or in memory.
//! - [`fleet`]: the instances that share one journal.
//! - [`Projection`] and [`RolloutState`]: the state, which follows from the events alone.
//! - [`policy`]: what each transition requires.
//! - [`gate`]: the conditions of a transition, and their evidence.
//! - [`names`]: actors, reasons, names and links.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use legacy_http_compat::{Contract, LegacyHttpCompatLayer, LiveContract, caller::{FingerprintKey, SignalDetector}, census::Census, worker::BackgroundWorker};
//! use legacy_http_compat::metrics::Metrics;
//! use legacy_http_compat::rollout::{CommandContext, Phase, Rollout, Transition};
//! use legacy_http_compat::rollout::{journal::MemoryJournal, names::{Actor, FlagName, Reason}, policy::Policy};
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
//!     .open(Arc::new(MemoryJournal::new()))?; // a `FileJournal` in production
//! let rollout = Arc::new(rollout);
//! let layer = LegacyHttpCompatLayer::new(contract, rollout.reader()).observer(census.clone()).observer(metrics);
//! let worker = BackgroundWorker::start(Duration::from_secs(1), [census as _, rollout.clone() as _])?;
//!
//! // … serve; then try to cut over too early:
//! let run = rollout.dry_run(Transition::Cutover)?;
//! let failing: Vec<_> = run.failing().map(|report| report.name.as_str()).collect();
//! assert_eq!(failing, ["required_checks", "no_dependent_responses", "all_callers_resolved", "coverage"]);
//! let command = CommandContext::new(Actor::human("mara")?, Reason::new("it is Friday")?);
//! assert!(rollout.transition(Phase::Cutover, &command).is_err());
//! # drop((layer, worker));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How a command is decided
//!
//! 1. New events of the journal are read, and a rollback that could not be recorded is recorded.
//! 2. A command that expects another [decision](RolloutState::decision) is a conflict, which lists the events since.
//! 3. The transition must exist, each rollback must have its post-analysis, and the gates must pass; in a cutover, failing
//!    gates may be overridden by name.
//! 4. The event is appended unless an event that bears on a decision was journaled since the gates were evaluated, which
//!    is a conflict.
//! 5. Only then is the flag set. If the event cannot be appended, the flag stays as it was.
//!
//! A rollback depends on the phase alone, not on 2 and 3. The flag goes on first, and then the event is appended, within half a
//! second. If that fails, the event is logged at `ERROR` and appended as soon as possible. Until then no other command is accepted.
//! **The record is lost if the process ends first.**
//!
//! The state is never locked while the journal is called, so no command, page or response waits for a journal that hangs, except
//! the command that needs it.
//!
//! # Deployment
//!
//! - Tick census and rollout by one [`BackgroundWorker`](crate::worker::BackgroundWorker), in this order.
//! - Give both the same clock. Time limits use the wall clock; automatic rollback and repeated warnings the monotonic one.
//! - Automatic rollback needs a census.
//! - Several [instances](fleet) share a journal in a store, each with a name in the [table](RolloutBuilder::instance) and a
//!   [`JournalFollower`].
//!
//! # Log
//!
//! Each event is also a `tracing` event with the target `legacy_http_compat::audit`. Its fields are stable:
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
//! | `waiver_target`, `owner`, `until` | `dependence_waived`, `waiver_ended`, `rollback_extended` |
//! | `digest` | `contract_changed` |
//! | `cutover` | `rollback_taken` |
//! | `instance` | `rollback_taken`, where several instances share the journal |
//! | `rollback` | `post_analysis_filed`, `rollback_extended` |
//! | `loosened` | `opened`, `policy_changed` |
//! | `line` | `recovered` |
//! | `error` | those that are not in the journal |
//!
//! The level is `WARN` for a cutover that overrides gates and a loosened policy, `ERROR` for an event that could not be journaled
//! and for a torn or lossy journal, `INFO` for all others. Links, evidence, policies and summaries are not logged: they may contain more than a
//! log should.

mod audit;
mod controller;
mod evaluation;
pub mod event;
mod evidence;
pub mod fleet;
pub mod gate;
pub mod journal;
mod json_object;
pub mod names;
mod phase;
pub mod policy;
mod state;
mod status;
mod stranded;
mod unwaived;
mod view;

pub use controller::{
    CommandContext, DryRun, JournalFollower, OpenRolloutError, OpenRolloutErrorKind, Refusal,
    RefusalKind, RolledBack, Rollout, RolloutBuilder,
};
pub use evaluation::Evaluation;
pub use phase::{ImpossibleTransition, Phase, Transition};
pub use state::{
    Check, ClientRollback, EventRef, Extension, Obligation, ObligationKind, Override, PostAnalysis,
    Projection, ProjectionError, ProjectionErrorKind, RepeatedRollback, ReplayError, Rollback,
    RolloutState, ServedContract, UnknownEvent, Waiver,
};
pub use status::RolloutStatus;
pub use stranded::Stranded;
pub use view::{
    CheckView, GatesVerdict, IncidentView, LossView, ObligationView, RecoveryView, RefusalCounts,
    RollbackView, RolloutView, WaiverView,
};
