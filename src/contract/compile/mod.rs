//! The compiled contract, in the form that the middleware uses.

mod capture;
pub(super) mod compiled_contract;
mod compiled_endpoint;
mod compiled_outcome;
mod compiled_shape;
mod compiled_template;
mod deprecation_headers;
mod syntax;
mod template_compiler;
mod unreachable;

pub(crate) use capture::CapturedHeaders;
pub(crate) use compiled_contract::{CompiledContract, ContractId};
pub(crate) use compiled_endpoint::CompiledEndpoint;
pub(crate) use compiled_outcome::{Decision, MissingInput};
pub(crate) use compiled_shape::{CompiledBody, CompiledShape, RenderError, is_never_rewritten};
pub(crate) use deprecation_headers::DeprecationHeaders;
