//! Outcomes and templates that ask for fields of the request, noted while the handler reads its body.

mod deciding;
mod harness;
mod transparent;

use crate::scripted;
