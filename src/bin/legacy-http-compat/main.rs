//! `legacy-http-compat`: what a team asks of the rollout of a flag from a shell or a pipeline.
//!
//! It reads and never writes: journals without their writer's lock, also while a process writes them; source trees; and
//! contract documents.
//!
//! # Exit codes
//!
//! | Code | Meaning |
//! |---|---|
//! | 0 | What was asked for holds. |
//! | 1 | It does not: the journal is broken or holds no rollout, the tree still has what should be gone, the document has faults. |
//! | 2 | It cannot be told: wrong usage, or something cannot be read or written. |
//!
//! Answers go to standard output, errors to standard error.

mod answer;
mod contract;
mod gates;
mod history;
mod journal_json;
mod printable;
mod report;
mod status;
mod terms;
mod verify;
mod withdrawn;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use answer::Answer;

const EXIT_CODES: &str = "\
Exit codes:
  0  what was asked for holds
  1  it does not: the journal is broken or holds no rollout, the tree still has what should be gone, the document has \
faults
  2  it cannot be told: wrong usage, or something cannot be read or written";

/// Reads the journal of a rollout, proves that its compatibility is gone, checks contract documents
#[derive(Parser)]
#[command(name = "legacy-http-compat", version, after_help = EXIT_CODES)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks that a journal is as it was written, and that its events follow one another
    #[command(after_help = EXIT_CODES)]
    Verify(OfJournal),
    /// Shows where a rollout stands: phase, gates, obligations, waivers, incidents, checks
    #[command(after_help = EXIT_CODES)]
    Status(OfJournal),
    /// Tells the whole story of a rollout as Markdown
    #[command(after_help = EXIT_CODES)]
    Report(OfJournal),
    /// Proves that a source tree neither names a flag nor uses this crate any more
    #[command(after_help = EXIT_CODES)]
    Withdrawn(withdrawn::Request),
    /// Works on contract documents
    #[command(after_help = EXIT_CODES)]
    Contract {
        #[command(subcommand)]
        task: ContractTask,
    },
}

#[derive(Subcommand)]
enum ContractTask {
    /// Shows all faults of a contract document at once, those of its section callers too
    #[command(after_help = EXIT_CODES)]
    Check {
        /// The document (JSON)
        file: PathBuf,
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct OfJournal {
    /// The journal; it is only read, also while a process writes it
    journal: PathBuf,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    answer(Command::parse().task).deliver()
}

fn answer(task: Task) -> Answer {
    match task {
        Task::Verify(of) => verify::run(&of.journal, of.json),
        Task::Status(of) => status::run(&of.journal, of.json),
        Task::Report(of) => report::run(&of.journal, of.json),
        Task::Withdrawn(request) => withdrawn::run(&request),
        Task::Contract { task } => match task {
            ContractTask::Check { file, json } => contract::run(&file, json),
        },
    }
}
