//! The tables of floors in the documents equal the plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::plan::FLOORS;

const CONTRIBUTING: &str = include_str!("../../../CONTRIBUTING.md");
const ARCHITECTURE: &str = include_str!("../../../src/guide/architecture.md");

type Floors<'t> = BTreeMap<u8, BTreeSet<&'t str>>;

fn planned() -> Floors<'static> {
    let mut floors = Floors::new();
    for (module, floor) in FLOORS {
        floors.entry(*floor).or_default().insert(module);
    }
    floors
}

/// The modules in the second column of the table whose first column is a floor.
fn in_table(text: &str) -> Floors<'_> {
    let section = text
        .split_once("\n## Floors\n")
        .map_or("", |(_, rest)| rest);
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" |");
        let floor = cells.next()?.parse().ok()?;
        // What is in code is every second piece between backticks.
        let modules = cells.next()?.split('`').skip(1).step_by(2);
        Some((floor, modules.collect()))
    });
    rows.collect()
}

#[test]
fn the_table_in_contributing_equals_the_plan() {
    assert_eq!(in_table(CONTRIBUTING), planned());
}

#[test]
fn the_table_in_the_architecture_guide_equals_the_plan() {
    assert_eq!(in_table(ARCHITECTURE), planned());
}

#[test]
fn every_planned_module_exists() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (module, _) in FLOORS {
        let path = src.join(module.replace("::", "/"));
        assert!(
            path.is_dir() || path.with_extension("rs").is_file(),
            "there is no module {module}"
        );
    }
}

#[test]
fn a_table_without_a_module_or_on_another_floor_differs() {
    let table = "\n## Floors\n\n| floor | modules |\n| --- | --- |\n| 0 | `flag`, `json` |\n| 3 | `census` | knows `flag` |\n\n## Next\n\n| 4 | `rollout` |\n";
    let expected = Floors::from([
        (0, BTreeSet::from(["flag", "json"])),
        (3, BTreeSet::from(["census"])),
    ]);
    assert_eq!(in_table(table), expected);
    assert_ne!(in_table(&table.replace("`json`", "")), expected);
    assert_ne!(in_table(&table.replace("| 3 |", "| 2 |")), expected);
}
