//! Any bytes are products that do not overlap, and their versions are versions or none.

#![cfg_attr(fuzzing, no_main)]

use legacy_http_compat::caller::{ClientVersion, Products};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a [u8];

pub(crate) fn run(value: Input<'_>) {
    let start = value.as_ptr() as usize;
    let mut end = start;
    for product in Products::of(value) {
        for part in [Some(product.name()), product.version()]
            .into_iter()
            .flatten()
        {
            let at = part.as_ptr() as usize;
            assert!(at >= end && !part.is_empty());
            end = at + part.len();
        }
        if let Some(version) = product.version().and_then(ClientVersion::parse) {
            assert_eq!(Some(version.as_str()), product.version());
        }
    }
    assert!(end <= start + value.len());
}
