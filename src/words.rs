//! Enums whose variants have one word each, in JSON, labels and logs alike.

/// Declares an enum whose variants have one word each, with `ALL`, `as_str`, `find`, `Display` and serde's traits.
macro_rules! words {
    (
        $(#[$attribute:meta])*
        $vis:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name {
            $($(#[$variant_attribute])* $variant,)+
        }

        impl $name {
            /// All of them, in the order of their declaration.
            $vis const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word for it in JSON, labels and logs.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            #[must_use]
            $vis fn find(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::find(&word).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|known| known.as_str()).collect();
                    let words = words.join(", ");
                    serde::de::Error::custom(format_args!("`{word}` is not one of {words}"))
                })
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
mod tests {
    words! {
        /// The seasons with an R.
        enum Season {
            /// The first.
            Spring = "spring",
            /// The last.
            Winter = "winter",
        }
    }

    #[test]
    fn a_word_is_written_and_found_again() {
        for season in Season::ALL {
            assert_eq!(Season::find(season.as_str()), Some(*season));
            let json = serde_json::to_string(season).unwrap();
            assert_eq!(json, format!("\"{season}\""));
            assert_eq!(serde_json::from_str::<Season>(&json).unwrap(), *season);
        }
        assert_eq!(Season::find("autumn"), None);
    }

    #[test]
    fn another_word_is_refused_with_those_that_there_are() {
        let error = serde_json::from_str::<Season>("\"autumn\"").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`autumn` is not one of spring, winter")
        );
    }
}
