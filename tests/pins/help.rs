//! What the command says of itself.

use crate::{pin::pin, run::run};

#[test]
fn the_help_of_every_command_is_pinned() {
    for command in [
        "",
        "verify",
        "status",
        "report",
        "check-removed",
        "instances",
        "store",
        "store check",
        "store export",
        "store import",
        "store migrate",
        "store rekey",
        "contract",
        "contract check",
        "contract draft",
        "contract prove",
    ] {
        let ran = run(command.split_whitespace().chain(["--help"]));
        let name = if command.is_empty() { "all" } else { command };
        let file = format!("help/{}.txt", name.replace(' ', "_"));
        pin(&file, &ran.ends(0).out);
    }
}

#[test]
fn the_word_for_wrong_usage_is_pinned() {
    let ran = run(["verify"]);
    pin("help/wrong_usage.txt", &ran.ends(2).err);
}
