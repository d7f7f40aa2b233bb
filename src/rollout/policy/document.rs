//! A policy as a JSON document.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{
    built_in::BuiltInGate,
    check::{PolicyError, build},
    draft::PolicyBuilder,
    policy::{Asked, Guard, Policy},
};
use crate::time::Timestamp;
use crate::time::{duration_text, parse_duration};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, parse, wrong_type},
    rollout::{bounded_json::PolicyDocument, phase::Phase, texts::Identifier},
};

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// All faults at once. Text that is no JSON is one fault.
    pub fn from_json(text: &str) -> Result<Self, PolicyError> {
        Self::from_tree(&parse::<PolicyError>(text)?)
    }

    /// Reads the policy that a journal holds.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn from_document(document: &PolicyDocument) -> Result<Self, PolicyError> {
        Self::from_tree(&document.to_value().into())
    }

    /// The policy as a journal holds it, every member written out.
    ///
    /// # Panics
    ///
    /// Never: a policy is an object, and its bounds keep it far below the limit.
    #[must_use]
    pub fn to_document(&self) -> PolicyDocument {
        PolicyDocument::new(self.write()).expect("a policy is a small object")
    }

    fn from_tree(tree: &OrderedValue) -> Result<Self, PolicyError> {
        let mut diagnostics = Diagnostics::default();
        let policy = Self::read(tree, &mut diagnostics);
        diagnostics.into_result(policy)
    }

    /// The policy of a document, valid only if no faults were added.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let draft = read(tree, diagnostics);
        build(&draft, diagnostics)
    }

    fn write(&self) -> Value {
        let checks = self.required_checks.iter().map(Identifier::as_str);
        let mut value = json!({
            "opening_phase": self.opening_phase,
            "required_checks": checks.collect::<Vec<_>>(),
            "check_max_age": duration_text::write(self.check_max_age),
            "cutover_quiet_window": duration_text::write(self.cutover_quiet_window.length()),
            "retirement_quiet_window": duration_text::write(self.retirement_quiet_window.length()),
            "inactive_after": duration_text::write(self.inactive_after.length()),
            "coverage_ratio": self.coverage_ratio,
            "min_responses": self.min_responses,
            "processes": self.processes,
            "rollback_limit": duration_text::write(self.rollback_limit),
            "gates": write_gates(&self.gates),
        });
        if let Some(guard) = &self.guard {
            value["guard"] = write_guard(guard);
        }
        if let Some(moment) = self.retire_by {
            value["retire_by"] = moment.to_string().into();
        }
        value
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.write().serialize(serializer)
    }
}

/// Reads all that can be read; what cannot has its default and a fault.
fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> PolicyBuilder {
    let mut draft = Policy::builder();
    let mut reader = ObjectReader::new(tree, diagnostics);
    if let Some(name) = reader.string("opening_phase") {
        draft.opening_phase = reader.diagnostics.at("opening_phase", |diagnostics| {
            read_phase(&name, diagnostics)
        });
    }
    if reader.has("required_checks") {
        draft.required_checks = reader.string_list("required_checks");
    }
    for (name, into) in [
        ("check_max_age", &mut draft.check_max_age),
        ("cutover_quiet_window", &mut draft.cutover_quiet_window),
        (
            "retirement_quiet_window",
            &mut draft.retirement_quiet_window,
        ),
        ("inactive_after", &mut draft.inactive_after),
        ("rollback_limit", &mut draft.rollback_limit),
    ] {
        *into = length(name, &mut reader).unwrap_or(*into);
    }
    draft.retire_by = moment("retire_by", &mut reader);
    draft.min_responses = whole("min_responses", &mut reader).unwrap_or(draft.min_responses);
    draft.processes = whole("processes", &mut reader).unwrap_or(draft.processes);
    let ratio = reader.nested("coverage_ratio", number).flatten();
    draft.coverage_ratio = ratio.unwrap_or(draft.coverage_ratio);
    draft.guard = reader.nested("guard", read_guard).flatten();
    reader.nested("gates", |tree, diagnostics| {
        read_gates(&mut draft, tree, diagnostics);
    });
    reader.finish();
    draft
}

fn read_phase(name: &str, diagnostics: &mut Diagnostics) -> Phase {
    let phase = Phase::ALL.into_iter().find(|phase| phase.as_str() == name);
    phase.unwrap_or_else(|| {
        let expected = "\"observe\" or \"compat\"";
        diagnostics.add(FaultCode::InvalidValue, name, expected);
        Phase::Compat
    })
}

fn read_guard(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Guard> {
    let mut reader = ObjectReader::new(tree, diagnostics);
    reader.require("within");
    let within = length("within", &mut reader);
    let callers = whole("stranded_callers", &mut reader);
    let percent = reader.nested("stranded_percent", number).flatten();
    reader.finish();
    Some(Guard::new(within?, callers, percent))
}

fn read_gates(draft: &mut PolicyBuilder, tree: &OrderedValue, diagnostics: &mut Diagnostics) {
    let mut reader = ObjectReader::new(tree, diagnostics);
    for (step, into) in [
        ("enable", &mut draft.enable),
        ("cutover", &mut draft.cutover),
        ("retire", &mut draft.retire),
    ] {
        if reader.has(step) {
            let names = reader.string_list(step);
            *into = reader
                .diagnostics
                .at(step, |diagnostics| built_in(&names, diagnostics));
        }
    }
    reader.finish();
}

fn built_in(names: &[String], diagnostics: &mut Diagnostics) -> Vec<BuiltInGate> {
    let mut gates = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(gate) = BuiltInGate::find(name) {
            gates.push(gate);
        } else {
            let known = BuiltInGate::ALL.map(BuiltInGate::as_str).join(", ");
            let (place, expected) = (format!("/{index}"), format!("one of {known}"));
            diagnostics.add_at(place, FaultCode::UnknownGate, name, expected);
        }
    }
    gates
}

fn length(name: &'static str, reader: &mut ObjectReader<'_, '_>) -> Option<Duration> {
    let text = reader.string(name)?;
    let length = parse_duration(&text);
    if length.is_none() {
        let expected = "a length of time such as \"24h\" or \"14d\"";
        reader.add(name, FaultCode::InvalidValue, text, expected);
    }
    length
}

fn moment(name: &'static str, reader: &mut ObjectReader<'_, '_>) -> Option<Timestamp> {
    let text = reader.string(name)?;
    let moment = text.parse::<Timestamp>();
    moment
        .map_err(|_| {
            let expected = "a time such as 2026-03-01T12:00:00Z (RFC 3339, in UTC)";
            reader.add(name, FaultCode::InvalidValue, &text, expected);
        })
        .ok()
}

fn whole<N: TryFrom<i64>>(name: &'static str, reader: &mut ObjectReader<'_, '_>) -> Option<N> {
    let found = reader.integer(name)?;
    let number = N::try_from(found).ok();
    if number.is_none() {
        let expected = "a whole number that is not negative and not this large";
        reader.add(name, FaultCode::OutOfRange, found.to_string(), expected);
    }
    number
}

fn number(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<f64> {
    let number = match tree {
        OrderedValue::Scalar(value) => value.as_f64(),
        _ => None,
    };
    if number.is_none() {
        wrong_type(tree, "a number", diagnostics);
    }
    number
}

fn write_guard(guard: &Guard) -> Value {
    let mut value = json!({ "within": duration_text::write(guard.within) });
    if let Some(callers) = guard.stranded_callers {
        value["stranded_callers"] = callers.into();
    }
    if let Some(percent) = guard.stranded_percent {
        value["stranded_percent"] = percent.into();
    }
    value
}

fn write_gates(asked: &Asked) -> Value {
    let [enable, cutover, retire] = [&asked.enable, &asked.cutover, &asked.retire]
        .map(|gates| gates.iter().map(|gate| gate.as_str()).collect::<Vec<_>>());
    json!({ "enable": enable, "cutover": cutover, "retire": retire })
}
