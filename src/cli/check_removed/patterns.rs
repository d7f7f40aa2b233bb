//! The names to search for: the flag, this crate, and what a `Cargo.toml` renames it to.
//!
//! Manifests are read line by line, without a parser of TOML: a broken manifest still names what it names.

use serde::Serialize;

/// This crate's name as a package.
const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// What a line matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Match {
    /// It names the flag.
    Flag,
    /// It names this crate.
    Crate,
    /// It names this crate as a `Cargo.toml` of the tree renames it.
    Rename,
}

/// The flag and this crate, in all their spellings.
pub(super) struct Patterns {
    flag: String,
    /// The flag as an environment variable spells it: parts joined by one or two underscores.
    flag_parts: Vec<String>,
}

impl Match {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Crate => "crate",
            Self::Rename => "rename",
        }
    }
}

impl Patterns {
    pub(super) fn new(flag: &str) -> Self {
        let parts = flag.split(is_separator);
        Self {
            flag: flag.to_owned(),
            flag_parts: parts.map(str::to_ascii_uppercase).collect(),
        }
    }

    /// What a line matches.
    pub(super) fn find(&self, line: &str) -> Option<Match> {
        if has_word(line, &self.flag) || self.has_variable(line) {
            Some(Match::Flag)
        } else if has_crate(line) {
            Some(Match::Crate)
        } else {
            None
        }
    }

    /// Whether the line has the flag as the name of an environment variable, perhaps with a prefix: `APP__JOBS__COMPAT`.
    fn has_variable(&self, line: &str) -> bool {
        if self.flag_parts.len() < 2 {
            return false; // A single word in capitals is too common.
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

/// All names that a manifest gives to this crate, other than its own.
pub(super) fn renames(manifest: &str) -> Vec<String> {
    let mut table = String::new();
    let mut renames = Vec::new();
    for line in manifest.lines().map(without_comment) {
        if let Some(header) = line.trim().strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut table);
        } else if names_package(line) {
            renames.extend(renamed(line, &table));
        }
    }
    renames.retain(|name| name.replace('_', "-") != PACKAGE);
    renames
}

/// Whether a line of a manifest has this as a key, or as the last part of a table's name.
pub(super) fn has_dependency(line: &str, name: &str) -> bool {
    let line = without_comment(line).trim();
    if let Some(header) = line.strip_prefix('[') {
        let table = header.trim_end_matches(']');
        return table.contains("dependencies.") && unquoted(last(table)) == name;
    }
    let key = line.split(['=', '.']).next().unwrap_or_default();
    line.contains('=') && unquoted(key) == name || has_feature(line, name)
}

/// Whether a feature of the package turns one of the dependency on: `"compat/cli"`, `"dep:compat"`.
fn has_feature(line: &str, name: &str) -> bool {
    line.split(['"', '\'']).any(|text| {
        let text = text.strip_prefix("dep:").unwrap_or(text);
        let dependency = text.split(['/', '?']).next();
        dependency == Some(name) && (text.len() > name.len() || line.contains("dep:"))
    })
}

/// The new name, where a line has `package = "<this crate>"`.
fn renamed(line: &str, table: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let name = if let Some(dotted) = key.strip_suffix(".package") {
        dotted
    } else if key == "package" {
        // `[dependencies.name]`, and not the package itself.
        table.contains("dependencies.").then(|| last(table))?
    } else if value.contains('{') {
        key
    } else {
        return None;
    };
    Some(unquoted(last(name)).to_owned())
}

fn names_package(line: &str) -> bool {
    let Some((_, after)) = line.split_once("package") else {
        return false;
    };
    let value = after.trim_start().strip_prefix('=').map(str::trim_start);
    let quoted = value.and_then(|value| value.strip_prefix(['"', '\'']));
    let rest = quoted.and_then(|name| name.strip_prefix(PACKAGE));
    rest.is_some_and(|rest| rest.starts_with(['"', '\'']))
}

fn last(table: &str) -> &str {
    table.rsplit('.').next().unwrap_or(table)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(line, _)| line)
}
