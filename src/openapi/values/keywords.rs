//! What the keywords of one schema allow.

use serde_json::Value;

use super::{
    intersection::{intersect, tighter},
    magnitude::Magnitude,
    scalars,
    value_set::{
        Alternative, Bound, Items, Kind, Member, Members, Numbers, Opaque, Others, Texts, ValueSet,
    },
};
use crate::openapi::document::place::{Place, Side, Spoiled};

/// The parts of a keyword such as `allOf`; none without it.
pub(super) fn listed<'d>(place: &Place<'d>, keyword: &str) -> Result<Vec<Place<'d>>, Spoiled> {
    match place.member(keyword) {
        Some(list) if list.value.is_array() => Ok(list.items().collect()),
        Some(other) => Err(other.spoiled("expected an array of schemas")),
        None => Ok(Vec::new()),
    }
}

/// What the keywords of a schema itself allow, without those that combine schemas.
pub(super) fn own<'d>(place: &Place<'d>) -> Result<Vec<Alternative<'d>>, Spoiled> {
    let mut alternatives = Vec::new();
    for kind in kinds(place)? {
        let kind = match kind {
            Kind::Number(numbers) => Kind::Number(read_numbers(numbers.integer, place)?),
            Kind::Text(_) => Kind::Text(read_texts(place)?),
            Kind::Array(_) => Kind::Array(read_items(place)?),
            Kind::Object(_) => Kind::Object(read_members(place)?),
            other => other,
        };
        let opaque = Opaque::of(place, &kind);
        let from = Some(place.clone());
        alternatives.push(Alternative { kind, opaque, from });
    }
    if let Some(value) = place.member("const") {
        alternatives = intersect(&by_kind(vec![value.value], place), &alternatives)?;
    }
    if let Some(values) = place.member("enum") {
        if !values.value.is_array() {
            return Err(values.spoiled("expected an array of values"));
        }
        let values = values.items().map(|value| value.value).collect();
        alternatives = intersect(&by_kind(values, place), &alternatives)?;
    }
    Ok(alternatives)
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
    if place.side.is_sent() && OBJECT.iter().any(has) {
        return vec!["object"];
    }
    if place.side.is_sent() && has(&"items") {
        return vec!["array"];
    }
    Kind::NAMES.to_vec()
}

fn read_numbers(integer: bool, place: &Place<'_>) -> Result<Numbers, Spoiled> {
    let bound = |keyword: &str, exclusive| {
        let value = number(place, keyword)?;
        Ok(value.map(|value| Bound { value, exclusive }))
    };
    // In OpenAPI 3.0, `exclusiveMinimum` is a boolean beside `minimum`.
    let flag = |keyword: &str| place.value.get(keyword).and_then(Value::as_bool);
    let bounds = |inclusive: &str, exclusive: &str| match flag(exclusive) {
        Some(flag) => Ok((bound(inclusive, flag)?, None)),
        None => Ok((bound(inclusive, false)?, bound(exclusive, true)?)),
    };
    let (least, above) = bounds("minimum", "exclusiveMinimum")?;
    let (most, below) = bounds("maximum", "exclusiveMaximum")?;
    let factor = number(place, "multipleOf")?;
    Ok(Numbers {
        values: None,
        except: Vec::new(),
        integer,
        least: tighter(least, above, |one, other| one > other),
        most: tighter(most, below, |one, other| one < other),
        multiple_of: factor.into_iter().collect(),
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
        // What other keywords name is not read.
        _ if place.side.is_sent() && Opaque::may_name_members(place) => Others::Each(ValueSet::Any),
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
        if place.side == Side::New && is_write_only(schema.value) {
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
        if place.side != Side::Request && property.is_some_and(is_write_only) {
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

/// Whether all members that a response has are named in `properties`, as far as the schema is documentation. Where a
/// discriminator stands alone, another schema that is not known by it adds some.
fn names_members(place: &Place<'_>) -> bool {
    let has = |keyword: &str| place.value.get(keyword).is_some();
    let properties = place.value.get("properties").and_then(Value::as_object);
    let inherits = has("discriminator") && !has("oneOf") && !has("anyOf");
    properties.is_some_and(|named| !named.is_empty()) && !inherits
}

/// A member of requests, which responses do not have.
pub(crate) fn is_write_only(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
}

fn number(place: &Place<'_>, keyword: &str) -> Result<Option<Magnitude>, Spoiled> {
    match place.value.get(keyword) {
        None => Ok(None),
        Some(Value::Number(number)) => match Magnitude::of(number) {
            Some(number) => Ok(Some(number)),
            None => Err(place.spoiled(&format!("`{keyword}` is too large"))),
        },
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
