//! Reading the members of a document's objects so that every fault is collected and none ends the reading.

use serde_json::Value;

use super::ordered_value::OrderedValue;

/// What a member of a document is and what it should have been.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) about: About,
    pub(crate) value: String,
    pub(crate) expected: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Unknown,
    Repeated,
    Missing,
    WrongType,
}

impl Complaint {
    pub(crate) fn new(about: About, value: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            about,
            value: value.into(),
            expected: expected.into(),
        }
    }
}

/// The members of one object, each of which is taken once.
pub(crate) struct ObjectReader<'a> {
    what: &'a str,
    is_object: bool,
    known: Vec<&'static str>,
    left: Vec<(&'a str, &'a OrderedValue)>,
    complaints: Vec<Complaint>,
}

impl<'a> ObjectReader<'a> {
    /// The members of `tree`, which a message calls `what`. Anything but an object is complained of and read as an
    /// empty one.
    pub(crate) fn of(what: &'a str, tree: &'a OrderedValue) -> Self {
        let mut read = Self {
            what,
            is_object: matches!(tree, OrderedValue::Object(_)),
            known: Vec::new(),
            left: Vec::new(),
            complaints: Vec::new(),
        };
        let OrderedValue::Object(members) = tree else {
            let expected = format!("an object, not {}", tree.type_name());
            read.complain(About::WrongType, format!("{what}: {tree}"), expected);
            return read;
        };
        for (name, value) in members {
            if read.left.iter().any(|(earlier, _)| earlier == name) {
                read.complain(
                    About::Repeated,
                    name,
                    format!("member names that differ in {what}"),
                );
            } else {
                read.left.push((name, value));
            }
        }
        read
    }

    /// The member of this name, whatever its type.
    pub(crate) fn any(&mut self, name: &'static str) -> Option<&'a OrderedValue> {
        self.known.push(name);
        let index = self.left.iter().position(|(member, _)| *member == name)?;
        Some(self.left.remove(index).1)
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.typed(name, "a string", |tree| match tree {
            OrderedValue::Scalar(Value::String(text)) => Some(text.clone()),
            _ => None,
        })
    }

    /// A member that must be there.
    pub(crate) fn required_text(&mut self, name: &'static str) -> Option<String> {
        self.require(name);
        self.text(name)
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "true or false", |tree| match tree {
            OrderedValue::Scalar(Value::Bool(flag)) => Some(*flag),
            _ => None,
        })
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        self.typed(name, "a whole number", |tree| match tree {
            OrderedValue::Scalar(Value::Number(number)) => number.as_i64(),
            _ => None,
        })
    }

    pub(crate) fn list(&mut self, name: &'static str) -> &'a [OrderedValue] {
        let items = self.typed(name, "an array", |tree| match tree {
            OrderedValue::Array(items) => Some(items.as_slice()),
            _ => None,
        });
        items.unwrap_or_default()
    }

    /// The members of an object whose names the document's author chooses.
    pub(crate) fn map(&mut self, name: &'static str) -> &'a [(String, OrderedValue)] {
        let members = self.typed(name, "an object", |tree| match tree {
            OrderedValue::Object(members) => Some(members.as_slice()),
            _ => None,
        });
        members.unwrap_or_default()
    }

    /// A list of strings, or a single string in place of a list of one.
    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<String> {
        self.typed(name, "a string or an array of strings", texts)
            .unwrap_or_default()
    }

    /// Whether there is a member of this name that nobody has taken yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(member, _)| *member == name)
    }

    pub(crate) fn require(&mut self, name: &'static str) {
        if self.is_object && !self.has(name) {
            self.complain(
                About::Missing,
                name,
                format!("a member `{name}` in {}", self.what),
            );
        }
    }

    /// All that was wrong with the object, the members that nobody took included.
    pub(crate) fn finish(mut self) -> Vec<Complaint> {
        for (name, _) in std::mem::take(&mut self.left) {
            let known = self.known.join(", ");
            self.complain(
                About::Unknown,
                name,
                format!("one of the members of {}: {known}", self.what),
            );
        }
        self.complaints
    }

    fn complain(&mut self, about: About, value: impl Into<String>, expected: impl Into<String>) {
        self.complaints.push(Complaint::new(about, value, expected));
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        read: impl FnOnce(&'a OrderedValue) -> Option<T>,
    ) -> Option<T> {
        let tree = self.any(name)?;
        let value = read(tree);
        if value.is_none() {
            let found = format!("{name}: {tree}");
            self.complain(
                About::WrongType,
                found,
                format!("{wanted}, not {}", tree.type_name()),
            );
        }
        value
    }
}

/// A list of strings, or a single string in place of a list of one.
pub(crate) fn texts(tree: &OrderedValue) -> Option<Vec<String>> {
    match tree {
        OrderedValue::Scalar(Value::String(text)) => Some(vec![text.clone()]),
        OrderedValue::Array(items) => items
            .iter()
            .map(|item| match item {
                OrderedValue::Scalar(Value::String(text)) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
