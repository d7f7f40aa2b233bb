//! Reading the members of a document's objects; every fault is collected, and none ends the reading.

use super::ordered_value::{OrderedValue, Scalar};
use crate::diagnostics::{Diagnostics, FaultCode};

/// The members of the object at the current place of some diagnostics, each of which is taken once.
pub(crate) struct ObjectReader<'t, 'd> {
    is_object: bool,
    known: Vec<&'static str>,
    left: Vec<(&'t str, &'t OrderedValue)>,
    pub(crate) diagnostics: &'d mut Diagnostics,
}

impl<'t, 'd> ObjectReader<'t, 'd> {
    /// The members of `tree`. Anything but an object is a fault, and read as an empty object.
    pub(crate) fn new(tree: &'t OrderedValue, diagnostics: &'d mut Diagnostics) -> Self {
        let mut left: Vec<(&str, &OrderedValue)> = Vec::new();
        if let OrderedValue::Object(members) = tree {
            for (name, value) in members {
                if left.iter().any(|(earlier, _)| earlier == name) {
                    diagnostics.at(name, |diagnostics| {
                        let expected = "members with different names";
                        diagnostics.add(FaultCode::DuplicateMember, name, expected);
                    });
                } else {
                    left.push((name, value));
                }
            }
        } else {
            wrong_type(tree, "an object", diagnostics);
        }
        Self {
            is_object: matches!(tree, OrderedValue::Object(_)),
            known: Vec::new(),
            left,
            diagnostics,
        }
    }

    /// The member of this name, whatever its type.
    pub(crate) fn any(&mut self, name: &'static str) -> Option<&'t OrderedValue> {
        self.known.push(name);
        let index = self.left.iter().position(|(member, _)| *member == name)?;
        Some(self.left.remove(index).1)
    }

    pub(crate) fn string(&mut self, name: &'static str) -> Option<String> {
        self.typed(name, "a string", |tree| tree.as_str().map(str::to_owned))
    }

    /// A string that must be there.
    pub(crate) fn required_string(&mut self, name: &'static str) -> Option<String> {
        self.require(name);
        self.string(name)
    }

    pub(crate) fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "true or false", |tree| match tree {
            OrderedValue::Scalar(Scalar::Bool(flag)) => Some(*flag),
            _ => None,
        })
    }

    pub(crate) fn integer(&mut self, name: &'static str) -> Option<i64> {
        self.typed(name, "an integer", |tree| match tree {
            OrderedValue::Scalar(Scalar::Number(number)) => number.as_i64(),
            _ => None,
        })
    }

    /// A number of bytes, items and the like.
    pub(crate) fn unsigned(&mut self, name: &'static str) -> Option<usize> {
        self.typed(name, "an integer from 0", |tree| match tree {
            OrderedValue::Scalar(Scalar::Number(number)) => number.as_str().parse().ok(),
            _ => None,
        })
    }

    /// A list of strings, or a single string in place of a list of one.
    pub(crate) fn string_list(&mut self, name: &'static str) -> Vec<String> {
        self.typed(
            name,
            "a string or an array of strings",
            OrderedValue::string_list,
        )
        .unwrap_or_default()
    }

    /// Reads the member of this name at its own place.
    pub(crate) fn nested<R>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'t OrderedValue, &mut Diagnostics) -> R,
    ) -> Option<R> {
        let tree = self.any(name)?;
        Some(
            self.diagnostics
                .at(name, |diagnostics| read(tree, diagnostics)),
        )
    }

    /// Reads the elements of an array, each at its own place.
    pub(crate) fn each<R>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(usize, &'t OrderedValue, &mut Diagnostics) -> R,
    ) -> Vec<R> {
        let items = self.typed(name, "an array", |tree| match tree {
            OrderedValue::Array(items) => Some(items.as_slice()),
            _ => None,
        });
        let read = |diagnostics: &mut Diagnostics| {
            let items = items.unwrap_or_default().iter().enumerate();
            let read =
                |(index, item)| diagnostics.at(index, |diagnostics| read(index, item, diagnostics));
            items.map(read).collect()
        };
        self.diagnostics.at(name, read)
    }

    /// Reads the members of an object whose names the document's author chooses, each at its own place.
    pub(crate) fn entries<R>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&'t str, &'t OrderedValue, &mut Diagnostics) -> Option<R>,
    ) -> Vec<R> {
        let members = self.typed(name, "an object", |tree| match tree {
            OrderedValue::Object(members) => Some(members.as_slice()),
            _ => None,
        });
        let read = |diagnostics: &mut Diagnostics| {
            let members = members.unwrap_or_default().iter();
            let read = |(name, value): &'t (String, OrderedValue)| {
                diagnostics.at(name, |diagnostics| read(name, value, diagnostics))
            };
            members.filter_map(read).collect()
        };
        self.diagnostics.at(name, read)
    }

    /// Whether there is a member of this name that has not been taken yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.iter().any(|(member, _)| *member == name)
    }

    pub(crate) fn require(&mut self, name: &'static str) {
        if self.is_object && !self.has(name) {
            let expected = format!("a member `{name}`");
            self.add(name, FaultCode::MissingMember, "", expected);
        }
    }

    /// Adds a fault of the member of this name.
    pub(crate) fn add(
        &mut self,
        name: &str,
        code: FaultCode,
        value: impl AsRef<str>,
        expected: impl Into<String>,
    ) {
        self.diagnostics.at(name, |diagnostics| {
            diagnostics.add(code, value, expected);
        });
    }

    /// Reports the members that were not taken.
    pub(crate) fn finish(mut self) {
        for (name, _) in std::mem::take(&mut self.left) {
            let expected = format!("one of the members {}", self.known.join(", "));
            self.add(name, FaultCode::UnknownMember, name, expected);
        }
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'t OrderedValue) -> Option<T>,
    ) -> Option<T> {
        let read = |tree, diagnostics: &mut Diagnostics| {
            let value = read(tree);
            if value.is_none() {
                wrong_type(tree, expected, diagnostics);
            }
            value
        };
        self.nested(name, read).flatten()
    }
}

/// Adds that the value at the current place has another type.
pub(crate) fn wrong_type(tree: &OrderedValue, expected: &str, diagnostics: &mut Diagnostics) {
    let expected = format!("{expected}, not {}", tree.type_name());
    diagnostics.add(FaultCode::WrongType, tree.to_string(), expected);
}
