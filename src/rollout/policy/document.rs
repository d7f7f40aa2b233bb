//! A policy as a JSON document.

use std::time::Duration;

use serde_json::Value;

use super::{
    brownouts::BrownoutLimits,
    policy::{
        AutoRollback, BlockingLatent, OPENING_PHASES, Policy, PolicyError, RequiredGates,
        read_window,
    },
};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, Scalar, parse, wrong_type},
    rollout::{
        evidence::BuiltInGate, json_object::PolicyDocument, names::Identifier, phase::Phase,
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
    /// Never for a valid policy, which is a small object.
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
        let mut policy = Self::default();
        policy.read_members(ObjectReader::new(tree, diagnostics));
        policy.check(diagnostics);
        policy
    }

    /// Sets the members that are there.
    fn read_members(&mut self, mut members: ObjectReader<'_, '_>) {
        let reader = &mut members;
        set(reader, "opening_phase", &mut self.opening_phase, read_phase);
        self.required_checks = unique(reader, "required_checks", "each check once", read_check);
        set(
            reader,
            "check_max_age",
            &mut self.check_max_age,
            read_duration,
        );
        for (name, window) in [
            ("cutover_quiet_window", &mut self.cutover_quiet_window),
            ("retirement_quiet_window", &mut self.retirement_quiet_window),
            ("inactive_after", &mut self.inactive_after),
        ] {
            let read = |tree: &_, diagnostics: &mut _| {
                read_window("", read_duration(tree, diagnostics)?, diagnostics)
            };
            set(reader, name, window, read);
        }
        set(
            reader,
            "rollback_limit",
            &mut self.rollback_limit,
            read_duration,
        );
        if let Some(accepts) = reader.boolean("accept_unwatched") {
            self.accept_unwatched = accepts;
        }
        set(reader, "latent", &mut self.latent, read_latent);
        set(reader, "max_silence", &mut self.max_silence, read_duration);
        set(
            reader,
            "coverage_ratio",
            &mut self.coverage_ratio,
            read_number,
        );
        if let Some(number) = read_whole(reader, "min_responses") {
            self.min_responses = number;
        }
        if let Some(number) = read_whole(reader, "processes") {
            self.processes = number;
        }
        self.auto_rollback = nested(reader, "auto_rollback", read_auto_rollback);
        reader.nested("brownouts", |tree, diagnostics| {
            self.brownouts.read(ObjectReader::new(tree, diagnostics));
        });
        self.retire_by = nested(reader, "retire_by", read_date);
        reader.nested("gates", |tree, diagnostics| {
            self.gates.read(ObjectReader::new(tree, diagnostics));
        });
        members.finish();
    }
}

impl RequiredGates {
    fn read(&mut self, mut members: ObjectReader<'_, '_>) {
        for (step, gates) in [
            ("enable", &mut self.enable),
            ("cutover", &mut self.cutover),
            ("retire", &mut self.retire),
        ] {
            let given = members.has(step);
            let names = unique(&mut members, step, "each gate once", read_gate);
            if given {
                *gates = names.into_iter().collect();
            }
        }
        members.finish();
    }
}

impl BrownoutLimits {
    fn read(&mut self, mut members: ObjectReader<'_, '_>) {
        let reader = &mut members;
        set(reader, "share_of_day", &mut self.share_of_day, read_number);
        set(reader, "notice", &mut self.notice, read_duration);
        if let Some(weekends) = reader.boolean("weekends") {
            self.weekends = weekends;
        }
        members.finish();
    }
}

fn read_auto_rollback(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<AutoRollback> {
    let mut members = ObjectReader::new(tree, diagnostics);
    members.require("window");
    let window = nested(&mut members, "window", read_duration);
    let stranded_callers = read_whole(&mut members, "stranded_callers");
    let stranded_percent = nested(&mut members, "stranded_percent", read_number);
    members.finish();
    Some(AutoRollback {
        window: window?,
        stranded_callers,
        stranded_percent,
    })
}

fn set<'t, T>(
    members: &mut ObjectReader<'t, '_>,
    name: &'static str,
    setting: &mut T,
    read: impl FnOnce(&'t OrderedValue, &mut Diagnostics) -> Option<T>,
) {
    if let Some(value) = nested(members, name, read) {
        *setting = value;
    }
}

fn nested<'t, T>(
    members: &mut ObjectReader<'t, '_>,
    name: &'static str,
    read: impl FnOnce(&'t OrderedValue, &mut Diagnostics) -> Option<T>,
) -> Option<T> {
    members.nested(name, read).flatten()
}

/// What the names of a list stand for, each once.
fn unique<T: PartialEq>(
    members: &mut ObjectReader<'_, '_>,
    list: &'static str,
    each_once: &str,
    read: impl Fn(&str) -> Result<T, (FaultCode, String)>,
) -> Vec<T> {
    let mut known = Vec::new();
    for (index, name) in members.string_list(list).iter().enumerate() {
        let (code, expected) = match read(name) {
            Ok(value) if !known.contains(&value) => {
                known.push(value);
                continue;
            }
            Ok(_) => (FaultCode::DuplicateName, each_once.to_owned()),
            Err(fault) => fault,
        };
        let place = format!("/{list}/{index}");
        members.diagnostics.add_at(place, code, name, expected);
    }
    known
}

fn read_check(name: &str) -> Result<Identifier, (FaultCode, String)> {
    let fault = |error| (FaultCode::InvalidName, format!("a token ({error})"));
    Identifier::new(name).map_err(fault)
}

fn read_gate(name: &str) -> Result<BuiltInGate, (FaultCode, String)> {
    BuiltInGate::find(name).ok_or_else(|| {
        let known: Vec<&str> = BuiltInGate::ALL.iter().map(|gate| gate.as_str()).collect();
        (
            FaultCode::UnknownGate,
            format!("one of {}", known.join(", ")),
        )
    })
}

fn read_phase(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Phase> {
    let name = read_str(tree, diagnostics)?;
    let phase = Phase::find(name);
    if phase.is_none() {
        diagnostics.add(FaultCode::InvalidValue, name, OPENING_PHASES);
    }
    phase
}

fn read_latent(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<BlockingLatent> {
    let word = read_str(tree, diagnostics)?;
    let latent = BlockingLatent::find(word);
    if latent.is_none() {
        let expected = "\"identified\", \"all\" or \"ignore\"";
        diagnostics.add(FaultCode::InvalidValue, word, expected);
    }
    latent
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
    let number: Option<f64> = match tree {
        OrderedValue::Scalar(Scalar::Number(number)) => number.as_str().parse().ok(),
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
