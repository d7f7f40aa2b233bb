//! The compiled contract, in the form that the middleware uses.

mod compiled_body;
pub(super) mod compiled_contract;
mod compiled_edit;
#[expect(clippy::inline_always, reason = "passes on to what is inlined")]
mod compiled_endpoint;
mod compiled_lines;
mod compiled_outcome;
mod compiled_shape;
#[expect(
    clippy::inline_always,
    reason = "most parts are a text, which costs less to copy than a call"
)]
mod compiled_template;
mod compiled_value;
mod conversion;
mod edit_compiler;
#[expect(
    clippy::inline_always,
    reason = "what a response is matched by stays in registers"
)]
mod field_column;
mod filled_template;
mod headers;
mod label;
mod link;
mod matchers;
#[expect(
    clippy::inline_always,
    reason = "what a response is matched by stays in registers"
)]
mod matching;
mod outcome_set;
mod pattern;
mod pointer;
mod reachability;
mod remainder;
#[expect(
    clippy::inline_always,
    reason = "what is captured is large, and a call would move it"
)]
mod request_head;
mod request_line;
mod routes;
mod shape_rules;
mod shared_outcomes;
mod sink;
mod status;
mod status_tables;
mod target_body;
mod template_compiler;
mod template_rules;

pub(crate) use compiled_contract::{
    CompiledContract, ContractId, DeprecationHeaders, EndpointHandle,
};
pub(crate) use compiled_endpoint::CompiledEndpoint;
pub(crate) use compiled_lines::HeaderToPut;
pub(crate) use compiled_outcome::{Decision, FormFields, KnownRequest, MissingInput};
pub(crate) use compiled_shape::CompiledShape;
pub(crate) use compiled_template::{PlaceholderValues, RenderError};
pub(crate) use matching::Matching;
pub(crate) use outcome_set::OutcomeSet;
pub(crate) use request_head::{CapturedTexts, RequestHead};
#[cfg(feature = "openapi")]
pub(crate) use {
    conversion::formatted, headers::is_filled_value, pattern::Pattern, status::taken_statuses,
};
