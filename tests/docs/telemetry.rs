//! The guide's page on telemetry lists exactly the fields that are logged, and queries that are tested.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use legacy_http_compat::metrics::Family;

use crate::rust_text::skipped;

const PAGE: &str = include_str!("../../src/guide/telemetry.md");
const PANELS_TEST: &str = include_str!("../../examples/prometheus/panels_test.yml");

/// The rows of the table below a heading, without its head.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, below) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = below.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|'));
    let cells = |row: &'static str| row.trim_matches('|').split(" | ").map(str::trim).collect();
    rows.skip(2).map(cells).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                rust_files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The arguments of a call, up to its message or its end.
fn arguments(text: &str) -> Vec<&str> {
    let (mut arguments, mut depth, mut from, mut at) = (Vec::new(), 0_u32, 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let skip = skipped(rest);
        if skip > 0 && !rest.starts_with("//") && depth == 0 {
            break;
        }
        match rest.as_bytes()[0] {
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                arguments.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
        at += skip.max(rest.chars().next().map_or(1, char::len_utf8));
    }
    arguments
}

/// The fields of all events in a file, but those of tests.
fn fields(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut fields = BTreeSet::new();
    for level in ["trace!(", "debug!(", "info!(", "warn!(", "error!("] {
        for (at, _) in code.match_indices(level) {
            for argument in arguments(&code[at + level.len()..]) {
                let name = argument.split(" = ").next().unwrap();
                fields.insert(name.trim_start_matches(['%', '?']).to_owned());
            }
        }
    }
    fields
}

#[test]
fn the_fields_of_an_event_are_found() {
    let text = r#"warn!(%path, a.b = f(1, "x"), ?list, "message, {}", other); info!("none"); debug!(
        // A comment, with a comma.
        flag,
        "message"
    );"#;
    let text = text.replace("        // A comment, with a comma.\n", "");
    let expected = ["a.b", "flag", "list", "path"].map(str::to_owned);
    assert_eq!(fields(&text), BTreeSet::from(expected));
}

#[test]
fn the_table_of_fields_has_each_field_and_no_other() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let tests = |path: &PathBuf| {
        let path = path.to_string_lossy();
        path.ends_with("tests.rs") || path.contains("/tests/")
    };
    let mut used = BTreeSet::from(["legacy_http_compat".to_owned()]);
    for file in rust_files(&src).iter().filter(|path| !tests(path)) {
        used.append(&mut fields(&fs::read_to_string(file).unwrap()));
    }
    let rows = rows("Fields");
    let documented: Vec<String> = rows.iter().map(|row| row[0].replace('`', "")).collect();
    let once: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(once.len(), documented.len(), "each field is listed once");
    assert_eq!(once, used);
}

#[test]
fn a_field_of_the_conventions_for_http_is_the_only_one_with_dots() {
    for row in rows("Fields") {
        assert_eq!(row[0].starts_with("`http."), row[2] == "HTTP", "{row:?}");
    }
}

#[test]
fn each_query_of_a_panel_is_tested_and_no_other() {
    let shown: BTreeSet<&str> = rows("Panels")
        .iter()
        .map(|row| row[1].trim_matches('`'))
        .collect();
    let lines = PANELS_TEST.lines();
    let tested = lines
        .filter_map(|line| line.trim().strip_prefix("- expr: "))
        .collect();
    assert_eq!(shown, tested);
    assert!(shown.len() > 15);
}

#[test]
fn the_panels_show_each_metric() {
    let queries: Vec<&str> = rows("Panels").iter().map(|row| row[1]).collect();
    for family in Family::ALL {
        assert!(
            queries.iter().any(|query| query.contains(family.name)),
            "{}",
            family.name
        );
    }
}
