//! What the `Cargo.toml` files of a tree call this crate: its other names, and the features that enable it.
//!
//! They are read line by line, without a parser, so that broken files are searched too.

use std::path::{Path, PathBuf};

use super::patterns::{Match, has, has_word};

/// This crate's name as a package.
const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// The other names of this crate, and its features, from all manifests of a tree: one of a workspace serves its members.
#[derive(Default)]
pub(super) struct Manifests {
    renames: Vec<String>,
    /// The directory of a package, and a feature of it that enables this crate.
    features: Vec<(PathBuf, String)>,
}

/// The lines of a manifest, each with its table and key.
struct ManifestLines<'a> {
    lines: std::str::Lines<'a>,
    table: &'a str,
    key: &'a str,
    /// How many brackets of the key's value are open.
    depth: usize,
}

/// A line with the table and the key that it belongs to; a header has no key.
struct ManifestLine<'a> {
    table: &'a str,
    key: &'a str,
    /// The line without its comment.
    text: &'a str,
}

impl Manifests {
    /// Reads manifests, each with its path.
    pub(super) fn read<'a>(manifests: impl Iterator<Item = (&'a Path, String)>) -> Self {
        let texts: Vec<(&Path, String)> = manifests.collect();
        let mut read = Self::default();
        let lines = texts.iter().flat_map(|(_, text)| ManifestLines::of(text));
        read.renames.extend(lines.filter_map(|line| line.renamed()));
        for (path, text) in &texts {
            let directory = path.parent().unwrap_or(Path::new(""));
            let lines = ManifestLines::of(text);
            let features = lines.filter(|line| read.enables(line) && line.key != "default");
            let features: Vec<_> = features
                .map(|line| (directory.to_owned(), unquoted(line.key).to_owned()))
                .collect();
            read.features.extend(features);
        }
        read
    }

    /// What each line of a manifest matches beside this crate's own name.
    pub(super) fn find_in_manifest(&self, path: &Path, text: &str) -> Vec<Option<Match>> {
        let features: Vec<&str> = self.features_of(path).collect();
        let find = |line: ManifestLine<'_>| {
            let names = |name: &str| line.has_dependency(name) || line.has_feature(name);
            if self.renames.iter().any(|name| names(name)) {
                return Some(Match::Rename);
            }
            let uses = |feature: &&str| line.begins(feature) || line.has_quoted(feature);
            let is_feature = line.table == "features" && features.iter().any(uses);
            is_feature.then_some(Match::Feature)
        };
        ManifestLines::of(text).map(find).collect()
    }

    /// What a line of Rust matches beside this crate's own name.
    pub(super) fn find_in_rust(&self, path: &Path, line: &str) -> Option<Match> {
        if self.renames.is_empty() && self.features.is_empty() {
            return None;
        }
        let renames = || self.renames.iter().map(String::as_str);
        let condition = line.replace(' ', "");
        let is_condition = |name: &str| condition.contains(&format!("feature=\"{name}\""));
        if renames().any(|name| uses(line, name) || is_condition(name)) {
            Some(Match::Rename)
        } else {
            let mut features = self.features_of(path);
            features.any(is_condition).then_some(Match::Feature)
        }
    }

    fn features_of(&self, path: &Path) -> impl Iterator<Item = &str> {
        let features = self.features.iter();
        let features = features.filter(move |(directory, _)| path.starts_with(directory));
        features.map(|(_, feature)| feature.as_str())
    }

    fn enables(&self, line: &ManifestLine<'_>) -> bool {
        let names = || std::iter::once(PACKAGE).chain(self.renames.iter().map(String::as_str));
        line.table == "features" && names().any(|name| line.has_feature(name))
    }
}

impl<'a> ManifestLines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            lines: text.lines(),
            table: "",
            key: "",
            depth: 0,
        }
    }
}

impl<'a> Iterator for ManifestLines<'a> {
    type Item = ManifestLine<'a>;

    fn next(&mut self) -> Option<ManifestLine<'a>> {
        let text = without_comment(self.lines.next()?).trim();
        if self.depth == 0 {
            if let Some(header) = text.strip_prefix('[') {
                (self.table, self.key) = (header.trim_matches(['[', ']', ' ']), "");
            } else {
                self.key = text.split_once('=').map_or("", |(key, _)| key.trim());
            }
        }
        if !self.key.is_empty() {
            let count = |brackets: [char; 2]| text.matches(brackets).count();
            self.depth = (self.depth + count(['[', '{'])).saturating_sub(count([']', '}']));
        }
        Some(ManifestLine {
            table: self.table,
            key: self.key,
            text,
        })
    }
}

impl ManifestLine<'_> {
    /// The new name, if the line has `package = "<this crate>"`.
    fn renamed(&self) -> Option<String> {
        if !self.names_package() {
            return None;
        }
        let name = match self.key.strip_suffix(".package") {
            Some(dotted) => dotted,
            // `[dependencies.name]`, and not the package itself.
            None if self.key == "package" => {
                self.table.contains("dependencies.").then_some(self.table)?
            }
            None => self.key,
        };
        let name = unquoted(last(name));
        (name.replace('_', "-") != PACKAGE).then(|| name.to_owned())
    }

    /// Whether the line has this dependency as a key, or as the last part of a table's name.
    fn has_dependency(&self, name: &str) -> bool {
        if self.key.is_empty() {
            let is_header = self.text.starts_with('[');
            return is_header
                && self.table.contains("dependencies.")
                && unquoted(last(self.table)) == name;
        }
        self.begins(name)
    }

    /// Whether the line begins with this key, or with one below it.
    fn begins(&self, name: &str) -> bool {
        let key = self.key.split('.').next().unwrap_or_default();
        !key.is_empty() && self.text.starts_with(key) && unquoted(key) == name
    }

    /// Whether the line enables the dependency or one of its features: `"dep:compat"`, `"compat/cli"`, or in the table
    /// of features `"compat"`.
    fn has_feature(&self, name: &str) -> bool {
        self.quoted().any(|text| {
            let optional = text.strip_prefix("dep:");
            let text = optional.unwrap_or(text);
            let dependency = text.split(['/', '?']).next();
            let is_whole = text.len() == name.len();
            let may_be_whole = optional.is_some() || self.table == "features";
            dependency == Some(name) && (!is_whole || may_be_whole)
        })
    }

    fn has_quoted(&self, wanted: &str) -> bool {
        self.quoted().any(|text| text == wanted)
    }

    /// The parts of the line between quotes, and also those between two quoted ones.
    fn quoted(&self) -> impl Iterator<Item = &str> {
        self.text.split(['"', '\'']).skip(1)
    }

    fn names_package(&self) -> bool {
        let Some((_, after)) = self.text.split_once("package") else {
            return false;
        };
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        let quoted = value.and_then(|value| value.strip_prefix(['"', '\'']));
        let rest = quoted.and_then(|name| name.strip_prefix(PACKAGE));
        rest.is_some_and(|rest| rest.starts_with(['"', '\'']))
    }
}

/// Whether a line of Rust starts a path with the crate's other name, or imports it.
fn uses(line: &str, name: &str) -> bool {
    let name = name.replace('-', "_");
    let imports = line.contains("use ") || line.contains("extern crate ");
    has(line, &format!("{name}::"), |_| false) || (imports && has_word(line, &name))
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
