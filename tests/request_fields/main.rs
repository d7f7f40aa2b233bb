//! Outcomes and templates that ask for fields of the request, noted while the handler reads its body.

#[path = "../support/scripted.rs"]
mod scripted;

mod deciding;
mod harness;
mod transparent;
