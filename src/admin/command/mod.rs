//! The commands of the admin service: read from JSON or from a form, and executed in one place.

#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod command;
mod execute;
mod form;
mod if_match;

pub(super) use command::CommandKind;
pub(super) use execute::{CommandMeta, CommandOutcome, execute, refusal_problem, unreadable};
pub(super) use form::Form;
pub(super) use if_match::{IfMatch, WithEtag};
