//! The rollout plan of the device flow, line by line, with the expected results.
//!
//! The numbers follow from the clients: eight installations of each kind that are upgraded, a `UI_RUST` and an `MCP` that
//! disappear, and an `AGENT` that is never upgraded, the monitoring probe.

use super::item::{
    Expected,
    Expected::{AtLeast, Is},
    Item,
};

const PREREQUISITES: &str =
    "Prerequisites of the cutover: core, ui_rust, agent_mcp delivered; checks green";
const STEP_1: &str = "1. Switch on instrumentation and the dashboard";
const STEP_2: &str = "2. Deploy Core with the flag on";
const STEP_3: &str = "3. Deploy status-driven UI_RUST, AGENT and MCP";
const STEP_4: &str = "4. Wait for the legacy signals to fall to zero";
const STEP_5: &str = "5. Switch the flag off (cutover)";
const ROLLBACK: &str = "Rollback: the flag on again for a short time, audited, followed by a post-analysis; \
                        client versions may be rolled back as well";
const RETIREMENT: &str = "Retirement: no legacy dependence over a stable window, no open incident";
const VISIBLE: &str = "What must be visible during the rollout";

const fn item(line: &'static str, what: &'static str, expected: Expected) -> Item {
    Item {
        line,
        what,
        expected,
    }
}

pub(super) const PLAN: &[Item] = &[
    item(PREREQUISITES, "delivered", Is("agent_mcp, core, ui_rust")),
    item(
        PREREQUISITES,
        "green checks",
        Is("auth_device_integration, client_compat, openapi"),
    ),
    item(
        PREREQUISITES,
        "cutover with one failing check",
        Is("409: required_checks"),
    ),
    item(STEP_1, "the gate `instrumentation`", Is("passes")),
    item(STEP_1, "the sign-in page", Is("200 text/html")),
    item(
        STEP_1,
        "an old AGENT before compat",
        Is("200 PENDING, not understood"),
    ),
    item(STEP_1, "stranded callers before compat", Is("1")),
    item(STEP_2, "after enabling", Is("compat, flag on")),
    item(
        STEP_2,
        "old client, PENDING",
        Is("401 AUTHORIZATION_PENDING"),
    ),
    item(STEP_2, "old client, DENIED", Is("403 ACCESS_DENIED")),
    item(STEP_2, "old client, EXPIRED", Is("400 EXPIRED_DEVICE_CODE")),
    item(
        STEP_2,
        "old client, APPROVED, then polled again",
        Is("200 APPROVED, 400 INVALID_DEVICE_CODE"),
    ),
    item(STEP_2, "old client, polled too early", Is("429 SLOW_DOWN")),
    item(
        STEP_2,
        "old UI_RUST, token request",
        Is("422 VALIDATION_FAILED"),
    ),
    item(STEP_2, "responses not understood", Is("0")),
    item(STEP_2, "dependent callers", Is("UI_RUST 9, AGENT 9, MCP 9")),
    item(
        STEP_2,
        "premature cutover",
        Is("409: required_checks, no_dependent_responses, all_callers_resolved, coverage"),
    ),
    item(STEP_3, "new client, PENDING", Is("200 PENDING")),
    item(STEP_3, "new client, DENIED", Is("200 DENIED")),
    item(
        STEP_3,
        "new UI_RUST, token request",
        Is("403 FORBIDDEN_ACTOR"),
    ),
    item(STEP_3, "migrated callers", Is("UI_RUST 8, AGENT 8, MCP 8")),
    item(
        STEP_3,
        "responses not understood during the upgrade",
        Is("0"),
    ),
    item(STEP_4, "still dependent", Is("UI_RUST 0, AGENT 1, MCP 0")),
    item(
        STEP_4,
        "the remaining caller",
        Is("1 caller, waived, owner sre"),
    ),
    item(STEP_4, "inactive callers", Is("2")),
    item(STEP_4, "the gates of the cutover", Is("all pass")),
    item(STEP_5, "after the cutover", Is("cutover, flag off")),
    item(STEP_5, "legacy responses since", Is("0")),
    item(
        STEP_5,
        "responses not understood after the cutover",
        Is("0"),
    ),
    item(
        ROLLBACK,
        "a missed AGENT after the cutover",
        Is("200 PENDING, not understood"),
    ),
    item(ROLLBACK, "stranded callers, not waived", Is("1")),
    item(ROLLBACK, "after the rollback", Is("compat, flag on")),
    item(
        ROLLBACK,
        "the missed AGENT after the rollback",
        Is("401 AUTHORIZATION_PENDING"),
    ),
    item(
        ROLLBACK,
        "the journaled rollback",
        Is("of the cutover by operator for INC-17"),
    ),
    item(
        ROLLBACK,
        "client version rolled back",
        Is("AGENT 1.4.0 for INC-17"),
    ),
    item(ROLLBACK, "regressed callers", Is("1")),
    item(
        ROLLBACK,
        "cutover with the incident open",
        Is(
            "409: no_dependent_responses, all_callers_resolved, no_open_incident, post_analyses_due",
        ),
    ),
    item(
        ROLLBACK,
        "cutover without post-analysis",
        Is("409: post_analyses_due"),
    ),
    item(ROLLBACK, "overdue", Is("nothing")),
    item(
        ROLLBACK,
        "after the second cutover",
        Is("cutover, flag off"),
    ),
    item(
        RETIREMENT,
        "premature retirement",
        Is("409: no_dependent_responses"),
    ),
    item(RETIREMENT, "the gates of the retirement", Is("all pass")),
    item(RETIREMENT, "after retirement", Is("retired, flag retired")),
    item(
        RETIREMENT,
        "enabling after retirement",
        Is("409, flag retired"),
    ),
    item(
        RETIREMENT,
        "rolling back after retirement",
        Is("409, flag retired"),
    ),
    item(
        RETIREMENT,
        "old and new clients receive",
        Is("the same bytes"),
    ),
    item(RETIREMENT, "responses still counted by the layer", Is("0")),
    item(
        VISIBLE,
        "polls by status",
        Is("PENDING, APPROVED, DENIED, EXPIRED"),
    ),
    item(VISIBLE, "400 INVALID_DEVICE_CODE", AtLeast(1)),
    item(VISIBLE, "429 SLOW_DOWN or TOO_MANY_ATTEMPTS", AtLeast(1)),
    item(
        VISIBLE,
        "peak dependent callers",
        Is("UI_RUST 9, AGENT 9, MCP 9"),
    ),
    item(VISIBLE, "refused UI_RUST tokens", AtLeast(9)),
    item(
        VISIBLE,
        "the flag in the log",
        Is("off, on, off, on, off, retired"),
    ),
    item(
        VISIBLE,
        "transitions with actor and reason",
        Is("compat, cutover, compat, cutover, retired"),
    ),
];
