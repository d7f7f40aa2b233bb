//! Random values, most of which a schema allows.

use rand::{RngExt, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::schema_generator::{NAMES, Random};

impl Random {
    /// A value that the schema may allow. References are resolved already.
    pub(crate) fn value(&mut self, schema: &Value, depth: u8) -> Value {
        let Some(keywords) = schema.as_object().filter(|_| depth > 0) else {
            return self.any_value();
        };
        if let Some(Value::Array(parts)) = keywords.get("allOf")
            && keywords.contains_key("properties")
        {
            let own = keywords.iter().filter(|(name, _)| *name != "allOf");
            let own: Map<_, _> = own
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            let own = self.value(&own.into(), depth);
            let parts = parts.iter().map(|part| self.value(part, depth));
            return parts.fold(own, merged);
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(parts) = schema[keyword].as_array().filter(|parts| !parts.is_empty()) {
                let [part, second] = [(); 2].map(|()| {
                    let part = parts.choose(&mut self.rng).unwrap();
                    self.value(part, depth)
                });
                let rest: Map<_, _> = keywords
                    .clone()
                    .into_iter()
                    .filter(|(name, _)| name != keyword)
                    .collect();
                let own = if rest.contains_key("properties") || rest.contains_key("allOf") {
                    self.value(&rest.into(), depth)
                } else {
                    part.clone()
                };
                let mixed = self.rng.random();
                return merged(merged(own, part), if mixed { second } else { Value::Null });
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let values: Vec<Value> = parts.iter().map(|part| self.value(part, depth)).collect();
            return values.into_iter().reduce(merged).unwrap_or_default();
        }
        if let Some(value) = keywords.get("const") {
            return value.clone();
        }
        if let Some(values) = schema["enum"]
            .as_array()
            .filter(|values| !values.is_empty())
        {
            return values.choose(&mut self.rng).unwrap().clone();
        }
        let types = match &schema["type"] {
            Value::Array(names) => names.choose(&mut self.rng).cloned().unwrap_or_default(),
            name => name.clone(),
        };
        match types.as_str() {
            Some("boolean") => self.rng.random::<bool>().into(),
            Some("integer" | "number") => self.number(schema, types == "number"),
            Some("string") => self.text(schema),
            Some("array") => self.elements(schema, depth),
            Some("object") => self.members(schema, depth),
            Some("null") => Value::Null,
            _ => self.any_value(),
        }
    }

    fn number(&mut self, schema: &Value, fractions: bool) -> Value {
        let bound = |keyword: &str, default| schema[keyword].as_i64().unwrap_or(default);
        let (least, most) = (bound("minimum", -2), bound("maximum", 9));
        let whole = self.rng.random_range(least..=most.max(least));
        if fractions && self.rng.random() {
            #[expect(clippy::cast_precision_loss, reason = "a small number")]
            return json!(whole as f64 + [0.25, 0.5].choose(&mut self.rng).unwrap());
        }
        whole.into()
    }

    fn text(&mut self, schema: &Value) -> Value {
        if schema.get("format").is_some() {
            let texts = [
                "2026-02-28",
                "2026-02-28T00:00:00Z",
                "c56a4180-65aa-42ec-a945-5fd21dec0538",
                "a@example.com",
                "192.0.2.1",
                "x",
            ];
            return (*texts.choose(&mut self.rng).unwrap()).into();
        }
        if schema.get("pattern").is_some() {
            let texts = ["abc", "x17", "x", "OPEN", "DONE", "17"];
            return (*texts.choose(&mut self.rng).unwrap()).into();
        }
        let bound = |keyword: &str, default| schema[keyword].as_u64().unwrap_or(default);
        let (least, most) = (bound("minLength", 0), bound("maxLength", 9));
        let length = self.rng.random_range(least..=most.max(least));
        let character = *["x", "x", "ü", "😀"].choose(&mut self.rng).unwrap();
        character.repeat(usize::try_from(length).unwrap()).into()
    }

    fn elements(&mut self, schema: &Value, depth: u8) -> Value {
        let (least, most) = (
            schema["minItems"].as_u64().unwrap_or(0),
            schema["maxItems"].as_u64().unwrap_or(3),
        );
        let length = self
            .rng
            .random_range(least..=most.max(least).min(least + 4));
        let element = |index: usize, random: &mut Self| {
            let first = &schema["prefixItems"][index];
            if first.is_null() {
                random.value(&schema["items"], depth - 1)
            } else {
                random.value(first, depth - 1)
            }
        };
        let length = usize::try_from(length).unwrap();
        (0..length)
            .map(|index| element(index, self))
            .collect::<Vec<_>>()
            .into()
    }

    fn members(&mut self, schema: &Value, depth: u8) -> Value {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&json!(name)) || self.rng.random() {
                object.insert(name.clone(), self.value(property, depth - 1));
            }
        }
        for name in required.iter().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                let value = self.any_value();
                object.insert(name.to_owned(), value);
            }
        }
        if schema["additionalProperties"] != false && self.below(3) == 0 {
            let name = *["other", "a", "b", "z"].choose(&mut self.rng).unwrap();
            if !object.contains_key(name) {
                let value = self.value(&schema["additionalProperties"], depth - 1);
                object.insert(name.to_owned(), value);
            }
        }
        if let Some(pattern) = schema["patternProperties"].get("^x-")
            && self.rng.random()
        {
            object.insert("x-17".to_owned(), self.value(pattern, depth - 1));
        }
        for (condition, consequence) in [("if", "then"), ("not", "else")] {
            let names = |part: &str| schema[part]["properties"].as_object().cloned();
            if names(condition).or(names(consequence)).is_some() && self.below(3) == 0 {
                let more = self.value(&schema[consequence], depth - 1);
                return merged(more, object.into());
            }
        }
        object.into()
    }

    fn any_value(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!(7),
            json!(1.5),
            json!("x"),
            json!("OPEN"),
            json!([]),
            json!([1, "x"]),
            json!({}),
            json!({"a": 1}),
            json!({"kind": "one"}),
        ];
        values.choose(&mut self.rng).unwrap().clone()
    }

    /// The value with a small change.
    pub(crate) fn mutated(&mut self, mut value: Value) -> Value {
        match &mut value {
            Value::Object(members) if self.below(3) > 0 => {
                let name = *NAMES.choose(&mut self.rng).unwrap();
                match members.get(name).cloned() {
                    Some(_) if self.rng.random() => {
                        members.remove(name);
                    }
                    Some(inner) => {
                        members.insert(name.to_owned(), self.mutated(inner));
                    }
                    None => {
                        members.insert(name.to_owned(), self.any_value());
                    }
                }
                value
            }
            Value::Array(items) if self.below(3) > 0 => {
                match items.pop() {
                    Some(last) if self.rng.random() => {
                        items.push(last.clone());
                        items.push(last);
                    }
                    _ => {}
                }
                value
            }
            Value::Number(number) if number.is_i64() && self.rng.random() => {
                json!(number.as_i64().unwrap() + [1, -1].choose(&mut self.rng).unwrap())
            }
            Value::Number(number) if self.rng.random() => {
                let float = number.as_f64().unwrap();
                json!(float + [1.0, -1.0, 0.5].choose(&mut self.rng).unwrap())
            }
            _ if self.below(2) == 0 => self.any_value(),
            _ => value,
        }
    }
}

/// The members of both objects, or the first value.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            one.into()
        }
        (one, _) => one,
    }
}
