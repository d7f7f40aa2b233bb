//! Skipping an array or object whose content does not matter.

use super::block::{self, BlockMasks};

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
}

impl BalancedSkip {
    /// Continues with the text from `from` on. The index behind the closing bracket; `None` if the text has none.
    pub(super) fn run(&mut self, text: &[u8], from: usize) -> Result<Option<usize>, Malformed> {
        let (blocks, rest) = text[from..].as_chunks::<{ block::SIZE }>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = self.block(block, block::SIZE)? {
                return Ok(Some(from + index * block::SIZE + end));
            }
        }
        if rest.is_empty() {
            return Ok(None);
        }
        let mut last = [b' '; block::SIZE];
        last[..rest.len()].copy_from_slice(rest);
        let end = self.block(&last, rest.len())?;
        Ok(end.map(|end| text.len() - rest.len() + end))
    }

    /// One block, of which the first `length` bytes are text and the others blank.
    #[inline]
    fn block(
        &mut self,
        block: &[u8; block::SIZE],
        length: usize,
    ) -> Result<Option<usize>, Malformed> {
        let masks = block::masks(block);
        let quotes = masks.quotes & !self.escaped(masks.backslashes, length);
        let strings = within_quotes(quotes) ^ self.in_string;
        // The highest bit, in all bits.
        self.in_string = (strings.cast_signed() >> 63).cast_unsigned();
        self.brackets(&masks, !strings)
    }

    /// Which bytes are escaped by a backslash before them.
    #[inline]
    fn escaped(&mut self, backslashes: u64, length: usize) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if backslashes == 0 {
            return std::mem::take(&mut self.escape);
        }
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

    /// Counts the brackets among `outside` up to the one that closes the value.
    #[inline]
    fn brackets(&mut self, masks: &BlockMasks, outside: u64) -> Result<Option<usize>, Malformed> {
        let mut left = (masks.open | masks.close) & outside;
        while left != 0 {
            let bracket = left & left.wrapping_neg();
            left ^= bracket;
            let count = if masks.curly & bracket == 0 {
                &mut self.square
            } else {
                &mut self.curly
            };
            if masks.open & bracket != 0 {
                *count += 1;
            } else {
                *count = count.checked_sub(1).ok_or(Malformed)?;
                if self.curly | self.square == 0 {
                    return Ok(Some(bracket.trailing_zeros() as usize + 1));
                }
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
