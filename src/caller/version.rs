//! Client versions.
//!
//! Versions are parsed here rather than by the `semver` crate because that one allocates for longer pre-releases, and a
//! version is parsed for every request; the tests compare the two.

use std::cmp::Ordering;
use std::fmt;

/// A client's version as sent: strict semver of at most 32 ASCII characters.
///
/// ```
/// use legacy_http_compat::caller::ClientVersion;
///
/// let candidate = ClientVersion::parse("2.0.0-rc.1").expect("semver");
/// let release = ClientVersion::parse("2.0.0").expect("semver");
/// assert!(candidate.cmp_precedence(&release).is_lt());
/// assert_eq!(ClientVersion::parse("v2"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientVersion {
    length: u8,
    text: [u8; Self::MAX],
}

/// The part of a version that decides precedence: all but its build metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Precedence<'a> {
    core: [u64; 3],
    pre_release: &'a [u8],
}

/// The version from which on something holds, parsed in advance.
#[derive(Clone, Debug)]
pub(super) struct Since {
    core: [u64; 3],
    pre_release: Box<[u8]>,
}

impl ClientVersion {
    /// The most characters a version may have.
    pub const MAX: usize = 32;

    /// The version that `text` is, if it is strict [semver 2.0.0](https://semver.org/spec/v2.0.0.html)
    /// of at most [`ClientVersion::MAX`] characters and its three numbers fit in 64 bits.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        Self::of(Precedence::read(text)?, text)
    }

    /// The version as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Which of two versions is the older by semver §11: a pre-release is older than its release, and
    /// build metadata does not count.
    #[must_use]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        Precedence::read(self.as_bytes()).cmp(&Precedence::read(other.as_bytes()))
    }

    /// The version that `text` is, after [`Precedence::read`] has taken it.
    #[inline]
    pub(super) fn of(_read: Precedence<'_>, text: &[u8]) -> Option<Self> {
        let mut version = Self {
            length: u8::try_from(text.len()).ok()?,
            text: [0; Self::MAX],
        };
        version.text.get_mut(..text.len())?.copy_from_slice(text);
        Some(version)
    }

    /// The version as text, filled up with zeros.
    pub(crate) const fn padded(&self) -> &[u8; Self::MAX] {
        &self.text
    }

    fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl fmt::Display for ClientVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ClientVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> Precedence<'a> {
    /// The precedence of `text`, if it is a version of at most [`ClientVersion::MAX`] characters.
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        if text.len() > ClientVersion::MAX {
            return None;
        }
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix(b".")?)?;
        let (patch, rest) = number(rest.strip_prefix(b".")?)?;
        let pre_release = if rest.is_empty() { rest } else { suffix(rest)? };
        Some(Self {
            core: [major, minor, patch],
            pre_release,
        })
    }
}

impl Since {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let version = Precedence::read(text.as_bytes())?;
        Some(Self {
            core: version.core,
            pre_release: version.pre_release.into(),
        })
    }

    /// Whether a version is this one or a later one.
    pub(super) fn includes(&self, version: Precedence<'_>) -> bool {
        let since = Precedence {
            core: self.core,
            pre_release: &self.pre_release,
        };
        version >= since
    }
}

impl Ord for Precedence<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_core = self.core.cmp(&other.core);
        by_core.then_with(|| cmp_pre_release(self.pre_release, other.pre_release))
    }
}

impl PartialOrd for Precedence<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The decimal number that `text` starts with, without leading zeros, and what follows it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let (number, rest) = text.split_at_checked(digits.count())?;
    let value = match number {
        [] | [b'0', _, ..] => return None,
        [digit] => u64::from(digit - b'0'),
        digits => digits.iter().try_fold(0_u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })?,
    };
    Some((value, rest))
}

/// The pre-release of what follows the three numbers, once all of that is well formed.
fn suffix(text: &[u8]) -> Option<&[u8]> {
    let plus = text.iter().position(|byte| *byte == b'+');
    let (before, build) = match plus {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if !build.is_none_or(|build| identifiers(build).all(is_identifier)) {
        return None;
    }
    if before.is_empty() {
        return Some(before);
    }
    let pre_release = before.strip_prefix(b"-")?;
    let well_formed = |part: &[u8]| {
        is_identifier(part) && !(part.len() > 1 && part[0] == b'0' && is_numeric(part))
    };
    identifiers(pre_release)
        .all(well_formed)
        .then_some(pre_release)
}

fn identifiers(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'.')
}

fn is_identifier(part: &[u8]) -> bool {
    let in_set = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    !part.is_empty() && part.iter().all(in_set)
}

fn is_numeric(part: &[u8]) -> bool {
    part.iter().all(u8::is_ascii_digit)
}

/// Semver §11: none is newer than any; else field by field, and of two that start alike the longer is newer.
fn cmp_pre_release(left: &[u8], right: &[u8]) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (false, false) => {}
        (left_none, right_none) => return left_none.cmp(&right_none),
    }
    let (mut left, mut right) = (identifiers(left), identifiers(right));
    loop {
        let order = match (left.next(), right.next()) {
            (Some(left), Some(right)) => cmp_identifier(left, right),
            (None, None) => return Ordering::Equal,
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Numbers by value (they have no leading zeros, so the longer is the greater), below any word.
fn cmp_identifier(left: &[u8], right: &[u8]) -> Ordering {
    match (is_numeric(left), is_numeric(right)) {
        (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        (false, false) => left.cmp(right),
        (left_numeric, right_numeric) => right_numeric.cmp(&left_numeric),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> ClientVersion {
        ClientVersion::parse(text).unwrap()
    }

    #[test]
    fn the_order_is_that_of_the_specification() {
        let ordered = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "2.0.0-rc.1",
            "2.0.0",
            "10.0.0",
        ];
        for pair in ordered.windows(2) {
            assert_eq!(
                version(pair[0]).cmp_precedence(&version(pair[1])),
                Ordering::Less,
                "{pair:?}"
            );
            assert_eq!(
                version(pair[1]).cmp_precedence(&version(pair[0])),
                Ordering::Greater
            );
        }
    }

    #[test]
    fn build_metadata_does_not_count_but_is_kept() {
        let built = version("2.0.0+build.007");
        assert_eq!(built.cmp_precedence(&version("2.0.0")), Ordering::Equal);
        assert_eq!(built.to_string(), "2.0.0+build.007");
    }

    #[test]
    fn what_is_not_strict_semver_is_no_version() {
        for text in [
            "",
            "2",
            "2.0",
            "v2.0.0",
            "2.0.0 ",
            " 2.0.0",
            "02.0.0",
            "2.0.0-",
            "2.0.0+",
            "2.0.0-01",
            "2.0.0-a..b",
            "2.0.0.0",
            "2.0.0-é",
            "2.0.0-a+b+c",
            "18446744073709551616.0.0",
        ] {
            assert_eq!(ClientVersion::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn thirty_two_characters_are_the_most() {
        let longest = format!("1.0.0-{}", "a".repeat(26));
        assert_eq!(version(&longest).as_str(), longest);
        assert_eq!(ClientVersion::parse(longest + "a"), None);
    }

    fn near_versions() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,2}\\.[0-9]\\.[0-9](-[0-9a-z.-]{0,6})?(\\+[0-9a-z.-]{0,4})?",
            "[0-9a.+-]{0,34}",
            "[0-9]{17,21}\\.0\\.0",
        ]
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_version_or_none(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(version) = ClientVersion::parse(&text) {
                prop_assert_eq!(version.as_str().as_bytes(), &text);
            }
        }

        #[test]
        fn the_semver_crate_takes_the_same_versions(text in near_versions()) {
            let expected = text.len() <= 32 && semver::Version::parse(&text).is_ok();
            prop_assert_eq!(ClientVersion::parse(&text).is_some(), expected);
        }

        #[test]
        fn the_semver_crate_orders_them_alike(
            left in "[01]\\.0\\.[01](-[0-9ab.-]{1,7})?(\\+a)?",
            right in "[01]\\.0\\.[01](-[0-9ab.-]{1,7})?(\\+b)?",
        ) {
            let ours = ClientVersion::parse(&left).zip(ClientVersion::parse(&right));
            let theirs = semver::Version::parse(&left).ok().zip(semver::Version::parse(&right).ok());
            let ours = ours.map(|(left, right)| left.cmp_precedence(&right));
            prop_assert_eq!(ours, theirs.map(|(left, right)| left.cmp_precedence(&right)));
        }
    }
}
