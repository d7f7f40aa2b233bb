//! The budgets of the rows, in `budgets.toml`.

use std::{collections::BTreeMap, error::Error};

use crate::table::Row;

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
