//! Finds comments and literals in Rust code.

/// The length of the comment or literal that the text starts with, or 0.
pub(crate) fn skipped(text: &str) -> usize {
    let to = |end: &str, from: usize| {
        text[from..]
            .find(end)
            .map_or(text.len(), |at| from + at + end.len())
    };
    if text.starts_with("//") {
        return to("\n", 0) - 1;
    }
    if text.starts_with("/*") {
        return to("*/", 2);
    }
    let raw = text
        .trim_start_matches('b')
        .strip_prefix('r')
        .map(|raw| raw.trim_start_matches('#'));
    if let Some(body) = raw.filter(|body| body.starts_with('"')) {
        let start = text.len() - body.len();
        let hashes = text[..start].matches('#').count();
        return to(&format!("\"{}", "#".repeat(hashes)), start + 1);
    }
    if text.starts_with('"') {
        return quoted(text);
    }
    character(text)
}

fn quoted(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// A character literal, which a lifetime is not.
fn character(text: &str) -> usize {
    let Some(body) = text.strip_prefix('\'') else {
        return 0;
    };
    let end = match body.strip_prefix('\\') {
        Some(escape) => escape
            .char_indices()
            .skip(1)
            .find(|(_, c)| *c == '\'')
            .map(|(at, _)| at + 3),
        None => body
            .chars()
            .next()
            .filter(|c| body[c.len_utf8()..].starts_with('\''))
            .map(|c| c.len_utf8() + 2),
    };
    end.unwrap_or(0)
}
