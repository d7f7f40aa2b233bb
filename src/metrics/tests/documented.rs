//! The tables in the module's documentation are what the code says.

use crate::{
    metrics::Family,
    observation::{Shape, SkipReason},
};

/// The rows of all tables in the documentation of the module.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = include_str!("../mod.rs").lines();
    let rows = lines.filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'));
    rows.map(|row| row.split('|').map(str::trim).collect())
        .collect()
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn values(label: &str) -> &'static str {
    let name = format!("`{label}`");
    let mut rows = rows().into_iter();
    let row = rows.find(|row| row.len() == 2 && row[0] == name);
    row.unwrap_or_else(|| panic!("no values are documented for {label}"))[1]
}

#[test]
fn the_table_of_names_has_each_family_as_the_code_has_it_and_no_other() {
    let documented: Vec<String> = rows()
        .iter()
        .filter(|row| row.len() == 4 && row[0].starts_with('`'))
        .map(|row| row.join(" | "))
        .collect();
    let coded = Family::ALL.map(|family| {
        let (name, kind) = (listed(&[family.name()]), family.kind().as_str());
        [&name, kind, &listed(family.labels()), family.help()].join(" | ")
    });
    assert_eq!(documented, coded);
}

#[test]
fn the_table_of_labels_has_each_label_and_its_values() {
    for label in Family::ALL.iter().flat_map(Family::labels) {
        assert!(!values(label).is_empty());
    }
    let shapes = [Shape::Target, Shape::Legacy].map(Shape::as_str);
    assert_eq!(values("shape"), listed(&shapes));
    assert_eq!(
        values("reason"),
        listed(&SkipReason::ALL.map(SkipReason::as_str))
    );
}
