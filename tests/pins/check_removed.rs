//! What `check-removed` says.

use std::fs;

use crate::{command::said, pin::pin, run::run, temp_dir::TempDir};

const USING: [(&str, &str); 4] = [
    (
        "Cargo.toml",
        "[dependencies]\ncompat = { version = \"0.1\", package = \"legacy-http-compat\" }\n",
    ),
    ("main.rs", "use compat::LegacyHttpCompatLayer;\n"),
    ("app.yaml", "features:\n  jobs:\n    compat: true\n"),
    ("alerts.yml", "expr: legacy_http_compat_overdue > 0\n"),
];

fn pinned(name: &str, files: &[(&str, &str)]) {
    let directory = TempDir::new();
    for (path, text) in files {
        fs::write(directory.path().join(path), text).unwrap();
    }
    let path = directory.path().to_str().unwrap();
    let args = ["check-removed", "--flag", "features.jobs.compat", path];
    let text = said(&run(args), directory.path());
    pin(&format!("command/check_removed_{name}.txt"), &text);
    let text = said(&run(args.iter().chain(&["--json"])), directory.path());
    pin(&format!("command/check_removed_{name}_json.txt"), &text);
}

#[test]
fn what_is_said_of_a_consumer_that_still_uses_it_is_pinned() {
    pinned("not_yet", &USING);
}

#[test]
fn what_is_said_of_a_consumer_that_is_done_is_pinned() {
    pinned("done", &[("main.rs", "fn main() {}\n"), ("logo.png", "\0")]);
}

#[test]
fn what_is_said_of_an_empty_tree_is_pinned() {
    pinned("empty", &[]);
}
