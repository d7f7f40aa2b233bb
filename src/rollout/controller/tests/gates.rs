use std::time::Duration;

use super::stage::{DAY, HOUR, Stage, incident, label, order, stage, stage_with};
use crate::{
    Contract,
    caller::Fingerprint,
    census::Window,
    rollout::{Phase, Transition, names::WaiverTarget, policy::Policy},
};

const CUTOVER: Transition = Transition::Cutover;

fn policy() -> Policy {
    Policy {
        required_checks: vec![label("openapi")],
        min_responses: 3,
        inactive_after: Window::new(2 * DAY).unwrap(),
        ..Policy::default()
    }
}

fn plain() -> Stage {
    stage(policy())
}

fn report(stage: &Stage, green: bool) {
    let check = label("openapi");
    stage
        .rollout
        .report_check(check, green, None, None, &order("run 7"))
        .unwrap();
}

#[test]
fn all_gates_pass_when_all_is_well_and_the_cutover_goes_through() {
    let stage = plain();
    stage.pass(49 * HOUR);
    report(&stage, true);
    stage.traffic(3);
    assert_eq!(stage.failing(CUTOVER), Vec::<String>::new());
    stage.cut_over();
    assert_eq!(
        stage.failing(Transition::Retire),
        ["no_dependent_responses", "coverage"],
        "the longer window was not watched yet"
    );
    stage.pass(12 * DAY);
    stage.traffic(3);
    assert_eq!(stage.failing(Transition::Retire), ["required_checks"]);
    report(&stage, true);
    stage
        .rollout
        .transition(Phase::Retired, &order("done"))
        .unwrap();
}

#[test]
fn a_check_has_to_be_reported_green_and_young() {
    let stage = plain();
    let green = || stage.passes("required_checks", CUTOVER);
    assert!(!green(), "not reported");
    report(&stage, false);
    assert!(!green(), "red");
    report(&stage, true);
    assert!(green());
    stage.clock.advance(8 * DAY);
    assert!(!green(), "too old");
    report(&stage, true);
    stage.clock.set_unix_ms(super::stage::START);
    assert!(!green(), "reported by a clock that was ahead");
}

#[test]
fn enabling_asks_for_instrumentation_alone() {
    let observe = Policy {
        opening_phase: Phase::Observe,
        ..policy()
    };
    let stage = stage(observe);
    let enable = Transition::Enable;
    assert_eq!(
        stage.failing(enable),
        ["instrumentation"],
        "no heartbeat yet"
    );
    stage.pass(2 * HOUR);
    assert_eq!(stage.failing(enable), Vec::<String>::new());
    stage.clock.advance(Duration::from_secs(60));
    assert_eq!(stage.failing(enable), ["instrumentation"], "it has stopped");
    stage.pass(HOUR);
    stage
        .rollout
        .transition(Phase::Compat, &order("begin"))
        .unwrap();
}

#[test]
fn one_dependent_response_in_the_window_is_enough_whoever_got_it() {
    let stage = plain();
    stage.pass(25 * HOUR);
    let quiet = || stage.passes("no_dependent_responses", CUTOVER);
    assert!(quiet());
    stage.legacy("AGENT", 1);
    assert!(!quiet(), "a known caller");
    stage.pass(25 * HOUR);
    assert!(quiet(), "out of the window");
    stage.anonymous("AGENT");
    assert!(!quiet(), "an anonymous one");
}

#[test]
fn the_responses_of_waived_callers_are_set_aside_and_of_no_others() {
    let stage = plain();
    stage.pass(25 * HOUR);
    let quiet = || stage.passes("no_dependent_responses", CUTOVER);
    for _ in 0..9 {
        stage.legacy("AGENT", 1);
    }
    stage.waive(WaiverTarget::Caller(Fingerprint::from_u128(1)), 10 * DAY);
    assert!(quiet(), "all were the waived caller's");
    stage.legacy("AGENT", 2);
    assert!(!quiet(), "one was another's");
    stage.waive(WaiverTarget::Kind(label("AGENT")), 10 * DAY);
    assert!(quiet(), "its kind is waived");
    stage.legacy("MCP", 3);
    assert!(!quiet(), "that is another kind");
    stage.waive(WaiverTarget::Kind(label("MCP")), 10 * DAY);
    assert!(quiet());
    let agent = WaiverTarget::Kind(label("AGENT"));
    stage.rollout.end_waiver(agent, &order("over")).unwrap();
    assert!(!quiet(), "caller 2 counts again");
}

#[test]
fn anonymous_callers_are_waived_together_and_a_waiver_ends() {
    let stage = plain();
    stage.pass(25 * HOUR);
    stage.anonymous("AGENT");
    stage.waive(WaiverTarget::Anonymous, 10 * DAY);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
    stage.pass(11 * DAY);
    stage.anonymous("AGENT");
    assert!(
        !stage.passes("no_dependent_responses", CUTOVER),
        "past its time"
    );
}

#[test]
fn another_contract_restarts_the_quiet_window() {
    let stage = plain();
    stage.pass(25 * HOUR);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
    let moved = Contract::device_flow().with_base_path("/api/v2").unwrap();
    stage.contract.replace(moved);
    stage.pass(HOUR);
    assert!(!stage.passes("no_dependent_responses", CUTOVER));
    stage.pass(24 * HOUR);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
}

#[test]
fn a_contract_replaced_just_before_the_cutover_is_noticed_by_it() {
    let only = [crate::rollout::gate::BuiltInGate::NoDependentResponses];
    let mut policy = policy();
    policy.gates.cutover = only.into();
    let stage = stage(policy);
    stage.pass(25 * HOUR);
    let moved = Contract::device_flow().with_base_path("/api/v2").unwrap();
    stage.contract.replace(moved);
    let refusal = stage.rollout.transition(Phase::Cutover, &order("now"));
    refusal.unwrap_err();
}

#[test]
fn every_caller_that_depended_is_accounted_for() {
    let stage = plain();
    stage.pass(3 * DAY);
    let accounted = || stage.passes("all_callers_resolved", CUTOVER);
    assert!(accounted());
    stage.legacy("AGENT", 1);
    assert!(!accounted());
    stage.waive(WaiverTarget::Caller(Fingerprint::from_u128(1)), 10 * DAY);
    assert!(accounted(), "waived");
    let caller = WaiverTarget::Caller(Fingerprint::from_u128(1));
    stage.rollout.end_waiver(caller, &order("over")).unwrap();
    stage.pass(DAY);
    assert!(!accounted(), "not silent for long enough");
    stage.pass(25 * HOUR);
    assert!(accounted(), "inactive");
}

#[test]
fn silence_that_nobody_would_have_heard_is_none() {
    let stage = plain();
    stage.legacy("AGENT", 1);
    stage.tick();
    // The process was suspended.
    stage.clock.advance(5 * DAY);
    stage.tick();
    assert!(!stage.passes("all_callers_resolved", CUTOVER));
    assert!(!stage.passes("coverage", CUTOVER));
}

#[test]
fn a_forward_jump_of_the_wall_clock_opens_no_gate() {
    let stage = plain();
    stage.pass(25 * HOUR);
    stage.legacy("AGENT", 1);
    stage.traffic(3);
    report(&stage, true);
    stage
        .clock
        .set_unix_ms(super::stage::START + 30 * 86_400_000);
    stage.tick();
    let failing = stage.failing(CUTOVER);
    for gate in ["all_callers_resolved", "coverage", "required_checks"] {
        assert!(failing.contains(&gate.to_owned()), "{gate} in {failing:?}");
    }
}

#[test]
fn a_wall_clock_set_back_opens_no_gate() {
    let stage = plain();
    stage.pass(25 * HOUR);
    stage.legacy("AGENT", 1);
    stage.clock.set_unix_ms(super::stage::START - 86_400_000);
    stage.tick();
    let failing = stage.failing(CUTOVER);
    for gate in ["no_dependent_responses", "all_callers_resolved"] {
        assert!(failing.contains(&gate.to_owned()), "{gate} in {failing:?}");
    }
}

#[test]
fn coverage_asks_for_watch_traffic_and_one_process_and_others_for_room() {
    let stage = stage_with(policy(), 1, |builder| builder);
    let covered = || stage.passes("coverage", CUTOVER);
    stage.traffic(3);
    stage.pass(12 * HOUR);
    assert!(!covered(), "half the window");
    stage.pass(14 * HOUR);
    assert!(!covered(), "no traffic in it");
    stage.traffic(3);
    assert!(covered());
    stage.legacy("AGENT", 8);
    stage.legacy("AGENT", 9);
    assert!(covered(), "callers without a place");
    assert!(!stage.passes("no_dependent_responses", CUTOVER));
    assert!(!stage.passes("all_callers_resolved", CUTOVER));
    let several = Policy {
        processes: 2,
        ..policy()
    };
    let stage = super::stage::stage(several);
    stage.pass(25 * HOUR);
    stage.traffic(3);
    assert!(!stage.passes("coverage", CUTOVER), "others serve too");
}

#[test]
fn an_open_incident_is_in_the_way() {
    let stage = plain();
    let calm = || stage.passes("no_open_incident", CUTOVER);
    assert!(calm());
    let id = incident("INC-1");
    stage
        .rollout
        .open_incident(id.clone(), &order("errors"))
        .unwrap();
    assert!(!calm());
    stage.rollout.close_incident(id, &order("over")).unwrap();
    assert!(calm());
}

#[test]
fn without_census_and_metrics_the_gates_that_need_them_fail() {
    let rollout = crate::rollout::Rollout::builder(super::stage::flag(), Policy::default());
    let journal = std::sync::Arc::new(crate::rollout::journal::MemoryJournal::new());
    let rollout = rollout.open(journal).unwrap();
    let failing = |step| -> Vec<String> {
        let run = rollout.dry_run(step).unwrap();
        run.failing()
            .map(|report| report.name.to_string())
            .collect()
    };
    assert_eq!(failing(Transition::Enable), ["instrumentation"]);
    assert_eq!(
        failing(CUTOVER),
        ["no_dependent_responses", "all_callers_resolved", "coverage"]
    );
}
