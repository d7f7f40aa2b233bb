//! The product tokens of a `User-Agent` value.
//!
//! ```text
//! User-Agent = product *( RWS ( product / comment ) )     RFC 9110 §10.1.5
//! product    = token [ "/" token ]
//! comment    = "(" *( ctext / quoted-pair / comment ) ")"  RFC 9110 §5.6.5
//! ```
//!
//! Clients are read more liberally than that, as they write:
//!
//! - What follows a version is skipped: `OpenAPI-Generator/2.0.0/rust` is `OpenAPI-Generator` of version `2.0.0`.
//! - A comma or semicolon separates products like a blank.
//! - A product that is looked for by its name may have a blank in place of the slash: `cargo 1.75.0`.
//!
//! Anything else is skipped: a word that is not a product yields nothing, and an unclosed comment extends to the end.
//! Parsing never allocates and never panics.

use std::iter::FusedIterator;

use super::version::ClientVersion;
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

    /// The first of the products left for whose name `find` has a value. The version of one without a slash is the next
    /// word, if that is a [`ClientVersion`].
    pub(super) fn find_named<T>(
        mut self,
        find: impl Fn(&str) -> Option<T>,
    ) -> Option<(T, Product<'a>)> {
        let (value, mut product) = self.find_map(|product| Some((find(product.name)?, product)))?;
        if product.version.is_none() {
            product.version = self.leading_version();
        }
        Some((value, product))
    }

    /// The version that is the next word, with nothing but blanks before it.
    fn leading_version(&self) -> Option<&'a str> {
        let rest = self.rest.trim_ascii_start();
        let (word, _) = rest.split_at(word_end(rest));
        ClientVersion::parse(word)?;
        str::from_utf8(word).ok()
    }

    /// The next run of bytes that are neither separators nor in a comment; empty at the end.
    fn word(&mut self) -> &'a [u8] {
        while let Some((first, after)) = self.rest.split_first() {
            match first {
                b'(' => self.rest = after_comment(after),
                first if is_separator(*first) => self.rest = after,
                _ => break,
            }
        }
        let (word, rest) = self.rest.split_at(word_end(self.rest));
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

    /// What follows the slash, up to another one: any token.
    #[must_use]
    pub const fn version(&self) -> Option<&'a str> {
        self.version
    }

    fn read(word: &'a [u8]) -> Option<Self> {
        let mut parts = word.split(|byte| *byte == b'/');
        Some(Self {
            name: token(parts.next()?)?,
            version: parts.next().and_then(token),
        })
    }
}

/// Where the word at the start of `text` ends.
fn word_end(text: &[u8]) -> usize {
    let end = text
        .iter()
        .position(|byte| *byte == b'(' || is_separator(*byte));
    end.unwrap_or(text.len())
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';')
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
        let value = b"/1 \xff) \"h\" x=y {\"ci\":null,\"cpu\":\"x86_64\"} ok/1.0+x";
        assert_eq!(read(value), [("ok", Some("1.0+x"))]);
    }

    #[test]
    fn what_follows_a_version_and_what_is_none_are_left_out() {
        let value = b"OpenAPI-Generator/2.0.0/rust a/ b//2 c/\"1\"";
        let expected = [
            ("OpenAPI-Generator", Some("2.0.0")),
            ("a", None),
            ("b", None),
            ("c", None),
        ];
        assert_eq!(read(value), expected);
    }

    #[test]
    fn commas_and_semicolons_separate_like_blanks() {
        let value = b"a/2.1.0;lang=en, b/1,c/3;";
        let expected = [("a", Some("2.1.0")), ("b", Some("1")), ("c", Some("3"))];
        assert_eq!(read(value), expected);
    }

    #[test]
    fn a_product_that_is_looked_for_may_have_its_version_after_a_blank() {
        let version = |value: &'static str| {
            let named = |name: &str| name.eq_ignore_ascii_case("cargo").then_some(());
            let ((), product) = Products::of(value.as_bytes()).find_named(named)?;
            product.version()
        };
        for value in [
            "cargo 1.75.0 (1d8b05cdd 2023-11-20)",
            "curl/8 cargo\t 1.75.0(x)",
            "Cargo/1.75.0 2.0.0",
        ] {
            assert_eq!(version(value), Some("1.75.0"), "{value}");
        }
        assert_eq!(version("cargo v2 3"), Some("v2"));
        for value in [
            "cargo",
            "cargo nightly 1.75.0",
            "cargo (1.75.0)",
            "cargo, 2",
            "cargo (x) 2",
        ] {
            assert_eq!(version(value), None, "{value}");
        }
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
                ("[a-z!+.~-]{1,8}", proptest::option::of("[0-9a-z.+-]{1,8}"), "[ a-z/;,]{0,8}"), 1..6)
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
