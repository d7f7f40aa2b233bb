//! `check-removed`: whether a source tree neither names a flag nor uses this crate any more.
//!
//! A line matches when it has
//!
//! - the name of the flag, verbatim, as an environment variable (`FEATURES_JOBS_COMPAT`, `Features__Jobs__Compat__Enabled`) or
//!   in kebab case (`--features-jobs-compat`);
//! - the name of the flag as tables or nested keys in YAML, JSON, TOML and the like;
//! - the name of this crate in either spelling, in any kind of file, including the names of its metrics;
//! - the name of its layer;
//! - in a `Cargo.toml` or a Rust source, the name under which any `Cargo.toml` of the tree renames this crate, or a feature
//!   of its package that enables this crate.
//!
//! The name of a file matches like a line; files named for environment variables are common.
//!
//! All text files are read, even those in `.gitignore`: an ignored file may be tracked, and a proof must not depend on a list
//! that the tree itself can change. Skipped are `.git`, cargo's `target` directories, links to directories, excluded paths,
//! binary files, by git's rule (a zero byte in the first 8,000), and special files, which are never opened.

mod config_keys;
mod manifests;
mod patterns;
mod search;
mod source_tree;

pub(super) use search::{CheckRemovedArgs, check_removed};
