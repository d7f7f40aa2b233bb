//! Random contracts, with a schema of OLD that their legacy bodies may fit.

use rand::{RngExt, seq::IndexedRandom};
use serde_json::{Map, Value, json};

use crate::schema_generator::{NAMES, Random};

/// A contract of one endpoint, `GET /items/{id}`, and the schemas of its `200`.
pub(crate) struct RandomContract {
    pub(crate) old: Value,
    pub(crate) new: Value,
    pub(crate) contract: Value,
}

/// A template, and a schema that its values may fit.
struct Part {
    template: Value,
    schema: Value,
    can_be_absent: bool,
}

impl Random {
    pub(crate) fn contract(&mut self) -> RandomContract {
        let new = self.target();
        let mut old = Vec::new();
        let mut outcomes = Vec::new();
        for index in 0..=self.below(3) {
            let mut outcome = json!({"name": format!("O{index}"), "status": 200});
            if index > 0 || self.rng.random() {
                outcome["fields"] = self.conditions(&new);
            }
            if self.below(4) > 0 {
                let (body, schema) = if self.below(3) == 0 {
                    self.edit(&new)
                } else {
                    self.body(&new)
                };
                outcome["legacy"] = json!({"status": 200, "body": body});
                old.push(schema);
            }
            let unconditional = outcome.get("fields").is_none();
            outcomes.push(outcome);
            if unconditional {
                break;
            }
        }
        // What no outcome takes.
        if self.below(3) > 0 || old.is_empty() {
            old.push(if self.rng.random() {
                new.clone()
            } else {
                self.changed(&new)
            });
        }
        let endpoint =
            json!({"name": "items", "method": "GET", "path": "/items/{id}", "outcomes": outcomes});
        RandomContract {
            old: json!({"anyOf": old}),
            new,
            contract: json!({"endpoints": [endpoint]}),
        }
    }

    /// An object with a state, a list and other members, or two kinds of such.
    fn target(&mut self) -> Value {
        let mut objects = [(); 2].map(|()| {
            let mut object = self.object(1);
            let states: Vec<&str> = ["ON", "OFF", "LOST"][..2 + usize::from(self.rng.random::<bool>())].into();
            object["properties"]["state"] = json!({"enum": states});
            object["properties"]["list"] = json!({"type": "array", "items": self.object(0), "minItems": self.below(2), "maxItems": 3});
            object["properties"]["count"] = json!({"type": "integer", "minimum": self.below(3), "maximum": 1_000});
            let mut required = object["required"].as_array().cloned().unwrap();
            for name in ["state", "list", "count"] {
                if self.below(4) > 0 {
                    required.push(name.into());
                }
            }
            object["required"] = required.into();
            object
        });
        match self.below(4) {
            0 => {
                for (object, tag) in objects.iter_mut().zip(["one", "two"]) {
                    object["properties"]["kind"] = json!({"const": tag});
                    let required = object["required"].as_array_mut().unwrap();
                    if !required.contains(&json!("kind")) {
                        required.push("kind".into());
                    }
                }
                json!({"oneOf": objects})
            }
            1 => json!({"anyOf": objects}),
            2 => json!({"allOf": objects}),
            _ => objects[0].clone(),
        }
    }

    fn conditions(&mut self, new: &Value) -> Value {
        let mut conditions = Map::new();
        for _ in 0..=self.below(2) {
            let (pointer, schema) = self.field(new);
            let example = self.value(&schema, 3);
            let value = if example.is_object() || example.is_array() || example.is_f64() {
                json!({"present": true})
            } else {
                example
            };
            let matcher = match self.below(6) {
                0 => json!({"absent": true}),
                1 => json!({"present": true}),
                2 => json!([value, "ON", null]),
                3 => {
                    let pattern = ["O*", "*", "?", "*x*"].choose(&mut self.rng).unwrap();
                    json!({"pattern": pattern})
                }
                4 => json!([{"absent": true}, value]),
                _ => value,
            };
            conditions.insert(pointer, matcher);
        }
        conditions.into()
    }

    /// A pointer to a field that the target may have, and a schema that the field may fit.
    fn field(&mut self, new: &Value) -> (String, Value) {
        let parts = ["oneOf", "anyOf", "allOf"].into_iter();
        let parts = parts.filter_map(|keyword| new[keyword].as_array()?.choose(&mut self.rng));
        let object = parts.last().unwrap_or(new).clone();
        let members = object["properties"].as_object().unwrap();
        let names: Vec<&String> = members.keys().collect();
        let name = (*names.choose(&mut self.rng).unwrap()).clone();
        let schema = members[&name].clone();
        let inner = schema["properties"].as_object();
        match inner.and_then(|inner| inner.iter().next()) {
            Some((inner, schema)) if self.rng.random() => {
                (format!("/{name}/{inner}"), schema.clone())
            }
            _ if name == "list" && self.below(4) == 0 => {
                ("/list/0".to_owned(), schema["items"].clone())
            }
            _ => (format!("/{name}"), schema),
        }
    }

    fn body(&mut self, new: &Value) -> (Value, Value) {
        let mut json = Map::new();
        let mut properties = Map::new();
        let mut required = Vec::new();
        for index in 0..=self.below(4) {
            let name = format!("m{index}");
            let part = self.part(new);
            if !part.can_be_absent || self.below(8) == 0 {
                required.push(name.clone());
            }
            json.insert(name.clone(), part.template);
            properties.insert(name, part.schema);
        }
        let mut schema = json!({"type": "object", "properties": properties, "required": required});
        if self.rng.random() {
            schema["additionalProperties"] = false.into();
        }
        (json!({"json": json}), schema)
    }

    fn part(&mut self, new: &Value) -> Part {
        let (pointer, schema) = self.field(new);
        let text = json!({"type": "string"});
        let mut part = match self.below(12) {
            0 => self.mapped(json!({"$field": pointer})),
            1 => {
                let form = *["text", "number", "rfc3339", "unix_seconds", "http_date"]
                    .choose(&mut self.rng)
                    .unwrap();
                let schema = match form {
                    "number" => json!({"type": "number"}),
                    "unix_seconds" => json!({"type": "integer", "minimum": 0}),
                    "rfc3339" => json!({"type": "string", "format": "date-time"}),
                    "http_date" => json!({"type": "string", "minLength": 29}),
                    _ => text,
                };
                Part::of(json!({"$field": pointer, "as": form}), schema)
            }
            2 => {
                let texts = json!([self.below(9), " ", {"$field": pointer}, {"$field": "/count", "default": "none"}]);
                Part::of(
                    json!({"$text": texts}),
                    json!({"type": "string", "minLength": 1 + self.below(4), "maxLength": 9 + self.below(30)}),
                )
            }
            3 => {
                let element = json!({"is": {"$item": format!("/{}", NAMES.choose(&mut self.rng).unwrap()), "default": self.below(5)}});
                let schema = json!({"type": "array", "maxItems": 3, "minItems": self.below(2), "items": {"type": "object", "required": ["is"], "maxProperties": 1}});
                let schema = if self.rng.random() {
                    schema
                } else {
                    json!({"type": "array", "items": {"required": ["is"], "properties": {"is": {"type": ["integer", "string", "boolean"]}}}})
                };
                Part::of(json!({"$each": "/list", "json": element}), schema)
            }
            4 => Part::of(json!({"$status": "target"}), json!({"const": 200})),
            5 => Part::of(
                json!({"$path": "id"}),
                json!({"type": "string", "minLength": 1, "maxLength": 128}),
            ),
            6 => Part::of(
                json!({"$header": ["x-request-id"], "default": {"$uuid": "v4"}}),
                text,
            ),
            7 => Part::of(
                json!({"$query": "page", "as": "number", "default": 1}),
                json!({"type": "number"}),
            ),
            8 => {
                let inner = self.part_of(&pointer, &schema);
                let inner_template =
                    json!({"$object": {"in": inner.template}, "omit_when_empty": true});
                let mut object = json!({"type": "object", "properties": {"in": inner.schema}});
                if self.rng.random() {
                    object["required"] = json!(["in"]);
                }
                let mut part = Part::of(inner_template, object);
                part.can_be_absent = inner.can_be_absent;
                return part;
            }
            _ => self.part_of(&pointer, &schema),
        };
        if part.template.get("default").is_none() {
            match self.below(4) {
                0 => {
                    part.template["omit_if_absent"] = true.into();
                    part.can_be_absent = true;
                }
                1 => {
                    let default = [
                        json!("none"),
                        json!(0),
                        json!(null),
                        json!({"$field": "/count", "default": 1}),
                    ];
                    part.template["default"] = default.choose(&mut self.rng).unwrap().clone();
                    part.schema = json!({"anyOf": [part.schema, {"enum": ["none", 0, null]}, {"type": "integer"}]});
                }
                _ => {}
            }
        }
        if self.below(5) == 0 {
            part.schema = self.changed(&part.schema);
        }
        part
    }

    fn part_of(&mut self, pointer: &str, schema: &Value) -> Part {
        let mut part = Part::of(json!({"$field": pointer}), schema.clone());
        if self.rng.random() {
            part.template["omit_if_absent"] = true.into();
            part.can_be_absent = true;
        }
        part
    }

    fn mapped(&mut self, mut template: Value) -> Part {
        let from = [
            json!("ON"),
            json!("OFF"),
            json!("LOST"),
            json!(true),
            json!(3),
            json!(null),
            json!("x"),
        ];
        let count = 2 + usize::try_from(self.below(4)).unwrap();
        let pairs = from[..count].iter().enumerate();
        let pairs: Vec<Value> = pairs.map(|(index, from)| json!([from, index])).collect();
        template["map"] = pairs.into();
        Part::of(
            template,
            json!({"type": "integer", "minimum": 0, "maximum": count - usize::from(self.rng.random::<bool>())}),
        )
    }

    /// An edit, and the schema of the target with the members that it names.
    fn edit(&mut self, new: &Value) -> (Value, Value) {
        let mut edit = Map::new();
        let mut old = new.clone();
        let (name, other) = (*NAMES.choose(&mut self.rng).unwrap(), "y");
        let objects = if let Some(parts) = ["oneOf", "anyOf", "allOf"]
            .into_iter()
            .find(|keyword| old.get(keyword).is_some())
        {
            old[parts].as_array_mut().unwrap().iter_mut().collect()
        } else {
            vec![&mut old]
        };
        let part = self.part(new);
        let choice = self.below(4);
        for object in objects {
            let required = object["required"].as_array_mut().unwrap();
            let at = required.iter().position(|of| of == name);
            if choice == 0 {
                if let Some(at) = at {
                    required[at] = other.into();
                }
            } else if let Some(at) = at {
                required.remove(at);
            }
            let properties = object["properties"].as_object_mut().unwrap();
            let own = properties.remove(name);
            match choice {
                0 => {
                    if let Some(own) = own {
                        properties.insert(other.to_owned(), own);
                    }
                }
                1 => {}
                2 => {
                    properties.insert(name.to_owned(), part.schema.clone());
                }
                _ => {
                    properties["list"]["items"]["properties"][name] = json!({"type": "integer"});
                }
            }
        }
        match choice {
            0 => edit.insert("rename".to_owned(), json!({format!("/{name}"): other})),
            1 => edit.insert("remove".to_owned(), json!([format!("/{name}")])),
            2 => edit.insert("set".to_owned(), json!({format!("/{name}"): part.template})),
            _ => edit.insert(
                "set".to_owned(),
                json!({format!("/list/*/{name}"): {"$field": "/count", "default": 3}}),
            ),
        };
        (json!({"edit": edit}), old)
    }
}

impl Part {
    fn of(template: Value, schema: Value) -> Self {
        Self {
            template,
            schema,
            can_be_absent: false,
        }
    }
}
