//! The command line itself.

use super::run::run;

#[test]
fn wrong_usage_ends_with_2_and_says_so_on_standard_error() {
    for args in [
        &[][..],
        &["verify"],
        &["status", "a", "b"],
        &["status", "a", "--store", "postgres://b"],
        &["report", "--census", "a"],
        &["instances", "write-off", "core-1"],
        &["retire"],
        &["contract"],
        &["contract", "check"],
        &["check-removed", "."],
        &["check-removed", "--flag", "f"],
        &["check-removed", "--flag", "", "."],
        &["check-removed", "--flag", "a\nb", "."],
    ] {
        let ran = run(args);
        ran.ends(2).complains("--help");
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn the_help_of_each_command_documents_the_exit_codes() {
    for args in [
        &["--help"][..],
        &["verify", "--help"],
        &["status", "--help"],
        &["report", "--help"],
        &["check-removed", "--help"],
        &["contract", "--help"],
        &["contract", "check", "--help"],
    ] {
        run(args)
            .ends(0)
            .says("Exit codes:\n  0  ")
            .says("\n  1  ")
            .says("\n  2  ");
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    run(["--version"]).ends(0).says(env!("CARGO_PKG_VERSION"));
}
