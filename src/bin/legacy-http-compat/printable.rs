//! Text from outside, made fit for a terminal and for Markdown.

/// A text without anything that could steer a terminal or turn the direction of reading.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_printable(&mut out, c);
    }
    out
}

/// A text that Markdown shows as it is, in a paragraph, a list or the cell of a table.
///
/// Punctuation that means something in `CommonMark`, in its tables, or to those who extend it (mentions, issue numbers,
/// formulas, addresses made links) gets a backslash.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let dot_of_www = c == '.' && ends_with_www(&out);
        if dot_of_www || r"\`*_[]<>&|~#!():@$=".contains(c) {
            out.push('\\');
        }
        push_printable(&mut out, c);
    }
    at_start_of_line(&out)
}

/// What begins a list, a heading or a line across only where a line begins.
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

fn push_printable(out: &mut String, c: char) {
    if c == '\t' {
        out.push(' ');
    } else if c.is_control() || is_format(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// Line and paragraph separators, marks of direction, and what has no width.
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
