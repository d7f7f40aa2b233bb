//! `check-removed`: whether a source tree neither names a flag nor uses this crate any more.
//!
//! A line matches when it has
//!
//! - the name of the flag, as it is or as an environment variable spells it (`FEATURES_JOBS_COMPAT`);
//! - the last part of that name as a key below the others, as YAML, JSON and TOML nest them;
//! - the name of this crate in either spelling, in any kind of file, and so too in the names of its metrics;
//! - the name of its layer;
//! - in a `Cargo.toml` or a Rust source, the name under which any `Cargo.toml` of the tree renames this crate.
//!
//! Every text file is read, those of `.gitignore` included: a file may be ignored and tracked all the same, and a
//! proof must not depend on a list that the tree itself can change. Skipped are `.git`, cargo's `target` directories, links
//! to directories, what `--exclude` names, and binary files, by the rule of git (a zero byte in the first 8,000).

mod patterns;
mod search;
mod source_tree;

pub(super) use search::{CheckRemovedArgs, check_removed};
