//! The members and elements of an array or object in a valid text, with their places.

use std::ops::Range;

use super::{
    balanced_skip::BalancedSkip,
    scan::{behind_scalar, string_end},
};

/// A member of an object or an element of an array.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    /// Behind the bracket or comma before it.
    pub(crate) start: usize,
    /// With its quotes; empty for an element.
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The children of a container. Ends early where the text is no JSON.
#[derive(Debug)]
pub(crate) struct Children<'t> {
    text: &'t [u8],
    is_object: bool,
    /// Behind the last child, or the opening bracket.
    at: usize,
}

/// The place of the value in a text that is JSON, without the white space around it.
pub(crate) fn root(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_ascii_start().len();
    start..text.trim_ascii_end().len().max(start)
}

impl<'t> Children<'t> {
    /// Those of the array or object that starts at `start`.
    pub(crate) fn of(text: &'t str, start: usize) -> Self {
        let text = text.as_bytes();
        Self {
            text,
            is_object: text.get(start) == Some(&b'{'),
            at: start + 1,
        }
    }

    /// Behind the children that were read, where only white space is before the next comma or the closing bracket.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    fn behind_string(&self, start: usize) -> usize {
        let mut at = start + 1;
        loop {
            at = string_end(self.text, at);
            match self.text.get(at) {
                Some(b'\\') => at += 2,
                Some(_) => return at + 1,
                None => return self.text.len(),
            }
        }
    }

    fn behind_value(&self, start: usize) -> Option<usize> {
        match self.text.get(start)? {
            b'"' => Some(self.behind_string(start)),
            b'{' | b'[' => BalancedSkip::default().run(self.text, start).ok()?,
            _ => Some(behind_scalar(self.text, start)).filter(|end| *end > start),
        }
    }
}

/// The index of the next byte that is no white space.
fn next_byte(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let space = rest.iter().position(|byte| !byte.is_ascii_whitespace());
    Some(at + space?)
}

impl Iterator for Children<'_> {
    type Item = Child;

    fn next(&mut self) -> Option<Child> {
        let mut next = next_byte(self.text, self.at)?;
        let mut start = self.at;
        if self.text[next] == b',' {
            start = next + 1;
            next = next_byte(self.text, start)?;
        }
        let mut name = next..next;
        if self.is_object && self.text[next] == b'"' {
            name.end = self.behind_string(next);
            let colon = next_byte(self.text, name.end)?;
            next = next_byte(self.text, colon + 1)?;
        }
        let value = next..self.behind_value(next)?;
        self.at = value.end;
        Some(Child { start, name, value })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, value::RawValue};

    use super::*;
    use crate::json::OrderedValue;

    fn parts(text: &str) -> Vec<(&str, &str, &str)> {
        Children::of(text, root(text).start)
            .map(|child| {
                (
                    &text[child.start..child.name.start],
                    &text[child.name],
                    &text[child.value],
                )
            })
            .collect()
    }

    #[test]
    fn each_child_has_its_name_its_value_and_the_space_before_it() {
        assert_eq!(
            parts(r#" { "a\"" : [1,{}] ,"b":"x,\\" } "#),
            [(" ", r#""a\"""#, "[1,{}]"), ("", "\"b\"", r#""x,\\""#)]
        );
        assert_eq!(
            parts("[1, -2e3 ,null]"),
            [("", "", "1"), (" ", "", "-2e3"), ("", "", "null")]
        );
        assert_eq!(parts("[ ]"), []);
        assert_eq!(parts("{}"), []);
    }

    proptest! {
        #[test]
        fn the_children_are_those_that_serde_json_finds(values in proptest::collection::vec(("\\PC{0,5}", "\\PC{0,9}", any::<f64>()), 0..6)) {
            let object = values.iter().map(|(name, text, number)| {
                format!("{}: [{}, {number:?}]", Value::from(name.as_str()), Value::from(text.as_str()))
            });
            let text = format!("{{ {} }}", object.collect::<Vec<_>>().join(" , "));
            let expected: OrderedValue = serde_json::from_str(&text).unwrap();
            let OrderedValue::Object(expected) = expected else { panic!() };
            let found = parts(&text);
            prop_assert_eq!(found.len(), expected.len());
            for ((_, name, value), (expected_name, _)) in found.iter().zip(&expected) {
                prop_assert_eq!(&serde_json::from_str::<String>(name).unwrap(), expected_name);
                let elements: Vec<&RawValue> = serde_json::from_str(value).unwrap();
                let elements: Vec<_> = elements.iter().map(|raw| raw.get()).collect();
                let own: Vec<_> = parts(value).into_iter().map(|(_, _, value)| value).collect();
                prop_assert_eq!(own, elements);
            }
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]{}\",:\\\\a1 ]{0,20}") {
            prop_assert!(Children::of(&text, 0).count() <= text.len());
        }
    }
}
