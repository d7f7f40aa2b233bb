//! A place in a document.

use std::{borrow::Cow, rc::Rc};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::api_document::ApiDocument;
use crate::diagnostics::escape_token;

/// A value in a document, and where it is.
#[derive(Clone)]
pub(crate) struct Place<'d> {
    pub(crate) document: &'d ApiDocument,
    pub(crate) side: Side,
    pub(crate) value: &'d Value,
    file: usize,
    at: Rc<Step<'d>>,
}

/// Of which of the two documents, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// What OLD says of responses.
    Old,
    /// What NEW says of responses.
    New,
    /// What either says of requests.
    Request,
}

impl Side {
    /// Whether a schema documents what can be sent, rather than what a client must expect.
    pub(crate) fn is_sent(self) -> bool {
        self != Self::Old
    }
}

/// The way from the root of a file, from its end.
enum Step<'d> {
    Root(&'d str),
    Member(Rc<Step<'d>>, &'d str),
    Item(Rc<Step<'d>>, usize),
}

/// A part of a document that cannot be understood. It spoils the operations that use it, and no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spoiled {
    pub(crate) reason: String,
    /// Whether a schema was met while it was being read.
    pub(crate) circular: bool,
}

/// More references than this lead nowhere.
const MAX_REFERENCES: usize = 64;

impl<'d> Place<'d> {
    pub(crate) fn root(document: &'d ApiDocument, side: Side) -> Self {
        Self {
            document,
            side,
            value: document.file(0),
            file: 0,
            at: Rc::new(Step::Root("")),
        }
    }

    /// The member of this name, if the value is an object that has it.
    pub(crate) fn member(&self, name: &str) -> Option<Self> {
        let (name, value) = self.value.as_object()?.get_key_value(name)?;
        Some(self.below(value, Step::Member(Rc::clone(&self.at), name)))
    }

    /// The members, if the value is an object.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'d str, Self)> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(|(name, value)| {
            let step = Step::Member(Rc::clone(&self.at), name);
            (name.as_str(), self.below(value, step))
        })
    }

    /// The elements, if the value is an array.
    pub(crate) fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(index, value)| self.below(value, Step::Item(Rc::clone(&self.at), index)))
    }

    /// The same place, read as one of this side.
    pub(crate) fn read_as(self, side: Side) -> Self {
        Self { side, ..self }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'d str> {
        self.value.get(name)?.as_str()
    }

    /// The value that a chain of references leads to.
    pub(crate) fn resolved(&self) -> Result<Self, Spoiled> {
        let mut place = self.clone();
        for _ in 0..MAX_REFERENCES {
            match place.reference()? {
                Some(next) => place = next,
                None => return Ok(place),
            }
        }
        Err(place.spoiled("a reference leads to itself"))
    }

    /// Where the value's own reference leads; `None` if it has none.
    pub(crate) fn reference(&self) -> Result<Option<Self>, Spoiled> {
        let Some(reference) = self.text("$ref") else {
            return Ok(None);
        };
        let target = || {
            let (file, pointer) = self.document.resolve(self.file, reference)?;
            let value = self.document.file(file).pointer(&decoded(pointer))?;
            Some(Self {
                value,
                file,
                at: Rc::new(Step::Root(pointer)),
                ..self.clone()
            })
        };
        match target() {
            Some(place) => Ok(Some(place)),
            None => Err(self.spoiled(&format!("the reference `{reference}` leads nowhere"))),
        }
    }

    pub(crate) fn spoiled(&self, reason: &str) -> Spoiled {
        let document = match self.side {
            Side::Old => "OLD",
            Side::New => "NEW",
            Side::Request => "requests",
        };
        let reason = format!("{document}{}: {reason}", self.pointer());
        Spoiled {
            reason,
            circular: false,
        }
    }

    /// The file, unless it is the document itself, and the JSON pointer in it.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = self.document.file_name(self.file);
        pointer.push('#');
        self.at.write(&mut pointer);
        pointer
    }

    /// Tells this place from others, however it was reached.
    pub(crate) fn key(&self) -> (Side, usize) {
        (self.side, std::ptr::from_ref(self.value) as usize)
    }

    fn below(&self, value: &'d Value, step: Step<'d>) -> Self {
        Self {
            value,
            at: Rc::new(step),
            ..self.clone()
        }
    }
}

impl Step<'_> {
    fn write(&self, pointer: &mut String) {
        match self {
            Self::Root(root) => pointer.push_str(root),
            Self::Member(parent, name) => {
                parent.write(pointer);
                pointer.push('/');
                pointer.push_str(&escape_token(name));
            }
            Self::Item(parent, index) => {
                parent.write(pointer);
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
    }
}

/// A pointer in a reference is percent-encoded (RFC 6901, section 6).
fn decoded(pointer: &str) -> Cow<'_, str> {
    percent_decode_str(pointer).decode_utf8_lossy()
}
