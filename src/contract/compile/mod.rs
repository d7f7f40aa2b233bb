//! The compiled contract, in the form that the middleware uses.

mod capture;
pub(super) mod compiled_contract;
mod deprecation_headers;
mod endpoint;
mod outcome;
mod shape;
mod syntax;
mod template;
mod template_compiler;
mod unreachable;

pub(crate) use capture::CapturedHeaders;
pub(crate) use compiled_contract::{CompiledContract, ContractId};
pub(crate) use deprecation_headers::DeprecationHeaders;
pub(crate) use endpoint::CompiledEndpoint;
pub(crate) use outcome::{Decision, MissingInput};
pub(crate) use shape::{CompiledBody, CompiledShape, RenderError, is_never_rewritten};
