//! Random commands against a plain model.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
};

use proptest::prelude::*;

use super::stage::{ScriptedGate, Stage, Trouble, flag, incident, label, order, stage_with};
use crate::{
    FlagState,
    rollout::{
        Phase, Projection, RolledBack, Rollout, Transition, gate::BuiltInGate, policy::Policy,
    },
};

#[derive(Clone, Debug)]
enum Command {
    Go(Phase),
    Override(bool),
    RollBack(u8),
    OpenIncident(u8),
    CloseIncident(u8),
    /// Of the rollback in this place, if there is one.
    File(usize),
    SetGate(bool),
    SetJournal(bool),
    JumpTo(u64),
    Tick,
    Restart,
}

/// What an operator would note on paper.
struct Model {
    phase: Phase,
    incidents: BTreeSet<u8>,
    /// Each rollback, and whether its post-analysis is filed.
    rollbacks: Vec<(u64, bool)>,
    gate: bool,
    journal: bool,
    /// A rollback took effect and waits to be written.
    waiting: Option<u8>,
}

fn commands() -> impl Strategy<Value = Vec<Command>> {
    let command = prop_oneof![
        6 => proptest::sample::select(Phase::ALL.to_vec()).prop_map(Command::Go),
        2 => any::<bool>().prop_map(Command::Override),
        4 => (0..3_u8).prop_map(Command::RollBack),
        1 => (0..3_u8).prop_map(Command::OpenIncident),
        2 => (0..3_u8).prop_map(Command::CloseIncident),
        2 => (0..3_usize).prop_map(Command::File),
        2 => any::<bool>().prop_map(Command::SetGate),
        2 => any::<bool>().prop_map(Command::SetJournal),
        1 => (0..4_000_000_000_000_u64).prop_map(Command::JumpTo),
        2 => Just(Command::Tick),
        1 => Just(Command::Restart),
    ];
    proptest::collection::vec(command, 0..60)
}

impl Model {
    fn flag(&self) -> FlagState {
        if self.waiting.is_some() {
            FlagState::On
        } else {
            self.phase.flag()
        }
    }

    fn failing(&self) -> Vec<&'static str> {
        let mut failing = Vec::new();
        failing.extend((!self.incidents.is_empty()).then_some("no_open_incident"));
        failing.extend((!self.gate).then_some("own"));
        failing
    }

    fn due(&self) -> bool {
        self.rollbacks.iter().any(|(_, filed)| !filed)
    }

    /// What waits is written as soon as it can be.
    fn write(&mut self, head: u64) {
        if self.journal
            && let Some(id) = self.waiting.take()
        {
            self.rolled_back(id, head);
        }
    }

    fn rolled_back(&mut self, id: u8, seq: u64) {
        self.phase = Phase::Compat;
        self.incidents.insert(id);
        self.rollbacks.push((seq, false));
    }
}

fn id(number: u8) -> crate::rollout::names::IncidentId {
    incident(&format!("INC-{number}"))
}

fn run(stage: &mut Stage, model: &mut Model, gate: &Arc<ScriptedGate>, command: &Command) {
    let next = stage.rollout.status().head.seq + 1;
    match command {
        Command::SetGate(passes) => {
            gate.1.store(*passes, Ordering::SeqCst);
            model.gate = *passes;
        }
        Command::SetJournal(works) => {
            let trouble = if *works { Trouble::None } else { Trouble::Full };
            stage.journal.set(trouble);
            model.journal = *works;
        }
        Command::JumpTo(wall) => stage.clock.set_unix_ms(*wall),
        Command::Tick => {
            model.write(next);
            stage.tick();
        }
        Command::Restart => restart(stage, model, gate),
        Command::Go(to) => {
            model.write(next);
            let step = model.phase.step(*to).ok();
            let gated =
                step.is_some_and(|step| matches!(step, Transition::Cutover | Transition::Retire));
            let possible = step.is_some_and(|step| step != Transition::Rollback)
                && model.journal
                && (!gated || (model.failing().is_empty() && !model.due()));
            let done = stage.rollout.transition(*to, &order("go"));
            assert_eq!(done.is_ok(), possible, "{done:?}");
            if possible {
                model.phase = *to;
            }
        }
        Command::Override(right) => {
            model.write(next);
            let mut named = model.failing();
            if !right {
                named.push("no_dependent_responses");
            }
            let possible = *right && model.phase == Phase::Compat && model.journal && !model.due();
            let named: Vec<_> = named.into_iter().map(label).collect();
            let done = stage.rollout.override_cutover(&named, &order("must be"));
            assert_eq!(done.is_ok(), possible, "{done:?}");
            if possible {
                model.phase = Phase::Cutover;
            }
        }
        Command::RollBack(number) => {
            model.write(next);
            let possible = model.phase == Phase::Cutover;
            let done = stage.rollout.rollback(id(*number), &order("errors"));
            assert_eq!(done.is_ok(), possible, "{done:?}");
            match done {
                Ok(RolledBack::Recorded(event)) => model.rolled_back(*number, event.seq),
                // The first one that took effect is recorded.
                Ok(RolledBack::Unrecorded) => model.waiting = model.waiting.or(Some(*number)),
                Err(_) => {}
            }
        }
        Command::OpenIncident(number) => {
            model.write(next);
            let possible = model.journal && !model.incidents.contains(number);
            let done = stage.rollout.open_incident(id(*number), &order("errors"));
            assert_eq!(done.is_ok(), possible, "{done:?}");
            if possible {
                model.incidents.insert(*number);
            }
        }
        Command::CloseIncident(number) => {
            model.write(next);
            let possible = model.journal && model.incidents.contains(number);
            let done = stage.rollout.close_incident(id(*number), &order("over"));
            assert_eq!(done.is_ok(), possible, "{done:?}");
            if possible {
                model.incidents.remove(number);
            }
        }
        Command::File(place) => {
            model.write(next);
            let seq = model.rollbacks.get(*place).map_or(9_999, |found| found.0);
            let (link, summary) = ("https://wiki.example/1".parse(), "a proxy".parse());
            let done = stage.rollout.file_post_analysis(
                seq,
                link.unwrap(),
                summary.unwrap(),
                &order("written"),
            );
            assert_eq!(done.is_ok(), model.journal && seq != 9_999, "{done:?}");
            if let (Ok(_), Some(found)) = (done, model.rollbacks.get_mut(*place)) {
                found.1 = true;
            }
        }
    }
}

/// What was not written is lost with the process.
fn restart(stage: &mut Stage, model: &mut Model, gate: &Arc<ScriptedGate>) {
    model.waiting = None;
    stage.rollout = Rollout::builder(flag(), Policy::default())
        .clock(stage.clock.clone())
        .gate(gate.clone())
        .open(stage.journal.clone())
        .unwrap();
}

fn check(stage: &Stage, model: &Model) {
    let status = stage.rollout.status();
    assert_eq!(stage.flag(), model.flag());
    assert_eq!(status.state.phase, model.phase);
    assert_eq!(status.rollback_unrecorded, model.waiting.is_some());
    let open = status.state.open_incidents.len();
    assert_eq!(open, model.incidents.len());
    let due = status.state.open_post_analyses().count();
    assert_eq!(due, model.rollbacks.iter().filter(|found| !found.1).count());
    let mut projection = Projection::new();
    projection.catch_up(&stage.journal.inner, |_| {}).unwrap();
    assert_eq!(
        projection.state(),
        Some(&status.state),
        "the state is the projection"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_commands_lead_where_a_plain_model_says(commands in commands()) {
        let gate = Arc::new(ScriptedGate("own", AtomicBool::new(true)));
        let asked = [BuiltInGate::NoOpenIncident];
        let mut policy = Policy::permissive();
        policy.gates.cutover = asked.into();
        policy.gates.retire = asked.into();
        let own = gate.clone();
        let mut stage = stage_with(policy, 10, |builder| builder.gate(own));
        let mut model = Model {
            phase: Phase::Compat,
            incidents: BTreeSet::new(),
            rollbacks: Vec::new(),
            gate: true,
            journal: true,
            waiting: None,
        };
        for command in &commands {
            run(&mut stage, &mut model, &gate, command);
            check(&stage, &model);
        }
    }
}
