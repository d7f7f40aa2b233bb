//! Guards the language: words that the glossary in `CONTRIBUTING.md` replaces do not occur in prose.
//!
//! Prose is comments and docs, Markdown, pages, alerts, descriptions in JSON documents, scripts, and, in the library and
//! the examples, string literals with a space.

mod made_up_tests;
mod prose;

use std::{fs, path::Path};

use prose::{Kind, Line, prose};

/// Words that do not occur in prose, in any case.
const AVOIDED: [&str; 20] = [
    "answer",
    "answers",
    "told",
    "hole",
    "holes",
    "keeper",
    "keepers",
    "desk",
    "desks",
    "wish",
    "wishes",
    "stamp",
    "stamps",
    "unsettled",
    "unaccounted",
    "room",
    "rooms",
    "whoever",
    "nobody",
    "somebody",
];

/// Phrases that do not occur in prose.
const AVOIDED_PHRASES: [&str; 4] = [
    "Silence would have been heard",
    "Give up for now",
    "answers alone",
    "Further down the list",
];

/// A word that is right in one file.
struct Exception {
    path: &'static str,
    word: &'static str,
    #[expect(dead_code, reason = "for the reader of this file")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[];

/// Folders and files of the repository with prose. A package lacks some of them.
const ROOTS: [&str; 8] = [
    ".ci",
    "benches",
    "examples",
    "src",
    "tests",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
];

/// Not prose of this crate, or outputs and this list itself.
const SKIPPED: [&str; 5] = [
    "tests/dashboard/node_modules",
    "tests/docs/language",
    "tests/fuzz/target",
    "tests/fuzz/corpus",
    "tests/pins/snapshots",
];

#[test]
fn prose_keeps_to_the_glossary() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for name in ROOTS {
        collect(&mut files, root, name);
    }
    assert!(files.len() > 10, "the sources are found");
    let findings: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| findings(path, text))
        .collect();
    assert!(
        findings.is_empty(),
        "{} findings\n{}\n",
        findings.len(),
        findings.join("\n")
    );
}

/// The files with prose at or below `name`, with their text.
fn collect(files: &mut Vec<(String, String)>, root: &Path, name: &str) {
    if SKIPPED.contains(&name) {
        return;
    }
    let path = root.join(name);
    if let Ok(entries) = fs::read_dir(&path) {
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        for entry in names {
            collect(files, root, &format!("{name}/{entry}"));
        }
    } else if path.is_file() && Kind::of(name).is_some() {
        files.push((name.to_owned(), fs::read_to_string(path).unwrap()));
    }
}

/// The avoided words in a file, each as `path:line: word: text`.
fn findings(path: &str, text: &str) -> Vec<String> {
    let Some(kind) = Kind::of(path) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for Line { number, text } in prose(kind, text) {
        let phrases = AVOIDED_PHRASES.iter();
        for phrase in phrases.filter(|phrase| text.contains(**phrase)) {
            findings.push(format!("{path}:{number}: {phrase}: {}", text.trim()));
        }
        for word in words(&text).filter(|word| AVOIDED.contains(&word.as_str())) {
            let is_excepted =
                |exception: &Exception| exception.path == path && exception.word == word;
            if !EXCEPTIONS.iter().any(is_excepted) {
                findings.push(format!("{path}:{number}: {word}: {}", text.trim()));
            }
        }
    }
    findings
}

/// The words of a text in lower case. `answers_total` is one word.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\''))
        .map(|word| word.trim_matches('\'').to_lowercase())
}
