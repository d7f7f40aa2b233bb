//! Evidence has a version: a change of contract or detector restarts the window.

use std::time::Duration;

use super::{
    super::stage::{DAY, HOUR, census, detector, label, stage},
    verdicts::{CUTOVER, policy, watched},
};
use crate::{
    Contract,
    caller::Generation::Target,
    census::{CallerState, Dependence},
    time::Clock,
};

#[test]
fn another_detector_restarts_the_window_of_the_kinds_it_concerns() {
    let before = watched();
    before.legacy("MCP", 2);
    before.see("MCP", Target, Some(2), Dependence::None);
    before.legacy("AGENT", 1);
    before.see("AGENT", Target, Some(1), Dependence::None);
    assert!(before.resolved());
    let journaled = before.rollout.status().state.contract.clone().unwrap();
    before.clock.advance(Duration::from_secs(1));
    let bytes = before.census.to_bytes().unwrap();
    let stricter = census(&before.clock, &detector().target_since("AGENT", "2.0.0"));
    let stage = before.restarted(stricter.open_bytes(&bytes).unwrap());
    assert_eq!(
        stage.state(2),
        CallerState::Migrated,
        "by rules still in force"
    );
    assert_eq!(stage.state(1), CallerState::Dependent, "not seen since");
    let shown = stage.resolution();
    assert_eq!((stage.resolved(), shown.blocking.callers), (false, 1));
    let kinds: Vec<_> = shown
        .restarts
        .iter()
        .map(|restart| restart.kind.as_deref())
        .collect();
    assert_eq!(kinds, [Some("AGENT")]);
    let now = stage.rollout.status().state.contract.clone().unwrap();
    assert_eq!(now.digest, journaled.digest);
    let digest = |kind: &str| {
        (
            now.detector.get(&label(kind)),
            journaled.detector.get(&label(kind)),
        )
    };
    let (agent, mcp) = (digest("AGENT"), digest("MCP"));
    assert!(
        agent.0 != agent.1 && mcp.0 == mcp.1 && mcp.0.is_some(),
        "journaled together"
    );
    stage.pass(4 * DAY + HOUR);
    assert!(stage.resolved());
}

#[test]
fn a_caller_that_migrated_by_rules_not_in_force_is_due_for_its_pauses_and_the_evidence_says_until_when()
 {
    let before = watched();
    before.legacy("AGENT", 1);
    before.pass(6 * DAY);
    before.see("AGENT", Target, Some(1), Dependence::None);
    before.pass(DAY);
    assert!(before.resolved(), "one sighting resolved it");
    let bytes = before.census.to_bytes().unwrap();
    let stricter = census(&before.clock, &detector().target_since("AGENT", "2.0.0"));
    let stage = before.restarted(stricter.open_bytes(&bytes).unwrap());
    stage.pass(5 * DAY);
    assert_eq!(stage.state(1), CallerState::Inactive);
    let shown = stage.resolution();
    assert_eq!((shown.blocking.due, shown.watched.ready_at), (1, None));
    let wait = shown.due_until.unwrap().unix_ms() - stage.clock.unix_ms();
    assert_eq!(
        wait.div_ceil(86_400_000),
        6,
        "twice six days since it was seen"
    );
    stage.pass_until(shown.due_until);
    assert!(stage.resolved());
}

#[test]
fn a_contract_journaled_while_the_clock_was_ahead_restarts_the_window_once() {
    let stage = stage(policy());
    stage.pass(25 * HOUR);
    let now = stage.clock.unix_ms();
    stage.clock.set_unix_ms(now + 300 * 86_400_000);
    let moved = Contract::device_flow().with_base_path("/api/v2").unwrap();
    stage.contract.replace(moved);
    stage.tick();
    stage.clock.set_unix_ms(now);
    stage.pass(HOUR);
    let shown = stage.quiet();
    assert_eq!(
        shown.restarts[0].kind, None,
        "the evidence names what restarted"
    );
    assert!(shown.watched.ready_at.is_some());
    stage.pass(26 * HOUR);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
}
