//! Templates as part of a document.

use serde_json::Value;

use super::template::{Node, Placeholder, Source, Template, WhenAbsent};
use crate::{
    diagnostics::Diagnostics,
    json::{ObjectReader, OrderedValue},
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

    pub(crate) fn to_tree(&self) -> OrderedValue {
        write(&self.0)
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
            value: format!("{tree}: {}", fault.value()),
            expected: fault.expected().to_owned(),
        },
        (None, None) => Node::Invalid {
            value: tree.to_string(),
            expected: "one of $field, $request_field, $header, $uuid with at most one of default and optional, or \
                       $object with an object"
                .to_owned(),
        },
    }
}

fn read_members(reader: &mut ObjectReader<'_, '_>) -> Option<Node> {
    let object = reader.any("$object");
    let sources = [
        reader.string("$field").map(Source::Field),
        reader.string("$request_field").map(Source::RequestField),
        reader
            .any("$header")
            .map(|names| Source::Header(names.string_list().unwrap_or_default())),
        reader
            .string("$uuid")
            .filter(|version| version == "v4")
            .map(|_| Source::Uuid),
    ];
    let mut sources = sources.into_iter().flatten();
    match (object, sources.next(), sources.next()) {
        (Some(OrderedValue::Object(plain)), None, None) => {
            let omit_when_empty = reader.boolean("omit_when_empty").unwrap_or_default();
            Some(read_object(plain, omit_when_empty))
        }
        (None, Some(source), None) => {
            let when_absent = read_when_absent(reader)?;
            Some(Node::Placeholder(Box::new(Placeholder {
                source,
                when_absent,
            })))
        }
        _ => None,
    }
}

fn read_when_absent(reader: &mut ObjectReader<'_, '_>) -> Option<WhenAbsent> {
    match (
        reader.any("default"),
        reader.boolean("optional").unwrap_or_default(),
    ) {
        (Some(default), false) => Some(WhenAbsent::Default(read(default))),
        (None, true) => Some(WhenAbsent::Omit),
        (None, false) => Some(WhenAbsent::Skip),
        (Some(_), true) => None,
    }
}

fn write(node: &Node) -> OrderedValue {
    match node {
        Node::Scalar(value) => OrderedValue::Scalar(value.clone()),
        Node::Array(items) => OrderedValue::Array(items.iter().map(write).collect()),
        Node::Object {
            members,
            omit_when_empty,
        } => write_object(members, *omit_when_empty),
        Node::Placeholder(placeholder) => write_placeholder(placeholder),
        Node::Invalid { value, .. } => OrderedValue::Scalar(value.as_str().into()),
    }
}

fn write_object(members: &[(String, Node)], omit_when_empty: bool) -> OrderedValue {
    let plain = OrderedValue::Object(
        members
            .iter()
            .map(|(name, node)| (name.clone(), write(node)))
            .collect(),
    );
    if omit_when_empty || members.iter().any(|(name, _)| name.starts_with('$')) {
        let omit = omit_when_empty.then_some(OrderedValue::Scalar(true.into()));
        OrderedValue::object([("$object", Some(plain)), ("omit_when_empty", omit)])
    } else {
        plain
    }
}

fn write_placeholder(placeholder: &Placeholder) -> OrderedValue {
    let (name, source) = match &placeholder.source {
        Source::Field(pointer) => ("$field", OrderedValue::Scalar(pointer.as_str().into())),
        Source::RequestField(pointer) => (
            "$request_field",
            OrderedValue::Scalar(pointer.as_str().into()),
        ),
        Source::Header(names) => ("$header", Value::from(names.clone()).into()),
        Source::Uuid => ("$uuid", OrderedValue::Scalar("v4".into())),
    };
    let (default, optional) = match &placeholder.when_absent {
        WhenAbsent::Skip => (None, None),
        WhenAbsent::Omit => (None, Some(OrderedValue::Scalar(true.into()))),
        WhenAbsent::Default(node) => (Some(write(node)), None),
    };
    OrderedValue::object([
        (name, Some(source)),
        ("default", default),
        ("optional", optional),
    ])
}
