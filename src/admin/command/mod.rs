//! What an operator can order, read from JSON or from a form, and carried out in one place.

mod carry_out;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod command;
mod fault;
mod form;
mod if_match;
mod reader;
mod reading;
mod refused;

pub(super) use carry_out::{By, Done, carry_out, unreadable};
pub(super) use command::CommandKind;
pub(super) use fault::{Fault, invalid};
pub(super) use form::Form;
pub(super) use if_match::IfMatch;
pub(super) use refused::problem as refused;
