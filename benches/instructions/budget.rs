//! The budgets of the rows, in `budgets.toml`.

use std::{collections::BTreeMap, error::Error, fmt::Write as _, fs};

use crate::table::{Row, Unit};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/instructions/budgets.toml"
);

/// The comment that the file starts with.
const HEAD: &str = "\
# What a row of the table may cost, by its key: the figure once reached, and 2 % more. `-- --set-budgets` writes this file.
# A row without a line here is only printed.
";

/// Prints the table; fails with the rows beyond their budget. A row may have none.
pub(crate) fn check(rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let budgets: BTreeMap<String, f64> = toml::from_str(include_str!("budgets.toml"))?;
    println!("| case | measured | bar | goal | budget |\n| --- | --- | --- | --- | --- |");
    let mut faults = Vec::new();
    for row in rows {
        let budget = budgets.get(row.key).copied();
        let text = budget.map_or_else(|| "none".to_owned(), |budget| row.unit.show(budget));
        println!("{row}{text} |");
        if budget.is_some_and(|budget| !row.is_within(budget)) {
            faults.push(format!(
                "{} = {:.1} (budget: {text})",
                row.key, row.measured
            ));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(format!("beyond their budgets: {}", faults.join(", ")).into())
    }
}

/// Writes what each row may cost from now on.
pub(crate) fn set(rows: &[Row]) -> Result<(), Box<dyn Error>> {
    let mut text = HEAD.to_owned();
    for row in rows {
        let budget = match row.unit {
            // Some costs next to nothing, of which 2 % are less than one instruction.
            Unit::Instructions => (row.measured * 1.02).max(row.measured + 10.0).ceil(),
            Unit::Percent => (row.measured + 1.0).max(2.0).ceil(),
            Unit::Times => (row.measured * 98.0).floor() / 100.0,
        };
        writeln!(text, "{} = {budget:?}", row.key)?;
        println!("{row}{} |", row.unit.show(budget));
    }
    Ok(fs::write(FILE, text)?)
}
