//! Random pairs of schemas: what is proved holds for random values, and what is refuted is shown by a value.

use legacy_http_compat::openapi::{ProofReport, Verdict, prove};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    closed::{closed, resolved, validator},
    schema_generator::Random,
    support::{api_of, api_with},
};

/// Two schemas, the components that they refer to, and what is proved of them.
struct Pair {
    old: Value,
    new: Value,
    report: ProofReport,
    random: Random,
}

impl Pair {
    fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let components = random.components();
        let new = random.schema(3);
        let (old, old_components) = if random.below(8) == 0 {
            (new.clone(), random.changed_components(&components))
        } else {
            (random.changed(&new), components.clone())
        };
        let api =
            |schema, components: &Map<_, _>| api_with("3.1.0", schema, &components.clone().into());
        let report = prove(&api(&old, &old_components), &api(&new, &components), &[]);
        Self {
            old: resolved(&old, &old_components),
            new: resolved(&new, &components),
            report,
            random,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_proof_holds_for_random_values_and_a_refutation_has_one(seed: u64) {
        let Pair { old, new, report, mut random } = Pair::of(seed);
        let old_valid = validator(&old);
        match report.verdict {
            Verdict::Proved => {
                let Some(closed) = closed(&new) else {
                    return Ok(());
                };
                let new_valid = validator(&closed);
                for round in 0..24 {
                    let value = random.value(if round % 4 == 0 { &old } else { &new }, 5);
                    for value in [random.mutated(value.clone()), value] {
                        prop_assert!(
                            !new_valid.is_valid(&value) || old_valid.is_valid(&value),
                            "{} for\nNEW {}\nOLD {}", value, new, old
                        );
                    }
                }
            }
            Verdict::Refuted => for finding in &report.findings {
                if finding.verdict == Verdict::Refuted {
                    let example = finding.example.as_ref().unwrap();
                    let value = example.target.as_ref().unwrap().body.as_ref().unwrap();
                    prop_assert!(validator(&new).is_valid(value), "{} NEW {} OLD {}", finding, new, old);
                    prop_assert!(!old_valid.is_valid(value), "{} NEW {} OLD {}", finding, new, old);
                }
            },
            _ => {}
        }
    }

    #[test]
    fn a_schema_is_proved_against_itself_and_against_a_wider_one(seed: u64) {
        let mut random = Random::new(seed);
        let schema = random.schema(3);
        let wider = json!({"anyOf": [{"type": "null"}, schema]});
        for old in [&schema, &wider, &json!({"allOf": [schema, {}]})] {
            let report = prove(&api_of("3.1.0", old), &api_of("3.1.0", &schema), &[]);
            prop_assert_ne!(report.verdict, Verdict::Refuted, "{} for {}", report, schema);
            if *old == schema {
                prop_assert_eq!(report.verdict, Verdict::Proved, "{} for {}", report, schema);
            }
        }
    }
}

#[test]
fn an_object_of_new_that_names_no_members_may_have_any() {
    let free = json!({"type": "object", "properties": {}});
    let free = [
        free,
        json!({"type": "object"}),
        json!({"type": "object", "required": ["a"]}),
    ];
    for new in free {
        let old = json!({"type": "object", "required": ["a"], "properties": {"a": {}, "b": {"type": "string"}}});
        let closed = json!({"type": "object", "additionalProperties": false});
        for old in [old, closed] {
            let report = prove(&api_of("3.1.0", &old), &api_of("3.1.0", &new), &[]);
            assert_eq!(
                report.verdict,
                Verdict::Refuted,
                "{new} under {old}: {report}"
            );
        }
    }
}

#[test]
fn most_pairs_are_decided() {
    let undecided = (0..500).filter(|seed| Pair::of(*seed).report.verdict == Verdict::CannotTell);
    let undecided = undecided.count();
    assert!(undecided < 60, "{undecided} of 500");
}
