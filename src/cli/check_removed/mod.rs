//! `check-removed`: whether a source tree neither names a flag nor uses this crate any more.
//!
//! A line matches when it has
//!
//! - the name of the flag, verbatim or as an environment variable (`FEATURES_JOBS_COMPAT`);
//! - the name of the flag as nested keys in YAML, JSON or TOML;
//! - the name of this crate in either spelling, in any kind of file, including the names of its metrics;
//! - the name of its layer;
//! - in a `Cargo.toml` or a Rust source, the name under which any `Cargo.toml` of the tree renames this crate.
//!
//! All text files are read, even those in `.gitignore`: an ignored file may be tracked, and a proof must not depend on a list
//! that the tree itself can change. Skipped are `.git`, cargo's `target` directories, links to directories, excluded paths,
//! and binary files, by git's rule (a zero byte in the first 8,000).

mod patterns;
mod search;
mod source_tree;

pub(super) use search::{CheckRemovedArgs, check_removed};
