//! Manifest, README and the first page of the docs list the same features; the changelog has the version of the manifest.

use std::collections::BTreeSet;

const MANIFEST: &str = include_str!("../../Cargo.toml");
const README: &str = include_str!("../../README.md");
const FIRST_PAGE: &str = include_str!("../../src/lib.rs");
const CHANGELOG: &str = include_str!("../../CHANGELOG.md");

fn manifest() -> toml::Table {
    MANIFEST.parse().unwrap()
}

fn features() -> BTreeSet<String> {
    let manifest = manifest();
    let features = manifest["features"].as_table().unwrap().keys();
    features
        .filter(|name| *name != "default")
        .cloned()
        .collect()
}

/// The names between backquotes at the start of the lines of the README's table or the first page's list.
fn listed(text: &str, start: &str, line_start: &str, end: char) -> BTreeSet<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(start));
    let rows = lines.filter_map(|line| line.strip_prefix(line_start)?.split(end).next());
    rows.flat_map(|names| names.split(", "))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_readme_and_the_first_page_list_each_feature() {
    let table = README.split("\n## Quick start\n").next().unwrap();
    assert_eq!(listed(table, "| feature |", "| `", '|'), features());
    let list = FIRST_PAGE.split("\n//! **Next**").next().unwrap();
    assert_eq!(listed(list, "//! No feature", "//! - `", ':'), features());
}

#[test]
fn no_feature_is_enabled_by_default() {
    assert_eq!(
        manifest()["features"]["default"].as_array().map(Vec::len),
        Some(0)
    );
}

#[test]
fn the_changelog_has_the_version_of_the_manifest_with_its_date() {
    let manifest = manifest();
    let version = manifest["package"]["version"].as_str().unwrap();
    let heading = format!("## [{version}] - ");
    let date = CHANGELOG
        .lines()
        .find_map(|line| line.strip_prefix(&heading))
        .unwrap();
    let parts: Vec<&str> = date.split('-').collect();
    assert!(
        matches!(parts[..], [year, month, day] if [year.len(), month.len(), day.len()] == [4, 2, 2])
    );
    assert!(
        date.chars().all(|c| c.is_ascii_digit() || c == '-'),
        "{date}"
    );
}

#[test]
fn the_readme_says_how_to_report_a_vulnerability() {
    assert!(README.contains("\n## Reporting a vulnerability\n"));
}
