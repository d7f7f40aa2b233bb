//! The compiled contract, in the form that the middleware uses.

mod compiled_body;
pub(super) mod compiled_contract;
mod compiled_edit;
mod compiled_endpoint;
mod compiled_lines;
mod compiled_outcome;
mod compiled_shape;
mod compiled_template;
mod compiled_value;
mod conversion;
mod edit_compiler;
mod headers;
mod label;
mod link;
mod matching;
mod pointer;
mod reachability;
mod request_head;
mod request_line;
mod shape_rules;
mod sink;
mod status;
mod target_body;
mod template_compiler;
mod template_rules;

pub(crate) use compiled_contract::{
    CompiledContract, ContractId, DeprecationHeaders, EndpointHandle,
};
pub(crate) use compiled_endpoint::CompiledEndpoint;
pub(crate) use compiled_outcome::{Decision, MissingInput};
pub(crate) use compiled_shape::CompiledShape;
pub(crate) use compiled_template::{PlaceholderValues, RenderError};
pub(crate) use matching::Matching;
pub(crate) use request_head::CapturedTexts;
