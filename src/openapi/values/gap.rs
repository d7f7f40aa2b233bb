//! What a set allows and another does not, and what is known of that so far.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use serde_json::Value;

use super::value_set::{Alternative, SetKey, ValueSet};
use crate::{diagnostics::escape_token, openapi::document::place::Place, words::words};

words! {
    /// Why a value is not allowed.
    pub(crate) enum GapRule {
        /// Of another type.
        Type = "type",
        /// Not one of the listed values.
        Value = "value",
        /// A number, text or array outside the bounds, or of another form.
        Constraint = "constraint",
        /// A required member can be absent.
        MissingMember = "missing_member",
        /// A member that there must not be.
        ExtraMember = "extra_member",
        /// No alternative allows it.
        NoAlternative = "no_alternative",
        /// A keyword that is only compared word for word.
        Keyword = "keyword",
        /// A function makes the value.
        Function = "function",
        /// A schema that cannot be read.
        Schema = "schema",
        /// The documents are larger than the budget.
        Budget = "budget",
    }
}

/// Something that the source allows and the target may not.
#[derive(Clone)]
pub(crate) struct Gap<'d> {
    pub(crate) rule: GapRule,
    /// Where in the value: a JSON pointer, with `*` for the elements of an array and members that are not named.
    pub(crate) path: String,
    /// Which schema of OLD does not allow it.
    pub(crate) old: Option<String>,
    /// Which schema of NEW does.
    pub(crate) new: Option<String>,
    pub(crate) detail: String,
    /// Values that may show it; none if it could not be decided.
    pub(crate) examples: Vec<Witness<'d>>,
}

pub(crate) type Gaps<'d> = Rc<[Gap<'d>]>;

/// A value that shows a gap. It is made when it is needed, because most are not.
#[derive(Clone)]
pub(crate) enum Witness<'d> {
    Value(Value),
    /// Any value of a set.
    Of(ValueSet<'d>),
    /// Several values of an alternative, which differ in their parts.
    Varied(Rc<Alternative<'d>>),
    /// The first, second and so on of the values of an alternative that the others do not allow.
    Refused(Rc<Alternative<'d>>, Rc<[Alternative<'d>]>, usize),
    /// An object with this member.
    Member(Rc<Alternative<'d>>, String, Rc<Witness<'d>>),
    /// An array with this element.
    Element(Rc<Alternative<'d>>, usize, Rc<Witness<'d>>),
}

/// How many examples of one gap are kept.
pub(super) const MAX_EXAMPLES: usize = 2;

/// What is known of inclusions.
#[derive(Default)]
pub(crate) struct Inclusions<'d> {
    pub(super) known: RefCell<HashMap<(SetKey, SetKey), Known<'d>>>,
    pub(super) same: RefCell<HashMap<(usize, usize), bool>>,
    /// The inclusions that were proved while a larger one was only assumed, in their order.
    pub(super) provisional: RefCell<Vec<(SetKey, SetKey)>>,
    pub(super) depth: Cell<usize>,
    /// How many sets without a key are within one another.
    pub(super) unkeyed: Cell<u8>,
    /// The outermost inclusion in progress on which the current result rests.
    pub(super) rests_on: Cell<usize>,
}

#[derive(Clone)]
pub(super) enum Known<'d> {
    /// At this depth.
    InProgress(usize),
    Done(Gaps<'d>),
}

impl From<Value> for Witness<'_> {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl<'d> Witness<'d> {
    pub(super) fn of(alternative: Alternative<'d>) -> Self {
        Self::Of(ValueSet::any_of(vec![alternative]))
    }
}

impl<'d> Gap<'d> {
    pub(crate) fn undecided(rule: GapRule, detail: &str) -> Self {
        Self::with_examples(rule, detail.to_owned(), Vec::new())
    }

    pub(crate) fn with_examples(rule: GapRule, detail: String, examples: Vec<Witness<'d>>) -> Self {
        Self {
            rule,
            path: String::new(),
            old: None,
            new: None,
            detail,
            examples,
        }
    }

    /// This gap of a member or element as one of the value around it.
    pub(super) fn within(
        self,
        token: &str,
        around: impl Fn(Rc<Witness<'d>>) -> Witness<'d>,
    ) -> Self {
        let path = format!("/{}{}", escape_token(token), self.path);
        let examples = self.examples.into_iter().map(Rc::new).map(around).collect();
        Self {
            path,
            examples,
            ..self
        }
    }

    /// Names the schemas, unless those of a part of the value are named already.
    pub(super) fn between(
        mut self,
        source: &Alternative<'_>,
        target: Option<&Alternative<'_>>,
    ) -> Self {
        let pointer = |alternative: &Alternative<'_>| {
            let from = alternative.from.as_ref();
            from.map(Place::pointer)
        };
        if self.new.is_none() && self.old.is_none() {
            self.new = pointer(source);
            self.old = target.and_then(pointer);
        }
        self
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.rule == other.rule && self.path == other.path && self.old == other.old
    }

    pub(super) fn add_examples(&mut self, examples: Vec<Witness<'d>>) {
        let free = MAX_EXAMPLES.saturating_sub(self.examples.len());
        self.examples.extend(examples.into_iter().take(free));
    }
}
