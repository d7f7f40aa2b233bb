//! The command line: its arguments, and the dispatch to the subcommands.

use std::{ffi::OsString, io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use super::{
    check_removed::{CheckRemovedArgs, check_removed},
    contract_check,
    contract_prove::{self, DraftArgs, ProveArgs},
    instances::{self, InstancesArgs},
    journal::{ShownFrom, verify},
    output::{Exit, Output},
    report, status,
    store::{self, FlagArgs, StoreTask},
};
use crate::rollout::event::Head;

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  check failed: the journal is broken or holds no rollout, the tree still has matches, the document has faults
  2  error: wrong usage, or something cannot be read or written";

const PROVE_EXIT_CODES: &str = "\
Exit codes:
  0  proved
  1  refuted by an example
  2  cannot tell; or wrong usage, or something cannot be read or written";

/// Inspects the journal of a rollout, checks that its compatibility code is removed, validates contract documents, administers a store
#[derive(Parser)]
#[command(name = "legacy-http-compat", version, after_help = EXIT_CODES)]
struct Command {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
#[expect(clippy::doc_markdown, reason = "help texts show no markup")]
enum Task {
    /// Checks that a journal is intact, that its events follow one another, and that none is lost
    #[command(after_help = EXIT_CODES)]
    Verify(VerifyArgs),
    /// Shows the state of a rollout: phase, gates, obligations, waivers, incidents, checks
    #[command(after_help = EXIT_CODES)]
    Status(RolloutArgs),
    /// Writes the history of a rollout as Markdown
    #[command(after_help = EXIT_CODES)]
    Report(RolloutArgs),
    /// Checks that a source tree neither names a flag nor uses this crate any more
    #[command(after_help = EXIT_CODES)]
    CheckRemoved(CheckRemovedArgs),
    /// Shows the instances that share a journal, and which of them have applied the last change of the flag
    #[command(after_help = EXIT_CODES)]
    Instances(InstancesArgs),
    /// Commands for the store in PostgreSQL that instances share
    #[command(after_help = EXIT_CODES)]
    Store {
        #[command(subcommand)]
        task: StoreTask,
    },
    /// Commands for contract documents
    #[command(after_help = EXIT_CODES)]
    Contract {
        #[command(subcommand)]
        task: ContractTask,
    },
}

#[derive(Subcommand)]
#[expect(clippy::doc_markdown, reason = "help texts show no markup")]
enum ContractTask {
    /// Lists all faults of contract documents, including those of their section `callers`
    #[command(after_help = EXIT_CODES)]
    Check {
        /// The documents (JSON), each of which is checked by itself
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Proves against two OpenAPI documents that old clients get only responses that they know
    #[command(after_help = PROVE_EXIT_CODES)]
    Prove(ProveArgs),
    /// Drafts a contract document from two OpenAPI documents; guesses are marked, and refused by `contract check`
    #[command(after_help = EXIT_CODES)]
    Draft(DraftArgs),
}

#[derive(Args)]
struct JournalArgs {
    /// The journal file, or - for standard input; it is only read, even while a process writes it
    journal: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RolloutArgs {
    /// The journal file, or - for standard input; it is only read, even while a process writes it. Without it, journal and
    /// census are those of the store
    #[arg(conflicts_with_all = ["store", "flag"])]
    journal: Option<PathBuf>,
    /// The snapshot of the census, for the stranded callers; it is only read, even while a process writes it
    #[arg(long, value_name = "FILE", requires = "journal")]
    census: Option<PathBuf>,
    #[command(flatten)]
    of: FlagArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl RolloutArgs {
    fn from(&self) -> ShownFrom<'_> {
        match &self.journal {
            Some(journal) => ShownFrom::Files(journal, self.census.as_deref()),
            None => ShownFrom::Store(&self.of),
        }
    }
}

#[derive(Args)]
struct VerifyArgs {
    #[command(flatten)]
    journal: JournalArgs,
    /// A head that the journal had at some time: it must still have that event
    #[arg(long, value_name = "SEQ:HASH")]
    expect: Option<Head>,
}

/// Runs the command with these arguments, the first of which is the program's name.
///
/// ```
/// use legacy_http_compat::cli;
///
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// cli::run(["legacy-http-compat", "--version"], &mut out, &mut err);
/// assert!(out.starts_with(b"legacy-http-compat "));
/// assert!(err.is_empty());
/// ```
pub fn run<A: Into<OsString> + Clone>(
    args: impl IntoIterator<Item = A>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitCode {
    match Command::try_parse_from(args) {
        Ok(command) => execute(command.task).write(out, err),
        Err(error) if error.use_stderr() => {
            // If standard error is closed, there is nowhere left to report to.
            let _ = write!(err, "{error}");
            Exit::Error.into()
        }
        Err(help) => Output::success(help.to_string()).write(out, err),
    }
}

fn execute(task: Task) -> Output {
    match task {
        Task::Verify(args) => verify(&args.journal.journal, args.expect, args.journal.json),
        Task::Status(args) => status::run(&args.from(), args.json),
        Task::Report(args) => report::run(&args.from(), args.json),
        Task::CheckRemoved(args) => check_removed(&args),
        Task::Instances(args) => instances::run(&args),
        Task::Store { task } => store::run(&task),
        Task::Contract { task } => match task {
            ContractTask::Check { files, json } => contract_check::run(&files, json),
            ContractTask::Prove(args) => contract_prove::run(&args),
            ContractTask::Draft(args) => contract_prove::run_draft(&args),
        },
    }
}
