//! The seeds of a fuzz target, and what grows of them.

use std::{fs, path::Path};

use arbitrary::{Arbitrary, Unstructured};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

/// How often each seed is run with some bytes changed.
const CHANGED: usize = 16;

/// Runs a target with each file of its folder, and with copies that are cut or of which bytes are changed.
pub(crate) fn each(target: &str, mut run: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzzing/seeds")
        .join(target);
    let files =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let mut random = SmallRng::seed_from_u64(1);
    for seed in seeds {
        let whole = fs::read(&seed).unwrap();
        run(&whole);
        for _ in 0..CHANGED {
            run(&changed(&whole, &mut random));
        }
    }
}

fn changed(seed: &[u8], random: &mut SmallRng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    if random.random_ratio(1, 4) {
        bytes.truncate(random.random_range(0..=seed.len()));
    }
    for _ in 0..random.random_range(0..4_u8) {
        if let Some(at) = bytes
            .len()
            .checked_sub(1)
            .map(|last| random.random_range(0..=last))
        {
            bytes[at] = random.random();
        }
    }
    bytes
}

/// The input that the fuzzer makes of these bytes.
pub(crate) fn read<'a, I: Arbitrary<'a>>(bytes: &'a [u8]) -> Option<I> {
    I::arbitrary_take_rest(Unstructured::new(bytes)).ok()
}
