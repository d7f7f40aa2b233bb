//! The compiled contract: what the middleware asks.

mod capture;
mod compile_template;
mod compiled_contract;
mod endpoint;
mod fields;
mod headers;
mod notice;
mod outcome;
mod routes;
mod shape;
mod template;
mod unreachable;

pub(crate) use capture::CapturedHeaders;
pub(crate) use compiled_contract::{CompiledContract, ContractId};
pub(crate) use endpoint::CompiledEndpoint;
pub(crate) use notice::DeprecationHeaders;
pub(crate) use outcome::{Decision, MissingInput};
pub(crate) use shape::{CompiledBody, CompiledShape, Unfilled, is_never_rewritten};
