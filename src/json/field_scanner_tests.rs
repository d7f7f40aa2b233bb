//! What is found in a text, and what is not.

use super::field_scanner::{Field, FieldScanner, tokens};
use crate::diagnostics::{Diagnostics, FaultCode};

fn found<'b>(pointers: &[&str], text: &'b str) -> Vec<Field<'b>> {
    let mut scanner = FieldScanner::default();
    let mut diagnostics = Diagnostics::default();
    let slots: Vec<usize> = pointers
        .iter()
        .map(|pointer| scanner.add(pointer, &mut diagnostics).unwrap())
        .collect();
    let fields = scanner.scan(text.as_bytes());
    slots.into_iter().map(|slot| fields.get(slot)).collect()
}

#[test]
fn fields_are_found_at_any_depth_and_keep_their_text() {
    let text = r#" { "a" : [ 1, {"b": "x\n"} ] , "c": { "d": {"e": 1.50} } } "#;
    assert_eq!(
        found(&["/a/1/b", "/c/d", "/c/d/e", "/a/2", "/c/x/y"], text),
        [
            Field::Present(r#""x\n""#),
            Field::Present(r#"{"e": 1.50}"#),
            Field::Present("1.50"),
            Field::Absent,
            Field::Absent,
        ]
    );
    assert_eq!(found(&[""], text), [Field::Present(text.trim())]);
}

#[test]
fn of_duplicate_names_the_first_counts() {
    assert_eq!(
        found(&["/a", "/z"], r#"{"a":1,"a":2}"#),
        [Field::Present("1"), Field::Absent]
    );
    assert_eq!(
        found(&["/a/b"], r#"{"a":{"c":1},"a":{"b":2}}"#),
        [Field::Absent]
    );
}

#[test]
fn a_name_written_with_escapes_is_the_same_name() {
    assert_eq!(
        found(&["/status"], r#"{"\u0073tatus":"X"}"#),
        [Field::Present(r#""X""#)]
    );
}

#[test]
fn nothing_is_read_behind_the_last_asked_field() {
    assert_eq!(
        found(&["/a"], r#"{"a":1,!!! this is no JSON"#),
        [Field::Present("1")]
    );
}

#[test]
fn values_that_nobody_asked_for_are_stepped_over_at_any_depth() {
    for depth in [1, 63, 64, 65, 2_000] {
        let text = format!(
            r#"{{"x":{}{{"a":[0]}}{},"a":1}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        );
        assert_eq!(found(&["/a"], &text), [Field::Present("1")], "{depth}");
    }
}

#[test]
fn faults_within_values_that_nobody_asked_for_end_the_reading() {
    for value in [
        "[1,]",
        "[1 2]",
        "[1}",
        "{1:2}",
        r#"{"x"}"#,
        r#"{"x":}"#,
        r#"{"x":1,}"#,
        "[[[nul]]]",
        "[1x]",
    ] {
        let text = format!(r#"{{"x":{value},"a":1}}"#);
        assert_eq!(found(&["/a"], &text), [Field::Unknown], "{value}");
        assert_eq!(found(&["/x"], &text), [Field::Unknown], "{value}");
    }
}

#[test]
fn what_a_broken_text_did_not_get_to_is_unknown() {
    for text in [
        "",
        "{",
        "nope",
        r#"{"b" 1}"#,
        r#"{"b":1"#,
        r#"{"b":1,}"#,
        r#"{"b":"#,
        "{1:2}",
        "[1,,2]",
    ] {
        assert_eq!(found(&["/a"], text), [Field::Unknown], "{text}");
    }
    assert_eq!(
        found(&["/a", "/c"], r#"{"a":1,"b":?}"#),
        [Field::Present("1"), Field::Unknown]
    );
}

#[test]
fn a_scalar_has_no_fields() {
    for text in ["1", "null", "\"a\"", "[]", "{}", "[1]"] {
        assert_eq!(found(&["/a"], text), [Field::Absent], "{text}");
    }
}

#[test]
fn an_index_with_a_sign_or_leading_zeros_names_no_element() {
    assert_eq!(
        found(&["/01", "/+1", "/1"], "[5,6]"),
        [Field::Absent, Field::Absent, Field::Present("6")]
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
