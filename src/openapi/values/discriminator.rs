//! Which part of a `oneOf` a member selects.

use serde_json::Value;

use super::value_set::{Alternative, Kind, Member, Members, Others, ValueSet};
use crate::openapi::document::place::Place;

/// The member, and the schemas that its values select.
pub(super) struct Discriminator<'d> {
    member: &'d str,
    mapping: Vec<(&'d str, &'d str)>,
}

impl<'d> Discriminator<'d> {
    pub(super) fn of(place: &Place<'d>) -> Option<Self> {
        let discriminator = place.member("discriminator")?;
        let member = discriminator.text("propertyName")?;
        let mapping = discriminator.member("mapping");
        let mapping = mapping.iter().flat_map(Place::members);
        let mapping = mapping.filter_map(|(value, place)| Some((value, place.value.as_str()?)));
        let mapping = mapping.collect();
        Some(Self { member, mapping })
    }

    /// The objects whose member selects this part.
    pub(super) fn selecting(&self, part: &Place<'d>) -> Alternative<'d> {
        let values = selectors(part.value, &self.mapping);
        let set = match values.as_slice() {
            [] => ValueSet::Any,
            values => ValueSet::fixed(&values.iter().map(|v| Value::from(*v)).collect::<Vec<_>>()),
        };
        let member = Member {
            set,
            required: true,
        };
        Alternative::of(Kind::Object(Members {
            named: [(self.member.to_owned(), member)].into(),
            others: Others::Free,
            ..Members::default()
        }))
    }
}

/// The values of a discriminator that select a part: those mapped to it, or else the name of its schema.
pub(crate) fn selectors<'v>(part: &'v Value, mapping: &[(&'v str, &'v str)]) -> Vec<&'v str> {
    let Some(reference) = part.get("$ref").and_then(Value::as_str) else {
        return Vec::new();
    };
    let name = reference.rsplit('/').next().unwrap_or_default();
    let mapped: Vec<&str> = mapping
        .iter()
        .filter(|(_, target)| *target == reference || *target == name)
        .map(|(value, _)| *value)
        .collect();
    if mapped.is_empty() {
        vec![name]
    } else {
        mapped
    }
}
