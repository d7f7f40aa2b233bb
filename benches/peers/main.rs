//! The layer beside what else would do the same rewrite: by hand, nginx with Lua, `HAProxy`.
//!
//! `benches/peers/run` installs the programs and measures; `peers serve SETUP` serves one of ours. Without `--bench`, our
//! own setups only respond once.

mod app;
mod campaign;
mod load;
mod process;
mod report;
mod setup;
#[path = "../support/mod.rs"]
mod support;

use std::{env, error::Error};

use setup::{Setup, check_in_process};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve", name, port] => app::serve(Setup::named(name)?, port.parse()?),
        _ if arguments.contains(&"--bench") => campaign::run(),
        _ => check_in_process(),
    }
}
