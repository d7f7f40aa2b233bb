//! What of a file is prose.

use crate::rust_text::skipped;

/// How a file contains prose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rust whose comments and sentences in literals are prose.
    Rust,
    /// Rust whose comments alone are prose: literals of tests are data.
    RustTest,
    /// HTML with template code.
    Html,
    /// JSON whose titles, summaries and descriptions are prose.
    Json,
    /// A file that is prose except for code in backticks.
    Text,
}

/// Prose on a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
}

impl Kind {
    /// The kind of a file by its path, if it contains prose.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.') {
            Some((_, "rs")) if path.starts_with("tests/") => Some(Self::RustTest),
            Some((_, "rs")) => Some(Self::Rust),
            Some((_, "html")) => Some(Self::Html),
            Some((_, "json")) if path.starts_with("src/") => Some(Self::Json),
            Some((_, "md" | "yml" | "toml" | "css" | "js")) => Some(Self::Text),
            None if path.starts_with(".ci/") => Some(Self::Text),
            _ => None,
        }
    }
}

/// The prose of a file, by line.
pub(crate) fn prose(kind: Kind, text: &str) -> Vec<Line> {
    let blanked = match kind {
        Kind::Rust => of_rust(text, true),
        Kind::RustTest => of_rust(text, false),
        Kind::Html => of_html(text),
        Kind::Json => return of_json(text),
        Kind::Text => text.to_owned(),
    };
    let lines = (1..).zip(blanked.lines());
    let lines = lines.map(|(number, line)| Line {
        number,
        text: without_code_spans(line),
    });
    lines.filter(|line| !line.text.trim().is_empty()).collect()
}

/// Comments and, on demand, literals with a space; all else is blank.
fn of_rust(text: &str, literals: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let length = skipped(rest);
        if length > 0 {
            let (piece, behind) = rest.split_at(length);
            let is_comment = piece.starts_with("//") || piece.starts_with("/*");
            let is_sentence = literals && piece.contains('"') && piece.contains(' ');
            if is_comment {
                out.push_str(piece);
            } else if is_sentence {
                out.push_str(&without_placeholders(piece));
            } else {
                out.push_str(&blank(piece));
            }
            rest = behind;
        } else {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let word = rest.len() - rest.trim_start_matches(is_word).len();
            let length = word.max(rest.chars().next().map_or(0, char::len_utf8));
            let (code, behind) = rest.split_at(length);
            out.push_str(&blank(code));
            rest = behind;
        }
    }
    out
}

/// A literal without escapes and placeholders such as `{name:?}`.
fn without_placeholders(literal: &str) -> String {
    let literal = literal.replace("\\n", "  ").replace("\\t", "  ");
    let mut out = String::new();
    let mut rest = literal.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_alphanumeric() || "_.:?#$<>^".contains(c)));
        rest = match end {
            Some(end) if after[end..].starts_with('}') => &after[end + 1..],
            _ => after,
        };
        out.push(' ');
    }
    out + rest
}

/// The text between tags, and attributes that are read to a user; template code is blank.
fn of_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        let (before, code) = rest.split_at(at);
        out.push_str(before);
        let end = ["{{", "{%", "{#", "<"]
            .into_iter()
            .zip(["}}", "%}", "#}", ">"]);
        let end = end
            .filter(|(start, _)| code.starts_with(start))
            .find_map(|(_, end)| Some(code.find(end)? + end.len()));
        let (code, behind) = code.split_at(end.unwrap_or(1));
        out.push_str(&blank(code));
        for name in ["aria-label", "title", "placeholder", "alt"] {
            let value = code.split_once(&format!(" {name}=\""));
            out.push_str(
                value
                    .and_then(|(_, value)| value.split('"').next())
                    .unwrap_or(""),
            );
        }
        rest = behind;
    }
    out + rest
}

fn of_json(text: &str) -> Vec<Line> {
    let lines = (1..).zip(text.lines()).filter_map(|(number, line)| {
        let (key, value) = line.split_once("\": \"")?;
        let key = key.trim().trim_start_matches(['{', ' ', '"']);
        let described = ["title", "summary", "description"].contains(&key);
        described.then(|| Line {
            number,
            text: without_code_spans(value),
        })
    });
    lines.collect()
}

/// The line without what is between single backticks.
fn without_code_spans(line: &str) -> String {
    if line.contains("```") {
        return String::new();
    }
    let mut pieces: Vec<&str> = line.split('`').collect();
    let unclosed = (pieces.len().is_multiple_of(2))
        .then(|| pieces.pop())
        .flatten();
    let prose = pieces.into_iter().step_by(2).chain(unclosed);
    prose.collect::<Vec<&str>>().join(" ")
}

/// Spaces for all but line breaks.
fn blank(text: &str) -> String {
    let blank = |c| if c == '\n' { c } else { ' ' };
    text.chars().map(blank).collect()
}
