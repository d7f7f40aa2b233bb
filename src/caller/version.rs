//! Client versions.
//!
//! Semver with the liberties that clients take: a `v` in front, fewer or more numbers. Versions are parsed here rather than
//! by the `semver` crate because that one accepts neither and allocates for longer pre-releases, and a version is parsed for
//! every request; the tests compare the two.

use std::cmp::Ordering;
use std::fmt;
use std::num::NonZeroU16;

/// A client's version as sent, of at most 32 ASCII characters: one to four numbers, as in `3`, `2.1` or `2.1.0.4512`.
///
/// An optional `v` may come before them, and pre-release and build metadata as in [semver 2.0.0](https://semver.org/spec/v2.0.0.html)
/// after them. Numbers that are missing are zero: `2.1` has the precedence of `v2.1.0`.
///
/// ```
/// use legacy_http_compat::caller::ClientVersion;
///
/// let candidate = ClientVersion::parse("2.0.0-rc.1").expect("a version");
/// let release = ClientVersion::parse("2.0.0").expect("a version");
/// assert!(candidate.cmp_precedence(&release).is_lt());
/// assert!(ClientVersion::parse("v2").expect("one number").cmp_precedence(&release).is_eq());
/// assert_eq!(ClientVersion::parse("two"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientVersion {
    tag: NonZeroU16,
    length: u8,
    text: [u8; Self::MAX],
}

/// The part of a version that decides precedence: all but its build metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Precedence<'a> {
    numbers: [u64; 4],
    pre_release: &'a [u8],
}

/// The version from which on something holds, parsed in advance.
#[derive(Clone, Debug)]
pub(super) struct Since {
    numbers: [u64; 4],
    pre_release: Box<[u8]>,
}

impl ClientVersion {
    /// The most characters a version may have.
    pub const MAX: usize = 32;

    /// The version that `text` is, if it has the form of one, at most [`ClientVersion::MAX`] characters, and numbers that
    /// fit in 64 bits.
    pub fn parse(text: impl AsRef<[u8]>) -> Option<Self> {
        let text = text.as_ref();
        Self::of(Precedence::read(text)?, text)
    }

    /// The version as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Which of two versions is the older by semver §11, with four numbers: a pre-release is older than its release,
    /// and build metadata does not count.
    #[must_use]
    pub fn cmp_precedence(&self, other: &Self) -> Ordering {
        Precedence::read(self.as_bytes()).cmp(&Precedence::read(other.as_bytes()))
    }

    /// The version that `text` is, after [`Precedence::read`] has taken it.
    #[inline]
    pub(super) fn of(_read: Precedence<'_>, text: &[u8]) -> Option<Self> {
        let mut padded = [0; Self::MAX];
        padded.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self {
            tag: tag(&padded),
            length: u8::try_from(text.len()).ok()?,
            text: padded,
        })
    }

    /// A few bits that distinguish two versions without a look at their text.
    #[inline]
    pub(crate) const fn tag(&self) -> NonZeroU16 {
        self.tag
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
        let mut numbers = [0; 4];
        let mut rest = text.strip_prefix(b"v").unwrap_or(text);
        for (index, value) in numbers.iter_mut().enumerate() {
            let digits = match rest.strip_prefix(b".") {
                Some(after) if index > 0 => after,
                None if index == 0 => rest,
                _ => break,
            };
            (*value, rest) = number(digits)?;
        }
        let pre_release = if rest.is_empty() { rest } else { suffix(rest)? };
        Some(Self {
            numbers,
            pre_release,
        })
    }
}

impl Since {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let version = Precedence::read(text.as_bytes())?;
        Some(Self {
            numbers: version.numbers,
            pre_release: version.pre_release.into(),
        })
    }

    /// Whether a version is this one or a later one.
    pub(super) fn includes(&self, version: Precedence<'_>) -> bool {
        let since = Precedence {
            numbers: self.numbers,
            pre_release: &self.pre_release,
        };
        version >= since
    }
}

impl Ord for Precedence<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_numbers = self.numbers.cmp(&other.numbers);
        by_numbers.then_with(|| cmp_pre_release(self.pre_release, other.pre_release))
    }
}

impl PartialOrd for Precedence<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn tag(text: &[u8; ClientVersion::MAX]) -> NonZeroU16 {
    let mut hash = 0_u64;
    for word in text.as_chunks().0 {
        let mixed = hash.rotate_left(23) ^ u64::from_le_bytes(*word);
        hash = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    let tag = u16::try_from(hash >> 48).unwrap_or_default();
    NonZeroU16::new(tag).unwrap_or(NonZeroU16::MIN)
}

/// The decimal number that `text` starts with, and what follows it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let (number, rest) = text.split_at_checked(digits.count())?;
    let value = match number {
        [] => return None,
        [digit] => u64::from(digit - b'0'),
        digits => digits.iter().try_fold(0_u64, |value, digit| {
            value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
        })?,
    };
    Some((value, rest))
}

/// The pre-release of what follows the numbers, once all of that is well formed.
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
