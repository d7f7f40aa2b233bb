//! `store`: the store in `PostgreSQL`, as its administrators see it.

use std::{
    env,
    fmt::Write as _,
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, Subcommand};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    cli::output::{Exit, Output, escape},
    postgres::{PostgresStore, PostgresStoreBuilder, StoreError, StoreErrorKind},
    rollout::{event::EventPayload, journal::JournalReader, names::FlagName},
};

/// How long a statement may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Names the store if no argument does: arguments show in the list of processes, and the connection string may have a password.
const VARIABLE: &str = "LEGACY_HTTP_COMPAT_STORE";

#[derive(Subcommand)]
pub(super) enum StoreTask {
    /// Brings the database to the schema of this version; needs the rights of its owner
    Migrate {
        #[command(flatten)]
        store: StoreArgs,
        /// The role of the service, which is granted what it needs and no more
        #[arg(long, value_name = "ROLE")]
        grant: Option<String>,
    },
    /// Checks that the database can be used, and every line of its journals
    Check(FlagArgs),
    /// Writes a journal to standard output: a journal file, byte for byte
    Export(FlagArgs),
    /// Writes a journal file into a database that has no journal for its flag
    Import {
        #[command(flatten)]
        store: StoreArgs,
        /// The journal file
        journal: PathBuf,
    },
    /// Begins a new epoch of the census: instances with another fingerprint key may join
    Rekey(FlagArgs),
}

#[derive(Args)]
pub(super) struct StoreArgs {
    /// The connection string; without it, the environment variable `LEGACY_HTTP_COMPAT_STORE`
    #[arg(long, value_name = "postgres://…")]
    store: Option<String>,
}

#[derive(Args)]
pub(super) struct FlagArgs {
    #[command(flatten)]
    pub(super) store: StoreArgs,
    /// The flag, if the store has more than one
    #[arg(long, value_name = "NAME")]
    flag: Option<FlagName>,
}

pub(super) fn run(task: &StoreTask) -> Output {
    let done = match task {
        StoreTask::Migrate { store, grant } => migrate(store, grant.as_deref()),
        StoreTask::Check(args) => check(args),
        StoreTask::Export(args) => export(args),
        StoreTask::Import { store, journal } => import(store, journal),
        StoreTask::Rekey(args) => rekey(args),
    };
    done.map_or_else(Output::from, Output::success)
}

fn migrate(store: &StoreArgs, grant: Option<&str>) -> Result<String, Failed> {
    let mut builder = store.builder()?;
    if let Some(role) = grant {
        builder = builder.runtime_role(role);
    }
    let migrated = builder.migrate_now()?;
    let (latest, applied) = (migrated.latest, migrated.applied);
    Ok(format!(
        "the database is at migration {latest}; applied now: {applied}\n"
    ))
}

fn check(args: &FlagArgs) -> Result<String, Failed> {
    let store = args.store.open()?;
    let flags = match &args.flag {
        Some(flag) => vec![flag.clone()],
        None => store.flags()?,
    };
    let mut text = String::new();
    for flag in flags {
        let head = store
            .check(&flag)
            .map_err(|error| Failed::of(&flag, &error))?;
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "{}: intact, {} events, head {head}",
            escape(flag.as_str()),
            head.seq
        );
    }
    if text.is_empty() {
        text.push_str("the store has no journal\n");
    }
    Ok(text)
}

fn export(args: &FlagArgs) -> Result<String, Failed> {
    let (store, flag) = args.open()?;
    let lines = store.export(&flag)?;
    String::from_utf8(lines).map_err(|error| Failed::check(format!("a line is not UTF-8: {error}")))
}

fn import(store: &StoreArgs, path: &Path) -> Result<String, Failed> {
    let unreadable =
        |error: io::Error| Failed::error(format!("cannot read {}: {error}", path.display()));
    let flag = flag_of(BufReader::new(File::open(path).map_err(unreadable)?))?;
    let file = BufReader::new(File::open(path).map_err(unreadable)?);
    let head = store.open()?.import(&flag, file)?;
    Ok(format!(
        "{}: {} events, head {head}\n",
        escape(flag.as_str()),
        head.seq
    ))
}

/// The flag of a journal file.
fn flag_of(file: impl io::BufRead) -> Result<FlagName, Failed> {
    for event in JournalReader::new(file) {
        let event = event.map_err(|error| Failed::check(error.to_string()))?;
        if let EventPayload::Opened(opened) = event.payload {
            return Ok(opened.flag);
        }
    }
    Err(Failed::check(
        "the journal holds no rollout: it was never opened",
    ))
}

fn rekey(args: &FlagArgs) -> Result<String, Failed> {
    let (store, flag) = args.open()?;
    let epoch = store.instances(&flag).begin_epoch(PATIENCE);
    let epoch = epoch.map_err(|error| Failed::error(error.to_string()))?;
    let flag = escape(flag.as_str());
    Ok(match epoch {
        0 => format!("{flag}: no instance has a fingerprint key yet\n"),
        epoch => format!(
            "{flag}: epoch {epoch} begins with the first instance that has another fingerprint key\n"
        ),
    })
}

impl StoreArgs {
    fn builder(&self) -> Result<PostgresStoreBuilder, Failed> {
        let given = self.store.clone().or_else(|| env::var(VARIABLE).ok());
        let url = given.ok_or_else(|| {
            Failed::error(format!(
                "name the store, if no journal: --store postgres://…, or {VARIABLE}"
            ))
        })?;
        let (tls, _unreadable) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
            let why: Vec<_> = errors.iter().map(ToString::to_string).collect();
            Failed::error(format!(
                "no certificates of the operating system: {}",
                why.join("; ")
            ))
        })?;
        Ok(PostgresStore::builder(&url)?
            .tls(tls)
            .open_patience(PATIENCE))
    }

    pub(super) fn open(&self) -> Result<PostgresStore, Failed> {
        Ok(self.builder()?.open()?)
    }
}

impl FlagArgs {
    /// The store, and the flag that is meant.
    pub(super) fn open(&self) -> Result<(PostgresStore, FlagName), Failed> {
        let store = self.store.open()?;
        if let Some(flag) = &self.flag {
            return Ok((store, flag.clone()));
        }
        let mut flags = store.flags()?;
        match (flags.pop(), flags.is_empty()) {
            (Some(flag), true) => Ok((store, flag)),
            (None, _) => Err(Failed::check("the store has no journal")),
            (Some(last), false) => {
                flags.push(last);
                let names: Vec<_> = flags.iter().map(|flag| escape(flag.as_str())).collect();
                Err(Failed::error(format!(
                    "name one flag by --flag: {}",
                    names.join(", ")
                )))
            }
        }
    }
}

/// Why a command failed.
pub(super) struct Failed {
    exit: Exit,
    why: String,
}

impl Failed {
    pub(super) fn error(why: impl Into<String>) -> Self {
        let (exit, why) = (Exit::Error, why.into());
        Self { exit, why }
    }

    pub(super) fn check(why: impl Into<String>) -> Self {
        let (exit, why) = (Exit::CheckFailed, why.into());
        Self { exit, why }
    }

    fn of(flag: &FlagName, error: &StoreError) -> Self {
        let exit = Self::from_store(error);
        let why = format!("{}: {error}", escape(flag.as_str()));
        Self { exit, why }
    }

    fn from_store(error: &StoreError) -> Exit {
        match error.kind() {
            StoreErrorKind::Journal
            | StoreErrorKind::NotMigrated { .. }
            | StoreErrorKind::Newer { .. } => Exit::CheckFailed,
            _ => Exit::Error,
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        let exit = Self::from_store(&error);
        let why = error.to_string();
        Self { exit, why }
    }
}

impl From<Failed> for Output {
    fn from(failed: Failed) -> Self {
        Self::failure(failed.exit, failed.why)
    }
}
