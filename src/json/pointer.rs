//! JSON pointers (RFC 6901).

/// A parsed pointer: its reference tokens, unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    tokens: Vec<String>,
}

impl Pointer {
    /// The longest path a pointer may name.
    pub(crate) const MAX_DEPTH: usize = 16;

    /// Parses the string representation (RFC 6901, section 3). `None` for one that is malformed or too deep.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self { tokens: Vec::new() });
        }
        let tokens: Vec<String> = text
            .strip_prefix('/')?
            .split('/')
            .map(unescape)
            .collect::<Option<_>>()?;
        (tokens.len() <= Self::MAX_DEPTH).then_some(Self { tokens })
    }

    pub(crate) fn tokens(&self) -> &[String] {
        &self.tokens
    }
}

/// `~1` is `/`, `~0` is `~`, and no other escape exists.
fn unescape(token: &str) -> Option<String> {
    let mut text = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_parse_to_their_tokens() {
        let tokens = |text| Pointer::parse(text).map(|pointer| pointer.tokens);
        assert_eq!(tokens(""), Some(vec![]));
        assert_eq!(tokens("/foo/0"), Some(vec!["foo".into(), "0".into()]));
        assert_eq!(tokens("/a~1b"), Some(vec!["a/b".into()]));
        assert_eq!(tokens("/m~0n"), Some(vec!["m~n".into()]));
        assert_eq!(tokens("/~01"), Some(vec!["~1".into()]));
        assert_eq!(tokens("/"), Some(vec![String::new()]));
    }

    #[test]
    fn a_malformed_or_too_deep_pointer_is_refused() {
        for text in ["status", "/a~2", "/a~", "#/a", &"/a".repeat(17)] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
    }
}
