//! The scan for fields finds in valid JSON what `serde_json` finds, wherever frames end; in invalid JSON nothing is absent, and
//! each value is valid.

#![cfg_attr(fuzzing, no_main)]
#![cfg_attr(fuzzing, allow(dead_code, unused_imports, unused_macros, unreachable_pub))]

#[cfg(fuzzing)]
#[path = "../../../src/diagnostics/mod.rs"]
mod diagnostics;
#[cfg(fuzzing)]
#[path = "../../../src/json/mod.rs"]
mod json;
#[cfg(fuzzing)]
#[path = "../../../src/words.rs"]
mod words;

use std::collections::HashSet;

#[cfg(not(fuzzing))]
use crate::{diagnostics, json};
use json::{FieldScanner, OrderedValue, Scan, ScanStep};
use serde::de::IgnoredAny;

const POINTERS: [&str; 12] =
    ["", "/a", "/b", "/a/b", "/a/b/c", "/a/0", "/0", "/1", "/0/a", "/1/1/b", "/c/\u{e4}\"~1", "/b/"];

/// What is found of a text that grows by `step` bytes: `None` if it is malformed or repeats a member.
fn scan(scanner: &FieldScanner, text: &[u8], step: usize) -> Option<(Scan, bool)> {
    let (mut scan, mut end) = (Scan::new(), 0);
    loop {
        match scan.next(scanner, &text[..end]) {
            ScanStep::Found(_) => {}
            ScanStep::End if end < text.len() => end = text.len().min(end + step),
            ScanStep::End => {
                let is_whole = scan.is_whole(scanner, text);
                return Some((scan, is_whole));
            }
            ScanStep::Malformed => return None,
        }
    }
}

fn repeats_a_member(tree: &OrderedValue) -> bool {
    match tree {
        OrderedValue::Scalar(_) => false,
        OrderedValue::Array(items) => items.iter().any(repeats_a_member),
        OrderedValue::Object(members) => {
            let mut names = HashSet::new();
            members.iter().any(|(name, value)| !names.insert(name) || repeats_a_member(value))
        }
    }
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub type Input = (Vec<u8>, u8, u16);

pub fn run(input: Input) {
    let (text, step, wanted) = input;
    let mut scanner = FieldScanner::default();
    let mut slots = Vec::new();
    for (bit, pointer) in POINTERS.iter().enumerate() {
        if wanted & 1 << bit != 0 {
            let slot = scanner.add(pointer, &mut diagnostics::Diagnostics::default()).unwrap();
            slots.push((*pointer, slot));
        }
    }
    if slots.is_empty() {
        return;
    }
    let at_once = scan(&scanner, &text, text.len().max(1));
    let in_frames = scan(&scanner, &text, usize::from(step) + 1);
    let values = |scanned: &Option<(Scan, bool)>| {
        let (scan, is_whole) = scanned.as_ref()?;
        let values = slots.iter().map(|(_, slot)| scan.value(*slot, &text).map(|json| str::from_utf8(json).unwrap()));
        Some((values.collect::<Vec<_>>(), *is_whole))
    };
    assert_eq!(values(&at_once), values(&in_frames), "frames make no difference");
    let text = std::str::from_utf8(&text).ok();
    let valid = text.filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok());
    let Some((values, is_whole)) = values(&at_once) else {
        let tree = valid.and_then(|text| serde_json::from_str::<OrderedValue>(text).ok());
        assert!(tree.is_none_or(|tree| repeats_a_member(&tree)), "valid JSON without repetitions is read");
        return;
    };
    assert_eq!(is_whole, valid.is_some());
    let tree = valid.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    for ((pointer, _), value) in slots.iter().zip(values) {
        if let Some(json) = value {
            assert!(serde_json::from_str::<IgnoredAny>(json).is_ok());
        }
        // Numbers out of range are valid, and no `Value`; of repeated members a `Value` has the last.
        let repeats = || valid.is_some_and(|text| serde_json::from_str(text).is_ok_and(|tree| repeats_a_member(&tree)));
        if let Some(tree) = tree.as_ref().filter(|_| !repeats()) {
            let read = value.and_then(|json| serde_json::from_str(json).ok());
            assert_eq!(read.as_ref(), tree.pointer(pointer), "{pointer}");
        }
    }
}
