//! Keywords that are not understood: they are only compared word for word.

use super::{
    reader::Reader,
    text_sample::of_pattern,
    value_set::{Alternative, Kind, Opaque, ValueSet},
};
use crate::openapi::document::place::Place;

const OF_OBJECTS: [&[&str]; 7] = [
    &["patternProperties"],
    &["propertyNames"],
    &["dependentRequired"],
    &["dependentSchemas"],
    &["dependencies"],
    &["minProperties"],
    &["maxProperties"],
];
const OF_ARRAYS: [&[&str]; 2] = [
    &["contains", "minContains", "maxContains"],
    &["unevaluatedItems"],
];
const OF_ALL: [&[&str]; 4] = [
    &["not"],
    &["if", "then", "else"],
    &["$dynamicRef"],
    &["$recursiveRef"],
];

impl<'d> Opaque<'d> {
    /// Those that can name members.
    const NAMING: [&'static str; 8] = [
        "patternProperties",
        "if",
        "then",
        "else",
        "dependentSchemas",
        "dependencies",
        "$dynamicRef",
        "$recursiveRef",
    ];

    /// Those of a schema about values of this type.
    pub(super) fn of(place: &Place<'d>, kind: &Kind<'_>) -> Vec<Self> {
        let own: &[&'static [&'static str]] = match kind {
            Kind::Object(_) => &OF_OBJECTS,
            Kind::Array(_) => &OF_ARRAYS,
            _ => &[],
        };
        let all = own.iter().chain(&OF_ALL);
        all.filter(|keywords| place.value.get(keywords[0]).is_some())
            .map(|keywords| Self {
                keywords,
                place: place.clone(),
            })
            .collect()
    }

    /// A `oneOf` of which a value could match two parts.
    pub(super) fn one_of(place: &Place<'d>) -> Self {
        Self {
            keywords: &["oneOf", "discriminator"],
            place: place.clone(),
        }
    }

    /// A `nullable` whose meaning is not certain.
    pub(super) fn nullable(place: &Place<'d>) -> Self {
        Self {
            keywords: &["nullable"],
            place: place.clone(),
        }
    }

    /// The first, which gives the others their meaning.
    pub(super) fn keyword(&self) -> &'static str {
        self.keywords[0]
    }

    /// Whether it can name members.
    pub(super) fn names_members(&self) -> bool {
        Self::NAMING.contains(&self.keyword())
    }

    /// Whether a schema has such keywords.
    pub(super) fn may_name_members(place: &Place<'d>) -> bool {
        let mut naming = Self::NAMING.iter();
        naming.any(|keyword| place.value.get(keyword).is_some())
    }
}

impl<'d> Alternative<'d> {
    /// Members whose names fit its `patternProperties`, one for each pattern.
    pub(super) fn patterned_members(&self) -> Vec<(String, ValueSet<'d>)> {
        let patterns = self.opaque.iter();
        let patterns = patterns.filter_map(|opaque| opaque.place.member("patternProperties"));
        let patterns: Vec<_> = patterns.collect();
        let members = patterns.iter().flat_map(Place::members);
        members
            .filter_map(|(pattern, schema)| Some((of_pattern(pattern)?, ValueSet::Schema(schema))))
            .collect()
    }
}

impl<'d> Reader<'d> {
    /// Whether both say the same, word for word.
    pub(super) fn are_same_opaque(&self, one: &Opaque<'d>, other: &Opaque<'d>) -> bool {
        if one.keyword() != other.keyword() {
            return false;
        }
        match one.keyword() {
            // Where these lead depends on how the schema was reached.
            "$dynamicRef" | "$recursiveRef" => false,
            // It is about what all other keywords leave.
            "unevaluatedItems" | "oneOf" => self.are_same_places(&one.place, &other.place),
            _ => one.keywords.iter().all(|keyword| {
                match (one.place.member(keyword), other.place.member(keyword)) {
                    (Some(one), Some(other)) => self.are_same_keywords(keyword, &one, &other),
                    (None, None) => true,
                    _ => false,
                }
            }),
        }
    }
}
