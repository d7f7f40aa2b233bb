//! Any shape is a part of a contract or refused, an accepted contract is read back as itself, and what the shape makes of any
//! target body is JSON where it should be.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
#[path = "../one_frame.rs"]
mod one_frame;

use std::slice::Iter;

use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use serde::de::IgnoredAny;

/// Parts of documents: each byte of the input is one.
const PARTS: [&str; 48] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "17",
    "1e400",
    "\"\"",
    "\"a\"",
    "\"/a\"",
    "\"/c/*/a\"",
    "\"/c/0\"",
    "\"*\"",
    "\"json\"",
    "\"edit\"",
    "\"text\"",
    "\"form\"",
    "\"rename\"",
    "\"set\"",
    "\"remove\"",
    "\"$field\"",
    "\"$item\"",
    "\"$each\"",
    "\"$text\"",
    "\"$status\"",
    "\"target\"",
    "\"$path\"",
    "\"id\"",
    "\"$query\"",
    "\"$response_header\"",
    "\"rel\"",
    "\"map\"",
    "\"as\"",
    "\"unix_seconds\"",
    "\"rfc3339\"",
    "\"number\"",
    "\"default\"",
    "\"omit_if_absent\"",
    "\"$object\"",
    "\"omit_when_empty\"",
    "\"$uuid\"",
    "\"v4\"",
    "\"as_is\"",
    "\"empty\"",
    "\"$request_field\"",
];

/// A JSON value of what the bytes select; the nearer to the grammar, the further it gets.
fn value(bytes: &mut Iter<'_, u8>, depth: u8, to: &mut String) {
    let byte = *bytes.next().unwrap_or(&10);
    match byte % 8 {
        0..=2 if depth > 0 => {
            to.push('{');
            for index in 0..=(byte / 8 % 3) {
                to.push_str(if index == 0 { "" } else { "," });
                let name = PARTS[10 + usize::from(*bytes.next().unwrap_or(&0)) % 38];
                to.push_str(name);
                to.push(':');
                value(bytes, depth - 1, to);
            }
            to.push('}');
        }
        3 if depth > 0 => {
            to.push('[');
            for index in 0..byte / 8 % 4 {
                to.push_str(if index == 0 { "" } else { "," });
                value(bytes, depth - 1, to);
            }
            to.push(']');
        }
        _ => to.push_str(PARTS[6 + usize::from(byte) % 42]),
    }
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = (&'a [u8], &'a [u8]);

pub(crate) fn run(input: Input<'_>) {
    let (bytes, target) = input;
    let mut bytes = bytes.iter();
    let kind = ["json", "edit", "text", "form"][usize::from(*bytes.next().unwrap_or(&0)) % 4];
    let mut body = String::new();
    if kind == "edit" {
        let members = ["rename", "set", "remove"].map(|member| {
            let mut changes = String::new();
            value(&mut bytes, 4, &mut changes);
            format!("\"{member}\":{changes}")
        });
        body = format!("{{{}}}", members.join(","));
    } else {
        value(&mut bytes, 6, &mut body);
    }
    let document = format!(
        r#"{{"endpoints":[{{"name":"e","method":"GET","path":"/{{id}}","outcomes":[{{"name":"A","status":200,
            "legacy":{{"status":400,"body":{{"{kind}":{body}}}}}}}]}}]}}"#
    );
    let Ok(contract) = Contract::from_json(&document) else {
        return;
    };
    let written = serde_json::to_string(&contract).unwrap();
    let again = Contract::from_json(&written).expect("a contract is read back");
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    let layer = LegacyHttpCompatLayer::new(contract, &CompatFlag::on("fuzzed"));
    let (head, legacy) = crate::one_frame::get(&layer, "/7?page=2", target);
    if head.status == 200 {
        assert_eq!(legacy, target);
    } else if head
        .headers
        .get("content-type")
        .is_some_and(|media| media == "application/json")
    {
        serde_json::from_slice::<IgnoredAny>(&legacy).expect("a legacy body of JSON is JSON");
    }
}
