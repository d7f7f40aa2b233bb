//! A policy as a JSON document.

use std::time::Duration;

use serde_json::Value;

use super::{
    builder::{PolicyBuilder, PolicyError},
    policy::{AutoRollback, Policy},
};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, parse, wrong_type},
    rollout::{
        evidence::BuiltInGate,
        json_object::PolicyDocument,
        phase::{Phase, Transition},
    },
    time::{Timestamp, parse_duration},
};

impl Policy {
    /// Reads a policy from JSON.
    ///
    /// # Errors
    ///
    /// All faults at once. Text that is not JSON is one fault.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        Self::from_tree(&parse::<PolicyError>(text)?)
    }

    /// Reads the policy of a journal.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn from_document(document: &PolicyDocument) -> Result<Self, PolicyError> {
        Self::from_tree(&Value::Object(document.members().clone()).into())
    }

    /// The policy as a journal holds it, with every member.
    ///
    /// # Panics
    ///
    /// Never: a policy is a small object.
    #[must_use]
    pub fn to_document(&self) -> PolicyDocument {
        let value = serde_json::to_value(self).expect("a policy is written as JSON");
        PolicyDocument::new(value).expect("a policy is a small object")
    }

    fn from_tree(tree: &OrderedValue) -> Result<Self, PolicyError> {
        let mut diagnostics = Diagnostics::default();
        let policy = Self::read(tree, &mut diagnostics);
        diagnostics.into_result(policy)
    }

    /// The policy of a document, valid only if no faults were added.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let builder = read_members(tree, diagnostics);
        diagnostics.extend(builder.diagnostics);
        builder.policy
    }
}

/// Reads the members that are there and sets each, so that a document is checked as settings made in Rust are.
fn read_members(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> PolicyBuilder {
    let mut members = ObjectReader::new(tree, diagnostics);
    let mut builder = Policy::builder();
    if let Some(phase) = members.nested("opening_phase", read_phase).flatten() {
        builder = builder.opening_phase(phase);
    }
    let has_checks = members.has("required_checks");
    let checks = members.string_list("required_checks");
    if has_checks {
        builder = builder.required_checks(checks);
    }
    builder = read_durations(builder, &mut members);
    if let Some(ratio) = members.nested("coverage_ratio", read_number).flatten() {
        builder = builder.coverage_ratio(ratio);
    }
    if let Some(responses) = read_whole(&mut members, "min_responses") {
        builder = builder.min_responses(responses);
    }
    if let Some(processes) = read_whole(&mut members, "processes") {
        builder = builder.processes(processes);
    }
    if let Some(limits) = members.nested("auto_rollback", read_auto_rollback) {
        builder = builder.auto_rollback(limits);
    }
    if let Some(date) = members.nested("retire_by", read_date) {
        builder = builder.retire_by(date);
    }
    for (step, gates) in members.nested("gates", read_gates).into_iter().flatten() {
        builder = builder.gates(step, gates);
    }
    members.finish();
    builder
}

fn read_durations(mut builder: PolicyBuilder, members: &mut ObjectReader<'_, '_>) -> PolicyBuilder {
    type Set = fn(PolicyBuilder, Duration) -> PolicyBuilder;
    let setters: [(&'static str, Set); 5] = [
        ("check_max_age", PolicyBuilder::check_max_age),
        ("cutover_quiet_window", PolicyBuilder::cutover_quiet_window),
        (
            "retirement_quiet_window",
            PolicyBuilder::retirement_quiet_window,
        ),
        ("inactive_after", PolicyBuilder::inactive_after),
        ("rollback_limit", PolicyBuilder::rollback_limit),
    ];
    for (name, set) in setters {
        if let Some(length) = members.nested(name, read_duration).flatten() {
            builder = set(builder, length);
        }
    }
    builder
}

fn read_auto_rollback(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<AutoRollback> {
    let mut members = ObjectReader::new(tree, diagnostics);
    members.require("window");
    let window = members.nested("window", read_duration).flatten();
    let callers = read_whole(&mut members, "stranded_callers");
    let percent = members.nested("stranded_percent", read_number).flatten();
    members.finish();
    Some(AutoRollback::new(window?, callers, percent))
}

fn read_gates(
    tree: &OrderedValue,
    diagnostics: &mut Diagnostics,
) -> Vec<(Transition, Vec<BuiltInGate>)> {
    let mut members = ObjectReader::new(tree, diagnostics);
    let mut gates = Vec::new();
    for step in Transition::ALL.into_iter().filter(|step| step.is_gated()) {
        let is_given = members.has(step.as_str());
        let names = members.string_list(step.as_str());
        let names = names.iter().enumerate();
        let read =
            names.filter_map(|(index, name)| read_gate(step, index, name, members.diagnostics));
        let read = read.collect();
        if is_given {
            gates.push((step, read));
        }
    }
    members.finish();
    gates
}

fn read_gate(
    step: Transition,
    index: usize,
    name: &str,
    diagnostics: &mut Diagnostics,
) -> Option<BuiltInGate> {
    let gate = BuiltInGate::find(name);
    if gate.is_none() {
        let known = BuiltInGate::ALL.map(BuiltInGate::as_str).join(", ");
        let (place, expected) = (format!("/{step}/{index}"), format!("one of {known}"));
        diagnostics.add_at(place, FaultCode::UnknownGate, name, expected);
    }
    gate
}

fn read_phase(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Phase> {
    let name = read_str(tree, diagnostics)?;
    let phase = Phase::ALL.into_iter().find(|phase| phase.as_str() == name);
    if phase.is_none() {
        let expected = "\"observe\" or \"compat\"";
        diagnostics.add(FaultCode::InvalidValue, name, expected);
    }
    phase
}

fn read_duration(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let text = read_str(tree, diagnostics)?;
    let length = parse_duration(text);
    if length.is_none() {
        let expected = "a duration such as \"24h\" or \"14d\"";
        diagnostics.add(FaultCode::InvalidValue, text, expected);
    }
    length
}

fn read_date(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Timestamp> {
    let text = read_str(tree, diagnostics)?;
    let date = text.parse::<Timestamp>().ok();
    if date.is_none() {
        let expected = "a time in UTC such as \"2027-01-01T00:00:00Z\" (RFC 3339)";
        diagnostics.add(FaultCode::InvalidValue, text, expected);
    }
    date
}

fn read_number(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<f64> {
    let number = match tree {
        OrderedValue::Scalar(value) => value.as_f64(),
        _ => None,
    };
    if number.is_none() {
        wrong_type(tree, "a number", diagnostics);
    }
    number
}

fn read_whole<N: TryFrom<i64>>(
    members: &mut ObjectReader<'_, '_>,
    name: &'static str,
) -> Option<N> {
    let found = members.integer(name)?;
    let number = N::try_from(found).ok();
    if number.is_none() {
        let expected = "a whole number that is not negative and not this large";
        members.add(name, FaultCode::OutOfRange, found.to_string(), expected);
    }
    number
}

fn read_str<'t>(tree: &'t OrderedValue, diagnostics: &mut Diagnostics) -> Option<&'t str> {
    let text = tree.as_str();
    if text.is_none() {
        wrong_type(tree, "a string", diagnostics);
    }
    text
}
