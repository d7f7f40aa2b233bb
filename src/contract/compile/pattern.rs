//! Patterns of text, matched in one pass.

/// A pattern of literal bytes, `?` for one character and `*` for any text, which has to match a text whole.
///
/// It is matched as an automaton all of whose states are followed at once, one bit each: the bit of a state is set if the text so
/// far can be what the symbols before it stand for. The cost is the same for each byte of a text, so that no text is slow.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// For each byte, the states that it leads to from the ones before.
    steps: Box<[u128; 256]>,
    /// States that any byte leads back to: those behind a `*`.
    stars: u128,
    /// States that the bytes inside a character lead back to: those behind a `?`.
    inside: u128,
    end: u128,
}

/// The states that a text may have led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct PatternState(u128);

impl PatternState {
    /// That of the empty text.
    pub(super) const START: Self = Self(1);

    /// Whether more text may still lead to the end.
    pub(super) fn is_alive(self) -> bool {
        self.0 != 0
    }
}

/// One symbol of a pattern; a `*` is none, but stands before one.
#[derive(Clone, Copy)]
enum Symbol {
    Byte(u8),
    AnyCharacter,
}

impl Pattern {
    /// The most symbols beside `*`: one state each, and one for the beginning.
    const MAX_SYMBOLS: usize = 127;

    /// What a pattern must be.
    pub(super) const EXPECTED: &str =
        "a pattern with a character behind each \\ and at most 127 bytes beside the *";

    /// `None` if the pattern is too long, or ends with a backslash.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let mut parsed = Self::empty();
        let mut symbols = 0;
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            let symbol = match byte {
                b'*' => {
                    parsed.stars |= 1 << symbols;
                    continue;
                }
                b'?' => Symbol::AnyCharacter,
                b'\\' => Symbol::Byte(bytes.next()?),
                literal => Symbol::Byte(literal),
            };
            symbols += 1;
            if symbols > Self::MAX_SYMBOLS {
                return None;
            }
            parsed.push(symbol, 1 << symbols);
        }
        parsed.end = 1 << symbols;
        Some(parsed)
    }

    /// One that matches this text alone.
    pub(super) fn literal(text: &str) -> Option<Self> {
        let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
        Self::parse(&escaped)
    }

    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        let mut state = PatternState::START;
        for byte in text {
            state = self.step(state, *byte);
            if !state.is_alive() {
                return false;
            }
        }
        self.accepts(state)
    }

    pub(super) fn step(&self, PatternState(state): PatternState, byte: u8) -> PatternState {
        let next = (state << 1) & self.steps[usize::from(byte)];
        let stays = if is_inside_character(byte) {
            self.stars | self.inside
        } else {
            self.stars
        };
        PatternState(next | state & stays)
    }

    pub(super) fn accepts(&self, PatternState(state): PatternState) -> bool {
        state & self.end != 0
    }

    fn empty() -> Self {
        Self {
            steps: Box::new([0; 256]),
            stars: 0,
            inside: 0,
            end: 1,
        }
    }

    /// Adds a symbol before the state `next`.
    fn push(&mut self, symbol: Symbol, next: u128) {
        match symbol {
            Symbol::Byte(byte) => self.steps[usize::from(byte)] |= next,
            Symbol::AnyCharacter => {
                self.inside |= next;
                let all = self.steps.iter_mut().zip(0..=u8::MAX);
                all.filter(|(_, byte)| !is_inside_character(*byte))
                    .for_each(|(step, _)| *step |= next);
            }
        }
    }
}

/// Whether it is not the first byte of a character in UTF-8 (RFC 3629, section 3).
const fn is_inside_character(byte: u8) -> bool {
    matches!(byte, 0x80..=0xbf)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text.as_bytes())
    }

    /// The definition, by recursion.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|at| reference(rest, &text[at..])),
            (['?', rest @ ..], [_, text @ ..]) => reference(rest, text),
            (['\\', c, rest @ ..] | [c, rest @ ..], [first, text @ ..]) => {
                c == first && reference(rest, text)
            }
            (_, []) => false,
        }
    }

    #[test]
    fn a_pattern_matches_a_text_whole() {
        assert!(matches("UI_*", "UI_RUST") && matches("UI_*", "UI_"));
        assert!(!matches("UI_*", "MY_UI_RUST") && !matches("I_R", "UI_RUST"));
        assert!(matches("*", "") && matches("", "") && !matches("", "a"));
        assert!(matches("a?c", "aéc") && !matches("a?c", "ac") && !matches("??", "é"));
        assert!(matches(r"1\*2\?\\", r"1*2?\") && !matches(r"\*", "x"));
        assert!(matches("a*a*", "aaa") && matches("?*", "é"));
        assert!(matches("é*", "étude") && matches("?", "\u{10ffff}"));
    }

    #[test]
    fn one_that_is_too_long_or_broken_off_is_none() {
        assert!(Pattern::parse(&"x*".repeat(127)).is_some());
        assert!(Pattern::parse(&"x".repeat(128)).is_none());
        assert!(Pattern::parse("x\\").is_none());
    }

    /// Trying where each `*` ends would take longer than the age of the universe.
    #[test]
    fn time_is_linear_in_the_text() {
        let pattern = "*a".repeat(60) + "*b";
        let text = "a".repeat(100_000);
        assert!(!matches(&pattern, &text));
        assert!(matches(&pattern, &(text + "b")));
    }

    proptest! {
        #[test]
        fn it_matches_what_the_definition_matches(
            pattern in r"([ab?*é]|\\[*?\\]){0,9}",
            text in r"[ab?*é\\]{0,9}",
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &text), reference(&chars(&pattern), &chars(&text)));
            prop_assert_eq!(Pattern::literal(&pattern).unwrap().matches(text.as_bytes()), pattern == text);
        }
    }
}
