//! Actors, and the texts that people and services enter: names, reasons, links.
//!
//! Each text is bounded, not blank, and free of control and invisible characters:
//!
//! | Text | Most characters | Form |
//! |---|---|---|
//! | [`ActorId`], [`CorrelationId`], [`IncidentId`], [`Owner`] | 128 | any |
//! | [`FlagName`] | 200 | any |
//! | [`Reason`] | 1,000 | any |
//! | [`Summary`] | 4,000 | any |
//! | [`Identifier`]: gates, checks, client kinds; [`InstanceId`] | 64 | token (RFC 9110 §5.6.2) |
//! | [`Link`] | 2,000 | absolute `http` or `https` URI without credentials |
//! | [`ContractDigest`] | 64 | lower-case hexadecimal digits |

mod types;
mod validate;
mod waiver_target;

pub use types::{
    Actor, ActorId, ActorKind, ContractDigest, CorrelationId, FlagName, Identifier, IncidentId,
    InstanceId, Link, Owner, Reason, Summary,
};
#[cfg(feature = "cli")]
pub(crate) use validate::is_invisible;
pub use validate::{InvalidText, InvalidTextKind};
pub use waiver_target::WaiverTarget;
