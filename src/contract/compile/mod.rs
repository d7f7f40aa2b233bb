//! The compiled contract: what the middleware asks.

mod capture;
mod compile;
mod compile_template;
mod endpoint;
mod fields;
mod headers;
mod notice;
mod outcome;
mod routes;
mod shadow;
mod shape;
mod template;

pub(crate) use capture::Captured;
pub(crate) use compile::{Plan, PlanId};
pub(crate) use endpoint::PlannedEndpoint;
pub(crate) use notice::Notice;
pub(crate) use outcome::{Decision, Lacking};
pub(crate) use shape::{PlannedBody, PlannedShape, Unfilled, is_never_rewritten};
