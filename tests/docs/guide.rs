//! The runbook covers exactly what exists.

use std::collections::BTreeSet;

use legacy_http_compat::{
    document::Document,
    rollout::{ObligationKind, Phase, gate::BuiltInGate, policy::Policy},
};

const RUNBOOK: &str = include_str!("../../src/guide/rollout.md");
const MIGRATION: &str = include_str!("../../src/guide/migration.md");
const CONTRACT: &str = include_str!("../../src/guide/contract.md");
const PROVING: &str = include_str!("../../src/guide/openapi.md");
const REGISTRY: &str = include_str!("../../examples/contracts/cargo_registry.json");
const CALLERS: &str = include_str!("../../src/guide/callers.md");
const ALERTS: &str = include_str!("../../examples/prometheus/alerts.yml");
const README: &str = include_str!("../../README.md");
const OPENAPI: &str = include_str!("../../src/admin/api/openapi.json");

/// The headings of one level below another heading.
fn headings_below<'t>(text: &'t str, above: &str) -> Vec<&'t str> {
    let below = text.split_once(&format!("\n{above}\n"));
    let (_, below) = below.unwrap_or_else(|| panic!("the runbook has no heading {above:?}"));
    let section = below.split("\n## ").next().unwrap_or(below);
    let headings = section.lines().filter_map(|line| line.strip_prefix("### "));
    headings.collect()
}

/// The first column of the table below a heading.
fn table_below<'t>(text: &'t str, heading: &str) -> BTreeSet<&'t str> {
    let below = text.split_once(&format!("\n{heading}\n"));
    let (_, below) = below.unwrap_or_else(|| panic!("the runbook has no heading {heading:?}"));
    let section = below.split("\n## ").next().unwrap_or(below);
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.collect()
}

fn alerts() -> BTreeSet<&'static str> {
    let lines = ALERTS.lines();
    lines
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect()
}

#[test]
fn every_alert_has_its_heading_in_the_runbook_and_no_other_has_one() {
    let explained = headings_below(RUNBOOK, "## Alerts");
    let once: BTreeSet<&str> = explained.iter().copied().collect();
    assert_eq!(once.len(), explained.len(), "each alert is explained once");
    assert!(!once.is_empty());
    assert_eq!(once, alerts());
}

#[test]
fn every_built_in_gate_is_explained_and_no_other() {
    let gates: BTreeSet<&str> = BuiltInGate::ALL.iter().map(|gate| gate.as_str()).collect();
    assert_eq!(table_below(RUNBOOK, "## The gates"), gates);
}

#[test]
fn every_phase_is_explained_and_no_other() {
    let phases: BTreeSet<&str> = Phase::ALL.iter().map(|phase| phase.as_str()).collect();
    assert_eq!(table_below(RUNBOOK, "## The phases"), phases);
}

#[test]
fn everything_that_can_be_overdue_is_explained() {
    for what in ObligationKind::ALL
        .iter()
        .copied()
        .map(ObligationKind::as_str)
    {
        let said = format!("`overdue` has `{what}`");
        assert!(
            RUNBOOK.replace('\n', " ").contains(&said),
            "the runbook does not say when {said}"
        );
    }
}

/// A request in the runbook.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ApiCall {
    method: &'static str,
    path: String,
}

/// The requests that the runbook makes by `api $B/…`; those with a body are posted.
fn api_calls() -> BTreeSet<ApiCall> {
    let calls = RUNBOOK.match_indices("api ");
    let calls = calls.filter_map(|(at, _)| {
        let rest = &RUNBOOK[at + "api ".len()..];
        // Up to the pipe, the closing bracket or the end of the code.
        let call = rest.split(['|', ')', '`', '\n']).next()?;
        let (_, path) = call.split_once("$B/")?;
        let path = path.split(['"', ' ', '?']).next()?;
        let method = if call.contains(" -d ") { "post" } else { "get" };
        Some(ApiCall {
            method,
            path: format!("/{path}"),
        })
    });
    calls.collect()
}

/// Whether a path matches a template such as `/api/transitions/{step}`.
fn fits(template: &str, path: &str) -> bool {
    let (template, path) = (template.split('/'), path.split('/'));
    template.clone().count() == path.clone().count()
        && template
            .zip(path)
            .all(|(expected, part)| expected.starts_with('{') || expected == part)
}

#[test]
fn every_request_of_the_runbook_is_one_of_the_admin_service() {
    let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let calls = api_calls();
    assert!(calls.len() > 10, "{calls:?}");
    for ApiCall { method, path } in calls {
        let mut operations = paths.iter().filter(|(template, _)| fits(template, &path));
        assert!(
            operations.any(|(_, operations)| operations.get(method).is_some()),
            "there is no {method} {path}"
        );
    }
}

#[test]
fn the_runbook_uses_every_command_of_the_admin_service() {
    let document: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let calls = api_calls();
    let posted: BTreeSet<&str> = calls
        .iter()
        .filter(|call| call.method == "post")
        .map(|call| call.path.as_str())
        .collect();
    let paths = document["paths"].as_object().unwrap().iter();
    let commands = paths
        .filter(|(path, operations)| path.starts_with("/api/") && operations.get("post").is_some());
    for (path, _) in commands {
        assert!(posted.contains(path.as_str()), "{path} is not explained");
    }
}

#[test]
fn every_link_within_the_runbook_leads_to_one_of_its_headings() {
    let anchors: BTreeSet<String> = RUNBOOK
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let links = RUNBOOK.split("](#").skip(1);
    let links: Vec<&str> = links
        .map(|link| link.split(')').next().unwrap_or(link))
        .collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(anchors.contains(link), "nothing is at #{link}");
    }
}

/// The anchor that rustdoc generates for a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| {
        if c == ' ' {
            '-'
        } else {
            c.to_ascii_lowercase()
        }
    })
    .collect()
}

/// The blocks of JSON on a page.
fn json_blocks(text: &str) -> Vec<&str> {
    let blocks = text.split("```json\n").skip(1);
    blocks
        .filter_map(|block| block.split_once("```").map(|(json, _)| json))
        .collect()
}

#[test]
fn the_policy_of_the_runbook_is_one() {
    let blocks = json_blocks(RUNBOOK);
    assert_eq!(blocks.len(), 1);
    let policy = Policy::from_json(blocks[0]).unwrap();
    assert!(policy.auto_rollback.is_some());
}

#[test]
fn the_document_with_faults_has_those_that_its_pages_explain() {
    let blocks = json_blocks(CONTRACT);
    let error = Document::from_json(blocks[0]).unwrap_err();
    let callers = error.faults().iter();
    let callers = callers.filter(|fault| fault.place().starts_with("/callers"));
    let callers = callers.count();
    let contract = error.faults().len() - callers;
    assert_eq!((contract, callers), (10, 5), "{error}");
    let said = error.to_string();
    let explained =
        explained(CONTRACT, "## Checking it") + &explained(CALLERS, "## Common mistakes");
    assert_eq!(explained.lines().count(), contract + callers);
    for part in explained.lines() {
        assert!(said.contains(part), "nothing says {part:?}");
    }
}

/// The code in the first column of the table below a heading, up to an ellipsis, one entry per line.
fn explained(text: &str, heading: &str) -> String {
    let (_, below) = text.split_once(&format!("\n{heading}\n")).unwrap();
    let section = below.split("\n## ").next().unwrap_or(below);
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ``")?.split("`` | ").next());
    let messages = cells.flat_map(|cell| cell.split("``, and ``"));
    messages
        .map(|message| message.trim_matches(['…', ' ']).to_owned() + "\n")
        .collect()
}

#[test]
fn the_readme_says_at_its_top_that_only_responses_are_changed() {
    let top = README.split("\n## ").next().unwrap_or_default();
    assert!(top.contains("Responses only: what old clients *send* is not changed."));
}

/// rustdoc compiles and runs those of Rust, the tests here read those of JSON, and `tests/processes/guide.rs` runs the shell.
#[test]
fn every_example_about_contracts_runs() {
    for (page, text, documents) in [
        ("contract", CONTRACT, 1),
        ("openapi", PROVING, 0),
        ("callers", CALLERS, 0),
        ("migration", MIGRATION, 1),
    ] {
        let fences = text.lines().filter_map(|line| line.strip_prefix("```"));
        let opened: Vec<&str> = fences.filter(|language| !language.is_empty()).collect();
        assert!(opened.len() > 1, "{page}");
        for language in opened {
            assert!(
                ["rust", "json", "sh"].contains(&language),
                "{page}: {language} is not run"
            );
        }
        assert_eq!(json_blocks(text).len(), documents, "{page}");
    }
}

#[test]
fn the_outcome_of_the_migration_is_one_of_the_shipped_registry() {
    let outcome: serde_json::Value = serde_json::from_str(json_blocks(MIGRATION)[0]).unwrap();
    let registry: serde_json::Value = serde_json::from_str(REGISTRY).unwrap();
    let outcomes = registry["outcomes"].as_array().unwrap();
    assert!(outcomes.contains(&outcome), "{outcome}");
}

#[test]
fn a_migration_has_ten_steps_each_with_a_time_and_an_end() {
    let steps: Vec<&str> = MIGRATION.split("\n## ").skip(1).collect();
    let rows: Vec<&str> = MIGRATION
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    assert_eq!((steps.len(), rows.len()), (10, 10));
    for ((step, row), number) in steps.iter().zip(rows).zip(1..) {
        let title = step.lines().next().unwrap();
        assert!(title.starts_with(&format!("{number}. ")), "{title}");
        assert!(row.starts_with(&format!("| [{title}](#")), "{row}");
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert!(
            matches!(cells[..], [_, who, work, _] if !who.is_empty() && !work.is_empty()),
            "{row}"
        );
        assert_eq!(step.matches("**Done when**").count(), 1, "{title}");
    }
}
