//! Scans one text many times, to count the instructions of the scan alone: `scan CASE TIMES`.
//!
//! Without arguments, each case runs once. See `benches/README.md`.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    unreachable_pub,
    reason = "it has some of the crate's modules, and uses a part of them"
)]

#[path = "../src/diagnostics/mod.rs"]
mod diagnostics;
#[path = "../src/json/mod.rs"]
mod json;
#[path = "../src/words.rs"]
mod words;

use std::{env, fmt::Write as _, hint::black_box};

use json::{FieldScanner, Scan, ScanStep};

/// Each case: how long its text is, and what it has before the fields that are requested.
const CASES: [(&str, usize, Text); 6] = [
    ("pair", 0, Text::Nothing),
    ("small-1k", 1 << 10, Text::SmallObjects),
    ("small-64k", 1 << 16, Text::SmallObjects),
    ("strings-64k", 1 << 16, Text::LongStrings),
    ("members-1k", 1 << 10, Text::Members),
    ("members-64k", 1 << 16, Text::Members),
];

#[derive(Clone, Copy)]
enum Text {
    Nothing,
    /// A list of small objects.
    SmallObjects,
    /// A list of strings of 400 bytes.
    LongStrings,
    /// Short members beside the requested ones.
    Members,
}

fn main() {
    let arguments = env::args().skip(1);
    let arguments: Vec<String> = arguments
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    match arguments.as_slice() {
        [case, times] => {
            let (_, size, text) = CASES
                .iter()
                .find(|(name, ..)| name == case)
                .expect("a case");
            scan(&text.of(*size), times.parse().expect("TIMES is a number"));
        }
        _ => CASES
            .iter()
            .for_each(|(_, size, text)| scan(&text.of(*size), 1)),
    }
}

impl Text {
    fn of(self, size: usize) -> String {
        let (open, item, close) = match self {
            Self::SmallObjects => (
                r#"{"x":["#,
                r#"{"id":1234,"name":"one of many","on":true},"#.to_owned(),
                "0],",
            ),
            Self::LongStrings => (r#"{"x":["#, format!(r#""{}","#, "x".repeat(400)), "0],"),
            Self::Nothing | Self::Members => ("{", String::new(), ""),
        };
        let end = format!(r#"{close}"status":"PENDING","interval":5}}"#);
        let mut text = open.to_owned();
        let mut number = 0;
        while text.len() + item.len().max(10) + end.len() < size {
            text += &item;
            if matches!(self, Self::Members) {
                number += 1;
                write!(text, r#""k{number}":{},"#, number % 100).expect("a string takes all");
            }
        }
        text + &end
    }
}

fn scan(text: &str, times: usize) {
    let mut scanner = FieldScanner::default();
    let mut diagnostics = diagnostics::Diagnostics::default();
    for pointer in ["/status", "/interval"] {
        scanner
            .add(pointer, &mut diagnostics)
            .expect("a valid pointer");
    }
    if times == 1 {
        println!("{} bytes", text.len());
    }
    for _ in 0..times {
        let text = black_box(text.as_bytes());
        let mut scan = Scan::new();
        for _ in 0..2 {
            let found = scan.next(black_box(&scanner), text);
            assert!(matches!(found, ScanStep::Found(_)));
        }
        black_box(&scan);
    }
}
