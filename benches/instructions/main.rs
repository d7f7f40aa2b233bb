//! What a request costs in instructions, beside the same service without the layer.
//!
//! `cargo bench --bench instructions` counts with valgrind, prints the table of `benches/README.md` and fails where a count
//! exceeds its budget. With `-- --set-budgets` it writes `budgets.toml` instead. `instructions CASE TIMES` runs one case; without
//! `--bench`, each case runs once.

mod budget;
mod case;
mod count;
mod scene;
mod snapshot;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::{env, error::Error};

use case::Case;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [name, times] if !times.starts_with('-') => Case::named(name)?.run(times.parse()?),
        _ if arguments.contains(&"--set-budgets") => return budget::set(&table::measure()?),
        _ if arguments.contains(&"--bench") => return budget::check(&table::measure()?),
        _ => Case::all().for_each(|case| case.run(1)),
    }
    Ok(())
}
