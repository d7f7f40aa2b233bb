//! Commands from the forms of the dashboard.

use serde_json::Value;

use super::{
    command::{CommandKind, CommandRequest},
    if_match::IfMatch,
};
use crate::{
    diagnostics::{Diagnostics, Fault, FaultCode},
    json::OrderedValue,
};

/// The fields of a submitted form.
///
/// A field has the name of its member in the JSON of the API; a repeated one is a list, an empty one is left out. The field
/// `decision` is the condition, the last decision when the page was rendered, which the API takes as `If-Match`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// The most fields of a form.
    const MAX_FIELDS: usize = 256;

    /// A form of these fields; of those beyond the limit, only their number counts.
    pub(crate) const fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// The value of a field, to show it again; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        let field = self.0.iter().find(|(field, _)| field == name);
        field.map_or("", |(_, text)| text)
    }

    /// All values of a field.
    pub(crate) fn fields(&self, name: &str) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, text)| text.as_str())
    }

    /// The last decision when the page was rendered.
    pub(crate) fn condition(&self) -> IfMatch {
        self.field("decision")
            .parse()
            .map_or(IfMatch::Absent, IfMatch::decision)
    }

    /// Reads the command.
    ///
    /// # Errors
    ///
    /// All faults at once, each with the field as its place: `/reason`.
    pub(crate) fn read(&self, kind: CommandKind) -> Result<CommandRequest, Vec<Fault>> {
        if self.0.len() > Self::MAX_FIELDS {
            let mut diagnostics = Diagnostics::default();
            let expected = format!("at most {} fields", Self::MAX_FIELDS);
            diagnostics.add(FaultCode::TooMany, self.0.len().to_string(), expected);
            return Err(diagnostics.into_faults());
        }
        kind.read(&self.tree())
    }

    fn tree(&self) -> OrderedValue {
        let mut members: Vec<(String, OrderedValue)> = Vec::new();
        let fields = self
            .0
            .iter()
            .filter(|(name, text)| name != "decision" && !text.trim().is_empty());
        for (name, text) in fields {
            let value = value(name, text.trim());
            match members.iter_mut().find(|(member, _)| member == name) {
                None => members.push((name.clone(), value)),
                Some((_, OrderedValue::Array(items))) => items.push(value),
                Some((_, first)) => {
                    *first = OrderedValue::Array(vec![first.clone(), value]);
                }
            }
        }
        OrderedValue::Object(members)
    }
}

/// Forms send text only. A value that does not parse stays text, and the reader reports it.
fn value(name: &str, text: &str) -> OrderedValue {
    let typed = match name {
        "green" => text.parse::<bool>().ok().map(Value::from),
        "rollback" | "cutover" | "brownout" => text.parse::<u64>().ok().map(Value::from),
        "policy" => {
            return serde_json::from_str(text)
                .unwrap_or_else(|_| OrderedValue::from(Value::from(text)));
        }
        // The format of `datetime-local` inputs, taken as UTC.
        "until" | "start" if is_minute(text) => Some(format!("{text}:00Z").into()),
        _ => None,
    };
    OrderedValue::from(typed.unwrap_or_else(|| text.into()))
}

/// `2026-03-01T12:00`
fn is_minute(text: &str) -> bool {
    text.len() == 16 && text.as_bytes().get(10) == Some(&b'T')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::command::command::Command;

    fn form(fields: &[(&str, &str)]) -> Form {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Form::new(fields.iter().map(owned).collect())
    }

    #[test]
    fn a_form_and_json_read_the_same() {
        let form = form(&[
            ("to", "cutover"),
            ("override", "coverage"),
            ("override", "no_dependent_responses"),
            ("reason", " the old API goes tonight "),
            ("decision", "42"),
        ]);
        let json = r#"{"to": "cutover", "override": ["coverage", "no_dependent_responses"], "reason": "the old API goes tonight"}"#;
        let tree: OrderedValue = serde_json::from_str(json).unwrap();
        let kind = CommandKind::Transition;
        assert_eq!(form.read(kind).unwrap(), kind.read(&tree).unwrap());
        assert_eq!(form.condition(), IfMatch::decision(42));
        assert_eq!(form.fields("override").count(), 2);
    }

    #[test]
    fn fields_have_the_types_of_their_members() {
        let check = form(&[
            ("check", "openapi"),
            ("green", "true"),
            ("link", ""),
            ("reason", "run 7"),
        ]);
        let Command::Check {
            green: true,
            link: None,
            ..
        } = check.read(CommandKind::Check).unwrap().command
        else {
            panic!("{check:?}");
        };
        let waiver = form(&[
            ("target", "anonymous"),
            ("owner", "mara"),
            ("until", "2026-03-01T12:00"),
            ("reason", "probe"),
        ]);
        let Command::Waive { until, .. } = waiver.read(CommandKind::Waive).unwrap().command else {
            panic!("{waiver:?}");
        };
        assert_eq!(until.to_string(), "2026-03-01T12:00:00.000Z");
        assert!(
            form(&[("policy", r#"{"processes": 1}"#), ("reason", "x")])
                .read(CommandKind::Policy)
                .is_ok()
        );
        let faults = form(&[("green", "perhaps")])
            .read(CommandKind::Check)
            .unwrap_err();
        let places: Vec<_> = faults.iter().map(Fault::place).collect();
        assert_eq!(places, ["/check", "/green", "/reason"]);
    }
}
