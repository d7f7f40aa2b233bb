//! Silence during a brownout is no evidence of zero.

use std::time::Duration;

use super::{
    super::stage::{DAY, HOUR, Stage, order, stage},
    verdicts::policy,
};
use crate::{
    FlagState,
    census::{CallerState, GapCause, Window},
    rollout::policy::Policy,
    time::Timestamp,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A stage of five days with a caller that polls each hour, and with a brownout of an hour that has just begun, or none.
fn polled(with_brownout: bool) -> Stage {
    let mut policy = policy();
    policy.brownouts.weekends = true;
    let stage = stage(policy);
    if with_brownout {
        let start = Timestamp::now(&*stage.clock).plus(5 * DAY);
        let announced = stage
            .rollout
            .announce_brownout(start, HOUR, &order("announced"));
        announced.unwrap();
    }
    for _ in 0..120 {
        stage.legacy("AGENT", 1);
        stage.pass(HOUR);
    }
    let flag = if with_brownout {
        FlagState::Off
    } else {
        FlagState::On
    };
    assert_eq!(stage.flag(), flag);
    stage
}

/// How long a caller that is last seen a minute from now is not resolved.
fn unresolved_for(stage: &Stage, last: impl Fn(&Stage)) -> Duration {
    let mut time = MINUTE;
    stage.clock.advance(MINUTE);
    last(stage);
    stage.tick();
    while !stage.resolved() {
        stage.traffic(1);
        stage.clock.advance(10 * MINUTE);
        stage.tick();
        time += 10 * MINUTE;
        assert!(time < 30 * DAY);
    }
    time
}

#[test]
fn a_caller_that_fails_in_one_and_goes_silent_is_resolved_later_than_without_one() {
    let calm = unresolved_for(&polled(false), |stage| stage.legacy("AGENT", 1));
    let browned_out = polled(true);
    let hit = unresolved_for(&browned_out, |stage| stage.stranded("AGENT", 1));
    assert!(hit >= calm + 50 * MINUTE, "{hit:?}, {calm:?}");
    assert_eq!(browned_out.state(1), CallerState::Inactive);
}

#[test]
fn a_caller_that_is_silent_in_one_is_not_resolved_by_that() {
    let last_seen_before = |with_brownout| {
        let stage = polled(with_brownout);
        unresolved_for(&stage, |_| ())
    };
    let (calm, silent) = (last_seen_before(false), last_seen_before(true));
    assert!(silent >= calm + 50 * MINUTE, "{silent:?}, {calm:?}");
}

#[test]
fn an_anonymous_caller_that_fails_in_one_counts_longer_too() {
    let calm = unresolved_for(&polled(false), |stage| stage.anonymous("MCP"));
    let hit = unresolved_for(&polled(true), |stage| stage.stranded_anonymous("MCP"));
    assert!(hit > calm, "{hit:?}, {calm:?}");
}

#[test]
fn the_time_of_one_is_a_gap_of_its_length_with_its_cause() {
    let stage = polled(true);
    // In the middle of it, as far as it has come.
    stage.clock.advance(20 * MINUTE);
    stage.tick();
    let last_gap = |stage: &Stage| {
        let report = stage.census.report(Window::DAY);
        let gap = *report.coverage.gaps.last().unwrap();
        (gap.cause, gap.to.since(gap.from))
    };
    assert_eq!(last_gap(&stage), (GapCause::Brownout, 20 * MINUTE));
    stage.clock.advance(40 * MINUTE);
    stage.tick();
    assert_eq!(last_gap(&stage), (GapCause::Brownout, HOUR));
    stage.pass(2 * HOUR);
    assert_eq!(last_gap(&stage), (GapCause::Brownout, HOUR));
    let window = stage.quiet().watched;
    assert!(window.gaps == 1 && window.stretch_ms >= 25 * 3_600_000);
}

#[test]
fn responses_that_were_stranded_in_one_are_no_quiet_window() {
    let stage = polled(true);
    stage.clock.advance(MINUTE);
    stage.stranded("AGENT", 2);
    stage.pass(HOUR);
    assert_eq!(stage.quiet().blocking.callers, 2);
}

#[test]
fn the_default_share_of_a_day_leaves_a_day_watched_as_required() {
    let policy = Policy::default();
    let watched = DAY.saturating_sub(policy.brownouts.longest_of_day());
    assert!(watched.as_secs_f64() / DAY.as_secs_f64() >= policy.coverage_ratio);
}
