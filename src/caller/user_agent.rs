//! The product tokens of a `User-Agent` value.
//!
//! ```text
//! User-Agent = product *( RWS ( product / comment ) )     RFC 9110 §10.1.5
//! product    = token [ "/" token ]
//! comment    = "(" *( ctext / quoted-pair / comment ) ")"  RFC 9110 §5.6.5
//! ```
//!
//! Anything else is skipped: a word that is not a product yields nothing, and an unclosed comment extends to the end.
//! Parsing never allocates and never panics.

use std::iter::FusedIterator;

use crate::http_syntax::token;

/// One product of a `User-Agent` value: `core-agent/2.1.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

/// The products of a `User-Agent` value in their order, comments left out.
///
/// ```
/// use legacy_http_compat::caller::Products;
///
/// let mut products = Products::of(b"core-agent/2.1.0 (linux; (x86_64)) reqwest");
/// let agent = products.next().expect("the first product");
/// assert_eq!((agent.name(), agent.version()), ("core-agent", Some("2.1.0")));
/// assert_eq!(products.next().map(|product| product.name()), Some("reqwest"));
/// assert_eq!(products.next(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Products<'a> {
    rest: &'a [u8],
}

impl<'a> Products<'a> {
    /// The products of this value, which may be any bytes.
    #[must_use]
    pub const fn of(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    /// The next run of bytes that are neither blank nor in a comment; empty at the end.
    fn word(&mut self) -> &'a [u8] {
        while let Some((first, after)) = self.rest.split_first() {
            match first {
                b' ' | b'\t' => self.rest = after,
                b'(' => self.rest = after_comment(after),
                _ => break,
            }
        }
        let end = self
            .rest
            .iter()
            .position(|byte| matches!(byte, b' ' | b'\t' | b'('));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }
}

impl<'a> Iterator for Products<'a> {
    type Item = Product<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let word = self.word();
            if word.is_empty() {
                return None;
            }
            if let Some(product) = Product::read(word) {
                return Some(product);
            }
        }
    }
}

impl FusedIterator for Products<'_> {}

impl<'a> Product<'a> {
    /// The product's name, as it was sent.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// What follows the slash: any token.
    #[must_use]
    pub const fn version(&self) -> Option<&'a str> {
        self.version
    }

    fn read(word: &'a [u8]) -> Option<Self> {
        let slash = word.iter().position(|byte| *byte == b'/');
        let (name, version) = match slash {
            Some(at) => (&word[..at], Some(token(&word[at + 1..])?)),
            None => (word, None),
        };
        Some(Self {
            name: token(name)?,
            version,
        })
    }
}

/// What follows the comment whose opening parenthesis is just before `inside`.
fn after_comment(inside: &[u8]) -> &[u8] {
    let mut depth = 1_usize;
    let mut rest = inside;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' => rest = rest.get(1..).unwrap_or_default(),
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(value: &[u8]) -> Vec<(&str, Option<&str>)> {
        Products::of(value)
            .map(|product| (product.name, product.version))
            .collect()
    }

    #[test]
    fn several_products_come_in_their_order() {
        let value = b"core-agent/2.1.0 (linux; x86_64) reqwest/0.13 curl";
        let expected = [
            ("core-agent", Some("2.1.0")),
            ("reqwest", Some("0.13")),
            ("curl", None),
        ];
        assert_eq!(read(value), expected);
    }

    #[test]
    fn a_comment_may_hold_comments_and_quoted_brackets() {
        assert_eq!(
            read(br"a/1 (x (core-agent/9) \) \( y) b/2"),
            [("a", Some("1")), ("b", Some("2"))]
        );
    }

    #[test]
    fn a_comment_without_a_blank_before_it_ends_the_product() {
        assert_eq!(read(b"a/1(x)b/2"), [("a", Some("1")), ("b", Some("2"))]);
    }

    #[test]
    fn an_open_comment_lasts_to_the_end() {
        assert_eq!(read(b"a/1 (b/2 (c/3) d/4"), [("a", Some("1"))]);
        assert_eq!(read(br"a (\"), [("a", None)]);
    }

    #[test]
    fn a_word_that_is_no_product_is_stepped_over() {
        let value = b"/1 a/ b//2 c/1/2 d;e \xff) f,g \"h\" ok/1.0+x";
        assert_eq!(read(value), [("ok", Some("1.0+x"))]);
    }

    #[test]
    fn an_empty_value_has_no_products() {
        assert!(read(b"").is_empty() && read(b" \t ").is_empty() && read(b"()").is_empty());
    }

    fn offset(value: &[u8], part: &str) -> usize {
        part.as_ptr() as usize - value.as_ptr() as usize
    }

    proptest! {
        #[test]
        fn any_bytes_give_tokens_of_the_input_that_do_not_overlap(
            value in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                proptest::collection::vec(
                    proptest::sample::select(b"a1.-/() \t\\;\xff".to_vec()), 0..200),
            ]
        ) {
            let mut end = 0;
            for product in Products::of(&value) {
                for part in [Some(product.name()), product.version()].into_iter().flatten() {
                    let start = offset(&value, part);
                    prop_assert!(start >= end && token(part.as_bytes()).is_some());
                    end = start + part.len();
                    prop_assert_eq!(&value[start..end], part.as_bytes());
                }
            }
        }

        #[test]
        fn what_was_written_by_the_grammar_is_read_back(
            products in proptest::collection::vec(
                ("[a-z!+.~-]{1,8}", proptest::option::of("[0-9a-z.+-]{1,8}"), "[ a-z/]{0,8}"), 1..6)
        ) {
            let text = products.iter().map(|(name, version, comment)| {
                let version = version.as_ref().map(|v| format!("/{v}")).unwrap_or_default();
                format!("{name}{version} ({comment})")
            });
            let text = text.collect::<Vec<_>>().join(" ");
            let expected: Vec<_> = products.iter().map(|(n, v, _)| (n.as_str(), v.as_deref())).collect();
            prop_assert_eq!(read(text.as_bytes()), expected);
        }
    }
}
