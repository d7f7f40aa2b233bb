//! The rollout of one flag: its phases, and the record of who did what and why.
//!
//! - [`Phase`] and [`Transition`]: where a rollout can stand, and the five steps there are. The flag follows from the phase.
//! - [`Draft`], [`Event`], [`Fact`]: what can happen, with time, actor and reason.
//! - [`Journal`]: the append-only record of it, in a file ([`FileJournal`], which has the format) or in memory
//!   ([`MemoryJournal`]).
//! - [`Fold`] and [`RolloutState`]: where the rollout stands. It follows from the events and from nothing else.
//! - [`audit`]: each event in the log.
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
//! | [`Label`]: gates, checks, client kinds | 64 | token (RFC 9110 §5.6.2) |
//! | [`Link`] | 2,000 | absolute `http` or `https` URI without credentials |
//! | [`ContractDigest`] | 64 | lower-case hexadecimal digits |
//!
//! A [`PolicyDocument`] has at most 32 KiB of JSON, the [`Evidence`] of a gate at most 4 KiB.

mod actor;
pub mod audit;
mod bounded_json;
mod controller;
mod event;
mod fact;
mod fold;
mod gate;
mod gate_report;
mod journal;
mod phase;
mod policy;
mod records;
mod state;
mod text;
mod texts;
mod time;
mod waived;

pub use actor::{Actor, ActorKind};
pub use bounded_json::{Evidence, InvalidObject, InvalidObjectKind, PolicyDocument};
pub use controller::{
    DryRun, OpenRolloutError, OpenRolloutErrorKind, Order, Overdue, Refusal, RefusalKind, RolledBack,
    Rollout, RolloutBuilder, RolloutStatus,
};
pub use event::{Draft, Event};
pub use fact::{
    Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged, DependenceWaived,
    Fact, Incident, Mode, Opened, PhaseChange, PolicyChanged, PostAnalysisFiled, ProcessStarted,
    Recovered, WaiverEnded,
};
pub use fold::{Fold, FoldError, FoldErrorKind, ReplayError};
pub use gate::{Gate, GateContext};
pub use gate_report::GateReport;
pub use journal::{
    AppendError, Conflict, FileJournal, Journal, JournalReader, MemoryJournal, OpenError,
    OpenErrorKind, ReadError, ReadErrorKind, TornLine, Verified,
};
pub use phase::{ImpossibleTransition, Phase, Transition};
pub use policy::{
    BuiltInGate, Guard, InvalidPolicy, Policy, PolicyBuilder, PolicyFault, PolicyFaultKind,
};
pub use records::{
    Check, ClientRollback, Duty, Obligation, Override, PostAnalysis, ProcessStart, Rollback,
    ServedContract, Stamp, Waiver,
};
pub use state::RolloutState;
pub use text::{InvalidText, InvalidTextKind};
pub use texts::{
    ActorId, ContractDigest, CorrelationId, FlagName, IncidentId, Label, Link, Owner, Reason,
    Summary,
};
pub use time::{InvalidTimestamp, Timestamp};
pub use waived::Waived;
