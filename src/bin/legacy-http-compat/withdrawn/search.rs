//! Reads all files and notes what must be gone.

use std::path::Path;

use serde::Serialize;

use super::{
    lines::text,
    manifest::{has_dependency, renames},
    names::{Names, What, has_word},
    nested::Keys,
    walk::{Tree, Unreadable},
};
use crate::printable::printable;

/// How much of a line is shown, in characters.
const SHOWN: usize = 160;

/// What was found.
pub(super) struct Search {
    /// The lines, in the order of files and lines.
    pub(super) found: Vec<Found>,
    /// What could not be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// How many text files were read.
    pub(super) files: usize,
    /// How many binary files were passed over.
    pub(super) binary: usize,
}

/// A line that must go.
#[derive(Serialize)]
pub(super) struct Found {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) what: What,
    pub(super) text: String,
}

/// What is looked for in all files.
struct Wanted<'a> {
    flag: &'a str,
    names: Names,
    renames: Vec<String>,
}

impl Search {
    /// Reads all files of a tree.
    pub(super) fn through(tree: &Tree, flag: &str) -> Self {
        let mut search = Self {
            found: Vec::new(),
            unreadable: tree.unreadable.clone(),
            files: 0,
            binary: 0,
        };
        let wanted = Wanted {
            flag,
            names: Names::new(flag),
            renames: all_renames(tree),
        };
        for path in &tree.files {
            match text(path) {
                Ok(Some(text)) => {
                    search.files += 1;
                    search.found.extend(wanted.in_file(path, &text));
                }
                Ok(None) => search.binary += 1,
                Err(error) => search.unreadable.push(Unreadable::new(path, &error)),
            }
        }
        search
    }
}

impl Wanted<'_> {
    fn in_file(&self, path: &Path, text: &str) -> Vec<Found> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let mut keys = extension.and_then(Keys::of_kind);
        let mut found = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let nested = keys
                .as_mut()
                .is_some_and(|keys| keys.reach(line, self.flag));
            let named = self.names.of(line).or(nested.then_some(What::Flag));
            if let Some(what) = named.or_else(|| self.renamed(path, line)) {
                found.push(Found {
                    path: path.display().to_string(),
                    line: number,
                    what,
                    text: shown(line),
                });
            }
        }
        found
    }

    fn renamed(&self, path: &Path, line: &str) -> Option<What> {
        let is_manifest = is_manifest(path);
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let mut renames = self.renames.iter();
        let has = renames.any(|name| {
            (is_manifest && has_dependency(line, name)) || (is_rust && uses(line, name))
        });
        has.then_some(What::Rename)
    }
}

/// The renames of all manifests: one of a workspace serves its members. One that cannot be read is told of later.
fn all_renames(tree: &Tree) -> Vec<String> {
    let manifests = tree.files.iter().filter(|path| is_manifest(path));
    let texts = manifests.filter_map(|path| text(path).ok().flatten());
    let mut renames: Vec<String> = texts.flat_map(|text| renames(&text)).collect();
    renames.sort();
    renames.dedup();
    renames
}

/// Whether a line of Rust begins a path with this crate's other name, or imports it.
fn uses(line: &str, name: &str) -> bool {
    let name = name.replace('-', "_");
    let imports = line.contains("use ") || line.contains("extern crate ");
    starts_path(line, &name) || (imports && has_word(line, &name))
}

/// Whether `name::` stands there and does not end a longer word.
fn starts_path(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "Cargo.toml")
}

fn shown(line: &str) -> String {
    let line = line.trim();
    let mut shown = line.chars().take(SHOWN).collect::<String>();
    if line.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    printable(&shown)
}
