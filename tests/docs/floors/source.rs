//! What a source file imports and re-exports.

use crate::rust_text::skipped;

/// One file under `src/`.
pub(crate) struct SourceFile {
    /// Below `src/`, with slashes.
    pub(crate) path: String,
    /// Its module: `contract::compile`, or nothing for the crate's root.
    pub(crate) module: Vec<String>,
    /// The module that it calls `crate`: nothing for the library, `bin::<name>` for a binary.
    root: Vec<String>,
    /// Its text without comments, literals and what stands behind the first test module.
    code: String,
}

/// A path from one module to another, in full: `contract::compile::Plan`.
pub(crate) struct Import {
    pub(crate) target: Vec<String>,
    pub(crate) line: usize,
}

/// A name that a façade gives to what another module defines.
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) target: Vec<String>,
}

impl SourceFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let steps = path.trim_end_matches(".rs").split('/').map(str::to_owned);
        let mut module: Vec<String> = steps.collect();
        let root = if path.starts_with("bin/") { 2 } else { 0 };
        module.pop_if(|last| matches!(last.as_str(), "mod" | "lib"));
        module.pop_if(|last| root > 0 && last == "main");
        Self {
            path: path.to_owned(),
            root: module.iter().take(root).cloned().collect(),
            module,
            code: without_tests(&blanked(text)).to_owned(),
        }
    }

    pub(crate) fn is_facade(&self) -> bool {
        self.path == "lib.rs" || self.path.ends_with("mod.rs")
    }

    pub(crate) fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/")
    }

    /// All paths that start with `crate::` or `super::`, in imports and elsewhere.
    pub(crate) fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (at, word) in self.words() {
            let rest = &self.code[at + word.len()..];
            let before = &self.code[..at];
            // Within another path, or in a visibility, it does not import.
            let starts = matches!(word, "crate" | "super")
                && rest.starts_with("::")
                && !before.ends_with("::")
                && !before.ends_with("(in ");
            if starts {
                let line = self.line(at);
                let paths = paths(&self.code[at..]);
                let full = paths.iter().map(|path| self.in_full(path));
                imports.extend(full.map(|target| Import { target, line }));
            }
        }
        imports
    }

    /// What a façade re-exports under which name.
    pub(crate) fn aliases(&self) -> Vec<Alias> {
        let mut aliases = Vec::new();
        for statement in self.code.split(';') {
            let Some((visibility, tree)) = statement.split_once("use ") else {
                continue;
            };
            if visibility.contains("pub") {
                for path in paths(tree.trim()) {
                    let name = path.last().cloned().unwrap_or_default();
                    let target = self.in_full(&path);
                    aliases.push(Alias { name, target });
                }
            }
        }
        aliases
    }

    /// Lines of statements that are neither `mod …;` nor `use …;`. An empty module may stand for its docs.
    pub(crate) fn logic(&self) -> Vec<usize> {
        let code = without_attributes(&self.code).replace("{}", "; ");
        let mut at = 0;
        let mut lines = Vec::new();
        for statement in code.split(';') {
            let start = at + statement.len() - statement.trim_start().len();
            at += statement.len() + 1;
            if !is_declaration(statement.trim()) {
                lines.push(self.line(start));
            }
        }
        lines
    }

    fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut at = 0;
        self.code
            .split_inclusive(|c: char| !is_word(c))
            .map(move |piece| {
                let start = at;
                at += piece.len();
                (start, piece.trim_end_matches(|c: char| !is_word(c)))
            })
    }

    fn in_full(&self, path: &[String]) -> Vec<String> {
        let mut full = self.module.clone();
        for step in path {
            match step.as_str() {
                "crate" => full.clone_from(&self.root),
                "self" => {}
                "super" => drop(full.pop()),
                step => full.push(step.to_owned()),
            }
        }
        full
    }

    fn line(&self, at: usize) -> usize {
        1 + self.code[..at].matches('\n').count()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_declaration(statement: &str) -> bool {
    let declares = match statement.split_once(char::is_whitespace) {
        Some((visibility, rest)) if visibility.starts_with("pub") => rest.trim_start(),
        _ => statement,
    };
    statement.is_empty()
        || declares.starts_with("use ")
        || declares.starts_with("extern crate ")
        || (declares.starts_with("mod ") && !declares.contains('{'))
}

/// The paths of a tree such as `crate::{a::B, c::{self, D as E}}`, up to where it ends.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut open: Vec<Vec<String>> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut rest = tree;
    loop {
        rest = rest.trim_start();
        let word = rest.len() - rest.trim_start_matches(is_word).len();
        if word > 0 {
            path.push(rest[..word].to_owned());
            rest = rest[word..].trim_start();
            if let Some(renamed) = rest.strip_prefix("as ").filter(|_| !open.is_empty()) {
                rest = renamed.trim_start().trim_start_matches(is_word);
            }
        } else if let Some(inner) = rest.strip_prefix("::") {
            rest = inner;
            continue;
        } else if let Some(inner) = rest.strip_prefix('{') {
            open.push(path.clone());
            rest = inner;
            continue;
        } else if let Some(after) = rest.strip_prefix('*') {
            path.push("*".to_owned());
            rest = after;
        }
        let rest_trimmed = rest.trim_start();
        if rest_trimmed.starts_with("::") {
            rest = rest_trimmed;
            continue;
        }
        if open.last() != Some(&path) && !path.is_empty() {
            found.push(path.clone());
        }
        let Some(next) = close(rest_trimmed, &mut open) else {
            return found;
        };
        (rest, path) = next;
    }
}

/// Steps over commas and closing braces to the next path of the list; `None` behind the outermost one.
fn close<'t>(mut rest: &'t str, open: &mut Vec<Vec<String>>) -> Option<(&'t str, Vec<String>)> {
    loop {
        let list = open.last()?.clone();
        if let Some(next) = rest.strip_prefix(',') {
            return Some((next, list));
        }
        rest = rest.strip_prefix('}')?.trim_start();
        open.pop();
    }
}

/// The text in front of the first test module with a body: tests stand last in a file.
fn without_tests(code: &str) -> &str {
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(") {
        let at = from + found;
        let (attribute, rest) = code[at..].split_once(']').unwrap_or((&code[at..], ""));
        let inline = rest
            .find(['{', ';'])
            .is_some_and(|end| rest[end..].starts_with('{'));
        if attribute.contains("test") && rest.trim_start().starts_with("mod ") && inline {
            return &code[..at];
        }
        from = at + attribute.len();
    }
    code
}

/// The text with spaces for comments and for what stands in literals; line breaks stay.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let skipped = skipped(rest);
        if skipped > 0 {
            out.extend(
                rest[..skipped]
                    .chars()
                    .map(|c| if c == '\n' { c } else { ' ' }),
            );
            rest = &rest[skipped..];
        } else {
            let word = rest.len() - rest.trim_start_matches(is_word).len();
            let next = word.max(rest.chars().next().map_or(0, char::len_utf8));
            out.push_str(&rest[..next]);
            rest = &rest[next..];
        }
    }
    out
}

/// The code with spaces for its attributes.
fn without_attributes(code: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::with_capacity(code.len());
    let mut before = ' ';
    for c in code.chars() {
        let opens = c == '[' && (depth > 0 || matches!(before, '#' | '!'));
        depth += usize::from(opens);
        out.push(if c == '\n' || (depth == 0 && c != '#') {
            c
        } else {
            ' '
        });
        depth -= usize::from(c == ']' && depth > 0);
        before = c;
    }
    out.replace('!', " ")
}
