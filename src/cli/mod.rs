//! The command `legacy-http-compat`, for shells and pipelines.
//!
//! | Subcommand | Purpose |
//! |---|---|
//! | `verify` | checks that a journal is intact and its events are in sequence |
//! | `status` | shows phase, gates, obligations, waivers, incidents and checks of a rollout |
//! | `report` | writes the history of a rollout as Markdown |
//! | `check-removed` | checks that a source tree neither names a flag nor uses this crate |
//! | `instances` | shows the instances that share a journal, and which have applied the last change of the flag |
//! | `instances write-off` | writes off an instance that is lost, and journals that |
//! | `store migrate`, `check`, `export`, `import`, `rekey` | administers the store in `PostgreSQL` that instances share |
//! | `contract check` | lists all faults of contract documents |
//! | `contract prove` | proves a contract against two `OpenAPI` documents, or refutes it by an example |
//! | `contract draft` | drafts a contract from two `OpenAPI` documents |
//!
//! Except for `store` and `instances write-off`, the command only reads: journals and snapshots of a census without the writer's lock, even
//! while a process writes them, or those of a store; source trees; contract and `OpenAPI` documents. Results go to standard output, errors to standard error.
//!
//! # Exit codes
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | success |
//! | 1 | check failed: the journal is broken or holds no rollout, the tree still has matches, the document has faults |
//! | 2 | error: wrong usage, or something cannot be read or written |
//!
//! `contract prove` exits with 0 (proved), 1 (refuted) or 2 (cannot tell, or an error).

mod census;
mod check_removed;
mod command;
mod contract_check;
mod contract_prove;
mod instances;
mod journal;
mod output;
mod report;
mod report_sections;
mod status;
mod store;

pub use command::run;
