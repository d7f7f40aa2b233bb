//! Reading the members of a body so that every fault is reported and none ends the reading.

use std::{fmt::Display, str::FromStr};

use serde_json::Value;

use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue, wrong_type},
};

/// The members of a body, each of which is taken once. None may be `null`.
pub(crate) struct Reader<'a, 'd> {
    members: ObjectReader<'a, 'd>,
}

impl<'a, 'd> Reader<'a, 'd> {
    pub(crate) fn new(body: &'a OrderedValue, diagnostics: &'d mut Diagnostics) -> Self {
        Self {
            members: ObjectReader::new(body, diagnostics),
        }
    }

    /// A text of its own form, which may be missing.
    pub(crate) fn optional<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let tree = self.member(name)?;
        let OrderedValue::Scalar(Value::String(text)) = tree else {
            self.wrong_type(name, tree, "a string");
            return None;
        };
        self.parse(name, "", text)
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
        let Some(texts) = tree.string_list() else {
            self.wrong_type(name, tree, "an array of strings");
            return None;
        };
        let places = texts.iter().enumerate();
        let read: Vec<Option<T>> = places
            .map(|(place, text)| self.parse(name, &format!("/{place}"), text))
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

    /// Reports what was not taken.
    pub(crate) fn finish(self) {
        self.members.finish();
    }

    /// Adds a fault of the member of this name.
    pub(crate) fn fault(
        &mut self,
        name: &str,
        value: impl AsRef<str>,
        expected: impl Into<String>,
    ) {
        self.members
            .add(name, FaultCode::InvalidValue, value, expected);
    }

    /// For what reads a member by itself.
    pub(crate) fn diagnostics(&mut self) -> &mut Diagnostics {
        self.members.diagnostics
    }

    fn member(&mut self, name: &'static str) -> Option<&'a OrderedValue> {
        let tree = self.members.any(name)?;
        if *tree == OrderedValue::Scalar(Value::Null) {
            self.fault(name, "null", "leave the member out, or give it a value");
            return None;
        }
        Some(tree)
    }

    fn parse<T: FromStr<Err: Display>>(
        &mut self,
        name: &str,
        pointer: &str,
        text: &str,
    ) -> Option<T> {
        let read = text.parse::<T>();
        let add = |error: T::Err| {
            self.members.diagnostics.at(name, |diagnostics| {
                diagnostics.add_at(pointer, FaultCode::InvalidValue, text, error.to_string());
            });
        };
        read.map_err(add).ok()
    }

    fn wrong_type(&mut self, name: &str, tree: &OrderedValue, wanted: &str) {
        let diagnostics = &mut *self.members.diagnostics;
        diagnostics.at(name, |diagnostics| wrong_type(tree, wanted, diagnostics));
    }
}
