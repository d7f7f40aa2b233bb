//! Whether a number or a text satisfies constraints, and whether constraints imply others.

use std::{cell::RefCell, cmp::Ordering, collections::HashMap};

use jsonschema::{Draft, Validator};
use serde_json::{Number, Value, json};

use super::{
    magnitude::{Magnitude, same_number},
    value_set::{Bound, Kind, Numbers, Texts},
};

/// Validators of single patterns and formats, so that a text is judged as `jsonschema` judges it.
#[derive(Default)]
pub(crate) struct TextChecks {
    built: RefCell<HashMap<(&'static str, String), Option<Validator>>>,
}

impl TextChecks {
    /// Whether a value satisfies the constraints of its kind; `None` if one of them cannot be evaluated.
    pub(crate) fn allows(&self, kind: &Kind<'_>, value: &Value) -> Option<bool> {
        Some(match (kind, value) {
            (Kind::Null, Value::Null) => true,
            (Kind::Boolean(values), Value::Bool(value)) => values.contains(value),
            (Kind::Number(numbers), Value::Number(number)) => {
                let listed = numbers
                    .values
                    .as_ref()
                    .is_none_or(|values| values.iter().any(|listed| same_number(listed, number)));
                listed && number_fits(numbers, number)
            }
            (Kind::Text(texts), Value::String(text)) => return self.text_fits(texts, text, value),
            _ => false,
        })
    }

    fn text_fits(&self, texts: &Texts, text: &str, value: &Value) -> Option<bool> {
        let listed = texts.values.as_ref();
        if listed.is_some_and(|values| values.iter().all(|listed| listed != text))
            || !plainly_fits(texts, text)
        {
            return Some(false);
        }
        let patterns = texts.patterns.iter().map(|pattern| ("pattern", pattern));
        let formats = texts.formats.iter().map(|format| ("format", format));
        let mut fits = Some(true);
        for (keyword, text) in patterns.chain(formats) {
            match self.check(keyword, text, value) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => fits = None,
            }
        }
        fits
    }

    fn check(&self, keyword: &'static str, argument: &str, value: &Value) -> Option<bool> {
        let mut built = self.built.borrow_mut();
        let validator = built
            .entry((keyword, argument.to_owned()))
            .or_insert_with(|| options().build(&json!({keyword: argument})).ok());
        validator
            .as_ref()
            .map(|validator| validator.is_valid(value))
    }
}

/// How all schemas are validated: formats count.
pub(crate) fn options() -> jsonschema::ValidationOptions<'static> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .offline()
}

/// Whether a text satisfies the constraints for which no pattern has to be evaluated.
pub(super) fn plainly_fits(texts: &Texts, text: &str) -> bool {
    let length = text.chars().count() as u64;
    !texts.except.iter().any(|except| except == text)
        && length >= texts.least
        && texts.most.is_none_or(|most| length <= most)
}

pub(super) fn number_fits(numbers: &Numbers, value: &Number) -> bool {
    let Some(own) = Magnitude::of(value) else {
        return false;
    };
    let above = |bound: Bound| own > bound.value || !bound.exclusive && own >= bound.value;
    let below = |bound: Bound| own < bound.value || !bound.exclusive && own <= bound.value;
    let is_excepted =
        |except: &Value| matches!(except, Value::Number(number) if same_number(number, value));
    (!numbers.integer || own.is_integer())
        && numbers.least.is_none_or(above)
        && numbers.most.is_none_or(below)
        && numbers
            .multiple_of
            .iter()
            .all(|factor| own.is_multiple_of(*factor))
        && !numbers.except.iter().any(is_excepted)
}

/// Whether every value of `source` is one of `target`, neither of which lists values. `false` is no refutation.
pub(super) fn implies(source: &Kind<'_>, target: &Kind<'_>) -> bool {
    match (source, target) {
        (Kind::Number(source), Kind::Number(target)) => numbers_imply(source, target),
        (Kind::Text(source), Kind::Text(target)) => texts_imply(source, target),
        _ => false,
    }
}

fn numbers_imply(source: &Numbers, target: &Numbers) -> bool {
    let one = Magnitude::of(&1.into());
    let units = source.multiple_of.iter().copied();
    let units: Vec<Magnitude> = units.chain(one.filter(|_| source.integer)).collect();
    let multiples = |factor: &Magnitude| units.iter().any(|unit| unit.is_multiple_of(*factor));
    target.values.is_none()
        && target
            .except
            .iter()
            .all(|value| source.except.contains(value))
        && (!target.integer || source.integer)
        && within(source.least, target.least, |own, bound| own > bound)
        && within(source.most, target.most, |own, bound| own < bound)
        && target.multiple_of.iter().all(multiples)
}

/// Whether the bound of the source is at least as tight.
fn within(
    own: Option<Bound>,
    bound: Option<Bound>,
    inside: impl Fn(Magnitude, Magnitude) -> bool,
) -> bool {
    match (own, bound) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(own), Some(bound)) => {
            let same = own.value.partial_cmp(&bound.value) == Some(Ordering::Equal);
            inside(own.value, bound.value) || same && (own.exclusive || !bound.exclusive)
        }
    }
}

fn texts_imply(source: &Texts, target: &Texts) -> bool {
    target.values.is_none()
        && target
            .except
            .iter()
            .all(|value| source.except.contains(value))
        && source.least >= target.least
        && target
            .most
            .is_none_or(|most| source.most.is_some_and(|own| own <= most))
        && target
            .patterns
            .iter()
            .all(|pattern| source.patterns.contains(pattern))
        && target
            .formats
            .iter()
            .all(|format| source.formats.contains(format))
}
