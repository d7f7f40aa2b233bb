//! Validation of concrete values by `jsonschema`.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap, VecDeque},
    rc::Rc,
};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use crate::openapi::{
    document::place::{Place, Side, Spoiled},
    values::{discriminator::selectors, keywords::is_write_only, scalars},
};

/// The validators built so far.
#[derive(Default)]
pub(crate) struct Validators {
    built: RefCell<HashMap<(SchemaKey, Names), Built>>,
}

type SchemaKey = (Side, usize);

/// The names of all members in a value. What a schema says of others does not matter to it: without that, its validator is
/// small, though the schema may lead to all others of a document.
type Names = BTreeSet<String>;

/// A validator, unless the schema cannot be one.
type Built = Rc<Result<Validator, ()>>;

/// What a schema says of a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    /// Why it is not.
    Invalid(String),
    /// That cannot be said.
    Unknown,
}

impl Validity {
    /// What two say together.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid(reason), _) | (_, Self::Invalid(reason)) => Self::Invalid(reason),
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Valid, Self::Valid) => Self::Valid,
        }
    }
}

impl Validators {
    /// What a schema says of a value. Of several reasons against it, the one nearest to the part of the value at `about`, a
    /// pointer with `*` for any element.
    pub(crate) fn check(&self, schema: &Place<'_>, value: &Value, about: &str) -> Validity {
        const MAX_ERRORS: usize = 64;
        let of = self.of(schema, value);
        let Ok(validator) = &*of else {
            return Validity::Unknown;
        };
        let reasons = validator.iter_errors(value).take(MAX_ERRORS).map(|error| {
            let at = error.instance_path().to_string();
            let separator = if at.is_empty() { "" } else { ": " };
            let reason = format!("{at}{separator}{error}");
            (nearness(&at, &reason, about), reason)
        });
        // The first of the nearest ones.
        let nearest = reasons.reduce(|one, other| if other.0 > one.0 { other } else { one });
        nearest.map_or(Validity::Valid, |(_, reason)| Validity::Invalid(reason))
    }

    fn of(&self, schema: &Place<'_>, value: &Value) -> Built {
        let mut names = Names::new();
        collect_names(value, &mut names);
        let key = (schema.key(), names);
        if let Some(known) = self.built.borrow().get(&key) {
            return Rc::clone(known);
        }
        let built = bundle(schema, &key.1).map_err(drop);
        let built = built.and_then(|schema| scalars::options().build(&schema).map_err(drop));
        let built = Rc::new(built);
        self.built.borrow_mut().insert(key, Rc::clone(&built));
        built
    }
}

/// How many tokens the place of an error has in common with a pointer, and whether it mentions the last of these.
fn nearness(at: &str, reason: &str, about: &str) -> (usize, bool) {
    let tokens = at.split('/').zip(about.split('/'));
    let common = tokens.take_while(|(at, about)| at == about || *about == "*");
    let last = about.rsplit('/').next().unwrap_or_default();
    (common.count(), reason.contains(&format!("\"{last}\"")))
}

fn collect_names(value: &Value, names: &mut Names) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        Value::Object(members) => {
            for (name, member) in members {
                if !names.contains(name) {
                    names.insert(name.clone());
                }
                collect_names(member, names);
            }
        }
        _ => {}
    }
}

/// The schema as one of JSON Schema 2020-12, with all that it refers to and nothing else, so that a bad schema elsewhere in
/// the document does not matter.
fn bundle(schema: &Place<'_>, of: &Names) -> Result<Value, Spoiled> {
    let mut bundle = Bundle {
        of,
        names: HashMap::new(),
        left: VecDeque::new(),
    };
    let mut root = bundle.convert(schema)?;
    let mut definitions = Map::new();
    while let Some((name, place)) = bundle.left.pop_front() {
        definitions.insert(name, bundle.convert(&place)?);
    }
    if let Value::Object(members) = &mut root {
        members.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Ok(root)
}

struct Bundle<'n, 'd> {
    /// The members that matter.
    of: &'n Names,
    names: HashMap<(Side, usize), String>,
    left: VecDeque<(String, Place<'d>)>,
}

impl<'d> Bundle<'_, 'd> {
    fn convert(&mut self, schema: &Place<'d>) -> Result<Value, Spoiled> {
        if schema.value.is_boolean() {
            return Ok(schema.value.clone());
        }
        let mut converted = Map::new();
        if let Some(target) = schema.reference()? {
            let reference = format!("#/$defs/{}", self.name(target));
            converted.insert("$ref".to_owned(), reference.into());
            if schema.document.is_3_0() {
                return Ok(converted.into());
            }
        }
        for (keyword, value) in schema.members().filter(|(keyword, _)| *keyword != "$ref") {
            if let Some(value) = self.keyword(schema, keyword, &value)? {
                converted.insert(keyword.to_owned(), value);
            }
        }
        if schema.document.is_3_0() {
            upgrade(&mut converted);
        }
        Ok(converted.into())
    }

    /// The value of a keyword; `None` for one that says nothing of values.
    fn keyword(
        &mut self,
        schema: &Place<'d>,
        keyword: &str,
        value: &Place<'d>,
    ) -> Result<Option<Value>, Spoiled> {
        Ok(Some(match keyword {
            "properties" | "patternProperties" | "dependentSchemas" => {
                let is_pattern = keyword == "patternProperties";
                let members = value.members();
                let members = members.filter(|(name, _)| is_pattern || self.of.contains(*name));
                let converted = members.map(|(name, schema)| {
                    let schema = self.convert(&schema)?;
                    Ok((name.to_owned(), schema))
                });
                Value::Object(converted.collect::<Result<_, _>>()?)
            }
            "oneOf" | "anyOf" => self.selected(schema, value)?,
            "allOf" | "prefixItems" => {
                let converted = value.items().map(|schema| self.convert(&schema));
                Value::Array(converted.collect::<Result<_, _>>()?)
            }
            "items"
            | "additionalProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "contains"
            | "propertyNames"
            | "unevaluatedProperties"
            | "unevaluatedItems" => self.convert(value)?,
            "required" => required(schema, value),
            "type" | "enum" | "const" | "format" | "pattern" | "minLength" | "maxLength"
            | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf"
            | "minItems" | "maxItems" | "uniqueItems" | "minProperties" | "maxProperties"
            | "minContains" | "maxContains" | "dependentRequired" | "nullable" => {
                value.value.clone()
            }
            "$dynamicRef" | "$recursiveRef" => return Err(value.spoiled("is not followed")),
            _ => return Ok(None),
        }))
    }

    /// The parts of a `oneOf` or `anyOf`, each with the values of the discriminator that select it.
    fn selected(&mut self, schema: &Place<'d>, parts: &Place<'d>) -> Result<Value, Spoiled> {
        let discriminator = schema.value.get("discriminator");
        let member = discriminator.and_then(|discriminator| discriminator["propertyName"].as_str());
        let mapping = discriminator.and_then(|discriminator| discriminator["mapping"].as_object());
        let mapping: Vec<(&str, &str)> = mapping
            .into_iter()
            .flatten()
            .filter_map(|(value, target)| Some((value.as_str(), target.as_str()?)))
            .collect();
        let converted = parts.items().map(|part| {
            let converted = self.convert(&part)?;
            let Some(member) = member else {
                return Ok(converted);
            };
            let values = selectors(part.value, &mapping);
            let mut selected = json!({"type": "object", "required": [member]});
            if !values.is_empty() {
                selected["properties"] = json!({member: {"enum": values}});
            }
            Ok(json!({"allOf": [converted, selected]}))
        });
        Ok(Value::Array(converted.collect::<Result<_, _>>()?))
    }

    fn name(&mut self, target: Place<'d>) -> String {
        let next = self.names.len().to_string();
        let name = self.names.entry(target.key()).or_insert_with(|| {
            self.left.push_back((next.clone(), target));
            next
        });
        name.clone()
    }
}

/// Without the members that responses do not have.
fn required(schema: &Place<'_>, names: &Place<'_>) -> Value {
    let properties = schema.value.get("properties");
    let is_sent = |name: &&Value| {
        let name = name.as_str().unwrap_or_default();
        let property = properties.and_then(|properties| properties.get(name));
        !property.is_some_and(is_write_only)
    };
    let names = names.value.as_array().into_iter().flatten();
    names.filter(is_sent).cloned().collect::<Vec<_>>().into()
}

/// What `OpenAPI` 3.0 says in its own way.
fn upgrade(schema: &mut Map<String, Value>) {
    let nullable = schema.remove("nullable") == Some(Value::Bool(true));
    if let Some(Value::String(name)) = schema.get("type").filter(|_| nullable) {
        let types = json!([name, "null"]);
        schema.insert("type".to_owned(), types);
    }
    for (flag, limit) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        match schema.get(flag) {
            Some(Value::Bool(true)) => {
                let limit = schema.remove(limit);
                schema.remove(flag);
                if let Some(limit) = limit {
                    schema.insert(flag.to_owned(), limit);
                }
            }
            Some(Value::Bool(false)) => {
                schema.remove(flag);
            }
            _ => {}
        }
    }
}
