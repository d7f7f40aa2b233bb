//! The clients that a pipeline runs against a Core.

#![cfg(unix)]

use std::process::Command;

use crate::support::process::{Core, NO_GATES, example};

/// A Core without an interval, so that no client has to wait.
fn core(compat: &str) -> Core {
    let given = ["--interval", "0", "--compat", compat];
    Core::start(&[&NO_GATES[..], &given].concat())
}

/// Whether the suite passes, and what it prints.
fn run(core: &Core, suite: &str) -> (bool, String) {
    let ran = Command::new(example("clients"))
        .args([core.url(), suite.to_owned()])
        .output();
    let ran = ran.unwrap();
    let printed = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8(printed).unwrap())
}

#[test]
fn old_and_new_clients_pass_while_the_flag_is_on() {
    let core = core("on");
    for suite in ["ui_rust", "agent_mcp", "client_compat"] {
        let (passed, printed) = run(&core, suite);
        assert!(passed, "{suite}: {printed}");
    }
}

#[test]
fn old_clients_fail_once_it_is_off_and_new_ones_pass() {
    let core = core("off");
    for suite in ["ui_rust", "agent_mcp"] {
        assert!(run(&core, suite).0, "{suite}");
    }
    let (passed, printed) = run(&core, "client_compat");
    assert!(
        !passed && printed.contains("old AGENT does not keep polling"),
        "{printed}"
    );
}

#[test]
fn a_suite_that_meets_another_outcome_names_it() {
    let core = core("on");
    let (passed, printed) = run(&core, "auth_device_integration");
    // Nothing slows down without an interval.
    assert!(
        !passed && printed.contains("expected 429 SLOW_DOWN, found 200"),
        "{printed}"
    );
}
