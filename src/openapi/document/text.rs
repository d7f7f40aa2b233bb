//! The text of a document as a JSON value: JSON or YAML, in which no object names a member twice.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use serde_saphyr::{DuplicateKeyPolicy, Options};

/// The value of a text, or why there is none.
///
/// YAML booleans are only `true` and `false`: the `no` of a list of countries is a text.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    // RFC 8259, section 8.1: a parser may ignore a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        let strict: Result<Strict, _> = serde_json::from_str(text);
        return strict
            .map(|Strict(value)| value)
            .map_err(|error| error.to_string());
    }
    let strict: Result<Strict, _> = serde_saphyr::from_str_with_options(text, yaml_options());
    strict
        .map(|Strict(value)| value)
        .map_err(|error| error.to_string())
}

fn yaml_options() -> Options {
    // Real documents of 10 MB exceed the default limits, which are made for configuration files.
    let budget = serde_saphyr::budget! {
        max_events: 50_000_000,
        max_nodes: 25_000_000,
        max_total_scalar_bytes: 1 << 30,
        max_depth: 512,
    };
    serde_saphyr::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
        budget: budget,
    }
}

/// A value in which a repeated member is an error.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON can express")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "the member `{name}` occurs twice in one object"
                )));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_give_the_same_value() {
        let yaml = "responses:\n  200: {description: ok, example: 1.5}\n  '404': null\nlist: [a, -2, true]\n";
        let json = r#"{"responses": {"200": {"description": "ok", "example": 1.5}, "404": null}, "list": ["a", -2, true]}"#;
        assert_eq!(parse(yaml).unwrap(), parse(json).unwrap());
    }

    #[test]
    fn the_norwegian_no_is_a_text() {
        assert_eq!(
            parse("countries: [no, yes, on, off, false]").unwrap(),
            json!({"countries": ["no", "yes", "on", "off", false]})
        );
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(parse("\u{feff}{\"a\": 1}").unwrap(), json!({"a": 1}));
    }

    #[test]
    fn a_repeated_member_is_refused_in_both_syntaxes() {
        assert!(parse("a: 1\nb: 2\na: 3\n").is_err());
        let error = parse(r#"{"a": {"b": 1, "b": 2}}"#).unwrap_err();
        assert!(error.contains("`b` occurs twice"), "{error}");
    }
}
