//! Keywords that are not understood: they are only compared word for word.

use super::{reader::Reader, value_set::Kind};
use crate::openapi::document::place::Place;

/// Keywords of a schema that have a meaning together, and are only compared word for word.
#[derive(Clone)]
pub(crate) struct Opaque<'d> {
    keywords: &'static [&'static str],
    /// The schema.
    place: Place<'d>,
}

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
    pub(super) const NAMING: [&'static str; 7] = [
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

    /// The first, which gives the others their meaning.
    pub(super) fn keyword(&self) -> &'static str {
        self.keywords[0]
    }

    /// Whether it can name members.
    pub(super) fn names_members(&self) -> bool {
        Self::NAMING.contains(&self.keyword()) || self.keyword() == "patternProperties"
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
