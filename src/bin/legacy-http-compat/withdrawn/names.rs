//! Where a line has a name.

/// What a line was found for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// It names the flag.
    Flag,
    /// It names this crate.
    Crate,
    /// It names this crate as a `Cargo.toml` of the tree renames it.
    Rename,
}

/// The names that must be gone.
pub(super) struct Names {
    flag: String,
    /// The flag as an environment variable spells it: parts joined by one or two underscores.
    flag_parts: Vec<String>,
}

impl What {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Crate => "crate",
            Self::Rename => "rename",
        }
    }
}

impl Names {
    pub(super) fn new(flag: &str) -> Self {
        let parts = flag.split(is_separator);
        Self {
            flag: flag.to_owned(),
            flag_parts: parts.map(str::to_ascii_uppercase).collect(),
        }
    }

    /// What a line names.
    pub(super) fn of(&self, line: &str) -> Option<What> {
        if has_word(line, &self.flag) || self.has_variable(line) {
            Some(What::Flag)
        } else if has_crate(line) {
            Some(What::Crate)
        } else {
            None
        }
    }

    /// Whether the line has the flag as the name of an environment variable, perhaps with a prefix: `APP__JOBS__COMPAT`.
    fn has_variable(&self, line: &str) -> bool {
        if self.flag_parts.len() < 2 {
            return false; // A single word in capitals is anybody's.
        }
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let variables = words.filter(|word| word.len() >= self.flag_parts.len() && is_upper(word));
        let parts: Vec<&str> = self.flag_parts.iter().map(String::as_str).collect();
        variables.into_iter().any(|word| {
            let own: Vec<&str> = word.split('_').filter(|part| !part.is_empty()).collect();
            own.ends_with(&parts)
        })
    }
}

/// Whether a line has a text that is not a part of a longer word.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, found)| {
        let before = line[..at].chars().next_back();
        let after = line[at + found.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Whether a line has the name of this crate, on its own or as the beginning of a longer one, or that of its layer.
fn has_crate(line: &str) -> bool {
    let spelled = line.replace('-', "_").to_ascii_lowercase();
    let named = spelled
        .match_indices("legacy_http_compat")
        .any(|(at, name)| {
            let before = spelled[..at].chars().next_back();
            let after = spelled[at + name.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(char::is_alphanumeric)
        });
    named || line.contains("LegacyHttpCompat")
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
