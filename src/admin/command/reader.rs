//! Reading the members of a body so that every fault is told and none ends the reading.

use std::{fmt::Display, str::FromStr};

use serde_json::Value;

use super::fault::Fault;
use crate::json::{About, Complaint, ObjectReader, OrderedValue, texts};

/// The members of a body, each of which is taken once. None may be `null`.
pub(crate) struct Reader<'a> {
    members: ObjectReader<'a>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// `what` is what a message calls the body.
    pub(crate) fn new(what: &'a str, body: &'a OrderedValue) -> Self {
        Self {
            members: ObjectReader::of(what, body),
            faults: Vec::new(),
        }
    }

    /// A text of its own form, which may be missing.
    pub(crate) fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let tree = self.member(name)?;
        let OrderedValue::Scalar(Value::String(text)) = tree else {
            self.wrong_type(name, tree, "a string");
            return None;
        };
        self.parse(&format!("/{name}"), text)
    }

    /// A text of its own form, which must be there.
    pub(crate) fn text<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        self.members.require(name);
        self.optional(name)
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.members.require(name);
        match self.member(name)? {
            OrderedValue::Scalar(Value::Bool(flag)) => Some(*flag),
            tree => {
                self.wrong_type(name, tree, "true or false");
                None
            }
        }
    }

    pub(crate) fn number(&mut self, name: &'static str) -> Option<u64> {
        self.members.require(name);
        let tree = self.member(name)?;
        let number = match tree {
            OrderedValue::Scalar(Value::Number(number)) => number.as_u64(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_type(name, tree, "a whole number");
        }
        number
    }

    /// A list of texts; empty where it is missing.
    pub(crate) fn list<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<Vec<T>> {
        let Some(tree) = self.member(name) else {
            return Some(Vec::new());
        };
        let Some(texts) = texts(tree) else {
            self.wrong_type(name, tree, "an array of strings");
            return None;
        };
        let places = texts.iter().enumerate();
        let read: Vec<Option<T>> = places
            .map(|(place, text)| self.parse(&format!("/{name}/{place}"), text))
            .collect();
        read.into_iter().collect()
    }

    /// An object that another reader reads.
    pub(crate) fn object(&mut self, name: &'static str) -> Option<&'a OrderedValue> {
        self.members.require(name);
        let tree = self.member(name)?;
        if matches!(tree, OrderedValue::Object(_)) {
            return Some(tree);
        }
        self.wrong_type(name, tree, "an object");
        None
    }

    /// What was read, if nothing is wrong.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<T, Vec<Fault>> {
        let mut faults = self.faults;
        faults.extend(self.members.finish().into_iter().map(fault));
        match read {
            Some(read) if faults.is_empty() => Ok(read),
            _ => Err(faults),
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn member(&mut self, name: &'static str) -> Option<&'a OrderedValue> {
        let tree = self.members.any(name)?;
        if *tree == OrderedValue::Scalar(Value::Null) {
            let remedy = "leave the member out, or give it a value";
            self.fault(Fault::new(format!("/{name}"), "null", remedy));
            return None;
        }
        Some(tree)
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, place: &str, text: &str) -> Option<T> {
        let read = text.parse::<T>();
        read.map_err(|error| self.fault(Fault::new(place, text, error.to_string())))
            .ok()
    }

    fn wrong_type(&mut self, name: &str, tree: &OrderedValue, wanted: &str) {
        let remedy = format!("{wanted}, not {}", tree.type_name());
        self.fault(Fault::new(format!("/{name}"), tree.to_string(), remedy));
    }
}

fn fault(complaint: Complaint) -> Fault {
    let Complaint {
        about,
        value,
        expected,
    } = complaint;
    match about {
        About::Unknown | About::Repeated => {
            let place = format!("/{}", value.replace('~', "~0").replace('/', "~1"));
            Fault::new(place, value, expected)
        }
        About::Missing => Fault::new(format!("/{value}"), "", expected),
        // Only of the whole: the types of members are looked at above.
        About::WrongType => Fault::new("", value, expected),
    }
}
