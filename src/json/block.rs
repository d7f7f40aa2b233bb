//! The bytes of a block of text that matter to a balanced skip, as bit masks.

/// How many bytes a block has: one for each bit of a mask.
pub(super) const SIZE: usize = 64;

/// Which bytes of a block are what; bit 0 is the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockMasks {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// `{` and `[`.
    pub(super) open: u64,
    /// `}` and `]`.
    pub(super) close: u64,
    /// Of the brackets of both kinds, `{` and `}`.
    pub(super) curly: u64,
}

/// Sets brackets of one kind apart from those of the other: `[` is 0x5B, `{` is 0x7B, `]` is 0x5D, `}` is 0x7D.
const CURLY: u8 = 0x20;

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Looks at eight bytes at a time in a register: intrinsics of the machine need `unsafe`.
#[inline]
pub(super) fn masks(block: &[u8; SIZE]) -> BlockMasks {
    let mut masks = BlockMasks::default();
    let (words, _) = block.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let as_curly = word | splat(CURLY);
        let put = |mask: &mut u64, found: u64| *mask |= bits(found) << (8 * index);
        put(&mut masks.quotes, equal(word, b'"'));
        put(&mut masks.backslashes, equal(word, b'\\'));
        put(&mut masks.open, equal(as_curly, b'{'));
        put(&mut masks.close, equal(as_curly, b'}'));
        put(&mut masks.curly, word << 2);
    }
    masks
}

const fn splat(byte: u8) -> u64 {
    byte as u64 * ONES
}

/// The highest bit of each byte that is `byte`; a sum of seven bits carries nothing into the next byte.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ splat(byte);
    !(((difference & LOW) + LOW) | difference)
}

/// The highest bit of each byte, gathered.
#[inline]
const fn bits(word: u64) -> u64 {
    ((word & !LOW) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bit by bit.
    fn plain(block: &[u8; SIZE]) -> BlockMasks {
        let of = |wanted: &[u8]| {
            let bit = |(at, byte): (usize, &u8)| u64::from(wanted.contains(byte)) << at;
            block.iter().enumerate().map(bit).sum()
        };
        BlockMasks {
            quotes: of(b"\""),
            backslashes: of(b"\\"),
            open: of(b"{["),
            close: of(b"}]"),
            curly: of(b"{}"),
        }
    }

    /// Only what is read of it.
    fn read(masks: &BlockMasks) -> BlockMasks {
        BlockMasks {
            curly: masks.curly & (masks.open | masks.close),
            ..*masks
        }
    }

    proptest! {
        #[test]
        fn the_masks_say_what_each_byte_is(
            text in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"\"\\{}[]".to_vec())], SIZE)
        ) {
            let block: [u8; SIZE] = text.try_into().expect("of this size");
            prop_assert_eq!(read(&masks(&block)), plain(&block));
        }
    }
}
