//! `HyperLogLog` sketches, and reading them from untrusted bytes.
//!
//! `datasketches` checks the outline of a serialized sketch, not each of its registers, and calculates with whatever it
//! read. So only what this crate itself writes is accepted: HLL-8, of one size, every value in its range, in the version of
//! the format that is checked here. A sketch of a `datasketches` release that writes another one is refused, not misread.

use datasketches::hll::{HllSketch, HllType};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The base-2 logarithm of the number of registers: at most 4 KiB a sketch.
pub(super) const LG_K: u8 = 12;

/// The longest serialized sketch of this size.
const MAX_BYTES: usize = 40 + (1 << LG_K);

/// One sketch for each set of callers.
#[derive(Clone, Debug)]
pub(super) struct Sketches(pub(super) [HllSketch; SETS]);

/// The callers seen, the dependent, the stranded and the latent ones, and of the latent ones those that are identified.
pub(super) const SETS: usize = 5;

/// Bytes 1 and 2 of every sketch: version 1 of the format, family HLL.
const FORMAT: [u8; 2] = [1, 7];

const LIST: u8 = 0;
const SET: u8 = 1;
/// Six bits of value, of which 63 is the greatest.
const MAX_VALUE: u8 = 63;

impl Default for Sketches {
    fn default() -> Self {
        let empty = |_| HllSketch::new(LG_K, HllType::Hll8).expect("4 to 21 is allowed");
        Self(std::array::from_fn(empty))
    }
}

impl Serialize for Sketches {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sketches = self.0.each_ref();
        sketches.map(HllSketch::serialize).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sketches {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <[&[u8]; SETS]>::deserialize(deserializer)?;
        let sketches: Option<Vec<_>> = bytes.into_iter().map(read_sketch).collect();
        let sketches = sketches.and_then(|sketches| sketches.try_into().ok());
        sketches
            .map(Self)
            .ok_or_else(|| D::Error::custom("not a sketch of this crate"))
    }
}

/// The sketch of these bytes; `None` if this crate did not write them.
fn read_sketch(bytes: &[u8]) -> Option<HllSketch> {
    if bytes.len() > MAX_BYTES || bytes.get(1..3)? != FORMAT {
        return None;
    }
    let mode = bytes.get(7)? & 3;
    let plausible = match mode {
        LIST => coupons_are_plausible(bytes.get(8..)?),
        SET => coupons_are_plausible(bytes.get(12..)?),
        _ => registers_are_plausible(bytes),
    };
    if !plausible || bytes.get(3) != Some(&LG_K) {
        return None;
    }
    let sketch = HllSketch::deserialize(bytes).ok()?;
    // What is not serialized in the same way was not written by this crate.
    let same = sketch.target_type() == HllType::Hll8 && sketch.serialize().len() == bytes.len();
    same.then_some(sketch)
}

/// A coupon is six bits of value above 26 of address, and its value is not zero.
fn coupons_are_plausible(bytes: &[u8]) -> bool {
    let (coupons, rest) = bytes.as_chunks::<4>();
    rest.is_empty() && coupons.iter().all(|coupon| coupon[3] >> 2 != 0)
}

fn registers_are_plausible(bytes: &[u8]) -> bool {
    let Some((head, registers)) = bytes.split_at_checked(40) else {
        return false;
    };
    let (floats, _) = head[8..32].as_chunks::<8>();
    let zeros: u32 = registers
        .iter()
        .map(|register| u32::from(*register == 0))
        .sum();
    let claimed = u32::from_le_bytes([head[32], head[33], head[34], head[35]]);
    registers.len() == 1 << LG_K
        && registers.iter().all(|register| *register <= MAX_VALUE)
        && claimed == zeros
        && floats.iter().all(|float| {
            let float = f64::from_le_bytes(*float);
            float.is_finite() && float >= 0.0
        })
}

#[cfg(test)]
mod tests {
    use datasketches::hll::HllUnion;
    use proptest::prelude::*;

    use super::*;

    fn sketch(callers: u32) -> HllSketch {
        let mut sketch = HllSketch::new(LG_K, HllType::Hll8).unwrap();
        (0..callers).for_each(|caller| sketch.update(caller));
        sketch
    }

    #[test]
    fn what_was_written_is_read() {
        for callers in [0, 1, 7, 8, 30, 300, 400, 1_000, 100_000] {
            let sketch = sketch(callers);
            let bytes = sketch.serialize();
            assert!(bytes.len() <= MAX_BYTES);
            assert!(read_sketch(&bytes) == Some(sketch), "{callers}");
        }
    }

    /// Fails where an update of `datasketches` hashes or writes in another way: saved sketches would no longer fit.
    #[test]
    fn the_bytes_are_those_of_all_releases() {
        let header = [2, 1, 7, 12, 3, 8, 3, 8];
        let coupons = [[132, 254, 112, 13], [187, 56, 85, 5], [14, 147, 207, 6]];
        let bytes = sketch(3).serialize();
        assert_eq!(bytes, [&header[..], coupons.as_flattened()].concat());
        let bytes = sketch(100_000).serialize();
        assert_eq!(crc32fast::hash(&bytes), 2_300_362_676);
    }

    #[test]
    fn another_version_or_family_is_refused() {
        for callers in [3, 30, 1_000] {
            for place in [1, 2] {
                let mut bytes = sketch(callers).serialize();
                bytes[place] += 1;
                assert!(read_sketch(&bytes).is_none(), "{callers}, byte {place}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_changed_sketch_is_refused_or_usable(
            callers in prop_oneof![0_u32..40, 40_u32..2_000],
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = sketch(callers).serialize();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(mut sketch) = read_sketch(&bytes) {
                (0..1_000_u32).for_each(|caller| sketch.update(caller + 7_000));
                let mut union = HllUnion::new(LG_K).unwrap();
                union.update(&sketch);
                prop_assert!(!union.estimate().is_nan());
            }
        }
    }
}
