//! Skipping an array or object whose content does not matter.

use memchr::memchr2;

use super::block;

/// The text is not JSON at the place that was read.
#[derive(Debug)]
pub(super) struct Malformed;

/// A skip from an opening bracket to the one that closes it. It can be interrupted at any byte.
///
/// The value is balanced, not validated: brackets of each kind are counted, and those in strings are not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BalancedSkip {
    curly: u32,
    square: u32,
    /// All bits, while the text is within a string.
    in_string: u64,
    /// 1 where the next byte is escaped.
    escape: u64,
    /// Whether the text is within a string that began in the first half of the last block, or before it.
    is_in_long_string: bool,
}

impl BalancedSkip {
    /// Continues with the text from `from` on. The index behind the closing bracket; `None` if the text has none.
    pub(super) fn run(&mut self, text: &[u8], from: usize) -> Result<Option<usize>, Malformed> {
        let mut at = from;
        while let Some(block) = text[at..].first_chunk() {
            if let Some(end) = self.block(block, block::SIZE)? {
                return Ok(Some(at + end));
            }
            at += block::SIZE;
            if self.is_in_long_string {
                at += self.string(&text[at..]);
            }
        }
        let rest = &text[at..];
        if rest.is_empty() {
            // An escape that the text ends with is for what follows.
            return Ok(None);
        }
        let mut last = [b' '; block::SIZE];
        last[..rest.len()].copy_from_slice(rest);
        let end = self.block(&last, rest.len())?;
        Ok(end.map(|end| at + end))
    }

    /// One block, of which the first `length` bytes are text and the others blank.
    #[inline]
    fn block(
        &mut self,
        block: &[u8; block::SIZE],
        length: usize,
    ) -> Result<Option<usize>, Malformed> {
        let masks = block::masks(block);
        let escaped = if masks.has_backslash {
            self.escaped(block::backslashes(block), length)
        } else {
            std::mem::take(&mut self.escape)
        };
        let quotes = masks.quotes & !escaped;
        let strings = within_quotes(quotes) ^ self.in_string;
        // The highest bit, in all bits.
        self.in_string = (strings.cast_signed() >> 63).cast_unsigned();
        self.is_in_long_string = self.in_string != 0 && quotes >> (block::SIZE / 2) == 0;
        self.brackets(block, masks.brackets & !strings)
    }

    /// Reads a string to its end, from which `text` is the rest. How many bytes that took.
    fn string(&mut self, text: &[u8]) -> usize {
        let mut at = usize::try_from(std::mem::take(&mut self.escape)).unwrap_or(0);
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let Some(next) = memchr2(b'"', b'\\', rest) else {
                // The text may end within an escape.
                self.escape = u64::from(at > text.len());
                return text.len();
            };
            if rest[next] == b'"' {
                self.in_string = 0;
                return at + next + 1;
            }
            at += next + 2;
        }
    }

    /// Which bytes are escaped by a backslash before them.
    fn escaped(&mut self, backslashes: u64, length: usize) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        // In a run of backslashes every other one escapes what follows it. Adding the starts of those runs that begin at
        // an odd bit to all runs carries through each of these to its end, which flips the parity of their bits.
        let backslashes = backslashes & !self.escape;
        let follow = backslashes << 1 | self.escape;
        let odd_starts = backslashes & !EVEN & !follow;
        let (sum, overflow) = odd_starts.overflowing_add(backslashes);
        let escaped = (EVEN ^ (sum << 1)) & follow;
        self.escape = if length < block::SIZE {
            escaped >> length & 1
        } else {
            u64::from(overflow)
        };
        escaped
    }

    /// Counts the brackets at the bits of `left` up to the one that closes the value.
    #[inline]
    fn brackets(
        &mut self,
        block: &[u8; block::SIZE],
        mut left: u64,
    ) -> Result<Option<usize>, Malformed> {
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            let count = match block[at] {
                b'{' => {
                    self.curly += 1;
                    continue;
                }
                b'[' => {
                    self.square += 1;
                    continue;
                }
                b'}' => &mut self.curly,
                b']' => &mut self.square,
                _ => continue,
            };
            *count = count.checked_sub(1).ok_or(Malformed)?;
            if self.curly | self.square == 0 {
                return Ok(Some(at + 1));
            }
        }
        Ok(None)
    }
}

/// Each bit is the parity of the quotes up to it.
#[inline]
const fn within_quotes(quotes: u64) -> u64 {
    let mut parity = quotes;
    parity ^= parity << 1;
    parity ^= parity << 2;
    parity ^= parity << 4;
    parity ^= parity << 8;
    parity ^= parity << 16;
    parity ^= parity << 32;
    parity
}
