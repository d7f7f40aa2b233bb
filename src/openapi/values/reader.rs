//! From schemas to alternatives.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use serde_json::{Number, Value};

use super::{
    gap::Inclusions,
    scalars::{self, TextChecks},
    value_set::{
        Alternative, Bound, Items, Kind, Member, Members, Numbers, Opaque, Others, SetKey, Texts,
        ValueSet,
    },
};
use crate::openapi::document::place::{Place, Side, Spoiled};

/// Reads sets, remembering what it has read.
#[derive(Default)]
pub(crate) struct Reader<'d> {
    read: RefCell<HashMap<SetKey, Reading<'d>>>,
    pub(super) checks: TextChecks,
    pub(super) inclusions: Inclusions<'d>,
    pub(super) steps: Cell<u64>,
}

#[derive(Clone)]
enum Reading<'d> {
    InProgress,
    Done(Result<Rc<[Alternative<'d>]>, Spoiled>),
}

/// More alternatives than this are not compared.
const MAX_ALTERNATIVES: usize = 512;

/// Constraints on objects and arrays that are only compared word for word.
const OPAQUE_OBJECT: [&str; 7] = [
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "minProperties",
    "maxProperties",
];
const OPAQUE_ARRAY: [&str; 4] = ["contains", "minContains", "maxContains", "unevaluatedItems"];
const OPAQUE: [&str; 6] = ["not", "if", "then", "else", "$dynamicRef", "$recursiveRef"];

impl<'d> Reader<'d> {
    /// The alternatives of a set.
    pub(crate) fn alternatives(
        &self,
        set: &ValueSet<'d>,
    ) -> Result<Rc<[Alternative<'d>]>, Spoiled> {
        match set {
            ValueSet::AnyOf(alternatives) => Ok(Rc::clone(alternatives)),
            ValueSet::Any => Ok(everything().into()),
            ValueSet::Schema(place) => self.remembered(set, || self.schema(place)),
            ValueSet::All(sets) => self.remembered(set, || {
                let mut all = everything();
                for set in sets.iter() {
                    all = intersect(&all, &self.alternatives(set)?)?;
                }
                Ok(all)
            }),
        }
    }

    fn remembered(
        &self,
        set: &ValueSet<'d>,
        read: impl FnOnce() -> Result<Vec<Alternative<'d>>, Spoiled>,
    ) -> Result<Rc<[Alternative<'d>]>, Spoiled> {
        let Some(key) = set.key() else {
            return read().map(Into::into);
        };
        let known = self.read.borrow().get(&key).cloned();
        match known {
            Some(Reading::Done(done)) => return done,
            Some(Reading::InProgress) => {
                return Err(Spoiled {
                    reason: "a schema consists of itself".to_owned(),
                    circular: true,
                });
            }
            None => {}
        }
        self.read
            .borrow_mut()
            .insert(key.clone(), Reading::InProgress);
        let done: Result<Rc<[_]>, _> = read().map(Into::into);
        if done.as_ref().is_err_and(|spoiled| spoiled.circular) {
            // It may be read by another way, which does not pass through the schema in progress.
            self.read.borrow_mut().remove(&key);
        } else {
            let reading = Reading::Done(done.clone());
            self.read.borrow_mut().insert(key, reading);
        }
        done
    }

    fn schema(&self, place: &Place<'d>) -> Result<Vec<Alternative<'d>>, Spoiled> {
        match place.value {
            Value::Bool(true) => return Ok(everything()),
            Value::Bool(false) => return Ok(Vec::new()),
            Value::Object(_) => {}
            _ => return Err(place.spoiled("a schema is an object or a boolean")),
        }
        let mut read = match place.reference()? {
            Some(target) => {
                let target = self.alternatives(&ValueSet::Schema(target))?.to_vec();
                if place.document.is_3_0() {
                    return Ok(target);
                }
                intersect(&target, &own(place)?)?
            }
            None => own(place)?,
        };
        for part in listed(place, "allOf")? {
            read = intersect(&read, &self.alternatives(&ValueSet::Schema(part))?)?;
        }
        let parts = listed(place, "anyOf")?;
        if !parts.is_empty() {
            read = intersect(&read, &self.each_of(place, &parts)?.concat())?;
        }
        let parts = listed(place, "oneOf")?;
        if !parts.is_empty() {
            let mut parts = self.each_of(place, &parts)?;
            if !self.are_disjoint(&parts) {
                let keyword = "oneOf";
                let place = place.clone();
                let ambiguous = Opaque { keyword, place };
                let alternatives = parts.iter_mut().flatten();
                alternatives.for_each(|part| part.opaque.push(ambiguous.clone()));
            }
            read = intersect(&read, &parts.concat())?;
        }
        close(place, &mut read);
        Ok(read)
    }

    /// The alternatives of each part of an `anyOf` or `oneOf`, each with the value of the discriminator that selects it.
    fn each_of(
        &self,
        place: &Place<'d>,
        parts: &[Place<'d>],
    ) -> Result<Vec<Vec<Alternative<'d>>>, Spoiled> {
        let discriminator = Discriminator::of(place);
        let read = parts.iter().map(|part| {
            let read = self.alternatives(&ValueSet::Schema(part.clone()))?;
            match discriminator.as_ref() {
                Some(discriminator) => intersect(&read, &[discriminator.selecting(part)]),
                None => Ok(read.to_vec()),
            }
        });
        read.collect()
    }

    fn are_disjoint(&self, parts: &[Vec<Alternative<'d>>]) -> bool {
        let pairs = |index: usize| parts[index + 1..].iter().map(move |other| (index, other));
        (0..parts.len()).flat_map(pairs).all(|(index, others)| {
            parts[index].iter().all(|one| {
                others
                    .iter()
                    .all(|other| self.exclude_each_other(one, other, 3))
            })
        })
    }

    /// Whether certainly no value is one of both.
    pub(super) fn exclude_each_other(
        &self,
        one: &Alternative<'d>,
        other: &Alternative<'d>,
        depth: u8,
    ) -> bool {
        let (one, other) = match (&one.kind, &other.kind) {
            (a, b) if !a.is_like(b) => return true,
            (Kind::Object(one), Kind::Object(other)) => (one, other),
            (a, b) => {
                let refused = |listed: &Kind<'_>, by: &Kind<'_>| {
                    listed.listed().is_some_and(|values| {
                        values
                            .iter()
                            .all(|value| self.checks.allows(by, value) == Some(false))
                    })
                };
                return refused(a, b) || refused(b, a);
            }
        };
        let names = one.named.keys().chain(other.named.keys());
        names.into_iter().any(|name| {
            (one.requires(name) || other.requires(name))
                && self.sets_exclude_each_other(&one.set_of(name), &other.set_of(name), depth)
        })
    }

    fn sets_exclude_each_other(&self, one: &ValueSet<'d>, other: &ValueSet<'d>, depth: u8) -> bool {
        if depth == 0 || matches!((one, other), (ValueSet::Any, _) | (_, ValueSet::Any)) {
            return false;
        }
        let (Ok(one), Ok(other)) = (self.alternatives(one), self.alternatives(other)) else {
            return false;
        };
        one.iter().all(|one| {
            other
                .iter()
                .all(|other| self.exclude_each_other(one, other, depth - 1))
        })
    }
}

/// Which part of a `oneOf` a member selects.
struct Discriminator<'d> {
    member: &'d str,
    mapping: Vec<(&'d str, &'d str)>,
}

impl<'d> Discriminator<'d> {
    fn of(place: &Place<'d>) -> Option<Self> {
        let discriminator = place.member("discriminator")?;
        let member = discriminator.text("propertyName")?;
        let mapping = discriminator.member("mapping");
        let mapping = mapping.iter().flat_map(Place::members);
        let mapping = mapping.filter_map(|(value, place)| Some((value, place.value.as_str()?)));
        let mapping = mapping.collect();
        Some(Self { member, mapping })
    }

    /// The objects whose member selects this part.
    fn selecting(&self, part: &Place<'d>) -> Alternative<'d> {
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

fn everything<'d>() -> Vec<Alternative<'d>> {
    let kinds = Kind::NAMES.into_iter().filter_map(Kind::named);
    kinds.map(Alternative::of).collect()
}

fn intersect<'d>(
    one: &[Alternative<'d>],
    other: &[Alternative<'d>],
) -> Result<Vec<Alternative<'d>>, Spoiled> {
    let mut both = Vec::new();
    for one in one {
        both.extend(other.iter().filter_map(|other| one.and(other)));
        if both.len() > MAX_ALTERNATIVES {
            return Err(Spoiled {
                reason: format!("more than {MAX_ALTERNATIVES} alternatives"),
                circular: false,
            });
        }
    }
    Ok(both)
}

/// The parts of a keyword such as `allOf`; none without it.
fn listed<'d>(place: &Place<'d>, keyword: &str) -> Result<Vec<Place<'d>>, Spoiled> {
    match place.member(keyword) {
        Some(list) if list.value.is_array() => Ok(list.items().collect()),
        Some(other) => Err(other.spoiled("expected an array of schemas")),
        None => Ok(Vec::new()),
    }
}

/// What the keywords of a schema itself allow, without those that combine schemas.
fn own<'d>(place: &Place<'d>) -> Result<Vec<Alternative<'d>>, Spoiled> {
    let mut alternatives = Vec::new();
    for kind in kinds(place)? {
        let kind = match kind {
            Kind::Number(numbers) => Kind::Number(read_numbers(numbers.integer, place)?),
            Kind::Text(_) => Kind::Text(read_texts(place)?),
            Kind::Array(_) => Kind::Array(read_items(place)?),
            Kind::Object(_) => Kind::Object(read_members(place)?),
            other => other,
        };
        let opaque = opaque(place, &kind);
        let from = Some(place.clone());
        alternatives.push(Alternative { kind, opaque, from });
    }
    let fixed = match (place.member("const"), place.member("enum")) {
        (Some(value), _) => vec![value.value],
        (None, Some(values)) if values.value.is_array() => {
            values.items().map(|value| value.value).collect()
        }
        (None, Some(values)) => return Err(values.spoiled("expected an array of values")),
        (None, None) => return Ok(alternatives),
    };
    let fixed = by_kind(fixed, place);
    intersect(&fixed, &alternatives)
}

/// Listed values, scalars of one type together.
fn by_kind<'d>(values: Vec<&'d Value>, place: &Place<'d>) -> Vec<Alternative<'d>> {
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    let mut booleans = Vec::new();
    let mut others = Vec::new();
    for value in values {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Number(number) => numbers.push(number.clone()),
            Value::Bool(value) => booleans.push(*value),
            other => others.push(other),
        }
    }
    let mut kinds = Vec::new();
    if !booleans.is_empty() {
        kinds.push(Kind::Boolean(booleans));
    }
    if !texts.is_empty() {
        let values = Some(texts);
        kinds.push(Kind::Text(Texts {
            values,
            ..Texts::default()
        }));
    }
    if !numbers.is_empty() {
        let values = Some(numbers);
        kinds.push(Kind::Number(Numbers {
            values,
            ..Numbers::default()
        }));
    }
    let mut alternatives: Vec<_> = kinds.into_iter().map(Alternative::of).collect();
    if let ValueSet::AnyOf(rest) = ValueSet::fixed(others) {
        alternatives.extend(rest.iter().cloned());
    }
    for alternative in &mut alternatives {
        alternative.from = Some(place.clone());
    }
    alternatives
}

fn kinds<'d>(place: &Place<'d>) -> Result<Vec<Kind<'d>>, Spoiled> {
    let unknown = || place.spoiled("unknown `type`");
    let mut names: Vec<&str> = match place.value.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => {
            let names: Option<_> = names.iter().map(Value::as_str).collect();
            names.ok_or_else(unknown)?
        }
        Some(_) => return Err(unknown()),
        None => implied_types(place),
    };
    let nullable = place.value.get("nullable") == Some(&Value::Bool(true));
    let typed = place.value.get("type").is_some();
    if place.document.is_3_0() && nullable && typed && !names.contains(&"null") {
        names.push("null");
    }
    // Every integer is a number.
    if names.contains(&"number") {
        names.retain(|name| *name != "integer");
    }
    names
        .into_iter()
        .map(|name| Kind::named(name).ok_or_else(unknown))
        .collect()
}

/// The types of a schema without `type`. In NEW, keywords for one type document that the value is of it.
fn implied_types(place: &Place<'_>) -> Vec<&'static str> {
    const OBJECT: [&str; 3] = ["properties", "required", "additionalProperties"];
    let has = |keyword: &&str| place.value.get(keyword).is_some();
    if place.side == Side::New && OBJECT.iter().any(has) {
        return vec!["object"];
    }
    if place.side == Side::New && has(&"items") {
        return vec!["array"];
    }
    Kind::NAMES.to_vec()
}

fn read_numbers(integer: bool, place: &Place<'_>) -> Result<Numbers, Spoiled> {
    let bound = |inclusive: &str, exclusive: &str| -> Result<Option<Bound>, Spoiled> {
        let value = number(place, inclusive)?;
        // In OpenAPI 3.0, `exclusiveMinimum` is a boolean beside `minimum`.
        let flag = place.value.get(exclusive).and_then(Value::as_bool);
        let inclusive = value.map(|value| Bound {
            value,
            exclusive: flag == Some(true),
        });
        let exclusive = match flag {
            Some(_) => None,
            None => number(place, exclusive)?.map(|value| Bound {
                value,
                exclusive: true,
            }),
        };
        Ok(exclusive.or(inclusive))
    };
    Ok(Numbers {
        values: None,
        except: Vec::new(),
        integer,
        least: bound("minimum", "exclusiveMinimum")?,
        most: bound("maximum", "exclusiveMaximum")?,
        multiple_of: number(place, "multipleOf")?.into_iter().collect(),
    })
}

fn read_texts(place: &Place<'_>) -> Result<Texts, Spoiled> {
    let options = scalars::options();
    let format = place.text("format");
    let asserted =
        format.filter(|format| options.is_known_format(jsonschema::Draft::Draft202012, format));
    Ok(Texts {
        values: None,
        except: Vec::new(),
        least: count(place, "minLength")?.unwrap_or_default(),
        most: count(place, "maxLength")?,
        patterns: place
            .text("pattern")
            .map(ToOwned::to_owned)
            .into_iter()
            .collect(),
        formats: asserted.map(ToOwned::to_owned).into_iter().collect(),
    })
}

fn read_items<'d>(place: &Place<'d>) -> Result<Items<'d>, Spoiled> {
    let rest = match place.member("items") {
        Some(items) => ValueSet::Schema(items),
        None => ValueSet::Any,
    };
    let first = listed(place, "prefixItems")?;
    Ok(Items {
        first: first.into_iter().map(ValueSet::Schema).collect(),
        rest: Box::new(rest),
        least: count(place, "minItems")?.unwrap_or_default(),
        most: count(place, "maxItems")?,
        unique: place.value.get("uniqueItems") == Some(&Value::Bool(true)),
    })
}

fn read_members<'d>(place: &Place<'d>) -> Result<Members<'d>, Spoiled> {
    let others = match place.member("additionalProperties") {
        None if names_members(place) => Others::Undeclared,
        None => Others::Free,
        Some(others) if others.value == &Value::Bool(false) => Others::Forbidden,
        Some(others) => Others::Each(ValueSet::Schema(others)),
    };
    let mut members = Members {
        others,
        ..Members::default()
    };
    let properties = place.member("properties");
    for (name, schema) in properties.iter().flat_map(Place::members) {
        let write_only = is_write_only(schema.value);
        if write_only && place.side == Side::New {
            continue;
        }
        let member = Member {
            set: ValueSet::Schema(schema),
            required: false,
        };
        members.named.insert(name.to_owned(), member);
    }
    let required = place.member("required");
    // In drafts before 4, and by mistake, `required: true` stands in the property.
    let required = required.filter(|required| required.value.is_array());
    for name in required.iter().flat_map(Place::items) {
        let Some(name) = name.value.as_str() else {
            return Err(name.spoiled("expected the name of a member"));
        };
        let property = place.value.pointer(&format!(
            "/properties/{}",
            crate::diagnostics::escape_token(name)
        ));
        if property.is_some_and(is_write_only) {
            continue;
        }
        let set = members.set_of(name);
        let member = Member {
            set,
            required: true,
        };
        members.named.insert(name.to_owned(), member);
    }
    Ok(members)
}

/// Whether all members that a response has are named in `properties`, as far as the schema is documentation.
fn names_members(place: &Place<'_>) -> bool {
    let by_condition = [
        "then",
        "else",
        "dependentSchemas",
        "dependencies",
        "$dynamicRef",
    ];
    let properties = place.value.get("properties").and_then(Value::as_object);
    properties.is_some_and(|named| !named.is_empty())
        && by_condition
            .iter()
            .all(|keyword| place.value.get(keyword).is_none())
}

/// A member of requests, which responses do not have.
pub(crate) fn is_write_only(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
}

fn opaque<'d>(place: &Place<'d>, kind: &Kind<'_>) -> Vec<Opaque<'d>> {
    let own: &[&str] = match kind {
        Kind::Object(_) => &OPAQUE_OBJECT,
        Kind::Array(_) => &OPAQUE_ARRAY,
        _ => &[],
    };
    own.iter()
        .chain(&OPAQUE)
        .filter_map(|keyword| {
            let place = place.member(keyword)?;
            Some(Opaque { keyword, place })
        })
        .collect()
}

/// `unevaluatedProperties` is about the members that no part of the schema names.
fn close<'d>(place: &Place<'d>, read: &mut [Alternative<'d>]) {
    let Some(unevaluated) = place.member("unevaluatedProperties") else {
        return;
    };
    for alternative in read {
        if let Kind::Object(members) = &mut alternative.kind
            && matches!(members.others, Others::Free | Others::Undeclared)
        {
            members.others = match unevaluated.value {
                Value::Bool(false) => Others::Forbidden,
                _ => Others::Each(ValueSet::Schema(unevaluated.clone())),
            };
        }
    }
}

fn number(place: &Place<'_>, keyword: &str) -> Result<Option<f64>, Spoiled> {
    match place.value.get(keyword) {
        None => Ok(None),
        Some(Value::Number(number)) => Ok(Number::as_f64(number)),
        Some(_) => Err(place.spoiled(&format!("`{keyword}` is no number"))),
    }
}

fn count(place: &Place<'_>, keyword: &str) -> Result<Option<u64>, Spoiled> {
    match place.value.get(keyword) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) => Ok(Some(count)),
            // `2.0` is an integer, too.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count"
            )]
            None => match value.as_f64().filter(|count| *count >= 0.0) {
                Some(count) => Ok(Some(count as u64)),
                None => Err(place.spoiled(&format!("`{keyword}` is no count"))),
            },
        },
    }
}
