//! What a legacy shape makes of the body.

use serde::Serialize;

use super::{edit::BodyEdit, legacy_fn::LegacyFn, template::Template};
use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::OrderedValue,
};

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BodyShape {
    AsIs,
    Empty,
    Json(Template),
    Edit(BodyEdit),
    /// Text that is no JSON.
    Text(Template),
    /// An object whose members are the form's.
    Form(Template),
    Fn(LegacyFn),
}

impl BodyShape {
    pub(super) fn is_as_is(&self) -> bool {
        *self == Self::AsIs
    }

    pub(super) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        match tree {
            OrderedValue::Scalar(word) if word == "as_is" => return Self::AsIs,
            OrderedValue::Scalar(word) if word == "empty" => return Self::Empty,
            OrderedValue::Object(members) => {
                if let [(kind, body)] = members.as_slice()
                    && let Some(body) = Self::read_member(kind, body, diagnostics)
                {
                    return body;
                }
            }
            _ => {}
        }
        let expected = r#""as_is", "empty" or an object with one member: json, edit, text or form; the media type is the shape's header content-type"#;
        diagnostics.add(FaultCode::WrongType, tree.to_string(), expected);
        Self::AsIs
    }

    fn read_member(kind: &str, body: &OrderedValue, diagnostics: &mut Diagnostics) -> Option<Self> {
        Some(match kind {
            "json" => Self::Json(Template::from_tree(body)),
            "edit" => {
                Self::Edit(diagnostics.at("edit", |diagnostics| BodyEdit::read(body, diagnostics)))
            }
            "text" => Self::Text(Template::from_tree(body)),
            "form" => Self::Form(Template::from_tree(body)),
            "fn" => Self::Fn(LegacyFn::named(body.as_str()?.to_owned())),
            _ => return None,
        })
    }
}
