//! Real documents, which `.ci/test` fetches from npm packages.

use std::{fs, path::PathBuf};

use legacy_http_compat::openapi::{ApiDocument, FindingKind, Verdict, prove};
use serde_json::Value;

const DOCUMENTS: [&str; 6] = [
    "authentik.yaml",
    "blockfrost.yaml",
    "dialogporten.json",
    "directus.yaml",
    "github.json",
    "github-enterprise-cloud.json",
];

fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("openapi-documents");
    let path = folder.join(name);
    assert!(
        path.exists(),
        "no {}: run .ci/openapi-documents",
        path.display()
    );
    path
}

fn read(name: &str) -> ApiDocument {
    ApiDocument::read(&path(name), None).unwrap()
}

#[test]
fn each_is_proved_against_itself_with_an_empty_contract() {
    for name in DOCUMENTS {
        let report = prove(&read(name), &read(name), &[]);
        assert_eq!(report.verdict, Verdict::Proved, "{name}: {report}");
        assert!(report.operations > 40, "{name}");
    }
}

/// Here the schemas are not the same, so that they are compared by what they allow.
#[test]
fn each_is_proved_against_itself_with_fewer_values() {
    for name in &DOCUMENTS[..4] {
        let text = fs::read_to_string(path(name)).unwrap();
        let text = text.trim_start_matches('\u{feff}');
        let mut narrower: Value = if text.starts_with('{') {
            serde_json::from_str(text).unwrap()
        } else {
            serde_saphyr::from_str_with_options(
                text,
                serde_saphyr::options! {
                    strict_booleans: true,
                    budget: None,
                },
            )
            .unwrap()
        };
        narrow(&mut narrower);
        let narrower = ApiDocument::from_text(&narrower.to_string()).unwrap();
        let report = prove(&read(name), &narrower, &[]);
        assert_eq!(report.verdict, Verdict::Proved, "{name}: {report}");
    }
}

/// Takes values from all schemas: the shortest texts, and the smallest numbers.
fn narrow(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is = |name| members.get("type").is_some_and(|t| t == name);
            let (text, number) = (is("string"), is("integer"));
            let is_plain = ![
                "enum",
                "const",
                "format",
                "pattern",
                "minLength",
                "maxLength",
                "minimum",
            ]
            .iter()
            .any(|keyword| members.contains_key(*keyword));
            if text && is_plain {
                members.insert("minLength".to_owned(), 1.into());
            }
            if number && is_plain {
                members.insert("minimum".to_owned(), 0.into());
            }
            members.values_mut().for_each(narrow);
        }
        Value::Array(items) => items.iter_mut().for_each(narrow),
        _ => {}
    }
}

#[test]
fn two_real_versions_differ_and_each_difference_in_a_body_has_an_example() {
    let (old, new) = (
        read("github-enterprise-3.19.json"),
        read("github-enterprise-cloud.json"),
    );
    let report = prove(&old, &new, &[]);
    assert_eq!(report.verdict, Verdict::Refuted);
    assert!(report.findings.len() > 100, "{}", report.findings.len());
    let bodies = || {
        let findings = report.findings.iter();
        findings.filter(|finding| finding.kind == FindingKind::Body)
    };
    let grown =
        "body:value #/components/schemas/repository-ruleset-bypass-actor/properties/actor_type";
    assert!(bodies().any(|finding| finding.id == grown));
    let refuted = bodies().filter(|finding| finding.verdict == Verdict::Refuted);
    let refuted = refuted.inspect(|finding| assert!(finding.example.is_some()));
    // Fifteen alternatives without a discriminator, which are compared as a whole.
    assert_eq!(bodies().count() - refuted.count(), 2);
}
