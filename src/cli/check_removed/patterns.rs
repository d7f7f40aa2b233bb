//! The names to search for in any text: the flag, and this crate.

use crate::words::words;

words! {
    /// What a line matches.
    pub(super) enum Match {
        /// The name of the flag.
        Flag = "flag",
        /// The name of this crate.
        Crate = "crate",
        /// The name that a `Cargo.toml` of the tree gives to this crate.
        Rename = "rename",
        /// A feature of a package of the tree that enables this crate.
        Feature = "feature",
    }
}

/// The flag and this crate, in all their spellings.
pub(super) struct Patterns {
    flag: String,
    /// The flag as an environment variable spells it: parts joined by one or two underscores, in any letter case.
    flag_parts: Vec<String>,
    /// The flag as an option of a command, or a resource of Kubernetes.
    kebab: String,
}

impl Patterns {
    pub(super) fn new(flag: &str) -> Self {
        let parts = flag.split(is_separator).map(str::to_ascii_lowercase);
        let flag_parts: Vec<String> = parts.collect();
        Self {
            flag: flag.to_owned(),
            kebab: flag_parts.join("-"),
            flag_parts,
        }
    }

    /// What a line, or the name of a file, matches.
    pub(super) fn find(&self, line: &str) -> Option<Match> {
        if has_word(line, &self.flag) || self.has_variable(line) {
            Some(Match::Flag)
        } else if has_crate(line) {
            Some(Match::Crate)
        } else {
            None
        }
    }

    /// Whether a line has the flag as an environment variable or in kebab case.
    fn has_variable(&self, line: &str) -> bool {
        if self.flag_parts.len() < 2 {
            return false; // A single word is too common.
        }
        let mut words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let goes_on = |c: char| is_word(c) || c == '-';
        words.any(|word| self.is_variable(word))
            || has(&line.to_ascii_lowercase(), &self.kebab, goes_on)
    }

    /// Whether a word is the flag as an environment variable, perhaps with a prefix, or with a setting below it:
    /// `APP__JOBS__COMPAT`, `JOBS__COMPAT__ENABLED`. A prefix in lower case needs two underscores.
    fn is_variable(&self, word: &str) -> bool {
        let nested = word.match_indices("__").map(|(at, _)| at);
        let mut ends = nested.chain([word.len()]);
        ends.any(|end| {
            let own = word[..end].split('_').filter(|part| !part.is_empty());
            let own: Vec<&str> = own.collect();
            let Some(prefix) = own.len().checked_sub(self.flag_parts.len()) else {
                return false;
            };
            let mut parts = own[prefix..].iter().zip(&self.flag_parts);
            parts.all(|(own, part)| own.eq_ignore_ascii_case(part))
                && (prefix == 0 || is_upper(word) || word.contains("__"))
        })
    }
}

/// Whether a line contains a text as a whole word.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    has(line, word, is_word)
}

/// Whether a line contains a text that is not the end of a longer word, nor goes on with such a character.
pub(super) fn has(line: &str, text: &str, goes_on: impl Fn(char) -> bool) -> bool {
    line.match_indices(text).any(|(at, found)| {
        let before = line[..at].chars().next_back();
        let after = line[at + found.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(&goes_on)
    })
}

/// Whether a line has the name of this crate, alone or at the start of a longer name, or that of its layer.
fn has_crate(line: &str) -> bool {
    let spelled = line.replace('-', "_").to_ascii_lowercase();
    has(&spelled, "legacy_http_compat", char::is_alphanumeric) || line.contains("LegacyHttpCompat")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_upper(word: &str) -> bool {
    !word.contains(|c: char| c.is_ascii_lowercase())
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | '/' | ':')
}
