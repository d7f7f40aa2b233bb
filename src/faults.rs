//! Faults that are reported all at once.

/// Defines the faults of something that people set up: the error that holds all of them, one fault, and `Faults`, which
/// collects them. The kind of a fault is an enum of one's own with `as_str`.
///
/// A fault reads `place: kind "value"; remedy`, or `kind "value"; remedy` where there are no places.
///
/// A macro and not one type with parameters, so that what users see are plain types with a page each in the documentation.
macro_rules! fault_types {
    (
        $(#[$error_docs:meta])* $error:ident,
        $(#[$fault_docs:meta])* $fault:ident of $kind:ident
        $(, $(#[$place_docs:meta])* $place:ident)?
        $(,)?
    ) => {
        $(#[$error_docs])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $error {
            faults: Vec<$fault>,
        }

        $(#[$fault_docs])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $fault {
            kind: $kind,
            $($place: String,)?
            value: String,
            remedy: String,
        }

        /// Faults as they are found.
        #[derive(Debug, Default)]
        pub(super) struct Faults(Vec<$fault>);

        impl $error {
            /// All faults, in the order in which they stand; at least one.
            #[must_use]
            pub fn faults(&self) -> &[$fault] {
                &self.faults
            }
        }

        impl $fault {
            /// What sort of fault it is.
            #[must_use]
            pub const fn kind(&self) -> $kind {
                self.kind
            }

            $(
                $(#[$place_docs])*
                #[must_use]
                pub fn $place(&self) -> &str {
                    &self.$place
                }
            )?

            /// The offending value.
            #[must_use]
            pub fn value(&self) -> &str {
                &self.value
            }

            /// What would be right.
            #[must_use]
            pub fn remedy(&self) -> &str {
                &self.remedy
            }
        }

        impl Faults {
            pub(super) fn add(
                &mut self,
                kind: $kind,
                $($place: impl Into<String>,)?
                value: impl Into<String>,
                remedy: impl Into<String>,
            ) {
                self.0.push($fault {
                    kind,
                    $($place: $place.into(),)?
                    value: value.into(),
                    remedy: remedy.into(),
                });
            }

            /// The value, if nothing is wrong with it.
            pub(super) fn into_result<T>(self, value: T) -> Result<T, $error> {
                if self.0.is_empty() {
                    return Ok(value);
                }
                Err($error { faults: self.0 })
            }
        }

        impl std::fmt::Display for $error {
            /// One line for each fault.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for (count, fault) in self.faults.iter().enumerate() {
                    let separator = if count == 0 { "" } else { "\n" };
                    write!(f, "{separator}{fault}")?;
                }
                Ok(())
            }
        }

        impl std::fmt::Display for $fault {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $(write!(f, "{}: ", self.$place)?;)?
                let (kind, value, remedy) = (self.kind.as_str(), &self.value, &self.remedy);
                write!(f, "{kind} {value:?}; {remedy}")
            }
        }

        impl std::error::Error for $error {}
    };
}

pub(crate) use fault_types;

#[cfg(test)]
mod tests {
    #[expect(
        unreachable_pub,
        reason = "the types are made to be public, and those of a test are not"
    )]
    mod soup {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum SoupFaultKind {
            TooHot,
        }

        impl SoupFaultKind {
            const fn as_str(self) -> &'static str {
                match self {
                    Self::TooHot => "too hot",
                }
            }
        }

        crate::faults::fault_types! {
            /// Why it cannot be eaten.
            InvalidSoup,
            /// One fault of a soup.
            SoupFault of SoupFaultKind,
        }

        pub(super) fn check(degrees: &[u8]) -> Result<(), InvalidSoup> {
            let mut faults = Faults::default();
            for degrees in degrees.iter().filter(|degrees| **degrees > 70) {
                faults.add(SoupFaultKind::TooHot, degrees.to_string(), "at most 70");
            }
            faults.into_result(())
        }
    }

    #[test]
    fn faults_without_places_are_one_line_each() {
        assert_eq!(soup::check(&[20]), Ok(()));
        let error = soup::check(&[80, 20, 90]).unwrap_err();
        let lines = "too hot \"80\"; at most 70\ntoo hot \"90\"; at most 70";
        assert_eq!(error.to_string(), lines);
        let fault = &error.faults()[1];
        assert_eq!(fault.kind(), soup::SoupFaultKind::TooHot);
        assert_eq!((fault.value(), fault.remedy()), ("90", "at most 70"));
    }
}
