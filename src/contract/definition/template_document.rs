//! Templates in a document: how they are read and written.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    template::{Conversion, Node, Placeholder, PlaceholderSource, Template, WhenAbsent},
    value_format::ValueFormat,
};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, as_object},
};

impl From<Value> for Template {
    fn from(value: Value) -> Self {
        Self::from_tree(&value.into())
    }
}

impl Template {
    pub(crate) fn from_tree(tree: &OrderedValue) -> Self {
        Self(read(tree))
    }
}

fn read(tree: &OrderedValue) -> Node {
    match tree {
        OrderedValue::Scalar(value) => Node::Scalar(value.clone()),
        OrderedValue::Array(items) => Node::Array(items.iter().map(read).collect()),
        OrderedValue::Object(members) if members.iter().any(|(name, _)| name.starts_with('$')) => {
            read_special(tree)
        }
        OrderedValue::Object(members) => read_object(members, false),
    }
}

fn read_object(members: &[(String, OrderedValue)], omit_when_empty: bool) -> Node {
    let members = members
        .iter()
        .map(|(name, value)| (name.clone(), read(value)))
        .collect();
    Node::Object {
        members,
        omit_when_empty,
    }
}

/// An object with a member whose name starts with `$`.
fn read_special(tree: &OrderedValue) -> Node {
    let mut diagnostics = Diagnostics::default();
    let mut reader = ObjectReader::new(tree, &mut diagnostics);
    let node = read_members(&mut reader);
    reader.finish();
    match (node, diagnostics.into_faults().first()) {
        (Some(node), None) => node,
        (_, Some(fault)) => Node::Invalid {
            value: match fault.value() {
                "" => tree.to_string(),
                part => format!("{tree}: {part}"),
            },
            expected: fault.expected().to_owned(),
        },
        (None, None) => Node::Invalid {
            value: tree.to_string(),
            expected: EXPECTED.to_owned(),
        },
    }
}

const EXPECTED: &str = "one of $field, $item, $response_header, $status, $request_field, $header, $path, $query, $text, \
                        $each and $uuid, or $object with an object";

/// Adds a fault of a placeholder's member.
fn refuse(name: &str, found: impl AsRef<str>, expected: &str, reader: &mut ObjectReader<'_, '_>) {
    reader.add(name, FaultCode::InvalidTemplate, found, expected);
}

fn read_members(reader: &mut ObjectReader<'_, '_>) -> Option<Node> {
    let object = reader.any("$object");
    let mut sources = read_sources(reader).into_iter().flatten();
    match (object, sources.next(), sources.next()) {
        (Some(OrderedValue::Object(plain)), None, None) => {
            let omit_when_empty = reader.boolean("omit_when_empty").unwrap_or_default();
            Some(read_object(plain, omit_when_empty))
        }
        (None, Some(source), None) => {
            let conversion = read_conversion(reader);
            let when_absent = read_when_absent(reader);
            Some(Node::Placeholder(Box::new(Placeholder {
                source,
                conversion,
                when_absent,
            })))
        }
        (Some(_), None, None) => {
            reader.add(
                "$object",
                FaultCode::InvalidTemplate,
                "",
                "an object in $object",
            );
            None
        }
        (None, None, None) => None,
        _ => {
            let expected = "only one member that starts with `$`";
            reader.add("", FaultCode::InvalidTemplate, "", expected);
            None
        }
    }
}

/// One for each member of a placeholder that names a source, of which there should be one.
fn read_sources(reader: &mut ObjectReader<'_, '_>) -> [Option<PlaceholderSource>; 11] {
    let word = |reader: &mut ObjectReader<'_, '_>, name, word: &str| {
        let found = reader.any(name)?;
        if found.as_str() != Some(word) {
            refuse(name, found.to_string(), &format!("{word:?}"), reader);
        }
        Some(())
    };
    [
        reader.string("$field").map(PlaceholderSource::Field),
        reader.string("$item").map(PlaceholderSource::Item),
        reader
            .string("$response_header")
            .map(|name| read_response_header(name, reader)),
        word(reader, "$status", "target").map(|()| PlaceholderSource::Status),
        reader
            .string("$request_field")
            .map(PlaceholderSource::RequestField),
        read_headers(reader),
        reader.string("$path").map(PlaceholderSource::Path),
        reader.string("$query").map(PlaceholderSource::Query),
        read_text(reader),
        read_each(reader),
        word(reader, "$uuid", "v4").map(|()| PlaceholderSource::Uuid),
    ]
}

/// A link is the header `link` with a relation.
fn read_response_header(name: String, reader: &mut ObjectReader<'_, '_>) -> PlaceholderSource {
    match reader.string("rel") {
        Some(rel) => {
            if !name.eq_ignore_ascii_case("link") {
                refuse("rel", &rel, "rel only of the header link", reader);
            }
            PlaceholderSource::Link(rel)
        }
        None => PlaceholderSource::ResponseHeader(name),
    }
}

fn read_headers(reader: &mut ObjectReader<'_, '_>) -> Option<PlaceholderSource> {
    let is_there = reader.has("$header");
    let names = reader.string_list("$header");
    is_there.then_some(PlaceholderSource::Header(names))
}

fn read_text(reader: &mut ObjectReader<'_, '_>) -> Option<PlaceholderSource> {
    let parts = match reader.any("$text")? {
        OrderedValue::Array(parts) => parts.iter().map(read).collect(),
        other => {
            let expected = "an array of texts and placeholders";
            refuse("$text", other.to_string(), expected, reader);
            Vec::new()
        }
    };
    Some(PlaceholderSource::Text(parts))
}

fn read_each(reader: &mut ObjectReader<'_, '_>) -> Option<PlaceholderSource> {
    let array = reader.string("$each")?;
    reader.require("json");
    let json = read(reader.any("json")?);
    Some(PlaceholderSource::Each { array, json })
}

fn read_conversion(reader: &mut ObjectReader<'_, '_>) -> Option<Conversion> {
    let (map, word) = (reader.any("map"), reader.string("as"));
    if map.is_some() && word.is_some() {
        refuse("as", "", "at most one of map and as", reader);
    }
    let pairs = map.map(|map| {
        read_pairs(map).unwrap_or_else(|| {
            let expected = "an array of pairs: [[from, to], …]";
            refuse("map", map.to_string(), expected, reader);
            Vec::new()
        })
    });
    let format = word.and_then(|word| {
        let format = ValueFormat::find(&word);
        if format.is_none() {
            let words: Vec<&str> = ValueFormat::ALL.iter().map(|form| form.as_str()).collect();
            let expected = format!("one of {}", words.join(", "));
            refuse("as", word, &expected, reader);
        }
        format
    });
    pairs
        .map(Conversion::Map)
        .or(format.map(Conversion::Format))
}

fn read_pairs(map: &OrderedValue) -> Option<Vec<(OrderedValue, OrderedValue)>> {
    let OrderedValue::Array(pairs) = map else {
        return None;
    };
    let pair = |pair: &OrderedValue| match pair {
        OrderedValue::Array(pair) => match pair.as_slice() {
            [from, to] => Some((from.clone(), to.clone())),
            _ => None,
        },
        _ => None,
    };
    pairs.iter().map(pair).collect()
}

fn read_when_absent(reader: &mut ObjectReader<'_, '_>) -> WhenAbsent {
    let default = reader.any("default");
    let omitted = reader.boolean("omit_if_absent").unwrap_or_default();
    if omitted && default.is_some() {
        let expected = "at most one of default and omit_if_absent";
        refuse("default", "", expected, reader);
    }
    match default {
        Some(default) => WhenAbsent::Default(read(default)),
        None if omitted => WhenAbsent::Omit,
        None => WhenAbsent::Skip,
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Scalar(value) => value.serialize(serializer),
            Self::Array(items) => items.serialize(serializer),
            Self::Object {
                members,
                omit_when_empty,
            } if self.is_wrapped() => {
                let mut object = serializer.serialize_map(None)?;
                object.serialize_entry("$object", &Members(members))?;
                if *omit_when_empty {
                    object.serialize_entry("omit_when_empty", &true)?;
                }
                object.end()
            }
            Self::Object { members, .. } => Members(members).serialize(serializer),
            Self::Placeholder(placeholder) => placeholder.serialize(serializer),
            Self::Invalid { value, .. } => value.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
struct Members<'n>(#[serde(serialize_with = "as_object")] &'n [(String, Node)]);

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Serialize for Placeholder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        match &self.source {
            PlaceholderSource::Field(pointer) => object.serialize_entry("$field", pointer),
            PlaceholderSource::Item(pointer) => object.serialize_entry("$item", pointer),
            PlaceholderSource::ResponseHeader(name) => {
                object.serialize_entry("$response_header", name)
            }
            PlaceholderSource::Link(rel) => {
                object.serialize_entry("$response_header", "link")?;
                object.serialize_entry("rel", rel)
            }
            PlaceholderSource::Status => object.serialize_entry("$status", "target"),
            PlaceholderSource::RequestField(pointer) => {
                object.serialize_entry("$request_field", pointer)
            }
            PlaceholderSource::Header(names) => object.serialize_entry("$header", names),
            PlaceholderSource::Path(name) => object.serialize_entry("$path", name),
            PlaceholderSource::Query(name) => object.serialize_entry("$query", name),
            PlaceholderSource::Text(parts) => object.serialize_entry("$text", parts),
            PlaceholderSource::Each { array, json } => {
                object.serialize_entry("$each", array)?;
                object.serialize_entry("json", json)
            }
            PlaceholderSource::Uuid => object.serialize_entry("$uuid", "v4"),
        }?;
        match &self.conversion {
            None => {}
            Some(Conversion::Map(pairs)) => object.serialize_entry("map", pairs)?,
            Some(Conversion::Format(format)) => object.serialize_entry("as", format)?,
        }
        match &self.when_absent {
            WhenAbsent::Skip => {}
            WhenAbsent::Omit => object.serialize_entry("omit_if_absent", &true)?,
            WhenAbsent::Default(node) => object.serialize_entry("default", node)?,
        }
        object.end()
    }
}
