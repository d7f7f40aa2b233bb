//! What is found in a text, and what is not.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::Value;

use super::{
    field_scanner::{FieldScanner, tokens},
    fields::Field,
    scan::{Scan, ScanStep, is_json},
    scanner_target, sown,
};
use crate::diagnostics::{Diagnostics, FaultCode};

fn scanner(pointers: &[&str]) -> FieldScanner {
    let mut scanner = FieldScanner::default();
    for pointer in pointers {
        scanner.add(pointer, &mut Diagnostics::default()).unwrap();
    }
    scanner
}

/// What is found of a whole text.
fn found<'t>(pointers: &[&str], text: &'t str) -> Vec<Field<'t>> {
    let scanner = scanner(pointers);
    let (scan, is_whole) = Scan::all(&scanner, text.as_bytes(), true);
    fields(&scanner, &scan, text.as_bytes(), is_whole)
}

fn fields<'t>(
    scanner: &FieldScanner,
    scan: &Scan,
    text: &'t [u8],
    is_whole: bool,
) -> Vec<Field<'t>> {
    let field = |slot| match scan.value(slot, text) {
        Some(json) => Field::Present(json),
        None if is_whole => Field::Absent,
        None => Field::Unknown,
    };
    (0..scanner.len()).map(field).collect()
}

#[test]
fn fields_are_found_at_any_depth_and_keep_their_text() {
    let text = r#" { "a" : [ 1, {"b": "x\n"} ] , "c": { "d": {"e": 1.50} } } "#;
    assert_eq!(
        found(&["/a/1/b", "/c/d", "/c/d/e", "/a/2", "/c/x/y"], text),
        [
            Field::Present(br#""x\n""#),
            Field::Present(br#"{"e": 1.50}"#),
            Field::Present(b"1.50"),
            Field::Absent,
            Field::Absent,
        ]
    );
    assert_eq!(found(&[""], text), [Field::Present(text.trim().as_bytes())]);
}

#[test]
fn a_repeated_member_that_the_scan_gets_to_leaves_nothing_known() {
    for (pointers, text) in [
        (&["/a", "/z"][..], r#"{"a":1,"a":2}"#),
        (&["/a/b"], r#"{"a":{"c":1},"a":{"b":2}}"#),
        (&["/a", "/z"], r#"{"a":1,"\u0061":2,"z":3}"#),
    ] {
        let unknown = vec![Field::Unknown; pointers.len()];
        assert_eq!(found(pointers, text), unknown, "{text}");
    }
    assert_eq!(
        found(&["/a", "/z"], r#"{"a":1,"b":1,"b":2,"z":3,"a":2}"#),
        [Field::Present(b"1"), Field::Present(b"3")]
    );
}

#[test]
fn a_name_written_with_escapes_is_the_same_name() {
    assert_eq!(
        found(&["/status"], r#"{"\u0073tatus":"X"}"#),
        [Field::Present(br#""X""#)]
    );
}

#[test]
fn nothing_is_read_behind_the_last_requested_field() {
    assert_eq!(
        found(&["/a"], r#"{"a":1,!!! this is no JSON"#),
        [Field::Present(b"1")]
    );
}

#[test]
fn values_that_are_not_requested_are_skipped_at_any_depth() {
    for depth in [1, 63, 64, 65, 2_000] {
        let text = format!(
            r#"{{"x":{}{{"a":[0]}}{},"a":1}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert_eq!(found(&["/a"], &text), [Field::Present(b"1")], "{depth}");
    }
}

#[test]
fn a_value_is_validated_if_it_is_used_and_balanced_if_it_is_skipped() {
    for value in ["[1,]", "[1 2]", r#"{"x"}"#, "[[[nul]]]", "tru", "01", "-"] {
        let text = format!(r#"{{"x":{value},"a":1}}"#);
        assert_eq!(found(&["/a"], &text), [Field::Present(b"1")], "{value}");
        assert_eq!(found(&["/x"], &text), [Field::Unknown], "{value}");
    }
    for value in ["[1}", "{1]", "[", "[}{]", "?", r#"["]"#] {
        let text = format!(r#"{{"x":{value},"a":1}}"#);
        assert_eq!(found(&["/a"], &text), [Field::Unknown], "{value}");
        assert_eq!(found(&["/x"], &text), [Field::Unknown], "{value}");
    }
    for string in ["\"\u{1}\"", r#""\x""#, r#""\u12""#] {
        let text = format!(r#"{{"x":{string}}}"#);
        assert_eq!(found(&["/x"], &text), [Field::Unknown], "{string}");
    }
}

#[test]
fn brackets_and_quotes_in_strings_are_skipped_with_them_wherever_blocks_begin() {
    for pad in 0..130 {
        for string in [r"\\", r#"\""#, r#"\\\""#, "]}", "[{", r#"{\"]"#] {
            let pad = " ".repeat(pad);
            let text = format!(r#"{{"x":[{pad}"{string}",{{"y":"{string}"}}],"a":1}}"#);
            assert_eq!(found(&["/a"], &text), [Field::Present(b"1")], "{text}");
        }
    }
}

#[test]
fn only_a_whole_and_valid_text_says_what_is_absent() {
    for text in [
        "",
        "{",
        "nope",
        "x",
        r#"{"b" 1}"#,
        r#"{"b":1"#,
        r#"{"b":1,}"#,
        r#"{"b":"#,
        r#"{"b":tru}"#,
        "{\"b\":\"\u{1}\"}",
        r#"{"b":1} x"#,
        "{1:2}",
        "[1,,2]",
    ] {
        assert_eq!(found(&["/a"], text), [Field::Unknown], "{text}");
    }
    let (scan, is_whole) = Scan::all(&scanner(&["/a"]), b"{\"b\":1}", false);
    assert!(!is_whole && scan.known() == 0);
    let (_, is_whole) = Scan::all(&scanner(&["/a"]), b"{\"b\":\"\xff\"}", true);
    assert!(!is_whole);
}

#[test]
fn a_scalar_has_no_fields() {
    for text in ["1", "null", "\"a\"", "[]", "{}", "[1]"] {
        assert_eq!(found(&["/a"], text), [Field::Absent], "{text}");
        let padded = format!(" {text}\n");
        assert_eq!(
            found(&["", "/a"], &padded),
            [Field::Present(text.as_bytes()), Field::Absent]
        );
    }
}

#[test]
fn an_index_with_a_sign_or_leading_zeros_names_no_element() {
    assert_eq!(
        found(&["/01", "/+1", "/00", "/1"], "[5,6]"),
        [
            Field::Absent,
            Field::Absent,
            Field::Absent,
            Field::Present(b"6")
        ]
    );
}

#[test]
fn the_examples_of_the_rfc_parse_to_their_tokens() {
    assert_eq!(tokens(""), Some(vec![]));
    assert_eq!(tokens("/foo/0"), Some(vec!["foo".into(), "0".into()]));
    assert_eq!(tokens("/a~1b"), Some(vec!["a/b".into()]));
    assert_eq!(tokens("/m~0n"), Some(vec!["m~n".into()]));
    assert_eq!(tokens("/~01"), Some(vec!["~1".into()]));
    assert_eq!(tokens("/"), Some(vec![String::new()]));
}

#[test]
fn a_malformed_or_too_deep_pointer_is_refused() {
    for text in ["status", "/a~2", "/a~", "#/a", &"/a".repeat(17)] {
        let mut diagnostics = Diagnostics::default();
        let slot = FieldScanner::default().add(text, &mut diagnostics);
        let faults = diagnostics.into_faults();
        assert_eq!((slot, faults.len()), (None, 1), "{text}");
        assert_eq!(faults[0].code(), FaultCode::InvalidPointer);
    }
}

/// JSON texts with few names, many of which are requested, and the same with a byte exchanged or cut off.
fn text() -> impl Strategy<Value = String> {
    let string = "[ -~é\"\\\\]{0,40}".prop_map(Value::from);
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        string,
    ];
    let value = scalar.prop_recursive(5, 60, 8, |inner| {
        let name = select(vec!["a", "b", "c", "0", "1", "ä\"/", ""]).prop_map(str::to_owned);
        let other = "[a-z]{0,70}";
        let name = prop_oneof![3 => name, 1 => other];
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((name, inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    (value, any::<bool>()).prop_map(|(value, pretty)| {
        let text = if pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        };
        text.unwrap()
    })
}

const POINTERS: [&str; 12] = [
    "",
    "/a",
    "/b",
    "/a/b",
    "/a/b/c",
    "/a/0",
    "/0",
    "/1",
    "/0/a",
    "/1/1/b",
    "/c/ä\"~1",
    "/b/",
];

fn pointers() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(POINTERS.to_vec()), 1..6)
}

/// What is found of a text that grows by `step` bytes.
fn found_in_steps(pointers: &[&str], text: &[u8], step: usize) -> (Scan, bool) {
    let scanner = scanner(pointers);
    let mut scan = Scan::new();
    let mut end = 0;
    while end < text.len() {
        end = text.len().min(end + step);
        loop {
            match scan.next(&scanner, &text[..end]) {
                ScanStep::Found(_) => {}
                ScanStep::End => break,
                ScanStep::Malformed => return (scan, false),
            }
        }
    }
    let is_whole = scan.is_whole(&scanner, text);
    (scan, is_whole)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn of_valid_json_it_finds_what_a_whole_reading_finds(
        text in text(), pointers in pointers(), step in 1_usize..200,
    ) {
        let tree: Value = serde_json::from_str(&text).unwrap();
        let (scan, is_whole) = found_in_steps(&pointers, text.as_bytes(), step);
        let mut scanner = scanner(&pointers);
        let fields = fields(&scanner, &scan, text.as_bytes(), is_whole);
        for pointer in pointers {
            let slot = scanner.add(pointer, &mut Diagnostics::default()).unwrap();
            let read = match fields[slot] {
                Field::Present(json) => serde_json::from_slice(json).ok(),
                Field::Absent => None,
                Field::Unknown => return Err(TestCaseError::fail(pointer)),
            };
            prop_assert_eq!(read.as_ref(), tree.pointer(pointer), "{}", pointer);
        }
    }

    #[test]
    fn of_invalid_json_nothing_is_absent_and_each_value_is_valid_wherever_frames_end(
        text in text(), pointers in pointers(), step in 1_usize..200,
        at in any::<proptest::sample::Index>(),
        byte in prop_oneof![any::<u8>(), select(b"\"\\{}[],:0 ".to_vec())], cut: bool,
    ) {
        let mut text = text.into_bytes();
        let at = at.index(text.len());
        if cut {
            text.truncate(at);
        } else {
            text[at] = byte;
        }
        let scanner = scanner(&pointers);
        let (scan, is_whole) = found_in_steps(&pointers, &text, step);
        let in_steps = fields(&scanner, &scan, &text, is_whole);
        let (scan, is_whole) = found_in_steps(&pointers, &text, usize::MAX / 2);
        prop_assert_eq!(&in_steps, &fields(&scanner, &scan, &text, is_whole));
        let is_valid = is_json(&text);
        for field in in_steps {
            match field {
                Field::Absent => prop_assert!(is_valid),
                Field::Present(json) => prop_assert!(is_json(json)),
                Field::Unknown => {}
            }
        }
    }
}

#[test]
fn an_escape_at_the_end_of_a_frame_counts_in_the_next() {
    for pad in [0, 20, 40, 60, 70, 130, 200] {
        let pad = "x".repeat(pad);
        let text = format!(r#"{{"x":["{pad}\\\"]","{pad}\"}}\\",["{pad}\""]],"a":1}}"#);
        for end in 0..text.len() {
            let scanner = scanner(&["/a"]);
            let mut scan = Scan::new();
            assert_eq!(scan.next(&scanner, &text.as_bytes()[..end]), ScanStep::End);
            assert_eq!(
                scan.next(&scanner, text.as_bytes()),
                ScanStep::Found(0),
                "{end} {text}"
            );
        }
    }
}

#[test]
fn a_comma_before_the_end_of_an_object_is_malformed_wherever_frames_end() {
    for text in [
        r#"{"k":5,}"#,
        r#"{"k":5 , }"#,
        r#"{"k":"v",}"#,
        "[5,]",
        "{,}",
        r#"{"k":{"l":5,},"m":1}"#,
    ] {
        for end in 0..text.len() {
            let scanner = scanner(&["/a", "/0/b", "/k/a"]);
            let mut scan = Scan::new();
            let beginning = scan.next(&scanner, &text.as_bytes()[..end]);
            let whole = scan.next(&scanner, text.as_bytes());
            assert_eq!(whole, ScanStep::Malformed, "{text} {end} {beginning:?}");
        }
    }
}

#[test]
fn the_fuzz_target_accepts_its_seeds() {
    sown::each("scanner", |bytes| {
        if let Some(input) = sown::read::<scanner_target::Input>(bytes) {
            scanner_target::run(input);
        }
    });
}
