//! Random schemas, and schemas with one change.

use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};

pub(crate) const NAMES: [&str; 5] = ["a", "b", "kind", "z", "x-y"];
const WORDS: [&str; 5] = ["", "x", "OPEN", "DONE", "a longer text"];
const PATTERNS: [&str; 4] = ["^[a-z]+$", "^x", "^(OPEN|DONE)$", "[0-9]{2}"];
const FORMATS: [&str; 6] = ["date", "date-time", "uuid", "email", "ipv4", "unknown"];

pub(crate) struct Random {
    pub(crate) rng: SmallRng,
    /// The names of components.
    components: Vec<String>,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: SmallRng::seed_from_u64(seed),
            components: Vec::new(),
        }
    }

    pub(crate) fn below(&mut self, limit: i64) -> i64 {
        self.rng.random_range(0..limit)
    }

    fn one_in(&mut self, many: i64) -> bool {
        self.below(many) == 0
    }

    /// Objects that schemas made after this refer to; the names are those that a discriminator knows them by.
    pub(crate) fn components(&mut self) -> Map<String, Value> {
        let names = ["One", "Two", "Tree"];
        let components = names.map(|name| {
            let mut object = self.object(1);
            object["properties"]["kind"] = json!({"type": "string"});
            if name == "Tree" {
                let tree = json!({"$ref": "#/components/schemas/Tree"});
                let nested = [tree.clone(), json!({"type": "array", "items": tree})];
                object["properties"]["z"] = nested.choose(&mut self.rng).unwrap().clone();
            }
            (name.to_owned(), object)
        });
        self.components = names.map(str::to_owned).to_vec();
        components.into_iter().collect()
    }

    /// The components with a change in one, which refers to none.
    pub(crate) fn changed_components(
        &mut self,
        components: &Map<String, Value>,
    ) -> Map<String, Value> {
        let names = std::mem::take(&mut self.components);
        let mut changed = components.clone();
        let name = *["One", "Tree"].choose(&mut self.rng).unwrap();
        changed[name] = self.changed(&components[name]);
        self.components = names;
        changed
    }

    pub(crate) fn schema(&mut self, depth: u8) -> Value {
        let compound = if depth == 0 { 0 } else { 13 };
        match self.below(8 + compound) {
            0 => json!({"type": "boolean"}),
            1 => json!({"enum": self.words()}),
            2 => self.numbers(),
            3 => {
                json!({"type": "string", "minLength": self.below(3), "maxLength": 3 + self.below(12)})
            }
            4 => {
                json!({"type": ["string", "null"], "format": FORMATS.choose(&mut self.rng).unwrap()})
            }
            5 => json!({"type": "string", "pattern": PATTERNS.choose(&mut self.rng).unwrap()}),
            6 if self.one_in(4) => {
                json!({"type": "string", "enum": self.words(), "const": WORDS.choose(&mut self.rng).unwrap()})
            }
            6 => self.fixed(),
            7 if self.one_in(3) => json!({}),
            7 => {
                let types = [
                    "string", "null", "integer", "number", "boolean", "object", "array",
                ];
                let count = 1 + usize::try_from(self.below(3)).unwrap();
                let types: Vec<_> = types.sample(&mut self.rng, count).copied().collect();
                json!({"type": types, "minimum": self.below(3), "maxLength": self.below(9)})
            }
            8 | 9 => self.array(depth),
            10 => self.tagged(depth),
            11 => json!({"anyOf": [self.schema(depth - 1), self.schema(depth - 1)]}),
            12 => {
                json!({"anyOf": [self.object(depth - 1), self.object(depth - 1), self.schema(0)]})
            }
            13 => json!({"allOf": [self.object(depth - 1), self.object(depth - 1)]}),
            14 => json!({"allOf": [self.schema(depth - 1), self.schema(depth - 1)]}),
            15 => self.conditional(depth),
            16 => json!({"oneOf": [self.schema(depth - 1), self.schema(depth - 1)]}),
            17 | 18 if !self.components.is_empty() => self.reference(),
            _ => self.object(depth - 1),
        }
    }

    fn numbers(&mut self) -> Value {
        // The last whole number that every float has, minus or plus a little.
        let about = if self.one_in(8) { (1 << 53) - 4 } else { 0 };
        let least = about + self.below(5);
        let most = least + self.below(9);
        let name = if self.rng.random() {
            "integer"
        } else {
            "number"
        };
        let mut schema = json!({"type": name, "minimum": least, "maximum": most});
        match self.below(6) {
            0 => schema["exclusiveMinimum"] = (least + self.below(3) - 1).into(),
            1 => schema["exclusiveMaximum"] = most.into(),
            2 => schema["multipleOf"] = json!([0.5, 1.0, 2.0, 3.0].choose(&mut self.rng).unwrap()),
            _ => {}
        }
        schema
    }

    /// Listed values of several types.
    fn fixed(&mut self) -> Value {
        let all = [
            json!(null),
            json!(true),
            json!(3),
            json!(4.5),
            json!("OPEN"),
            json!([1]),
            json!({"kind": "one"}),
        ];
        let count = 1 + usize::try_from(self.below(4)).unwrap();
        let some: Vec<Value> = all.sample(&mut self.rng, count).cloned().collect();
        if let [one] = some.as_slice() {
            return json!({"const": one});
        }
        json!({"enum": some})
    }

    fn array(&mut self, depth: u8) -> Value {
        let mut array =
            json!({"type": "array", "items": self.schema(depth - 1), "maxItems": self.below(4)});
        match self.below(8) {
            0 => array["uniqueItems"] = true.into(),
            1 => array["minItems"] = self.below(3).into(),
            2 => array["prefixItems"] = json!([self.schema(0), self.schema(0)]),
            3 => {
                array["contains"] = self.schema(0);
                array["minContains"] = self.below(2).into();
            }
            4 => {
                array.as_object_mut().unwrap().remove("items");
                array["prefixItems"] = json!([self.schema(0)]);
                array["unevaluatedItems"] = false.into();
            }
            _ => {}
        }
        array
    }

    fn tagged(&mut self, depth: u8) -> Value {
        let parts = ["one", "two"].map(|tag| {
            let mut object = self.object(depth - 1);
            object["properties"]["kind"] = json!({"const": tag});
            if !self.one_in(8) {
                object["required"] = json!(["kind"]);
            }
            object
        });
        let keyword = if self.one_in(4) { "anyOf" } else { "oneOf" };
        json!({keyword: parts})
    }

    fn conditional(&mut self, depth: u8) -> Value {
        let mut object = self.object(depth - 1);
        match self.below(15) {
            0 => object["not"] = json!({"required": ["z"]}),
            1 => {
                object["if"] = json!({"required": ["a"]});
                object["then"] = self.object(0);
            }
            2 => object["patternProperties"] = json!({"^x-": self.schema(0)}),
            3 => object["dependentRequired"] = json!({"a": ["b"]}),
            4 => object["minProperties"] = self.below(3).into(),
            5 => object["anyOf"] = json!([{"required": ["a"]}, {"required": ["b"]}]),
            6 => object["not"] = self.object(0),
            7 => {
                object["if"] = self.object(0);
                object["else"] = self.object(0);
            }
            8 => object["dependentSchemas"] = json!({"a": self.object(0)}),
            9 => object["propertyNames"] = json!({"maxLength": 1 + self.below(5)}),
            10 => object["maxProperties"] = (1 + self.below(4)).into(),
            11 => {
                object = json!({"anyOf": [self.object(0), self.object(0)]});
                object["unevaluatedProperties"] = self.schema(0);
            }
            12 => {
                let condition = json!({"if": {"required": ["a"]}, "then": self.object(0)});
                object = json!({"allOf": [object, condition]});
            }
            13 => {
                object["additionalProperties"] = false.into();
                object["patternProperties"] = json!({"^[xz]": self.schema(0), "-": self.schema(0)});
            }
            _ => {
                object = json!({"allOf": [object, self.object(0)]});
                object["unevaluatedProperties"] = false.into();
            }
        }
        object
    }

    fn reference(&mut self) -> Value {
        let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        match self.below(6) {
            0 => to("One"),
            3 | 4 => to("Tree"),
            5 => {
                let mut object = self.object(0);
                object["$ref"] = to("Tree")["$ref"].clone();
                object
            }
            1 => {
                json!({"oneOf": [to("One"), to("Two")], "discriminator": {"propertyName": "kind"}})
            }
            _ => json!({"oneOf": [to("One"), to("Two")], "discriminator": {"propertyName": "kind",
                "mapping": {"first": "#/components/schemas/One", "one": "One"}}}),
        }
    }

    pub(crate) fn object(&mut self, depth: u8) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for name in NAMES {
            if self.below(5) < 2 {
                properties.insert(name.to_owned(), self.schema(depth));
                if self.rng.random() {
                    required.push(name);
                }
            }
        }
        let mut object = json!({"type": "object", "properties": properties, "required": required});
        match self.below(5) {
            0 => object["additionalProperties"] = false.into(),
            1 => object["additionalProperties"] = self.schema(0),
            2 if self.one_in(3) => object["additionalProperties"] = true.into(),
            _ => {}
        }
        object
    }

    fn words(&mut self) -> Vec<&'static str> {
        let count = 1 + usize::try_from(self.below(3)).unwrap();
        WORDS.sample(&mut self.rng, count).copied().collect()
    }

    /// The schema with one change in it, or seldom two.
    pub(crate) fn changed(&mut self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        self.change(&mut schema);
        if self.one_in(5) {
            self.change(&mut schema);
        }
        schema
    }

    fn change(&mut self, schema: &mut Value) {
        let mut below: Vec<&mut Value> = Vec::new();
        let Value::Object(keywords) = &mut *schema else {
            *schema = self.schema(1);
            return;
        };
        for (keyword, value) in keywords {
            match (keyword.as_str(), value) {
                ("properties" | "patternProperties" | "dependentSchemas", Value::Object(named)) => {
                    below.extend(named.values_mut());
                }
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(parts)) => {
                    below.extend(parts);
                }
                (
                    "items"
                    | "additionalProperties"
                    | "contains"
                    | "then"
                    | "else"
                    | "not"
                    | "unevaluatedProperties",
                    value @ Value::Object(_),
                ) => {
                    below.push(value);
                }
                _ => {}
            }
        }
        if !below.is_empty() && self.below(4) > 0 {
            let index = self.rng.random_range(0..below.len());
            let part = below.swap_remove(index);
            return self.change(part);
        }
        self.change_here(schema);
    }

    fn change_here(&mut self, schema: &mut Value) {
        let is_object = schema.get("properties").is_some();
        match self.below(12) {
            0 if is_object => schema["required"] = json!(["b"]),
            1 if is_object => schema["additionalProperties"] = false.into(),
            2 if is_object => schema["additionalProperties"] = self.schema(0),
            3 => *schema = json!({"anyOf": [schema, {"type": "null"}]}),
            4 => *schema = self.schema(1),
            5 if is_object => *schema = json!({"allOf": [schema, self.object(0)]}),
            6 => *schema = json!({"oneOf": [self.schema(0), schema]}),
            7 => {
                // Without one keyword.
                let keywords: Vec<String> = schema.as_object().unwrap().keys().cloned().collect();
                if let Some(keyword) = keywords.choose(&mut self.rng)
                    && keyword != "discriminator"
                {
                    schema.as_object_mut().unwrap().remove(keyword);
                }
            }
            8 | 9 => self.change_limit(schema),
            10 => {
                for keyword in ["anyOf", "oneOf", "allOf", "required", "enum", "type"] {
                    if let Some(Value::Array(parts)) = schema.get_mut(keyword)
                        && parts.len() > 1
                    {
                        let index = self.rng.random_range(0..parts.len());
                        parts.swap_remove(index);
                    }
                }
            }
            _ if is_object => {
                let name = *NAMES.choose(&mut self.rng).unwrap();
                schema["properties"][name] = self.schema(1);
            }
            _ => {}
        }
    }

    fn change_limit(&mut self, schema: &mut Value) {
        let limits = [
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minContains",
            "minProperties",
            "maxProperties",
            "multipleOf",
        ];
        for limit in limits {
            match schema.get(limit).and_then(Value::as_i64) {
                Some(large) if large > 1 << 52 => {
                    schema[limit] = (large - 1 + self.below(3)).into();
                }
                Some(_) => schema[limit] = (1 + self.below(9)).into(),
                None => {}
            }
        }
        if schema.get("enum").is_some() {
            schema["enum"] = json!(self.words());
        }
        if schema.get("pattern").is_some() {
            schema["pattern"] = json!(PATTERNS.choose(&mut self.rng).unwrap());
        }
        if schema.get("format").is_some() {
            schema["format"] = json!(FORMATS.choose(&mut self.rng).unwrap());
        }
    }
}
