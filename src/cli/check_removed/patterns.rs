//! The names to search for: the flag, also as nested keys of a configuration file; this crate, also as a `Cargo.toml`
//! renames it.
//!
//! Manifests and configuration files are read line by line, without a parser, so that broken files are searched too.

use crate::words::words;

/// This crate's name as a package.
const PACKAGE: &str = env!("CARGO_PKG_NAME");

words! {
    /// What a line matches.
    pub(super) enum Match {
        /// The name of the flag.
        Flag = "flag",
        /// The name of this crate.
        Crate = "crate",
        /// The name that a `Cargo.toml` of the tree gives to this crate.
        Rename = "rename",
    }
}

/// The flag and this crate, in all their spellings.
pub(super) struct Patterns {
    flag: String,
    /// The flag as an environment variable spells it: parts joined by one or two underscores.
    flag_parts: Vec<String>,
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

    /// Whether a line has the flag as an environment variable, perhaps with a prefix: `APP__JOBS__COMPAT`.
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

/// All other names that a manifest gives to this crate.
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

/// Whether a line enables the dependency or one of its features: `"dep:compat"`, `"compat/cli"`.
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

/// Tracks the nested keys of a configuration file by their indentation.
///
/// This is not a parser: it recognizes `key:`, `"key":`, `key =`, and TOML's `[a.b]`. Within a line, it splits at braces
/// and commas.
pub(super) struct ConfigKeys {
    /// Whether `[a.b]` is a table header, and not a list.
    tables: bool,
    /// The indentation of each open key, and its name.
    open: Vec<(usize, String)>,
}

/// Extensions of files with nested keys.
const NESTING: [&str; 11] = [
    "cfg", "conf", "hocon", "ini", "json", "json5", "jsonc", "ron", "toml", "yaml", "yml",
];

/// Those of them with table headers.
const TABLES: [&str; 3] = ["cfg", "ini", "toml"];

/// More than any indentation: keys in braces on one line are nested deeper than any line.
const ONE_LINE: usize = 1_000_000;

impl ConfigKeys {
    /// Tracks a file with this extension, if it has nested keys.
    pub(super) fn of_kind(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        let is_among = |kinds: &[&str]| kinds.contains(&extension.as_str());
        is_among(&NESTING).then(|| Self {
            tables: is_among(&TABLES),
            open: Vec::new(),
        })
    }

    /// Reads a line, and returns whether one of its keys is the flag.
    pub(super) fn reach(&mut self, line: &str, flag: &str) -> bool {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if self.tables
            && let Some(header) = text.strip_prefix('[')
            && let Some((table, _)) = header.trim_start_matches('[').split_once(']')
        {
            self.open = vec![(0, table.replace(['"', '\'', ' '], ""))];
            return self.is_at(flag);
        }
        self.reach_pieces(indent, text, flag)
    }

    /// Reads what a line has between its braces and commas.
    fn reach_pieces(&mut self, indent: usize, text: &str, flag: &str) -> bool {
        let mut depth = 0;
        let mut reached = false;
        for piece in text.split_inclusive(['{', '}', ',', '(', ')']) {
            if let Some(key) = key(piece) {
                // One more than its indentation: the table of TOML is above all of them.
                let at = indent + 1 + depth * ONE_LINE;
                self.open.retain(|(standing, _)| *standing < at);
                self.open.push((at, key));
                reached |= self.is_at(flag);
            }
            depth += usize::from(piece.ends_with(['{', '(']));
            depth = depth.saturating_sub(usize::from(piece.ends_with(['}', ')'])));
        }
        reached
    }

    /// Whether the path of keys is the flag, perhaps below others.
    fn is_at(&self, flag: &str) -> bool {
        let keys: Vec<&str> = self.open.iter().map(|(_, key)| key.as_str()).collect();
        let path = keys.join(".");
        path.strip_suffix(flag)
            .is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

/// The key that a piece of a line begins with.
fn key(piece: &str) -> Option<String> {
    let piece = piece.trim_start().trim_start_matches("- ");
    let end = piece.find([':', '='])?;
    let key = piece[..end].trim().replace(['"', '\''], "");
    let is_key = |c: char| c.is_alphanumeric() || "._-/".contains(c);
    (!key.is_empty() && key.chars().all(is_key)).then_some(key)
}
