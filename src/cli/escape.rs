//! Escapes text from outside for a terminal and for Markdown.

use crate::rollout::names::Link;

/// Escapes what could control a terminal or change the direction of reading.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_escaped(&mut out, c);
    }
    out
}

/// Escapes a text so that Markdown shows it verbatim, in a paragraph, a list or the cell of a table.
///
/// Punctuation with a meaning in `CommonMark`, its tables or its common extensions (mentions, issue numbers, formulas,
/// autolinks) gets a backslash.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let dot_of_www = c == '.' && ends_with_www(&out);
        if dot_of_www || r"\`*_[]<>&|~#!():@$=".contains(c) {
            out.push('\\');
        }
        push_escaped(&mut out, c);
    }
    at_start_of_line(&out)
}

/// A Markdown link that shows its target. A vertical bar would end the cell of a table.
pub(super) fn markdown_link(link: &Link) -> String {
    format!("<{}>", link.as_str().replace('|', "%7C"))
}

/// Escapes what starts a list, a heading or a thematic break only at the start of a line.
fn at_start_of_line(text: &str) -> String {
    let text = text.trim();
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (digits, rest) = text.split_at(text.len() - rest.len());
    let numbered = !digits.is_empty() && (rest == "." || rest.starts_with(". "));
    let listed = digits.is_empty() && rest.starts_with(['-', '+']);
    let escape = if numbered || listed { "\\" } else { "" };
    format!("{digits}{escape}{rest}")
}

fn ends_with_www(text: &str) -> bool {
    let mut last = text.chars().rev();
    (0..3).all(|_| matches!(last.next(), Some('w' | 'W')))
}

fn push_escaped(out: &mut String, c: char) {
    if c == '\t' {
        out.push(' ');
    } else if c.is_control() || is_format(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// Line and paragraph separators, marks of direction, and characters without width.
fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}
