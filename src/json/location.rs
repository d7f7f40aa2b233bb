//! Where the parts of a document are in its text.

use serde_json::value::RawValue;

use super::{
    document_text::{Location, Members, malformed},
    field_scanner::tokens,
};

impl Location {
    /// Where the value at `pointer` (RFC 6901) begins, or the part of it that there is. Where a name is repeated, the `last` one or
    /// the first. Of a text that is not JSON, where that shows.
    pub(crate) fn of(text: &str, pointer: &str, last: bool) -> Self {
        if let Some(location) = malformed(text) {
            return location;
        }
        let mut part = text.trim_start();
        for token in tokens(pointer).unwrap_or_default() {
            let Some(child) = child(part, &token, last) else {
                break;
            };
            part = child.get();
        }
        // A part of `text`, so that its address is its place.
        Self::at(text, part.as_ptr().addr() - text.as_ptr().addr())
    }
}

fn child<'t>(part: &'t str, token: &str, last: bool) -> Option<&'t RawValue> {
    if part.starts_with('{') {
        let Members(members) = serde_json::from_str(part).ok()?;
        let mut named = members.into_iter().filter(|(name, _)| name == token);
        let found = if last {
            named.next_back()
        } else {
            named.next()
        };
        found.map(|(_, value)| value)
    } else {
        let items: Vec<&RawValue> = serde_json::from_str(part).ok()?;
        items.get(token.parse::<usize>().ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"é\": [1,  {\"a/b\": true}],\n  \"x\": 1, \"x\": 2\n}\n";

    fn at(pointer: &str, last: bool) -> String {
        Location::of(TEXT, pointer, last).to_string()
    }

    #[test]
    fn values_are_found_by_pointer() {
        assert_eq!(at("", false), "1:1");
        assert_eq!(at("/é/1", false), "2:13");
        assert_eq!(at("/é/1/a~1b", false), "2:21");
        assert_eq!(at("/x", false), "3:8");
        assert_eq!(at("/x", true), "3:16");
    }

    #[test]
    fn what_is_not_there_is_where_it_would_be() {
        assert_eq!(at("/é/1/none/more", false), "2:13");
        assert_eq!(at("/é/7", false), "2:8");
        assert_eq!(at("/none", false), "1:1");
    }

    #[test]
    fn text_that_is_not_json_is_located_where_that_shows() {
        assert_eq!(Location::of("{\n \"a\": }", "", false).to_string(), "2:7");
        assert_eq!(Location::of("[1,\n", "", false).to_string(), "2:1");
        assert_eq!(Location::of("\u{feff}{}", "", false).to_string(), "1:1");
    }
}
