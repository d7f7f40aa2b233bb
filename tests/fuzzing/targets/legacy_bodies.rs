//! Of any target body: a legacy body of JSON is JSON, an edit that concerns no part of it leaves every byte, and a response
//! that is not rewritten leaves as it came.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
#[path = "../one_frame.rs"]
mod one_frame;

use std::sync::LazyLock;

use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use serde::de::IgnoredAny;

/// Endpoints with an edit of no part, an edit, a template, a text, and a form.
const CONTRACT: &str = r#"{"endpoints": [
  {"name": "none", "method": "GET", "path": "/0/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"edit": {"rename": {"/never/*/a": "b"}, "set": {"/nowhere/there": 1}, "remove": ["/none/0/1"]}}}}]},
  {"name": "edit", "method": "GET", "path": "/1/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"edit": {"rename": {"/a": "b", "/c/*/a": "d"}, "set": {"/c/*/e": {"$item": "/a", "as": "text", "omit_if_absent": true},
      "/d": {"$text": ["\"", {"$field": "/a"}], "default": []}}, "remove": ["/e", "/f/0"]}}}}]},
  {"name": "json", "method": "GET", "path": "/2/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400,
    "set_headers": {"x-a": {"$field": "/a", "omit_if_absent": true}}, "body": {"json": {
      "each": {"$each": "/c", "json": [{"$item": "/a", "default": null}, {"$item": ""}], "omit_if_absent": true},
      "map": {"$field": "/a", "map": [[1, "\n"], ["x", 1e400], [null, false]], "default": {"$path": "id"}},
      "number": {"$field": "/a", "as": "number", "default": 0}, "date": {"$field": "/a", "as": "rfc3339", "default": ""},
      "unix": {"$field": "/a", "as": "unix_seconds", "default": ""}, "http": {"$field": "/a", "as": "http_date", "default": ""}}}}}]},
  {"name": "text", "method": "GET", "path": "/3/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"text": {"$text": [{"$field": "/a"}, {"$field": "/c/0", "default": "-"}]}}}}]},
  {"name": "form", "method": "GET", "path": "/4/{id}", "outcomes": [{"name": "A", "status": 200, "legacy": {"status": 400, "body":
    {"form": {"a": {"$field": "/a"}, "&": {"$field": "/c/0", "omit_if_absent": true}}}}}]}
]}"#;

static LAYER: LazyLock<LegacyHttpCompatLayer> = LazyLock::new(|| {
    LegacyHttpCompatLayer::new(
        Contract::from_json(CONTRACT).unwrap(),
        &CompatFlag::on("fuzzed"),
    )
});

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = (u8, &'a [u8]);

pub(crate) fn run(input: Input<'_>) {
    let (endpoint, target) = (input.0 % 5, input.1);
    let (head, legacy) = crate::one_frame::get(&LAYER, &format!("/{endpoint}/7"), target);
    if head.status == 200 || endpoint == 0 {
        assert_eq!(legacy, target);
    } else if endpoint < 3 {
        serde_json::from_slice::<IgnoredAny>(&legacy).expect("a legacy body of JSON is JSON");
    }
}
