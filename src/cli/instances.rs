//! `instances`: the instances that share a journal, which of them have applied the last change of the flag, and writing one off.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    census::fleet::CensusStore as _,
    cli::{
        journal::duration_text,
        output::{Output, escape, json},
        store::{Failed, FlagArgs, PATIENCE},
    },
    postgres::PostgresJournal,
    rollout::{
        Projection,
        event::{Event, EventPayload, Head, InstanceWrittenOff, NewEvent},
        fleet::{FleetStatus, Instance, InstanceView, Propagation},
        journal::{AppendAttempt, AppendError, Journal as _, JournalReader},
        names::{Actor, InstanceId, Reason},
    },
    time::{SystemClock, Timestamp},
};

/// The instances in JSON.
#[derive(Serialize)]
struct InstancesJson {
    head: Head,
    /// Which of them have applied the event that last changed the flag.
    propagation: Propagation,
    /// The same in words.
    text: String,
    instances: Vec<InstanceView>,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct InstancesArgs {
    #[command(subcommand)]
    task: Option<InstancesTask>,
    #[command(flatten)]
    of: FlagArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum InstancesTask {
    /// Writes off an instance that is lost, which is journaled: its silence is no gap of the census from now on
    WriteOff(WriteOffArgs),
}

#[derive(Args)]
struct WriteOffArgs {
    /// The name of the instance
    instance: InstanceId,
    /// Who writes it off, for the journal
    #[arg(long, value_name = "ID", value_parser = human)]
    actor: Actor,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    reason: Reason,
    #[command(flatten)]
    of: FlagArgs,
}

fn human(id: &str) -> Result<Actor, String> {
    Actor::human(id).map_err(|error| error.to_string())
}

pub(super) fn run(args: &InstancesArgs) -> Output {
    let done = match &args.task {
        None => list(&args.of, args.json),
        Some(InstancesTask::WriteOff(args)) => write_off(args),
    };
    done.map_or_else(Output::from, Output::success)
}

/// How often an event is appended again after another one came first.
const TRIES: usize = 8;

/// Journals that an instance is written off, and then ends its runs, as a rollout does.
fn write_off(args: &WriteOffArgs) -> Result<String, Failed> {
    let (store, flag) = args.of.open()?;
    let journal = store.journal(&flag)?;
    let payload = EventPayload::InstanceWrittenOff(InstanceWrittenOff {
        instance: args.instance.clone(),
    });
    let now = Timestamp::now(&SystemClock::new());
    let event = NewEvent::new(now, args.actor.clone(), args.reason.clone(), payload);
    let attempt = AppendAttempt::new(PATIENCE);
    let mut appended = append(&journal, &event, attempt)?;
    for _ in 1..TRIES {
        match appended {
            Err(AppendError::Conflict(_)) => appended = append(&journal, &event, attempt)?,
            _ => break,
        }
    }
    let event = appended.map_err(|error| Failed::error(error.to_string()))?;
    let ended = store
        .census(&flag)
        .write_off(args.instance.as_str(), PATIENCE);
    let (instance, seq) = (escape(args.instance.as_str()), event.seq);
    match ended {
        Ok(0) => Ok(format!(
            "{instance}: written off (event {seq}); the census has no run of it that goes on\n"
        )),
        Ok(_) => Ok(format!(
            "{instance}: written off (event {seq}); its silence is no gap from now on\n"
        )),
        Err(error) => Err(Failed::error(format!(
            "journaled as event {seq}, but without effect yet: {error}; repeat the command"
        ))),
    }
}

/// Appends behind the events that are there, none of which must be of another version.
fn append(
    journal: &PostgresJournal,
    event: &NewEvent,
    attempt: AppendAttempt,
) -> Result<Result<Event, AppendError>, Failed> {
    let events = journal.read(0, usize::MAX);
    let events = events.map_err(|error| Failed::error(error.to_string()))?;
    let mut projection = Projection::new();
    for event in &events {
        let applied = projection.apply(event);
        applied.map_err(|error| Failed::check(error.to_string()))?;
    }
    if !projection.unknown_events().is_empty() {
        let why = "the journal has events that this version does not know: use the version that wrote them";
        return Err(Failed::check(why));
    }
    Ok(journal.append_attempt(projection.head(), event.clone(), attempt))
}

fn list(args: &FlagArgs, as_json: bool) -> Result<String, Failed> {
    let (store, flag) = args.open()?;
    let lines = store.export(&flag)?;
    let mut projection = Projection::new();
    let mut heads = Vec::new();
    for event in JournalReader::new(&lines[..]) {
        let event = event.map_err(|error| Failed::check(error.to_string()))?;
        let applied = projection.apply(&event);
        applied.map_err(|error| Failed::check(error.to_string()))?;
        heads.push(event.head());
    }
    let state = projection.state();
    let state = state.ok_or_else(|| Failed::check("the store has no journal of this flag"))?;
    let changed = head_of(&heads, state.flag_changed.seq);
    let instances = store.instances(&flag).list(PATIENCE);
    let instances = instances.map_err(|error| Failed::error(error.to_string()))?;
    let fleet = FleetStatus {
        at: Some(Timestamp::now(&SystemClock::new())),
        error: None,
        instances,
    };
    let propagation = fleet.propagation(changed);
    if !as_json {
        return Ok(text(&fleet, &propagation));
    }
    let is_ours =
        |head: Head| head.seq > projection.head().seq || head_of(&heads, head.seq) == head;
    Ok(json(&InstancesJson {
        head: projection.head(),
        text: propagation.to_string(),
        propagation,
        instances: fleet
            .instances
            .iter()
            .map(|instance| InstanceView::new(instance, is_ours))
            .collect(),
    }))
}

/// The head of the journal that ended with an event.
fn head_of(heads: &[Head], seq: u64) -> Head {
    let index = usize::try_from(seq).ok().and_then(|seq| seq.checked_sub(1));
    let head = index.and_then(|index| heads.get(index));
    head.copied().unwrap_or(Head::NONE)
}

fn text(fleet: &FleetStatus, propagation: &Propagation) -> String {
    let mut text = format!("the last change of the flag: {propagation}\n");
    for instance in &fleet.instances {
        line(&mut text, instance);
    }
    if fleet.instances.is_empty() {
        text.push_str("  no instance is registered\n");
    }
    text
}

fn line(text: &mut String, instance: &Instance) {
    let report = &instance.report;
    let seen = if instance.is_live() {
        "live".to_owned()
    } else {
        format!("silent for {}", duration_text(instance.silent))
    };
    let version = match report.version.as_str() {
        "" => String::new(),
        version => format!(", version {}", escape(version)),
    };
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        text,
        "  {}: {seen}, flag {}, event {}, started {}{version}",
        report.instance, report.flag, report.applied.seq, report.started
    );
}
