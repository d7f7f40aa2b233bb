//! Reading the members of a body, with all faults reported at once.

use std::{fmt::Display, str::FromStr};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    admin::problem::{Problem, ProblemKind},
    json::{About, Complaint, ObjectReader, OrderedValue, texts},
};

/// Reads each member of a body once. None may be `null`.
pub(crate) struct Reader<'a> {
    members: ObjectReader<'a>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// `what` is what messages call the body.
    pub(crate) fn new(what: &'a str, body: &'a OrderedValue) -> Self {
        Self {
            members: ObjectReader::of(what, body),
            faults: Vec::new(),
        }
    }

    /// An optional string that parses.
    pub(crate) fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let tree = self.member(name)?;
        let OrderedValue::Scalar(Value::String(text)) = tree else {
            self.wrong_type(name, tree, "a string");
            return None;
        };
        self.parse(&format!("/{name}"), text)
    }

    /// A required string that parses.
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

    /// A list of strings that parse; empty if missing.
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

    /// A required object, for another reader.
    pub(crate) fn object(&mut self, name: &'static str) -> Option<&'a OrderedValue> {
        self.members.require(name);
        let tree = self.member(name)?;
        if matches!(tree, OrderedValue::Object(_)) {
            return Some(tree);
        }
        self.wrong_type(name, tree, "an object");
        None
    }

    /// The value, if there are no faults.
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
        // Only of the whole body: members are checked above.
        About::WrongType => Fault::new("", value, expected),
    }
}

/// One fault of a body or a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// A JSON pointer (RFC 6901) into the body, such as `/reason`; in a query the name of the parameter.
    pub(crate) place: String,
    /// The value there, cut to 200 characters.
    pub(crate) value: String,
    /// What is expected instead.
    pub(crate) remedy: String,
}

impl Fault {
    const MOST_SHOWN: usize = 200;

    pub(crate) fn new(
        place: impl Into<String>,
        value: impl AsRef<str>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            value: value.as_ref().chars().take(Self::MOST_SHOWN).collect(),
            remedy: remedy.into(),
        }
    }
}

/// The problem of a body or query with faults.
pub(crate) fn invalid(faults: &[Fault]) -> Problem {
    let texts = faults.iter().map(|fault| {
        let Fault {
            place,
            value,
            remedy,
        } = fault;
        format!("{place} {value:?}: {remedy}")
    });
    let detail = texts.collect::<Vec<_>>().join("; ");
    Problem::new(ProblemKind::Invalid, detail).with("faults", json!(faults))
}
