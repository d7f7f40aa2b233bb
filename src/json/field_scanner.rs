//! Finding fields in a JSON text without reading more of it than needed.
//!
//! `serde_json` reads every token; only the walk from member to member is ours. A visitor could not do it: the only way
//! out of one in the middle of a document is an error, and an error allocates.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

use crate::diagnostics::{Diagnostics, FaultCode};

/// The fields that are requested for, compiled into a tree of member names.
#[derive(Debug, Default)]
pub(crate) struct FieldScanner {
    root: Branch,
    requested: usize,
}

#[derive(Debug, Default)]
struct Branch {
    slot: Option<usize>,
    children: Vec<(String, Branch)>,
}

/// What is known of one requested field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field<'b> {
    /// The text broke off, or could not be read, before the field was found.
    Unknown,
    Absent,
    /// The value as it is written in the text.
    Present(&'b str),
}

/// What is known of the requested fields, by the slots that [`FieldScanner::add`] gave.
#[derive(Debug)]
pub(crate) struct Fields<'b> {
    found: [Field<'b>; FieldScanner::MAX_FIELDS],
}

impl FieldScanner {
    /// The most fields that can be requested of one text; they are kept on the stack.
    pub(crate) const MAX_FIELDS: usize = 32;

    /// The most levels that a pointer may go down.
    const MAX_DEPTH: usize = 16;

    /// Asks for the field at `pointer` and returns its slot; adds a fault if there can be none.
    pub(crate) fn add(&mut self, pointer: &str, diagnostics: &mut Diagnostics) -> Option<usize> {
        let tokens = tokens(pointer).filter(|tokens| tokens.len() <= Self::MAX_DEPTH);
        let Some(tokens) = tokens else {
            let most = Self::MAX_DEPTH;
            let expected =
                format!("a JSON pointer such as /status (RFC 6901), at most {most} levels deep");
            diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
            return None;
        };
        let tokens = tokens.iter();
        let branch = tokens.fold(&mut self.root, |branch, token| branch.child(token));
        if branch.slot.is_none() && self.requested < Self::MAX_FIELDS {
            branch.slot = Some(self.requested);
            self.requested += 1;
        }
        if branch.slot.is_none() {
            let expected = format!("at most {} different fields of one body", Self::MAX_FIELDS);
            diagnostics.add(FaultCode::TooMany, pointer, expected);
        }
        branch.slot
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requested == 0
    }

    /// How many fields are requested for; their slots are the numbers below.
    pub(crate) fn len(&self) -> usize {
        self.requested
    }

    /// Reads `text` until all requested fields are known. Of duplicate names the first counts.
    pub(crate) fn scan<'b>(&self, text: &'b [u8]) -> Fields<'b> {
        let mut walk = Walk {
            text,
            at: 0,
            unknown: self.requested,
            fields: Fields::unknown(),
        };
        if walk.unknown > 0 {
            // What was not found before a fault in the text stays unknown.
            let _fault = walk.value(&self.root);
        }
        walk.fields
    }
}

impl Branch {
    fn child(&mut self, name: &str) -> &mut Self {
        let index = self
            .children
            .iter()
            .position(|(child, _)| child == name)
            .unwrap_or_else(|| {
                self.children.push((name.to_owned(), Self::default()));
                self.children.len() - 1
            });
        &mut self.children[index].1
    }

    fn named(&self, name: &str) -> Option<(usize, &Self)> {
        let index = self.children.iter().position(|(child, _)| child == name)?;
        Some((index, &self.children[index].1))
    }

    /// The child for an element of an array: its index in decimal without leading zeros (RFC 6901, section 4).
    fn element(&self, index: usize) -> Option<&Self> {
        let is_index =
            |token: &str| token.parse() == Ok(index) && (token == "0" || !token.starts_with('0'));
        self.children
            .iter()
            .find(|(token, _)| is_index(token) && !token.starts_with('+'))
            .map(|(_, child)| child)
    }
}

/// The reference tokens of a JSON pointer (RFC 6901, section 3), unescaped.
pub(super) fn tokens(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    pointer
        .strip_prefix('/')?
        .split('/')
        .map(unescape)
        .collect()
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

impl<'b> Fields<'b> {
    pub(crate) const fn unknown() -> Self {
        Self {
            found: [Field::Unknown; FieldScanner::MAX_FIELDS],
        }
    }

    pub(crate) const fn get(&self, slot: usize) -> Field<'b> {
        self.found[slot]
    }

    /// Puts what is known of a field at a slot.
    pub(crate) const fn set(&mut self, slot: usize, field: Field<'b>) {
        self.found[slot] = field;
    }

    /// Whether the text broke off before all that `scanner` requested for was known.
    pub(crate) fn lack_any_of(&self, scanner: &FieldScanner) -> bool {
        self.found[..scanner.requested].contains(&Field::Unknown)
    }
}

/// The text is not JSON at the place that was read.
struct Malformed;

struct Walk<'b> {
    text: &'b [u8],
    at: usize,
    unknown: usize,
    fields: Fields<'b>,
}

impl<'b> Walk<'b> {
    /// How deep nested values are stepped over without an allocation.
    const MAX_DEPTH: usize = 64;

    fn value(&mut self, branch: &Branch) -> Result<(), Malformed> {
        if let Some(slot) = branch.slot {
            let value = self.raw()?;
            self.know(slot, Field::Present(value));
            return self.within(value.as_bytes(), branch);
        }
        self.children(branch)
    }

    /// Looks for the children of a branch whose own value was taken.
    fn within(&mut self, value: &'b [u8], branch: &Branch) -> Result<(), Malformed> {
        if branch.children.is_empty() {
            return Ok(());
        }
        let (text, at) = (
            std::mem::replace(&mut self.text, value),
            std::mem::take(&mut self.at),
        );
        let walked = self.children(branch);
        (self.text, self.at) = (text, at);
        walked
    }

    fn children(&mut self, branch: &Branch) -> Result<(), Malformed> {
        match self.peek()? {
            b'{' => self.object(branch)?,
            b'[' => self.array(branch)?,
            _ => self.scalar()?,
        }
        self.close(branch);
        Ok(())
    }

    fn object(&mut self, branch: &Branch) -> Result<(), Malformed> {
        let mut met = 0_u64;
        let mut next = self.open(b'}')?;
        while next && self.unknown > 0 {
            let name: Name<'b> = self.token()?;
            self.expect(b':')?;
            match branch.named(&name.0) {
                Some((index, child)) if met & (1 << index) == 0 => {
                    met |= 1 << index;
                    self.value(child)?;
                }
                _ => self.skip(0)?,
            }
            next = self.unknown > 0 && self.another(b'}')?;
        }
        Ok(())
    }

    fn array(&mut self, branch: &Branch) -> Result<(), Malformed> {
        let mut next = self.open(b']')?;
        let mut index = 0;
        while next && self.unknown > 0 {
            match branch.element(index) {
                Some(child) => self.value(child)?,
                None => self.skip(0)?,
            }
            index += 1;
            next = self.unknown > 0 && self.another(b']')?;
        }
        Ok(())
    }

    /// A value as it is written in the text.
    fn raw(&mut self) -> Result<&'b str, Malformed> {
        self.peek()?;
        let start = self.at;
        self.skip(0)?;
        str::from_utf8(&self.text[start..self.at]).map_err(|_| Malformed)
    }

    /// Skips a value. `serde_json` allocates to track its place in nested values, so down to a depth that real bodies do
    /// not reach it is only given values without children.
    fn skip(&mut self, depth: usize) -> Result<(), Malformed> {
        match self.peek()? {
            b'{' if depth < Self::MAX_DEPTH => self.skip_within(b'}', depth),
            b'[' if depth < Self::MAX_DEPTH => self.skip_within(b']', depth),
            _ => self.scalar(),
        }
    }

    fn skip_within(&mut self, end: u8, depth: usize) -> Result<(), Malformed> {
        let mut next = self.open(end)?;
        while next {
            if end == b'}' {
                self.skip_name()?;
            }
            self.skip(depth + 1)?;
            next = self.another(end)?;
        }
        Ok(())
    }

    fn skip_name(&mut self) -> Result<(), Malformed> {
        if self.peek()? != b'"' {
            return Err(Malformed);
        }
        self.scalar()?;
        self.expect(b':')
    }

    fn scalar(&mut self) -> Result<(), Malformed> {
        self.token::<IgnoredAny>().map(drop)
    }

    /// What was not met in a value that was read to its end is absent.
    fn close(&mut self, branch: &Branch) {
        for (_, child) in &branch.children {
            if let Some(slot) = child.slot {
                self.know(slot, Field::Absent);
            }
            self.close(child);
        }
    }

    fn know(&mut self, slot: usize, field: Field<'b>) {
        if self.fields.found[slot] == Field::Unknown {
            self.fields.found[slot] = field;
            self.unknown -= 1;
        }
    }

    /// Enters an object or array; `false` when it is empty.
    fn open(&mut self, end: u8) -> Result<bool, Malformed> {
        self.at += 1;
        let empty = self.peek()? == end;
        self.at += usize::from(empty);
        Ok(!empty)
    }

    /// Steps over what follows a member or element; `false` at the end.
    fn another(&mut self, end: u8) -> Result<bool, Malformed> {
        let next = self.peek()?;
        self.at += 1;
        match next {
            b',' => Ok(true),
            byte if byte == end => Ok(false),
            _ => Err(Malformed),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        let found = self.peek()?;
        self.at += 1;
        if found == byte {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<u8, Malformed> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(byte);
            }
            self.at += 1;
        }
        Err(Malformed)
    }

    fn token<T: Deserialize<'b>>(&mut self) -> Result<T, Malformed> {
        let rest = self.text.get(self.at..).ok_or(Malformed)?;
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<T>();
        let token = stream.next().ok_or(Malformed)?.map_err(|_| Malformed)?;
        self.at += stream.byte_offset();
        Ok(token)
    }
}

/// A member's name; borrowed from the text unless it is written with escapes.
#[derive(Deserialize)]
struct Name<'b>(#[serde(borrow)] Cow<'b, str>);
