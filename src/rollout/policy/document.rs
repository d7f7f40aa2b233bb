//! A policy as a JSON document.

use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{
    check::build,
    draft::PolicyBuilder,
    fault::{Faults, InvalidPolicy, PolicyFaultKind},
    policy::{Asked, Guard, Policy},
};
use crate::time::Timestamp;
use crate::time::duration_text;
use crate::{
    json::{About, Complaint, ObjectReader, OrderedValue},
    rollout::{
        evidence::BuiltInGate, json_object::PolicyDocument, phase::Phase, texts::Identifier,
    },
};

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// All faults at once. Text that is no JSON is one fault.
    pub fn from_json(text: &str) -> Result<Self, InvalidPolicy> {
        let mut faults = Faults::default();
        match serde_json::from_str::<OrderedValue>(text) {
            Ok(tree) => Self::read(&tree, faults),
            Err(error) => {
                let remedy = error.to_string();
                faults.add(PolicyFaultKind::NotJson, "", "", remedy);
                faults.into_result(Self::default())
            }
        }
    }

    /// Reads the policy that a journal holds.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn from_document(document: &PolicyDocument) -> Result<Self, InvalidPolicy> {
        Self::read(
            &Value::Object(document.members().clone()).into(),
            Faults::default(),
        )
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

    fn read(tree: &OrderedValue, mut faults: Faults) -> Result<Self, InvalidPolicy> {
        let draft = read(tree, &mut faults);
        build(&draft, faults)
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
fn read(tree: &OrderedValue, faults: &mut Faults) -> PolicyBuilder {
    let mut draft = Policy::builder();
    let mut members = ObjectReader::of("the policy", tree);
    let phase = members.text("opening_phase");
    if members.has("required_checks") {
        draft.required_checks = members.texts("required_checks");
    }
    let texts = [
        "check_max_age",
        "cutover_quiet_window",
        "retirement_quiet_window",
        "inactive_after",
        "rollback_limit",
        "retire_by",
    ]
    .map(|name| (name, members.text(name)));
    let [responses, processes] =
        ["min_responses", "processes"].map(|name| (name, members.integer(name)));
    let [ratio, guard, gates] = ["coverage_ratio", "guard", "gates"].map(|name| members.any(name));
    report("", members.finish(), faults);
    if let Some(phase) = phase {
        draft.opening_phase = read_phase(&phase, faults);
    }
    read_times(&mut draft, texts, faults);
    draft.min_responses = whole(responses, faults).unwrap_or(draft.min_responses);
    draft.processes = whole(processes, faults).unwrap_or(draft.processes);
    let ratio = ratio.and_then(|tree| number("/coverage_ratio", tree, faults));
    draft.coverage_ratio = ratio.unwrap_or(draft.coverage_ratio);
    draft.guard = guard.and_then(|tree| read_guard(tree, faults));
    if let Some(tree) = gates {
        read_gates(&mut draft, tree, faults);
    }
    draft
}

fn read_phase(name: &str, faults: &mut Faults) -> Phase {
    let phase = Phase::ALL.into_iter().find(|phase| phase.as_str() == name);
    phase.unwrap_or_else(|| {
        let remedy = "\"observe\" or \"compat\"";
        faults.add(PolicyFaultKind::WrongType, "/opening_phase", name, remedy);
        Phase::Compat
    })
}

fn read_times(
    draft: &mut PolicyBuilder,
    texts: [(&'static str, Option<String>); 6],
    faults: &mut Faults,
) {
    let [age, cutover, retirement, inactive, rollback, retire_by] = texts;
    for ((name, text), into) in [
        (age, &mut draft.check_max_age),
        (cutover, &mut draft.cutover_quiet_window),
        (retirement, &mut draft.retirement_quiet_window),
        (inactive, &mut draft.inactive_after),
        (rollback, &mut draft.rollback_limit),
    ] {
        let read = text.and_then(|text| length(&format!("/{name}"), &text, faults));
        *into = read.unwrap_or(*into);
    }
    let (name, text) = retire_by;
    draft.retire_by = text.and_then(|text| {
        let moment = text.parse::<Timestamp>();
        let place = format!("/{name}");
        moment
            .map_err(|error| {
                faults.add(PolicyFaultKind::WrongType, place, &text, error.to_string());
            })
            .ok()
    });
}

fn read_guard(tree: &OrderedValue, faults: &mut Faults) -> Option<Guard> {
    let mut members = ObjectReader::of("the guard", tree);
    let within = members.required_text("within");
    let callers = members.integer("stranded_callers");
    let percent = members.any("stranded_percent");
    report("/guard", members.finish(), faults);
    let within = within.and_then(|text| length("/guard/within", &text, faults));
    let callers = whole(("guard/stranded_callers", callers), faults);
    let percent = percent.and_then(|tree| number("/guard/stranded_percent", tree, faults));
    Some(Guard::new(within?, callers, percent))
}

fn read_gates(draft: &mut PolicyBuilder, tree: &OrderedValue, faults: &mut Faults) {
    let mut members = ObjectReader::of("the gates", tree);
    let steps = [
        ("enable", &mut draft.enable),
        ("cutover", &mut draft.cutover),
        ("retire", &mut draft.retire),
    ];
    let named = steps.map(|(step, into)| {
        let names = members.has(step).then(|| members.texts(step));
        (step, names, into)
    });
    report("/gates", members.finish(), faults);
    for (step, names, into) in named {
        if let Some(names) = names {
            *into = built_in(step, &names, faults);
        }
    }
}

fn built_in(step: &str, names: &[String], faults: &mut Faults) -> Vec<BuiltInGate> {
    let mut gates = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if let Some(gate) = BuiltInGate::find(name) {
            gates.push(gate);
        } else {
            let known = BuiltInGate::ALL.map(BuiltInGate::as_str).join(", ");
            let place = format!("/gates/{step}/{index}");
            let remedy = format!("one of {known}");
            faults.add(PolicyFaultKind::UnknownGate, place, name, remedy);
        }
    }
    gates
}

fn length(place: &str, text: &str, faults: &mut Faults) -> Option<Duration> {
    let length = duration_text::read(text);
    if length.is_none() {
        let remedy = "a length of time such as \"24h\" or \"14d\"";
        faults.add(PolicyFaultKind::WrongType, place, text, remedy);
    }
    length
}

fn whole<N: TryFrom<i64>>((name, found): (&str, Option<i64>), faults: &mut Faults) -> Option<N> {
    let found = found?;
    let number = N::try_from(found).ok();
    if number.is_none() {
        let (place, value) = (format!("/{name}"), found.to_string());
        let remedy = "a whole number that is not negative and not this large";
        faults.add(PolicyFaultKind::OutOfBounds, place, value, remedy);
    }
    number
}

fn number(place: &str, tree: &OrderedValue, faults: &mut Faults) -> Option<f64> {
    let number = match tree {
        OrderedValue::Scalar(value) => value.as_f64(),
        _ => None,
    };
    if number.is_none() {
        let (value, remedy) = (tree.to_string(), "a number");
        faults.add(PolicyFaultKind::WrongType, place, value, remedy);
    }
    number
}

fn report(place: &str, complaints: Vec<Complaint>, faults: &mut Faults) {
    for complaint in complaints {
        let kind = match complaint.about {
            About::Unknown => PolicyFaultKind::UnknownMember,
            About::Repeated => PolicyFaultKind::RepeatedMember,
            About::Missing => PolicyFaultKind::MissingMember,
            About::WrongType => PolicyFaultKind::WrongType,
        };
        faults.add(kind, place, complaint.value, complaint.expected);
    }
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
