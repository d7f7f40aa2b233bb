//! Changes to parts of a JSON body.

use serde::Serialize;

use super::template::Template;
use crate::{
    diagnostics::Diagnostics,
    json::{ObjectReader, OrderedValue, as_object},
};

/// Changes to parts of the target response's JSON body; everything else stays byte for byte, in its order.
///
/// Each part is named by a JSON pointer (RFC 6901) into the *target* body, where a token `*` is every element of an array.
/// A part that is not there is not changed.
///
/// ```
/// use legacy_http_compat::contract::{BodyEdit, LegacyShape, Placeholder};
///
/// let titles = BodyEdit::new()
///     .rename("/items/*/name", "title")
///     .set("/items/*/locked", Placeholder::item("/state").map([("LOCKED", true), ("ACTIVE", false)]))
///     .remove("/items/*/state");
/// let shape = LegacyShape::new(200).edit(titles);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[must_use]
pub struct BodyEdit {
    #[serde(serialize_with = "as_object", skip_serializing_if = "Vec::is_empty")]
    pub(crate) rename: Vec<(String, String)>,
    #[serde(serialize_with = "as_object", skip_serializing_if = "Vec::is_empty")]
    pub(crate) set: Vec<(String, Template)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remove: Vec<String>,
}

impl BodyEdit {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a member another name, in its place. An object that has a member of that name already is a conflict, for which
    /// the response is not rewritten.
    pub fn rename(mut self, pointer: impl Into<String>, name: impl Into<String>) -> Self {
        self.rename.push((pointer.into(), name.into()));
        self
    }

    /// Replaces a value; a member that an object lacks is added behind the others. [`Placeholder::item`] is a field of the
    /// element at the last `*` of the pointer. If the value is to be omitted, so is the member.
    ///
    /// [`Placeholder::item`]: super::template::Placeholder::item
    pub fn set(mut self, pointer: impl Into<String>, value: impl Into<Template>) -> Self {
        self.set.push((pointer.into(), value.into()));
        self
    }

    /// Removes a member of an object or an element of an array.
    pub fn remove(mut self, pointer: impl Into<String>) -> Self {
        self.remove.push(pointer.into());
        self
    }

    pub(super) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        let rename = reader.entries("rename", |pointer, name, diagnostics| {
            let Some(name) = name.as_str() else {
                crate::json::wrong_type(name, "a member's new name", diagnostics);
                return None;
            };
            Some((pointer.to_owned(), name.to_owned()))
        });
        let set = reader.entries("set", |pointer, value, _| {
            Some((pointer.to_owned(), Template::from_tree(value)))
        });
        let remove = reader.string_list("remove");
        reader.finish();
        Self {
            rename,
            set,
            remove,
        }
    }
}
