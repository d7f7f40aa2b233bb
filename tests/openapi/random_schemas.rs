//! Random pairs of schemas: what is proved holds for random values, and what is refuted is shown by a value.

use legacy_http_compat::openapi::{Verdict, prove};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::support::api_of;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proof_holds_for_random_values_and_a_refutation_has_one(seed: u64) {
        let mut random = Random(SmallRng::seed_from_u64(seed));
        let new = random.schema(3);
        let old = random.changed(&new);
        let report = prove(&api_of("3.1.0", &old), &api_of("3.1.0", &new), &[]);
        let (old_valid, new_valid) = (validator(&old), validator(&closed(&new)));
        match report.verdict {
            Verdict::Proved => for _ in 0..20 {
                let value = random.value(&new);
                if new_valid.is_valid(&value) {
                    prop_assert!(old_valid.is_valid(&value), "{} for\nNEW {}\nOLD {}", value, new, old);
                }
            },
            Verdict::Refuted => for finding in &report.findings {
                if finding.verdict == Verdict::Refuted {
                    let example = finding.example.as_ref().unwrap();
                    let value = example.target.as_ref().unwrap().body.as_ref().unwrap();
                    prop_assert!(new_valid.is_valid(value), "{}", finding);
                    prop_assert!(!old_valid.is_valid(value), "{}", finding);
                }
            },
            _ => {}
        }
    }

    #[test]
    fn a_schema_is_proved_against_itself_and_against_a_wider_one(seed: u64) {
        let mut random = Random(SmallRng::seed_from_u64(seed));
        let schema = random.schema(3);
        let wider = json!({"anyOf": [{"type": "null"}, schema]});
        for old in [&schema, &wider, &json!({"allOf": [schema, {}]})] {
            let report = prove(&api_of("3.1.0", old), &api_of("3.1.0", &schema), &[]);
            prop_assert_eq!(report.verdict, Verdict::Proved, "{} for {}", report, schema);
        }
    }
}

#[test]
fn an_object_of_new_that_names_no_members_may_have_any() {
    let free = json!({"type": "object", "properties": {}});
    let free = [
        free,
        json!({"type": "object"}),
        json!({"type": "object", "required": ["a"]}),
    ];
    for new in free {
        let old = json!({"type": "object", "required": ["a"], "properties": {"a": {}, "b": {"type": "string"}}});
        let closed = json!({"type": "object", "additionalProperties": false});
        for old in [old, closed] {
            let report = prove(&api_of("3.1.0", &old), &api_of("3.1.0", &new), &[]);
            assert_eq!(
                report.verdict,
                Verdict::Refuted,
                "{new} under {old}: {report}"
            );
        }
    }
}

#[test]
fn most_pairs_are_decided() {
    let mut random = Random(SmallRng::seed_from_u64(7));
    let mut undecided = 0;
    for _ in 0..500 {
        let new = random.schema(3);
        let old = random.changed(&new);
        let report = prove(&api_of("3.1.0", &old), &api_of("3.1.0", &new), &[]);
        undecided += usize::from(report.verdict == Verdict::CannotTell);
    }
    assert!(undecided < 25, "{undecided} of 500");
}

/// A schema of NEW as documentation: an object that names members has no others, unless it says so.
fn closed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(keywords) = schema.as_object_mut() else {
        return schema;
    };
    for (keyword, value) in &mut *keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties
                    .values_mut()
                    .for_each(|property| *property = closed(property));
            }
            ("anyOf" | "oneOf", Value::Array(parts)) => {
                for part in parts {
                    *part = closed(part);
                }
            }
            // A part would forbid the members of the others.
            ("allOf", Value::Array(parts)) => {
                for part in parts {
                    *part = closed(part);
                    let part = part.as_object_mut().unwrap();
                    part.remove("unevaluatedProperties");
                }
            }
            ("items" | "additionalProperties", value) => *value = closed(value),
            _ => {}
        }
    }
    if names_members(&schema) {
        schema["unevaluatedProperties"] = false.into();
    }
    schema
}

fn names_members(schema: &Value) -> bool {
    let properties = schema["properties"].as_object();
    let parts = schema["allOf"].as_array();
    properties.is_some_and(|properties| !properties.is_empty())
        || parts.is_some_and(|parts| parts.iter().any(names_members))
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap()
}

struct Random(SmallRng);

const NAMES: [&str; 4] = ["a", "b", "kind", "z"];
const WORDS: [&str; 5] = ["", "x", "OPEN", "DONE", "a longer text"];

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0.random_range(0..limit)
    }

    fn schema(&mut self, depth: u8) -> Value {
        let compound = if depth == 0 { 0 } else { 7 };
        match self.below(5 + compound) {
            0 => json!({"type": "boolean"}),
            1 => json!({"enum": self.words()}),
            2 => {
                let least = self.below(5);
                let most = least + self.below(9);
                let name = if self.0.random() { "integer" } else { "number" };
                json!({"type": name, "minimum": least, "maximum": most})
            }
            3 => {
                json!({"type": "string", "minLength": self.below(3), "maxLength": 3 + self.below(12)})
            }
            4 => json!({"type": ["string", "null"], "format": "date"}),
            5 => {
                json!({"type": "array", "items": self.schema(depth - 1), "maxItems": self.below(4)})
            }
            6 => {
                let tagged = |random: &mut Self, tag: &str| {
                    let mut object = random.object(depth - 1);
                    object["properties"]["kind"] = json!({"const": tag});
                    object["required"] = json!(["kind"]);
                    object
                };
                let parts = [tagged(self, "one"), tagged(self, "two")];
                json!({"oneOf": parts})
            }
            7 => json!({"anyOf": [self.schema(depth - 1), self.schema(depth - 1)]}),
            8 => {
                // A part of a closed object would forbid the members of the other.
                let mut parts = [self.object(depth - 1), self.object(depth - 1)];
                for part in &mut parts {
                    part["additionalProperties"] = true.into();
                }
                json!({"allOf": parts})
            }
            _ => self.object(depth - 1),
        }
    }

    fn object(&mut self, depth: u8) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for name in NAMES {
            if self.0.random() {
                properties.insert(name.to_owned(), self.schema(depth));
                if self.0.random() {
                    required.push(name);
                }
            }
        }
        let mut object = json!({"type": "object", "properties": properties, "required": required});
        match self.below(4) {
            0 => object["additionalProperties"] = false.into(),
            1 => object["additionalProperties"] = self.schema(0),
            _ => {}
        }
        object
    }

    fn words(&mut self) -> Vec<&'static str> {
        let count = 1 + usize::try_from(self.below(3)).unwrap();
        WORDS.sample(&mut self.0, count).copied().collect()
    }

    /// The schema with one change in it.
    fn changed(&mut self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        self.change(&mut schema);
        schema
    }

    fn change(&mut self, schema: &mut Value) {
        let places = [
            "/properties/a",
            "/properties/b",
            "/properties/z",
            "/items",
            "/oneOf/1",
            "/anyOf/0",
            "/allOf/1",
        ];
        let below: Vec<&str> = places
            .into_iter()
            .filter(|at| schema.pointer(at).is_some())
            .collect();
        if let Some(at) = below.choose(&mut self.0)
            && self.below(4) > 0
        {
            return self.change(schema.pointer_mut(at).unwrap());
        }
        match self.below(6) {
            0 if schema.get("required").is_some() => schema["required"] = json!(["b"]),
            1 if schema.get("properties").is_some() => {
                schema["additionalProperties"] = false.into();
            }
            2 if schema.get("maximum").is_some() => schema["maximum"] = self.below(9).into(),
            2 if schema.get("maxLength").is_some() => schema["maxLength"] = 9.into(),
            2 if schema.get("enum").is_some() => schema["enum"] = json!(self.words()),
            2 if schema.get("maxItems").is_some() => schema["maxItems"] = 2.into(),
            3 => *schema = json!({"anyOf": [schema, {"type": "null"}]}),
            4 => *schema = self.schema(1),
            _ => {
                let name = *NAMES.choose(&mut self.0).unwrap();
                if schema.get("properties").is_some() {
                    schema["properties"][name] = self.schema(1);
                }
            }
        }
    }

    /// A value that the schema documents, if the parts of an `allOf` do not contradict each other.
    fn value(&mut self, schema: &Value) -> Value {
        for keyword in ["oneOf", "anyOf"] {
            if let Some(parts) = schema[keyword].as_array() {
                let part = parts.choose(&mut self.0).unwrap().clone();
                return self.value(&part);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut all = Map::new();
            for part in parts {
                all.extend(self.value(part).as_object().unwrap().clone());
            }
            return all.into();
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return values.choose(&mut self.0).unwrap().clone();
        }
        let types = match &schema["type"] {
            Value::Array(names) => names.choose(&mut self.0).unwrap().clone(),
            name => name.clone(),
        };
        match types.as_str().unwrap_or_default() {
            "boolean" => self.0.random::<bool>().into(),
            "integer" | "number" => {
                let (least, most) = (
                    schema["minimum"].as_i64().unwrap(),
                    schema["maximum"].as_i64().unwrap(),
                );
                let whole = self.0.random_range(least..=most.max(least));
                if types == "number" && self.0.random() {
                    #[expect(clippy::cast_precision_loss, reason = "a small number")]
                    return json!((whole as f64 + 0.25).min(most as f64));
                }
                whole.into()
            }
            "string" if schema.get("format").is_some() => "2026-02-28".into(),
            "string" => {
                let length = self.0.random_range(
                    schema["minLength"].as_u64().unwrap_or(0)
                        ..=schema["maxLength"].as_u64().unwrap_or(9),
                );
                "x".repeat(usize::try_from(length).unwrap()).into()
            }
            "array" => {
                let length = self
                    .0
                    .random_range(0..=schema["maxItems"].as_u64().unwrap());
                (0..length)
                    .map(|_| self.value(&schema["items"]))
                    .collect::<Vec<_>>()
                    .into()
            }
            "object" => {
                let mut object = Map::new();
                for (name, property) in schema["properties"].as_object().unwrap() {
                    if schema["required"]
                        .as_array()
                        .unwrap()
                        .contains(&json!(name))
                        || self.0.random()
                    {
                        object.insert(name.clone(), self.value(property));
                    }
                }
                if schema["additionalProperties"].is_object() && self.0.random() {
                    object.insert(
                        "other".to_owned(),
                        self.value(&schema["additionalProperties"]),
                    );
                }
                object.into()
            }
            _ => Value::Null,
        }
    }
}
