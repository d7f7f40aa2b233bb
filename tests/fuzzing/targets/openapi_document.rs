//! Any text is a document or refused, and what it says of itself is never refuted.

#![cfg_attr(fuzzing, no_main)]

use legacy_http_compat::openapi::{ApiDocument, Verdict, draft, prove};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a str;

pub(crate) fn run(text: Input<'_>) {
    let Ok(document) = ApiDocument::from_text(text) else {
        return;
    };
    let report = prove(&document, &document, &[]);
    assert_ne!(report.verdict, Verdict::Refuted, "{report}");
    assert!(draft(&document, &document).ends_with('\n'));
}
