//! The legacy shape of a draft, which is a guess.

use serde_json::Value;

use super::{
    document::operation::{Response, StatusKey},
    draft::{EndpointDraft, object, scalar},
    proof::possible::{Possible, PossibleBody},
    values::value_set::ValueSet,
};
use crate::json::OrderedValue;

impl<'d> EndpointDraft<'_, 'd> {
    /// The legacy shape: of the status left over whose fixed values are most like the outcome's name.
    pub(super) fn legacy(&mut self, name: &str, possible: &Possible<'d>) -> OrderedValue {
        let promised = self.old.responses.as_deref().unwrap_or_default();
        let promised = promised.iter().filter_map(|promise| match promise.key {
            StatusKey::Status(status) => Some(status),
            _ => None,
        });
        let mut candidates = self.left.iter().copied().chain(promised);
        let alike = candidates.find(|status| self.mentions(*status, name));
        let same = self.old.response(possible.status).map(|_| possible.status);
        let guess = alike.or(same).or_else(|| self.left.first().copied());
        let Some(status) = guess else {
            return object([
                ("status", scalar(possible.status)),
                (
                    "TODO",
                    scalar("OLD has no response that could stand for it"),
                ),
            ]);
        };
        self.left.retain(|left| *left != status);
        let mut members = vec![("status", scalar(status))];
        let response = self.old.response(status);
        let lines = response
            .map(|response| self.header_lines(response))
            .unwrap_or_default();
        if !lines.is_empty() {
            members.push(("set_headers", OrderedValue::Object(lines)));
        }
        let schema =
            response.and_then(|response| response.content.iter().find_map(|(_, s)| s.clone()));
        if let Some(schema) = schema {
            let body = self.body(&ValueSet::Schema(schema), name, possible, "");
            members.push(("body", object([("json", body)])));
        }
        members.push(("TODO", scalar("the status and the body are guesses")));
        object(members)
    }

    /// Whether a fixed value of OLD's body of a status has the name in it.
    fn mentions(&self, status: u16, name: &str) -> bool {
        let response = self.old.response(status);
        let schema =
            response.and_then(|response| response.content.iter().find_map(|(_, s)| s.clone()));
        let Some(schema) = schema else {
            return false;
        };
        let set = ValueSet::Schema(schema);
        let alternatives = self.prover.reader.alternatives(&set);
        let alternatives = alternatives.unwrap_or_else(|_| [].into());
        let mut members = alternatives
            .iter()
            .filter_map(|alternative| alternative.members());
        members.any(|members| {
            members.named.values().any(|member| {
                let values = self.listed(&member.set).unwrap_or_default();
                values.iter().any(|value| resembles(value, name))
            })
        })
    }

    fn listed(&self, set: &ValueSet<'d>) -> Option<Vec<Value>> {
        let alternatives = self.prover.reader.alternatives(set).ok()?;
        let listed: Option<Vec<_>> = alternatives.iter().map(|part| part.kind.listed()).collect();
        Some(listed?.concat())
    }

    fn header_lines(&self, response: &Response<'d>) -> Vec<(String, OrderedValue)> {
        let required = response.headers.iter().filter(|header| header.required);
        let line = required.map(|header| {
            let schema = header.schema.clone().map(ValueSet::Schema);
            let listed = schema
                .and_then(|schema| self.listed(&schema))
                .unwrap_or_default();
            let text = listed.first().and_then(Value::as_str);
            // An array is a list of lines, and an object no line at all.
            let value = text.map_or_else(|| todo("a value for this header"), scalar);
            (header.name.clone(), value)
        });
        line.collect()
    }

    /// A body that OLD allows: its required members, fixed values as they are, others from the member of the same name.
    fn body(
        &self,
        set: &ValueSet<'d>,
        name: &str,
        possible: &Possible<'d>,
        at: &str,
    ) -> OrderedValue {
        let reader = &self.prover.reader;
        if let Some(values) = self.listed(set).filter(|values| !values.is_empty()) {
            let alike = values.iter().find(|value| resembles(value, name));
            return scalar(alike.unwrap_or(&values[0]).clone());
        }
        let from_target = |pointer: &str| {
            let PossibleBody::Values(target) = &possible.body else {
                return None;
            };
            let tokens = [pointer.trim_start_matches('/').to_owned()];
            let field = reader.field(target, &tokens).ok()?;
            let fits = !reader.is_empty(&field.set, 4) && reader.gaps(&field.set, set).is_empty();
            fits.then(|| object([("$field", scalar(pointer))]))
        };
        if let Some(field) = (at.matches('/').count() == 1)
            .then(|| from_target(at))
            .flatten()
        {
            return field;
        }
        let alternatives = reader.alternatives(set).unwrap_or_else(|_| [].into());
        match alternatives
            .first()
            .map(|alternative| (alternative.members(), alternative.kind.name()))
        {
            Some((Some(members), _)) => {
                let required = members.named.iter().filter(|(_, member)| member.required);
                let member = required.map(|(member, set)| {
                    let value = self.body(&set.set, name, possible, &format!("{at}/{member}"));
                    (member.clone(), value)
                });
                OrderedValue::Object(member.collect())
            }
            Some((None, kind)) => todo(&format!("{kind} for {at}")),
            None => todo(&format!("a value for {at}")),
        }
    }
}

/// Whether a text has a word of the name in it.
fn resembles(value: &Value, name: &str) -> bool {
    let text = value.as_str().unwrap_or_default().to_uppercase();
    let mut words = name.split('_').filter(|word| word.len() > 3);
    // `EXPIRED` is in `EXPIRED_DEVICE_CODE`, and the stem of `DENIED` is not in any code: the whole word counts.
    words.any(|word| {
        text.split(|c: char| !c.is_alphanumeric())
            .any(|other| other == word)
    })
}

fn todo(what: &str) -> OrderedValue {
    object([("$todo", scalar(what))])
}
