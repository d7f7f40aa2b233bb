//! Collecting faults with their places.

use std::{fmt::Display, mem};

use super::fault::{Fault, FaultCode};

/// The faults found so far, and the place that is being checked.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    faults: Vec<Fault>,
    /// A JSON pointer.
    place: String,
    /// Descriptions of places, each with the length of its pointer.
    described: Vec<(usize, String)>,
}

impl Diagnostics {
    /// Runs `check` one reference token deeper than the current place.
    pub(crate) fn at<R>(&mut self, token: impl Display, check: impl FnOnce(&mut Self) -> R) -> R {
        self.enter(token);
        let result = check(self);
        self.leave();
        result
    }

    /// Goes one reference token deeper.
    pub(crate) fn enter(&mut self, token: impl Display) {
        self.place.push('/');
        self.place.push_str(&escape_token(&token.to_string()));
    }

    /// Goes back up by one reference token.
    pub(crate) fn leave(&mut self) {
        let parent = self.place.rfind('/').unwrap_or_default();
        self.place.truncate(parent);
        self.described.retain(|(length, _)| *length <= parent);
    }

    /// Runs `check` at another place, `pointer`.
    pub(crate) fn elsewhere<R>(
        &mut self,
        pointer: String,
        check: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let place = mem::replace(&mut self.place, pointer);
        let described = mem::take(&mut self.described);
        let result = check(self);
        (self.place, self.described) = (place, described);
        result
    }

    /// Describes the current place, `what` called `name`, in the messages of all faults in it.
    pub(crate) fn describe(&mut self, what: &str, name: &str) {
        let description = format!("{what} {name:?}");
        self.described.push((self.place.len(), description));
    }

    /// Whether there is a fault at the current place or in it.
    pub(crate) fn has_fault_here(&self) -> bool {
        let mut faults = self.faults.iter();
        faults.any(|fault| {
            let below = fault.place().strip_prefix(&self.place);
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        })
    }

    /// Adds a fault at the current place.
    pub(crate) fn add(
        &mut self,
        code: FaultCode,
        value: impl AsRef<str>,
        expected: impl Into<String>,
    ) {
        self.add_at("", code, value, expected);
    }

    /// Adds a fault below the current place; `pointer` is relative to it and already escaped. The same fault is added once.
    pub(crate) fn add_at(
        &mut self,
        pointer: impl AsRef<str>,
        code: FaultCode,
        value: impl AsRef<str>,
        expected: impl Into<String>,
    ) {
        let within: Vec<&str> = self.described.iter().map(|(_, text)| &**text).collect();
        let place = format!("{}{}", self.place, pointer.as_ref());
        let (within, expected) = (within.join(", "), expected.into());
        let fault = Fault::new(code, place, within, value.as_ref(), expected);
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// Adds a fault below the current place if there are more than `most` of something.
    pub(crate) fn at_most(&mut self, most: usize, what: &str, pointer: &str, count: usize) {
        if count > most {
            let expected = format!("at most {most} {what}");
            self.add_at(pointer, FaultCode::TooMany, count.to_string(), expected);
        }
    }

    /// The value, if nothing is wrong with it.
    pub(crate) fn into_result<T, E: From<Self>>(self, value: T) -> Result<T, E> {
        if self.faults.is_empty() {
            Ok(value)
        } else {
            Err(self.into())
        }
    }

    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }
}

/// One reference token of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape_token(member: &str) -> String {
    member.replace('~', "~0").replace('/', "~1")
}

/// Defines the error of one operation: all the faults that stopped it.
///
/// A macro and not one type with a parameter, so that each operation has an error with a page of its own.
macro_rules! fault_error {
    ($(#[$docs:meta])* $error:ident) => {
        $(#[$docs])*
        ///
        /// Displays as one line for each fault.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $error {
            faults: Vec<$crate::diagnostics::Fault>,
        }

        impl $error {
            /// All faults, those of the form first; at least one.
            #[must_use]
            pub fn faults(&self) -> &[$crate::diagnostics::Fault] {
                &self.faults
            }
        }

        impl From<$crate::diagnostics::Diagnostics> for $error {
            fn from(diagnostics: $crate::diagnostics::Diagnostics) -> Self {
                Self { faults: diagnostics.into_faults() }
            }
        }

        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let lines: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }

        impl std::error::Error for $error {}
    };
}

pub(crate) use fault_error;

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        unreachable_pub,
        reason = "the errors are made to be public, and that of a test is not"
    )]
    mod soup {
        crate::diagnostics::fault_error! {
            /// Why it cannot be eaten.
            SoupError
        }
    }

    fn lines(diagnostics: Diagnostics) -> String {
        let result: Result<(), soup::SoupError> = diagnostics.into_result(());
        let error = result.unwrap_err();
        assert_eq!(error.to_string().lines().count(), error.faults().len());
        error.to_string()
    }

    #[test]
    fn each_fault_is_one_line_with_its_place_its_value_and_what_is_expected() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(FaultCode::WrongType, "7", "an object");
        diagnostics.at("a/b", |diagnostics| {
            diagnostics.describe("bowl", "blue");
            diagnostics.at(1, |diagnostics| {
                diagnostics.add(FaultCode::MissingMember, "", "a spoon");
            });
        });
        diagnostics.add_at("/c", FaultCode::InvalidName, "two\nlines \"q\"", "one");
        let expected = "at the top level: wrong type `7`; expected an object\n\
                        /a~1b/1 (bowl \"blue\"): missing member; expected a spoon\n\
                        /c: invalid name `two\\nlines \"q\"`; expected one";
        assert_eq!(lines(diagnostics), expected);
    }

    #[test]
    fn nothing_wrong_is_the_value() {
        let result: Result<u8, soup::SoupError> = Diagnostics::default().into_result(7);
        assert_eq!(result, Ok(7));
    }

    #[test]
    fn a_long_value_is_cut() {
        let mut diagnostics = Diagnostics::default();
        diagnostics.add(FaultCode::InvalidName, "ü".repeat(300), "a short one");
        assert_eq!(diagnostics.into_faults()[0].value(), "ü".repeat(200));
    }
}
