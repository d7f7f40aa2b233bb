//! JSON as pairs of a name and a text.

use serde_json::{Map, Value};

use crate::admin::format::grouped;

/// The members of an object, those of inner ones by their path: `in_the_way.callers`.
pub(crate) fn json_rows(members: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect("", members, &mut found);
    // Their order would depend on a feature of `serde_json` that others may switch on.
    found.sort();
    found
}

fn collect(path: &str, members: &Map<String, Value>, into: &mut Vec<(String, String)>) {
    for (name, value) in members {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match value {
            Value::Object(inner) if !inner.is_empty() => collect(&path, inner, into),
            value => into.push((path, text(value))),
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            items.join(", ")
        }
        Value::Object(inner) if inner.is_empty() => "none".to_owned(),
        Value::Object(_) => value.to_string(),
    }
}
