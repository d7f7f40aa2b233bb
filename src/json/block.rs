//! The bytes of a block of text that matter to a balanced skip, as bit masks.

/// How many bytes a block has: one for each bit of a mask.
pub(super) const SIZE: usize = 64;

/// Which bytes of a block are what; bit 0 is the first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockMasks {
    pub(super) quotes: u64,
    /// Brackets of both kinds, and those of `Y`, `y`, `_` and DEL: to set these apart costs more than to look at them.
    pub(super) brackets: u64,
    pub(super) has_backslash: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// Looks at eight bytes at a time in a register: intrinsics of the machine need `unsafe`.
#[inline]
pub(super) fn masks(block: &[u8; SIZE]) -> BlockMasks {
    let mut masks = BlockMasks::default();
    let mut no_backslash = u64::MAX;
    let (words, _) = block.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = Word::new(*word);
        masks.quotes |= gathered(!word.differs(b'"', 0)) << (8 * index);
        // `[` is 0x5B, `]` is 0x5D, `{` is 0x7B, `}` is 0x7D: without these three bits they are the same.
        masks.brackets |= gathered(!word.differs(0x7f, 0x26)) << (8 * index);
        no_backslash &= word.differs(b'\\', 0);
    }
    masks.has_backslash = no_backslash != u64::MAX;
    masks
}

/// Which bytes of a block are backslashes; few blocks have any.
#[cold]
pub(super) fn backslashes(block: &[u8; SIZE]) -> u64 {
    let mut mask = 0;
    let (words, _) = block.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        mask |= gathered(!Word::new(*word).differs(b'\\', 0)) << (8 * index);
    }
    mask
}

/// The index of the first quote or backslash in a word.
#[inline]
pub(super) fn quote_or_backslash(word: [u8; 8]) -> Option<usize> {
    let word = Word::new(word);
    let found = !(word.differs(b'"', 0) & word.differs(b'\\', 0));
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// Whether each byte of a string stands for itself in JSON. The last eight may overlap those before.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        let mut bytes = text.iter();
        return bytes.all(|byte| *byte >= b' ' && !matches!(byte, b'"' | b'\\'));
    };
    let (words, _) = text.as_chunks();
    let plain = words
        .iter()
        .fold(plainness(*last), |all, word| all & plainness(*word));
    plain == u64::MAX
}

/// Whether all bytes are ASCII and no control characters, DEL aside. The last eight may overlap those before.
#[inline]
pub(super) fn is_printable(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else {
        return text.iter().all(|byte| matches!(byte, b' '..0x80));
    };
    let (words, _) = text.as_chunks();
    let printable = words
        .iter()
        .fold(printability(*last), |all, word| all & printability(*word));
    printable & !LOW == !LOW
}

/// Has the highest bit of each byte set that is printable.
#[inline]
fn printability(bytes: [u8; 8]) -> u64 {
    let word = Word::new(bytes);
    (word.low + splat(0x80 - b' ')) & !word.high
}

/// Has a bit unset if some byte is a quote, a backslash or a control character.
#[inline]
fn plainness(bytes: [u8; 8]) -> u64 {
    let word = Word::new(bytes);
    // Of seven bits, the sum has the highest set from a space on.
    let printable = (word.low + splat(0x80 - b' ')) | word.high;
    word.differs(b'"', 0) & word.differs(b'\\', 0) & printable | LOW
}

/// Eight bytes.
#[derive(Clone, Copy)]
struct Word {
    /// The lower seven bits of each.
    low: u64,
    /// The highest bit of each, and all others set.
    high: u64,
}

impl Word {
    #[inline]
    fn new(bytes: [u8; 8]) -> Self {
        let word = u64::from_le_bytes(bytes);
        Self {
            low: word & LOW,
            high: word | LOW,
        }
    }

    /// Has all bits of each byte set that, with the bits of `with`, is not `byte`, and of the others all but the highest.
    ///
    /// A sum of seven bits carries nothing into the next byte.
    #[inline]
    fn differs(self, byte: u8, with: u8) -> u64 {
        let difference = (self.low | splat(with)) ^ splat(byte);
        (difference + LOW) | self.high
    }
}

const fn splat(byte: u8) -> u64 {
    byte as u64 * ONES
}

/// Gathers the highest bit of each byte, where no other is set.
#[inline]
const fn gathered(bits: u64) -> u64 {
    (bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bit by bit.
    fn plain(block: &[u8; SIZE], wanted: &[u8]) -> u64 {
        let bit = |(at, byte): (usize, &u8)| u64::from(wanted.contains(byte)) << at;
        block.iter().enumerate().map(bit).sum()
    }

    proptest! {
        #[test]
        fn the_masks_say_what_each_byte_is(
            text in proptest::collection::vec(
                prop_oneof![any::<u8>(), proptest::sample::select(b"\"\\{}[]".to_vec())],
                SIZE,
            )
        ) {
            let block: [u8; SIZE] = text.try_into().expect("of this size");
            let masks = masks(&block);
            prop_assert_eq!(masks.quotes, plain(&block, b"\""));
            prop_assert_eq!(masks.brackets, plain(&block, b"{}[]Yy_\x7f"));
            prop_assert_eq!(masks.has_backslash, block.contains(&b'\\'));
            prop_assert_eq!(backslashes(&block), plain(&block, b"\\"));
            let first = block.as_chunks().0[0];
            let end = first.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            prop_assert_eq!(quote_or_backslash(first), end);
            for length in [5, 8, 13, SIZE] {
                let ascii = block[..length].iter().all(|byte| matches!(byte, b' '..0x80));
                prop_assert_eq!(is_printable(&block[..length]), ascii);
            }
        }

        #[test]
        fn a_string_is_plain_if_json_has_it_as_it_is(text in r#"[ a-z~"\\é\x00-\x1f\x7f]{0,2}[ -~é]{0,20}"#) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(is_plain(text.as_bytes()), json == format!("\"{text}\""));
        }
    }
}
