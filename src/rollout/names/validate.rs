//! The rules for texts that people and services enter: bounded, not blank, and without characters that change how the
//! surrounding text is displayed.

/// Why a text was refused.
///
/// ```
/// use legacy_http_compat::rollout::names::{InvalidTextKind, Reason};
///
/// let error = Reason::new("all\u{202e}neerg").unwrap_err();
/// assert_eq!(error.kind(), InvalidTextKind::Control { place: 3, character: '\u{202e}' });
/// assert_eq!(error.to_string(), "reason: character 4 is U+202E, a control or invisible character");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {kind}")]
pub struct InvalidText {
    what: &'static str,
    kind: InvalidTextKind,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTextKind {
    /// It is empty or all white space.
    #[error("is blank")]
    Blank,
    /// It has more characters than it may have.
    #[error("has {characters} characters, the limit is {most}")]
    TooLong {
        /// How many it has.
        characters: usize,
        /// The limit.
        most: usize,
    },
    /// It contains a control character, a line break, or another character that is not displayed.
    #[error("character {} is U+{:04X}, a control or invisible character", place.saturating_add(1), u32::from(*character))]
    Control {
        /// How many characters precede it.
        place: usize,
        /// The character.
        character: char,
    },
    /// It does not have the required form, which this describes.
    #[error("is not {0}")]
    Malformed(&'static str),
}

impl InvalidText {
    pub(super) const fn new(what: &'static str, kind: InvalidTextKind) -> Self {
        Self { what, kind }
    }

    /// Which text it was, such as `reason`.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn kind(&self) -> InvalidTextKind {
        self.kind
    }
}

/// Checks the rules that apply to every text.
pub(super) fn validate(what: &'static str, text: &str, most: usize) -> Result<(), InvalidText> {
    let fault = if text.trim().is_empty() {
        Some(InvalidTextKind::Blank)
    } else {
        too_long(text, most).or_else(|| first_invisible(text))
    };
    fault.map_or(Ok(()), |kind| Err(InvalidText::new(what, kind)))
}

fn too_long(text: &str, most: usize) -> Option<InvalidTextKind> {
    let characters = text.chars().count();
    (characters > most).then_some(InvalidTextKind::TooLong { characters, most })
}

fn first_invisible(text: &str) -> Option<InvalidTextKind> {
    let mut characters = text.chars().enumerate();
    let (place, character) = characters.find(|(_, character)| is_invisible(*character))?;
    Some(InvalidTextKind::Control { place, character })
}

/// Whether a character is not displayed, or changes how others are: the general category Cc, the line and paragraph
/// separators, and the property `Default_Ignorable_Code_Point` (UAX #44), which contains the bidirectional controls, the
/// zero-width and filler characters, the variation selectors and the tags.
///
/// The one list: texts that operators enter have none of these, and the command-line tool escapes them.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> Option<InvalidTextKind> {
        validate("text", text, 5).err().map(|error| error.kind())
    }

    #[test]
    fn a_text_is_measured_in_characters() {
        assert_eq!(kind("ääääé"), None);
        let too_long = InvalidTextKind::TooLong {
            characters: 6,
            most: 5,
        };
        assert_eq!(kind("äääääé"), Some(too_long));
    }

    #[test]
    fn a_blank_text_is_refused() {
        for text in ["", " ", "\t\u{2003}"] {
            assert_eq!(kind(text), Some(InvalidTextKind::Blank), "{text:?}");
        }
    }

    #[test]
    fn every_invisible_character_is_refused_by_its_place() {
        let controls = "\0\n\r\t\u{1b}\u{7f}\u{85}\u{9f}\u{061c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\
                        \u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{ad}\u{115f}\u{180e}\u{200b}\u{200c}\
                        \u{200d}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{3164}\u{fe00}\u{fe0f}\u{e0000}\u{e0041}\u{e007f}";
        for character in controls.chars() {
            let expected = InvalidTextKind::Control {
                place: 2,
                character,
            };
            assert_eq!(
                kind(&format!("äb{character}c")),
                Some(expected),
                "{character:?}"
            );
        }
    }

    #[test]
    fn letters_of_any_script_and_emoji_are_accepted() {
        for text in ["日本語", "שלום", "👍🏽", "نعم"] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn accepted_texts_have_no_invisible_character(text in any::<String>()) {
            if validate("text", &text, usize::MAX).is_ok() {
                prop_assert!(!text.chars().any(is_invisible));
            }
        }
    }
}
