//! Keywords whose meaning depends on another keyword, on the name of a schema, or on the last digit of a number.

use legacy_http_compat::openapi::{
    Verdict::{self, CannotTell, Proved, Refuted},
    prove,
};
use serde_json::{Value, json};

use crate::{
    closed::validator,
    support::{api_of, api_with, refuted},
};

/// OLD, and the verdict on it for each NEW.
fn check(version: &str, old: &Value, news: &[(Value, Verdict)]) {
    for (new, expected) in news {
        let report = prove(&api_of(version, old), &api_of(version, new), &[]);
        assert_eq!(report.verdict, *expected, "NEW {new}\nOLD {old}\n{report}");
        for finding in refuted(&report).into_iter().filter(|_| version == "3.1.0") {
            let example = finding.example.as_ref().unwrap();
            let body = example.target.as_ref().unwrap().body.as_ref().unwrap();
            assert!(validator(new).is_valid(body), "{finding}");
            assert!(!validator(old).is_valid(body), "{finding}");
        }
    }
}

fn with(schema: &Value, more: &Value) -> Value {
    let mut schema = schema.clone();
    let more = more.as_object().unwrap().clone();
    schema.as_object_mut().unwrap().extend(more);
    schema
}

#[test]
fn what_a_pattern_names_is_no_other_member() {
    let a = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = with(&a, &json!({"additionalProperties": false}));
    let patterned = with(
        &closed,
        &json!({"patternProperties": {"^x-": {"type": "integer"}}}),
    );
    check(
        "3.1.0",
        &closed,
        &[(closed.clone(), Proved), (patterned.clone(), Refuted)],
    );
    check(
        "3.1.0",
        &patterned,
        &[(patterned.clone(), Proved), (closed, CannotTell)],
    );
    check("3.1.0", &a, &[(patterned, Proved)]);
}

#[test]
fn unevaluated_members_and_elements_are_those_that_no_part_names() {
    let member = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
    let both = json!({"allOf": [member("a"), member("b")]});
    let closed = with(&both, &json!({"unevaluatedProperties": false}));
    let numbers = with(
        &both,
        &json!({"unevaluatedProperties": {"type": "integer"}}),
    );
    check(
        "3.1.0",
        &closed,
        &[
            (closed.clone(), Proved),
            (member("a"), Proved),
            (numbers.clone(), Refuted),
            (member("c"), Refuted),
        ],
    );
    check("3.1.0", &numbers, &[(closed.clone(), Proved)]);
    let only_a = with(&member("a"), &json!({"additionalProperties": false}));
    check("3.1.0", &only_a, &[(closed, Refuted)]);

    let first = json!({"type": "array", "prefixItems": [{"type": "string"}]});
    let only_first = with(&first, &json!({"unevaluatedItems": false}));
    check(
        "3.1.0",
        &only_first,
        &[(only_first.clone(), Proved), (first, Refuted)],
    );
}

#[test]
fn a_count_of_what_an_array_contains_belongs_to_what_it_contains() {
    let contains = |least: u64| json!({"type": "array", "items": {"type": ["string", "integer"]}, "contains": {"type": "string"}, "minContains": least, "minItems": 1});
    check(
        "3.1.0",
        &contains(2),
        &[
            (contains(2), Proved),
            (contains(1), Refuted),
            (contains(3), CannotTell),
        ],
    );
}

#[test]
fn the_tighter_of_two_bounds_counts() {
    let whole = |bounds: Value| with(&json!({"type": "integer"}), &bounds);
    check(
        "3.1.0",
        &whole(json!({"minimum": 0, "exclusiveMinimum": 3})),
        &[
            (whole(json!({"minimum": 3})), Refuted),
            (whole(json!({"minimum": 4})), Proved),
            (whole(json!({"minimum": 0, "exclusiveMinimum": 3})), Proved),
        ],
    );
    check(
        "3.1.0",
        &whole(json!({"maximum": 5, "exclusiveMaximum": 9})),
        &[
            (whole(json!({"exclusiveMaximum": 9})), Refuted),
            (whole(json!({"maximum": 5})), Proved),
        ],
    );
    check(
        "3.0.3",
        &whole(json!({"minimum": 3, "exclusiveMinimum": true})),
        &[
            (whole(json!({"minimum": 3})), Refuted),
            (
                whole(json!({"minimum": 3, "exclusiveMinimum": true})),
                Proved,
            ),
        ],
    );
}

#[test]
fn bounds_are_compared_to_the_last_digit() {
    for most in [9_007_199_254_740_992_u64, u64::MAX - 1] {
        let up_to = |most: u64| json!({"type": "integer", "minimum": 0, "maximum": most});
        check(
            "3.1.0",
            &up_to(most),
            &[
                (up_to(most), Proved),
                (up_to(most - 1), Proved),
                (up_to(most + 1), Refuted),
            ],
        );
    }
    let least = |least: i64| json!({"type": "integer", "minimum": least, "maximum": 0});
    check(
        "3.1.0",
        &least(i64::MIN + 1),
        &[(least(i64::MIN + 1), Proved), (least(i64::MIN), Refuted)],
    );
}

#[test]
fn a_schema_that_is_renamed_is_selected_by_another_value() {
    let api = |cat: &str, mapped: bool| {
        let reference = format!("#/components/schemas/{cat}");
        let mut schema = json!({
            "oneOf": [{"$ref": reference}, {"$ref": "#/components/schemas/Dog"}],
            "discriminator": {"propertyName": "kind"},
        });
        if mapped {
            schema["discriminator"]["mapping"] = json!({"cat": reference});
        }
        let animal = json!({"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}});
        let lives = with(&animal, &json!({"required": ["kind", "lives"]}));
        api_with("3.1.0", &schema, &json!({cat: lives, "Dog": animal}))
    };
    let verdict = |old, new| prove(&old, &new, &[]).verdict;
    assert_eq!(verdict(api("Cat", false), api("Cat", false)), Proved);
    assert_ne!(verdict(api("Cat", false), api("Feline", false)), Proved);
    assert_eq!(verdict(api("Cat", true), api("Feline", true)), Proved);
}

#[test]
fn where_a_dynamic_reference_leads_is_not_guessed() {
    let tree = |leaf: &str| {
        let schema = json!({"$dynamicRef": "#leaf"});
        let components = json!({"Leaf": {"$dynamicAnchor": "leaf", "type": leaf}});
        api_with("3.1.0", &schema, &components)
    };
    let report = prove(&tree("string"), &tree("integer"), &[]);
    assert_ne!(report.verdict, Proved, "{report}");
}

#[test]
fn parts_that_may_be_mixed_give_the_members_of_all() {
    let member = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
    let closed = |name| with(&member(name), &json!({"additionalProperties": false}));
    let either = json!({"anyOf": [closed("a"), closed("b")]});
    check(
        "3.1.0",
        &either,
        &[
            (either.clone(), Proved),
            (json!({"anyOf": [member("a"), member("b")]}), Refuted),
        ],
    );
}

#[test]
fn a_member_of_a_mixed_part_does_not_narrow_what_another_schema_says_of_it() {
    let schema = |most: u64| {
        json!({"allOf": [
            {"anyOf": [
                {"type": "object", "properties": {"z": {"type": "boolean"}}},
                {"type": "object", "properties": {"b": {"type": "integer"}}, "additionalProperties": false},
            ]},
            {"type": "object", "required": ["b"], "properties": {"b": {"type": "string", "maxLength": most}}},
        ]})
    };
    check(
        "3.1.0",
        &schema(3),
        &[(schema(3), Proved), (schema(4), Refuted)],
    );
}

#[test]
fn what_a_condition_names_is_a_member_too() {
    let a = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = with(&a, &json!({"additionalProperties": false}));
    let then =
        json!({"if": {"required": ["a"]}, "then": {"properties": {"b": {"type": "string"}}}});
    check("3.1.0", &closed, &[(with(&a, &then), Refuted)]);
    let not = with(&closed, &json!({"not": {"required": ["a"]}}));
    check(
        "3.1.0",
        &not,
        &[(not.clone(), Proved), (closed.clone(), Refuted)],
    );
    check("3.1.0", &closed, &[(not, Proved)]);
}

#[test]
fn a_condition_in_a_part_names_members_of_the_whole() {
    let a = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = with(&a, &json!({"additionalProperties": false}));
    let then =
        json!({"if": {"required": ["a"]}, "then": {"properties": {"b": {"type": "string"}}}});
    check("3.1.0", &closed, &[(json!({"allOf": [a, then]}), Refuted)]);
}

#[test]
fn a_member_that_only_a_part_names_is_unevaluated_where_the_part_does_not_match() {
    let part = |name: &str| json!({"type": "object", "required": [name], "properties": {name: {"type": "string"}}});
    let either = json!({"anyOf": [part("a"), part("b")]});
    let text = json!({"type": "object", "properties": {"b": {"type": "string"}}});
    let with_numbers = with(
        &either,
        &json!({"unevaluatedProperties": {"type": "integer"}}),
    );
    check("3.1.0", &text, &[(either, Proved), (with_numbers, Refuted)]);
}

#[test]
fn a_constant_and_an_enumeration_both_count() {
    let never = json!({"const": 1, "enum": [2]});
    let one = json!({"const": 1, "enum": [1, 2]});
    check(
        "3.1.0",
        &never,
        &[(json!({"const": 1}), Refuted), (never.clone(), Proved)],
    );
    check("3.1.0", &one, &[(json!({"const": 1.0}), Proved)]);
}

#[test]
fn listed_numbers_and_multiples_are_compared_to_the_last_digit() {
    const LARGE: u64 = (1 << 53) + 1;
    let listed = json!({"enum": [LARGE]});
    check(
        "3.1.0",
        &json!({"enum": [9_007_199_254_740_992.0]}),
        &[(listed.clone(), Refuted)],
    );
    check("3.1.0", &json!({"multipleOf": 2}), &[(listed, Refuted)]);
    let multiples = |of: u64| json!({"type": "integer", "multipleOf": of});
    check(
        "3.1.0",
        &multiples(LARGE - 1),
        &[
            // The validator divides floats.
            (multiples(LARGE), CannotTell),
            (multiples((LARGE - 1) * 3), Proved),
        ],
    );
}

#[test]
fn a_nullable_without_a_type_is_compared_word_for_word() {
    let text = json!({"allOf": [{"type": "string", "maxLength": 3}]});
    let nullable = with(&text, &json!({"nullable": true}));
    let wider = json!({"allOf": [{"type": "string"}], "nullable": true});
    check("3.0.3", &text, &[(nullable.clone(), CannotTell)]);
    check("3.0.3", &wider, &[(nullable, Proved)]);
}

#[test]
fn a_value_outside_a_negated_schema_is_found_among_scalars() {
    let text = json!({"type": "string"});
    let not = with(&text, &json!({"not": {"maxLength": 4}}));
    check("3.1.0", &not, &[(text, Refuted), (not.clone(), Proved)]);
}
