//! `instances`: the instances that share a journal, and which of them have applied the last change of the flag.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    cli::{
        journal::duration_text,
        output::{Output, escape, json},
        store::{Failed, FlagArgs, PATIENCE},
    },
    rollout::{
        Projection,
        event::Head,
        fleet::{FleetStatus, Instance, InstanceView, Propagation},
        journal::JournalReader,
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

pub(super) fn run(args: &FlagArgs, as_json: bool) -> Output {
    match list(args, as_json) {
        Ok(text) => Output::success(text),
        Err(failed) => failed.into(),
    }
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
