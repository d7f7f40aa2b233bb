//! The scan for fields is not public: this target is made of its source.

#![no_main]
#![allow(dead_code, unused_imports, unused_macros, unreachable_pub)]

#[path = "../../src/diagnostics/mod.rs"]
mod diagnostics;
#[path = "../../src/json/mod.rs"]
mod json;
#[path = "../fuzzing/targets/scanner.rs"]
mod scanner;
#[path = "../../src/words.rs"]
mod words;

libfuzzer_sys::fuzz_target!(|input: scanner::Input| scanner::run(input));
