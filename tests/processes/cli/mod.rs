//! The command `legacy-http-compat` as those see it who run it: what it prints, and how it ends.

mod census;
mod contract;
mod journals;
mod pipes;
mod report;
mod run;
mod status;
mod usage;
mod verify;
mod withdrawn;
mod withdrawn_lines;
mod withdrawn_spellings;

use crate::{events, support::temp_dir};
