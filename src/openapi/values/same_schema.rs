//! Whether two schemas are written alike, whatever they mean.

use std::{cell::RefMut, collections::HashMap};

use serde_json::Value;

use super::{reader::Reader, value_set::ValueSet};
use crate::openapi::document::place::Place;

/// Schemas within more schemas than this are not compared.
const MAX_DEPTH: usize = 20_000;

impl<'d> Reader<'d> {
    pub(super) fn are_same(&self, source: &ValueSet<'d>, target: &ValueSet<'d>) -> bool {
        match (source, target) {
            (ValueSet::Schema(source), ValueSet::Schema(target)) => {
                self.are_same_places(source, target)
            }
            _ => false,
        }
    }

    /// Whether two schemas are written alike, with all that they refer to.
    pub(super) fn are_same_places(&self, one: &Place<'d>, other: &Place<'d>) -> bool {
        self.compare_words(one, other, |comparison| comparison.alike(one, other))
    }

    /// Whether the values of a keyword are written alike.
    pub(super) fn are_same_keywords(
        &self,
        keyword: &str,
        one: &Place<'d>,
        other: &Place<'d>,
    ) -> bool {
        self.compare_words(one, other, |comparison| {
            comparison.alike_keyword(keyword, one, other)
        })
    }

    fn compare_words(
        &self,
        one: &Place<'d>,
        other: &Place<'d>,
        alike: impl FnOnce(&mut Comparison<'_>) -> bool,
    ) -> bool {
        if one.document.is_3_0() != other.document.is_3_0() {
            return false;
        }
        let mut comparison = Comparison {
            known: self.inclusions.same.borrow_mut(),
            visited: Vec::new(),
            depth: 0,
        };
        let alike = alike(&mut comparison);
        if !alike {
            // Some were found alike only by assumption; a difference is one whatever is assumed.
            for key in std::mem::take(&mut comparison.visited) {
                if comparison.known.get(&key) == Some(&true) {
                    comparison.known.remove(&key);
                }
            }
        }
        alike
    }
}

/// A comparison of schemas word for word.
struct Comparison<'k> {
    known: RefMut<'k, HashMap<(usize, usize), bool>>,
    visited: Vec<(usize, usize)>,
    depth: usize,
}

/// Annotations, which allow or forbid nothing.
const ANNOTATIONS: [&str; 10] = [
    "description",
    "title",
    "example",
    "examples",
    "default",
    "deprecated",
    "externalDocs",
    "summary",
    "xml",
    "$comment",
];

impl Comparison<'_> {
    fn alike(&mut self, one: &Place<'_>, other: &Place<'_>) -> bool {
        let (Value::Object(_), Value::Object(_)) = (one.value, other.value) else {
            return one.value == other.value;
        };
        let key = (one.key().1, other.key().1);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        if self.depth > MAX_DEPTH {
            return false;
        }
        // Those in progress are assumed alike.
        self.known.insert(key, true);
        self.visited.push(key);
        self.depth += 1;
        let alike = self.alike_members(one, other);
        self.depth -= 1;
        self.known.insert(key, alike);
        alike
    }

    fn alike_members(&mut self, one: &Place<'_>, other: &Place<'_>) -> bool {
        let (Ok(to), Ok(other_to)) = (one.reference(), other.reference()) else {
            return false;
        };
        if let (Some(to), Some(other_to)) = (&to, &other_to)
            && !self.alike(to, other_to)
        {
            return false;
        }
        // Where these lead depends on how the schema was reached.
        let is_dynamic = |name| one.value.get(name).is_some();
        if ["$dynamicRef", "$recursiveRef"].into_iter().any(is_dynamic) {
            return false;
        }
        // A discriminator selects a schema by its name.
        if one.value.get("discriminator").is_some() && !have_same_names(one, other) {
            return false;
        }
        let counts =
            |name: &str| name != "$ref" && !ANNOTATIONS.contains(&name) && !name.starts_with("x-");
        let count = |place: &Place<'_>| place.members().filter(|(name, _)| counts(name)).count();
        let mut mine = one.members().filter(|(name, _)| counts(name));
        to.is_some() == other_to.is_some()
            && count(one) == count(other)
            && mine.all(|(name, one)| {
                let other = other.member(name);
                other.is_some_and(|other| self.alike_keyword(name, &one, &other))
            })
    }

    /// The value of a keyword: schemas by name, a list of schemas, a schema, or another value.
    fn alike_keyword(&mut self, name: &str, one: &Place<'_>, other: &Place<'_>) -> bool {
        match name {
            "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions" => {
                one.members().count() == other.members().count()
                    && one.members().all(|(name, one)| {
                        let other = other.member(name);
                        other.is_some_and(|other| self.alike(&one, &other))
                    })
            }
            "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
                one.items().count() == other.items().count()
                    && one
                        .items()
                        .zip(other.items())
                        .all(|(one, other)| self.alike(&one, &other))
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
            | "unevaluatedItems" => self.alike(one, other),
            _ => one.value == other.value,
        }
    }
}

/// Whether the references in `oneOf` and `anyOf` are written alike.
fn have_same_names(one: &Place<'_>, other: &Place<'_>) -> bool {
    ["oneOf", "anyOf"].into_iter().all(|keyword| {
        let names = |place: &Place<'_>| -> Vec<Option<Value>> {
            let parts = place.value.get(keyword).and_then(Value::as_array);
            let parts = parts.into_iter().flatten();
            parts.map(|part| part.get("$ref").cloned()).collect()
        };
        names(one) == names(other)
    })
}
