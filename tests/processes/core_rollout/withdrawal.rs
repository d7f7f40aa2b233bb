//! The end of the plan: the journal tells the whole story, and the consumer's code goes.

use std::{fs, path::Path, process::Command};

use legacy_http_compat::migration::Migration;

use super::{core_app::compat::FLAG_NAME, support::temp_dir::TempDir};

/// The journal as an operator checks it once the switch is retired.
pub(crate) fn the_command_agrees(data: &Path) {
    let journal = data.join(Migration::JOURNAL);
    let journal = journal.to_str().unwrap();
    assert_eq!(run(&["verify", journal]).0, 0);
    let (code, status) = run(&["status", journal]);
    assert!(code == 0 && status.contains("retired"), "{status}");
    let (code, report) = run(&["report", journal]);
    assert!(code == 0 && report.contains("INC-17"), "{report}");
}

/// A consumer's tree before and after its compatibility code is removed.
pub(crate) fn the_consumers_code_goes() {
    let tree = TempDir::new();
    let root = tree.path();
    fs::create_dir(root.join("src")).unwrap();
    let path = root.to_str().unwrap();
    let withdrawn = || run(&["check-removed", "--flag", FLAG_NAME, path]);

    write(
        root,
        "Cargo.toml",
        "[dependencies]\nlegacy-http-compat = \"0.1\"\n",
    );
    write(
        root,
        "src/main.rs",
        &format!("fn main() {{\n    let _flag = \"{FLAG_NAME}\";\n}}\n"),
    );
    let (code, left) = withdrawn();
    assert_eq!(code, 1, "{left}");
    assert!(
        left.contains("Cargo.toml:2") && left.contains("main.rs:2"),
        "{left}"
    );

    write(root, "Cargo.toml", "[dependencies]\n");
    write(root, "src/main.rs", "fn main() {}\n");
    assert_eq!(withdrawn().0, 0);
}

fn write(root: &Path, path: &str, text: &str) {
    fs::write(root.join(path), text).unwrap();
}

fn run(args: &[&str]) -> (i32, String) {
    let command = env!("CARGO_BIN_EXE_legacy-http-compat");
    let ended = Command::new(command).args(args).output().unwrap();
    let out = String::from_utf8(ended.stdout).unwrap();
    (ended.status.code().unwrap(), out)
}
