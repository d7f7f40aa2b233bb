//! The command `legacy-http-compat`, for shells and pipelines.
//!
//! | Subcommand | Purpose |
//! |---|---|
//! | `verify` | checks that a journal is intact and its events are in sequence |
//! | `status` | shows phase, gates, obligations, waivers, incidents and checks of a rollout |
//! | `report` | writes the history of a rollout as Markdown |
//! | `check-removed` | checks that a source tree neither names a flag nor uses this crate |
//! | `contract check` | lists all faults of contract documents |
//!
//! The command only reads: journals without the writer's lock, even while a process writes them; source trees; and
//! contract documents. Results go to standard output, errors to standard error.
//!
//! # Exit codes
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | success |
//! | 1 | check failed: the journal is broken or holds no rollout, the tree still has matches, the document has faults |
//! | 2 | error: wrong usage, or something cannot be read or written |

mod check_removed;
mod command;
mod contract_check;
mod journal;
mod output;
mod report;
mod report_sections;
mod status;

pub use command::run;
