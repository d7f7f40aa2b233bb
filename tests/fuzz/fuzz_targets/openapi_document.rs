//! Any text is a document or refused, and what it says of itself is never refuted.

#![no_main]

use legacy_http_compat::openapi::{ApiDocument, Verdict, draft, prove};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(document) = ApiDocument::from_text(text) else {
        return;
    };
    let report = prove(&document, &document, &[]);
    assert_ne!(report.verdict, Verdict::Refuted, "{report}");
    assert!(draft(&document, &document).ends_with('\n'));
});
