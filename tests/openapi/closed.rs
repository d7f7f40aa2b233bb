//! Schemas as `jsonschema` can judge them, without the help of the crate.

use jsonschema::Validator;
use serde_json::{Map, Value, json};

pub(crate) fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(schema)
        .unwrap()
}

/// The schema with the components in place of the references, and discriminators as conditions.
pub(crate) fn resolved(schema: &Value, components: &Map<String, Value>) -> Value {
    resolved_within(schema, components, MAX_REFERENCES)
}

/// No value of the tests is as deep as so many references.
const MAX_REFERENCES: u8 = 7;

fn resolved_within(schema: &Value, components: &Map<String, Value>, references: u8) -> Value {
    let Value::Object(keywords) = schema else {
        return match schema {
            Value::Array(items) => items
                .iter()
                .map(|item| resolved_within(item, components, references))
                .collect(),
            scalar => scalar.clone(),
        };
    };
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        let Some(references) = references.checked_sub(1) else {
            return json!({});
        };
        let target = resolved_within(&components[name_of(reference)], components, references);
        if keywords.len() == 1 {
            return target;
        }
        let mut beside = keywords.clone();
        beside.remove("$ref");
        let beside = resolved_within(&beside.into(), components, references);
        return json!({"allOf": [target, beside]});
    }
    let mut schema: Map<String, Value> = keywords
        .iter()
        .map(|(name, value)| (name.clone(), resolved_within(value, components, references)))
        .collect();
    if let Some(discriminator) = schema.remove("discriminator")
        && let Some(Value::Array(parts)) = schema.get_mut("oneOf")
    {
        for (part, written) in parts.iter_mut().zip(keywords["oneOf"].as_array().unwrap()) {
            *part = selected(part, written, &discriminator);
        }
    }
    schema.into()
}

/// A part of a `oneOf` for the values of the discriminator that select it.
fn selected(part: &Value, written: &Value, discriminator: &Value) -> Value {
    let member = discriminator["propertyName"].as_str().unwrap();
    let Some(reference) = written["$ref"].as_str() else {
        return json!({"allOf": [part, {"type": "object", "required": [member]}]});
    };
    let mapping = discriminator["mapping"].as_object();
    let mut values: Vec<&str> = mapping
        .into_iter()
        .flatten()
        .filter(|(_, to)| *to == reference || *to == name_of(reference))
        .map(|(value, _)| value.as_str())
        .collect();
    if values.is_empty() {
        values.push(name_of(reference));
    }
    json!({"allOf": [part, {"type": "object", "required": [member], "properties": {member: {"enum": values}}}]})
}

fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap()
}

/// A schema of NEW as documentation: an object that names members has no others, unless it says so. `None` if that is too long.
pub(crate) fn closed(schema: &Value) -> Option<Value> {
    if !schema.is_object() {
        return Some(schema.clone());
    }
    let alternatives = alternatives(schema)?.into_iter().map(|parts| {
        let mut all = json!({"allOf": parts});
        if parts.iter().any(names_members) {
            all["unevaluatedProperties"] = false.into();
        }
        all
    });
    let alternatives: Vec<Value> = alternatives.collect();
    Some(json!({"allOf": [schema, {"anyOf": alternatives}]}))
}

/// Schemas without `allOf`, `anyOf` and `oneOf`, all of one list for one value.
fn alternatives(schema: &Value) -> Option<Vec<Vec<Value>>> {
    let Value::Object(keywords) = schema else {
        return Some(vec![vec![schema.clone()]]);
    };
    let mut all = vec![vec![own(keywords)?]];
    let parts = |keyword: &str| keywords.get(keyword).and_then(Value::as_array);
    for part in parts("allOf").into_iter().flatten() {
        all = product(&all, &alternatives(part)?)?;
    }
    if let Some(parts) = parts("oneOf") {
        let parts: Option<Vec<_>> = parts.iter().map(alternatives).collect();
        all = product(&all, &parts?.concat())?;
    }
    if let Some(parts) = parts("anyOf") {
        let parts: Option<Vec<_>> = parts.iter().map(alternatives).collect();
        let parts = parts?;
        let mut any = Vec::new();
        for chosen in 1..1_u32 << parts.len() {
            let chosen = (0..parts.len()).filter(|index| chosen & 1 << index != 0);
            let none = vec![Vec::new()];
            any.extend(
                chosen
                    .into_iter()
                    .try_fold(none, |all, index| product(&all, &parts[index]))?,
            );
        }
        all = product(&all, &any)?;
    }
    if let Some(unevaluated) = keywords.get("unevaluatedProperties") {
        let unevaluated = closed(unevaluated)?;
        let closed = |parts| vec![json!({"allOf": parts, "unevaluatedProperties": unevaluated})];
        all = all.into_iter().map(closed).collect();
    }
    Some(all)
}

fn product(one: &[Vec<Value>], other: &[Vec<Value>]) -> Option<Vec<Vec<Value>>> {
    let both = |one: &Vec<Value>| {
        other
            .iter()
            .map(|other| [one.as_slice(), other].concat())
            .collect::<Vec<_>>()
    };
    (one.len() * other.len() <= 64).then(|| one.iter().flat_map(both).collect())
}

/// The keywords of the schema itself, with closed schemas in them.
fn own(keywords: &Map<String, Value>) -> Option<Value> {
    let mut own = Map::new();
    for (keyword, value) in keywords {
        let value = match (keyword.as_str(), value) {
            ("allOf" | "anyOf" | "oneOf" | "unevaluatedProperties", _) => continue,
            ("properties" | "patternProperties", Value::Object(named)) => {
                let closed = named
                    .iter()
                    .map(|(name, property)| Some((name.clone(), closed(property)?)));
                Value::Object(closed.collect::<Option<_>>()?)
            }
            ("prefixItems", Value::Array(items)) => {
                Value::Array(items.iter().map(closed).collect::<Option<_>>()?)
            }
            ("items" | "additionalProperties", value) => closed(value)?,
            (_, value) => value.clone(),
        };
        own.insert(keyword.clone(), value);
    }
    let mut about_objects = ["properties", "required", "additionalProperties"].into_iter();
    if !own.contains_key("type") && about_objects.any(|keyword| own.contains_key(keyword)) {
        own.insert("type".to_owned(), "object".into());
    }
    Some(own.into())
}

fn names_members(schema: &Value) -> bool {
    let properties = schema["properties"].as_object();
    let parts = schema["allOf"].as_array();
    properties.is_some_and(|named| !named.is_empty())
        || parts.into_iter().flatten().any(names_members)
}
