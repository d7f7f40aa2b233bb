//! Random pairs of schemas say the same in the words of 3.0 and of 3.1.

use legacy_http_compat::openapi::{Verdict, prove};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{schema_generator::Random, support::api_with};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_proved_in_3_1_is_proved_in_3_0(seed: u64) {
        let mut random = Random::new(seed);
        let components = random.components();
        let new = random.schema(3);
        let old = random.changed(&new);
        let components = Value::from(components);
        let verdict = |version, schema: fn(&Value) -> Value| {
            let named = components.as_object().unwrap().iter();
            let named: Map<_, _> = named
                .map(|(name, component)| (name.clone(), schema(component)))
                .collect();
            let api = |of: &Value| api_with(version, &schema(of), &named.clone().into());
            prove(&api(&old), &api(&new), &[]).verdict
        };
        let modern = verdict("3.1.0", Value::clone);
        let classic = verdict("3.0.3", in_3_0);
        // In 3.0 the words that do not apply to a type are gone, so that more can be decided.
        let is_same = match (modern, classic) {
            (Verdict::CannotTell, _) => true,
            (modern, classic) => (modern == Verdict::Proved) == (classic == Verdict::Proved),
        };
        prop_assert!(
            is_same,
            "{} and {} for\nNEW {}\nOLD {}\n{}",
            modern, classic, new, old, components
        );
    }
}

/// The schema in the words of 3.0.
fn in_3_0(schema: &Value) -> Value {
    let Value::Object(keywords) = schema else {
        return match schema {
            Value::Array(items) => items.iter().map(in_3_0).collect(),
            scalar => scalar.clone(),
        };
    };
    let mut written: Map<String, Value> = keywords
        .iter()
        .map(|(keyword, value)| {
            let is_data = ["enum", "const", "required"].contains(&keyword.as_str());
            let value = if is_data {
                value.clone()
            } else {
                in_3_0(value)
            };
            (keyword.clone(), value)
        })
        .collect();
    // Beside a reference, nothing counts.
    if written.len() > 1
        && let Some(reference) = written.remove("$ref")
    {
        let rest = in_3_0(&written.into());
        return json!({"allOf": [{"$ref": reference}, rest]});
    }
    if let Some(value) = written.remove("const") {
        let own = json!({"enum": [value]});
        return if written.is_empty() {
            own
        } else {
            json!({"allOf": [own, written]})
        };
    }
    exclusive(
        &mut written,
        "minimum",
        "exclusiveMinimum",
        |limit, other| limit >= other,
    );
    exclusive(
        &mut written,
        "maximum",
        "exclusiveMaximum",
        |limit, other| limit <= other,
    );
    let types = written.get("type").cloned();
    match types.as_ref().and_then(Value::as_array).map(Vec::as_slice) {
        Some([Value::String(name), Value::String(null)]) if null == "null" => {
            written.insert("type".to_owned(), name.as_str().into());
            written.insert("nullable".to_owned(), true.into());
        }
        Some(names) => {
            let parts = names.iter().map(|name| {
                let mut part = written.clone();
                part.insert("type".to_owned(), name.clone());
                in_3_0(&part.into())
            });
            return json!({"anyOf": parts.collect::<Vec<_>>()});
        }
        None if types == Some(json!("null")) => return json!({"enum": [null]}),
        None => {}
    }
    written.into()
}

/// A limit that is exclusive as a boolean beside the limit.
fn exclusive(
    written: &mut Map<String, Value>,
    inclusive: &str,
    exclusive: &str,
    is_tighter: fn(f64, f64) -> bool,
) {
    let Some(limit) = written.remove(exclusive) else {
        return;
    };
    let number = |value: &Value| value.as_f64().unwrap();
    let other = written.get(inclusive).map(number);
    if limit.is_boolean() {
        written.insert(exclusive.to_owned(), limit);
    } else if other.is_none_or(|other| is_tighter(number(&limit), other)) {
        written.insert(inclusive.to_owned(), limit);
        written.insert(exclusive.to_owned(), true.into());
    }
}
