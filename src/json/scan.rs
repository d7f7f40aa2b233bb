//! A scan for fields: a walk through a text that stops wherever the text does, and goes on when there is more of it.

use std::ops::Range;

use memchr::memchr2;
use serde::de::IgnoredAny;

use super::{
    balanced_skip::{BalancedSkip, Malformed},
    block,
    few::Few,
    field_scanner::{Branch, BranchIndex, Child, FieldScanner},
};

/// How far a text has been scanned, and what was found in it.
///
/// It allocates only for more than 16 fields of one status, or pointers of more than four tokens.
///
/// The text may grow between the calls of [`next`](Self::next); it must not change otherwise.
#[derive(Debug)]
pub(crate) struct Scan {
    /// All before it has been read.
    at: usize,
    /// How far the token at `at` has been read already, when the text ended within it.
    seen: usize,
    /// Whether the string that was read last has an escape.
    escaped: bool,
    skip: BalancedSkip,
    expected: Expected,
    /// What the next value is requested as.
    target: Option<BranchIndex>,
    /// The innermost array or object that is open, if any is.
    level: Level,
    /// Those around it.
    outer: Few<Level, 4>,
    depth: usize,
    known: u64,
    /// Where, by slot.
    found: Few<(u32, u32), 16>,
}

/// What a scan comes to next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanStep {
    /// The value of the field at this slot.
    Found(usize),
    /// The end of the text as far as it is there.
    End,
    /// The text is not JSON here, or repeats a requested member.
    Malformed,
}

/// Why a token was not read.
enum Stop {
    /// The text ends before the token does.
    End,
    Malformed,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    Value,
    /// A name or element, or the end of an empty object or array.
    First,
    Next,
    CommaOrEnd,
    /// Nothing more: the root has been read.
    Nothing,
}

/// An array or object that is open, some of whose children are requested.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    branch: BranchIndex,
    start: u32,
    is_array: bool,
    /// Of an array, how many elements came before; of an object, which children of the branch were met, one bit each.
    met: u64,
}

impl Scan {
    pub(crate) fn new() -> Self {
        Self {
            at: 0,
            seen: 0,
            escaped: false,
            skip: BalancedSkip::default(),
            expected: Expected::Value,
            target: Some(FieldScanner::ROOT),
            level: Level::default(),
            outer: Few::new(),
            depth: 0,
            known: 0,
            found: Few::new(),
        }
    }

    /// A scan of a text as far as needed to find all fields, and whether the text is whole and valid, so that what was not
    /// found is absent. Of a malformed one nothing is known.
    pub(crate) fn all(scanner: &FieldScanner, text: &[u8], is_complete: bool) -> (Self, bool) {
        let mut scan = Self::new();
        while scan.known.count_ones() as usize != scanner.len() {
            match scan.next(scanner, text) {
                ScanStep::Found(_) => {}
                ScanStep::End => {
                    let is_whole = is_complete && scan.is_whole(scanner, text);
                    return (scan, is_whole);
                }
                ScanStep::Malformed => return (Self::new(), false),
            }
        }
        (scan, false)
    }

    /// Goes on to the next requested value.
    #[inline(always)]
    pub(crate) fn next(&mut self, scanner: &FieldScanner, text: &[u8]) -> ScanStep {
        let found = if self.at == 0 {
            self.first_member(scanner, text)
        } else {
            self.following_member(scanner, text)
        };
        match found {
            Some(slot) => ScanStep::Found(slot),
            None => self.next_by_steps(scanner, text),
        }
    }

    #[inline(never)]
    fn next_by_steps(&mut self, scanner: &FieldScanner, text: &[u8]) -> ScanStep {
        loop {
            match self.step(scanner, text) {
                Ok(None) => {}
                Ok(Some(slot)) => return ScanStep::Found(slot),
                Err(Stop::End) => return ScanStep::End,
                Err(Stop::Malformed) => return ScanStep::Malformed,
            }
        }
    }

    /// Whether a text that was scanned to its end is JSON, so that what was not found is absent.
    pub(crate) fn is_whole(&mut self, scanner: &FieldScanner, text: &[u8]) -> bool {
        // An array or object that is open yet has no end.
        let is_json = self.depth == 0 && is_json(text);
        if let (true, Some(slot)) = (is_json, scanner.branch(FieldScanner::ROOT).slot) {
            self.found_root(slot, text);
        }
        is_json
    }

    /// The slots of the fields that were found, one bit each.
    pub(crate) const fn known(&self) -> u64 {
        self.known
    }

    /// The value of the field at a slot, as it is written in the text that was scanned; `None` if it was not found.
    /// It was validated, so it is UTF-8.
    #[inline]
    pub(crate) fn value<'t>(&self, slot: usize, text: &'t [u8]) -> Option<&'t [u8]> {
        let is_known = self.known & 1 << slot != 0;
        let (start, end) = self.found.get(slot);
        is_known.then(|| &text[start as usize..end as usize])
    }

    /// Notes the whole text as the value of the root, if that was not known before its end.
    fn found_root(&mut self, slot: usize, text: &[u8]) {
        let end = text.trim_ascii_end().len();
        let start = text.len() - text.trim_ascii_start().len();
        self.note(slot, start..end);
    }

    /// The first member of an object, if it is requested and written as plainly as most are: what the steps come to, at once.
    #[inline(always)]
    fn first_member(&mut self, scanner: &FieldScanner, text: &[u8]) -> Option<usize> {
        let (index, child) = scanner.branch(FieldScanner::ROOT).opening(text)?;
        let start = child.opening.len();
        let (slot, end) = plain_member(scanner, child, text, start)?;
        // As `open` does, of an object that nothing is around.
        self.level.branch = FieldScanner::ROOT;
        self.depth = 1;
        Some(self.met(index, child, slot, start..end))
    }

    /// The member behind the last one that was found, in the same way.
    #[inline(always)]
    fn following_member(&mut self, scanner: &FieldScanner, text: &[u8]) -> Option<usize> {
        if self.level.is_array || !matches!(self.expected, Expected::CommaOrEnd) {
            return None;
        }
        let member = text.get(self.at..)?.strip_prefix(b",")?;
        let branch = scanner.branch(self.level.branch);
        let (index, child) = branch.beginning(member, self.level.met)?;
        let start = self.at + child.opening.len();
        let (slot, end) = plain_member(scanner, child, text, start)?;
        Some(self.met(index, child, slot, start..end))
    }

    /// Notes the value of a member that is met for the first time.
    #[inline(always)]
    fn met(&mut self, index: usize, child: &Child, slot: usize, value: Range<usize>) -> usize {
        self.level.met |= 1 << index;
        self.target = Some(child.branch);
        self.expected = Expected::CommaOrEnd;
        (self.at, self.seen) = (value.end, 0);
        self.note(slot, value);
        slot
    }

    #[inline(always)]
    fn note(&mut self, slot: usize, value: Range<usize>) {
        self.found
            .set(slot, (offset(value.start), offset(value.end)));
        self.known |= 1 << slot;
    }

    #[inline(always)]
    fn step(&mut self, scanner: &FieldScanner, text: &[u8]) -> Result<Option<usize>, Stop> {
        match self.expected {
            Expected::Value => self.read_value(scanner, text),
            Expected::Next => self.child(scanner, text),
            Expected::CommaOrEnd => self.comma_or_end(scanner, text),
            Expected::First => {
                if self.peek(text)? == self.level.end() {
                    return self.close(scanner, text);
                }
                self.child(scanner, text)
            }
            Expected::Nothing => Err(Stop::End),
        }
    }

    #[inline(always)]
    fn read_value(&mut self, scanner: &FieldScanner, text: &[u8]) -> Result<Option<usize>, Stop> {
        let first = self.peek(text)?;
        let Some(index) = self.target else {
            self.skip(text, first)?;
            self.expected = Expected::CommaOrEnd;
            return Ok(None);
        };
        let branch = scanner.branch(index);
        let is_container = matches!(first, b'{' | b'[');
        if self.depth == 0 && !is_container {
            // Only the whole text can say what a scalar at the root is.
            return Err(Stop::End);
        }
        if is_container && !branch.children.is_empty() {
            self.open(index, first == b'[');
            return Ok(None);
        }
        let start = self.at;
        self.skip(text, first)?;
        self.expected = self.behind_value();
        self.found(branch, start..self.at, text)
    }

    /// Enters an array or object.
    fn open(&mut self, branch: BranchIndex, is_array: bool) {
        self.outer.set(self.depth, self.level);
        self.level = Level {
            branch,
            start: offset(self.at),
            is_array,
            met: 0,
        };
        self.depth += 1;
        self.at += 1;
        self.expected = Expected::First;
    }

    /// A member or element: its beginning, and its value.
    #[inline(always)]
    fn child(&mut self, scanner: &FieldScanner, text: &[u8]) -> Result<Option<usize>, Stop> {
        let level = self.level;
        let branch = scanner.branch(level.branch);
        if level.is_array {
            self.target = branch.element(level.met);
            self.level.met += 1;
        } else {
            self.target = self.member(branch, text)?;
        }
        self.expected = Expected::Value;
        self.read_value(scanner, text)
    }

    /// Reads the names of members with their colons, up to one that is requested or that has more than a simple value.
    #[inline(always)]
    fn member(&mut self, branch: &Branch, text: &[u8]) -> Result<Option<BranchIndex>, Stop> {
        loop {
            if self.peek(text)? != b'"' {
                return Err(Stop::Malformed);
            }
            let (start, end) = (self.at, self.string(text)?);
            let Ok(colon) = next_byte(text, end) else {
                // The string is read again from its last quote.
                self.seen = end - 1;
                return Err(Stop::End);
            };
            if text[colon] != b':' {
                return Err(Stop::Malformed);
            }
            (self.at, self.seen) = (colon + 1, 0);
            if (self.escaped || branch.has_name_of(end - start - 2))
                && let Some(child) = self.meet(branch, &text[start..end])?
            {
                return Ok(Some(child));
            }
            match behind_simple_value(text, self.at) {
                Some(next) => {
                    self.at = next;
                    // The text may end here.
                    self.expected = Expected::Next;
                }
                None => return Ok(None),
            }
        }
    }

    /// The child of this name, which is met for the first time.
    #[inline(always)]
    fn meet(&mut self, branch: &Branch, name: &[u8]) -> Result<Option<BranchIndex>, Stop> {
        let child = if self.escaped {
            branch.named(&unescaped(name)?)
        } else {
            branch.named(&name[1..name.len() - 1])
        };
        let Some((index, child)) = child else {
            return Ok(None);
        };
        if self.level.met & 1 << index != 0 {
            return Err(Stop::Malformed);
        }
        self.level.met |= 1 << index;
        Ok(Some(child))
    }

    #[inline(always)]
    fn comma_or_end(&mut self, scanner: &FieldScanner, text: &[u8]) -> Result<Option<usize>, Stop> {
        match self.peek(text)? {
            b',' => {
                self.at += 1;
                self.expected = Expected::Next;
                self.child(scanner, text)
            }
            end if end == self.level.end() => self.close(scanner, text),
            _ => Err(Stop::Malformed),
        }
    }

    /// Leaves an array or object, which may be requested itself.
    fn close(&mut self, scanner: &FieldScanner, text: &[u8]) -> Result<Option<usize>, Stop> {
        let level = self.level;
        self.at += 1;
        self.depth -= 1;
        self.level = self.outer.get(self.depth);
        self.expected = self.behind_value();
        let branch = scanner.branch(level.branch);
        self.found(branch, level.start as usize..self.at, text)
    }

    /// Notes a value, if it is requested itself. What is used is validated whole.
    #[inline(always)]
    fn found(
        &mut self,
        branch: &Branch,
        value: Range<usize>,
        text: &[u8],
    ) -> Result<Option<usize>, Stop> {
        let Some(slot) = branch.slot else {
            return Ok(None);
        };
        if !is_valid(&text[value.clone()], self.escaped) {
            return Err(Stop::Malformed);
        }
        self.note(slot, value);
        Ok(Some(slot))
    }

    /// Reads over the value at `at`, of which `first` is the first byte.
    #[inline(always)]
    fn skip(&mut self, text: &[u8], first: u8) -> Result<(), Stop> {
        let end = match first {
            b'"' => self.string(text)?,
            b'{' | b'[' => self.container(text)?,
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => self.scalar(text)?,
            _ => return Err(Stop::Malformed),
        };
        (self.at, self.seen) = (end, 0);
        Ok(())
    }

    /// The index behind the string at `at`.
    #[inline(always)]
    fn string(&mut self, text: &[u8]) -> Result<usize, Stop> {
        let mut at = self.at + 1;
        if self.seen < at {
            self.escaped = false;
        } else {
            at = self.seen;
        }
        loop {
            at = string_end(text, at);
            match text.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(_) => {
                    self.escaped = true;
                    at += 2;
                }
                None => {
                    self.seen = at;
                    return Err(Stop::End);
                }
            }
        }
    }

    /// The index behind the array or object at `at`.
    fn container(&mut self, text: &[u8]) -> Result<usize, Stop> {
        if self.seen == 0 {
            self.skip = BalancedSkip::default();
        }
        let from = self.at.max(self.seen);
        self.seen = text.len();
        let end = self
            .skip
            .run(text, from)
            .map_err(|Malformed| Stop::Malformed)?;
        end.ok_or(Stop::End)
    }

    /// The index behind the number or literal at `at`, which ends only before another token.
    #[inline(always)]
    fn scalar(&mut self, text: &[u8]) -> Result<usize, Stop> {
        let at = behind_scalar(text, self.at.max(self.seen));
        if at == text.len() {
            self.seen = at;
            return Err(Stop::End);
        }
        Ok(at)
    }

    /// The next byte that is no white space; `at` moves to it.
    #[inline(always)]
    fn peek(&mut self, text: &[u8]) -> Result<u8, Stop> {
        self.at = next_byte(text, self.at)?;
        Ok(text[self.at])
    }

    fn behind_value(&self) -> Expected {
        if self.depth == 0 {
            Expected::Nothing
        } else {
            Expected::CommaOrEnd
        }
    }
}

impl Level {
    const fn end(self) -> u8 {
        if self.is_array { b']' } else { b'}' }
    }
}

/// The slot of a requested member, and the end of its value, where that is a string of printable ASCII without escapes or some
/// digits, and all of it is there.
#[inline(always)]
fn plain_member(
    scanner: &FieldScanner,
    child: &Child,
    text: &[u8],
    start: usize,
) -> Option<(usize, usize)> {
    let slot = scanner.branch(child.branch).slot?;
    let end = match *text.get(start)? {
        b'"' => {
            let end = string_end(text, start + 1) + 1;
            let value = text.get(start..end)?;
            (value.last() == Some(&b'"') && block::is_printable(value)).then_some(end)
        }
        b'1'..=b'9' => {
            let digits = text[start..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            let end = start + digits.count();
            matches!(text.get(end), Some(b',' | b'}')).then_some(end)
        }
        _ => None,
    };
    Some((slot, end?))
}

/// The index behind a value at `at` and the comma behind that, where the value is a string without escapes, a number or a
/// literal, and all of it is there.
#[inline(always)]
fn behind_simple_value(text: &[u8], at: usize) -> Option<usize> {
    let at = next_byte(text, at).ok()?;
    let end = match text[at] {
        b'"' => {
            let end = string_end(text, at + 1);
            (*text.get(end)? == b'"').then_some(end + 1)?
        }
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => behind_scalar(text, at),
        _ => return None,
    };
    let comma = next_byte(text, end).ok()?;
    (text[comma] == b',').then_some(comma + 1)
}

/// The index of the next quote or backslash, or that behind the text.
#[inline(always)]
pub(super) fn string_end(text: &[u8], mut at: usize) -> usize {
    /// As many words of a string are searched before a call of a faster search pays.
    const NEAR: usize = 4;
    for _ in 0..NEAR {
        let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) else {
            break;
        };
        if let Some(end) = block::quote_or_backslash(*word) {
            return at + end;
        }
        at += word.len();
    }
    let rest = text.get(at..).unwrap_or_default();
    let end = if rest.len() < 8 {
        rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))
    } else {
        memchr2(b'"', b'\\', rest)
    };
    at + end.unwrap_or(rest.len())
}

/// The index behind the characters of a number or literal.
#[inline(always)]
pub(super) fn behind_scalar(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && IN_SCALAR[usize::from(text[at])] {
        at += 1;
    }
    at
}

/// Which bytes numbers and literals may have.
static IN_SCALAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        byte += 1;
    }
    table
};

/// The index of the next byte that is no white space.
#[inline(always)]
fn next_byte(text: &[u8], mut at: usize) -> Result<usize, Stop> {
    while at < text.len() {
        // Most bytes are above a space, so that one comparison is enough.
        if text[at] > b' ' || !matches!(text[at], b' ' | b'\t' | b'\n' | b'\r') {
            return Ok(at);
        }
        at += 1;
    }
    Err(Stop::End)
}

/// An offset into a text, which is never as long as 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cold]
fn unescaped(quoted: &[u8]) -> Result<Vec<u8>, Stop> {
    serde_json::from_slice::<String>(quoted)
        .map(String::into_bytes)
        .map_err(|_| Stop::Malformed)
}

/// Whether `value` is JSON. `serde_json` is spared the common scalars.
#[inline(always)]
fn is_valid(value: &[u8], escaped: bool) -> bool {
    match value {
        [b'"', text @ .., b'"'] if !escaped => block::is_printable(value) || is_valid_text(text),
        [b'0'..=b'9'] => true,
        value => is_valid_other(value),
    }
}

#[inline(never)]
fn is_valid_text(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte >= b' ') && str::from_utf8(text).is_ok()
}

#[inline(never)]
fn is_valid_other(value: &[u8]) -> bool {
    match value {
        b"true" | b"false" | b"null" => true,
        [b'1'..=b'9', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => true,
        value => is_json(value),
    }
}

/// Whether a text is JSON as a whole.
pub(super) fn is_json(text: &[u8]) -> bool {
    let text = str::from_utf8(text);
    text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}
