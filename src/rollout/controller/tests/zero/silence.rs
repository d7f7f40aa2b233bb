//! One window of silence for everyone, and it was watched time in which the layer was fed.

use std::time::Duration;

use super::{
    super::stage::{DAY, HOUR, census, detector, stage},
    verdicts::{CUTOVER, event, policy, watched},
};
use crate::{
    caller::{Caller, Generation::Legacy, Kind},
    census::{CallerEvent, CallerState, Dependence, GapCause, Window},
    rollout::policy::Policy,
    time::Clock,
};

#[test]
fn a_census_that_restarted_empty_passes_only_after_a_watched_window() {
    let before = stage(policy());
    before.legacy("AGENT", 1);
    before.pass(5 * DAY);
    let empty = census(&before.clock, &detector()).open().unwrap();
    let stage = before.restarted(empty);
    stage.pass(25 * HOUR);
    let shown = stage.resolution();
    assert_eq!(
        (shown.blocking.callers, shown.snapshots_lost),
        (0, 1),
        "a recorded loss"
    );
    assert!(!stage.resolved());
    stage.pass_until(shown.watched.ready_at);
    assert!(stage.resolved());
}

#[test]
fn a_team_accepts_by_name_that_callers_were_never_met() {
    let accepting = Policy {
        accept_unwatched: true,
        ..policy()
    };
    let stage = stage(accepting);
    let overrides = stage.rollout.view().overrides;
    let mut loosened = overrides[0].loosened.iter();
    assert!(loosened.any(|found| found.member == "/accept_unwatched"));
    stage.pass(HOUR);
    assert!(stage.resolved(), "on the first day");
    stage.legacy("AGENT", 1);
    assert!(!stage.resolved(), "known callers count all the same");
    stage.clock.advance(5 * DAY);
    stage.tick();
    assert!(!stage.resolved(), "their silence was not watched");
    stage.pass(5 * DAY);
    assert!(stage.resolved());
}

#[test]
fn anonymous_callers_are_asked_for_the_window_of_named_ones() {
    let stage = watched();
    stage.anonymous("AGENT");
    stage.pass(26 * HOUR);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
    let shown = stage.resolution();
    assert!(!stage.resolved() && shown.only_anonymous && shown.callers.is_empty());
    stage.pass(3 * DAY);
    assert!(stage.resolved());
}

#[test]
fn a_window_takes_as_long_as_it_has_to_be_watched() {
    let half = Policy {
        coverage_ratio: 0.5,
        ..policy()
    };
    let stage = stage(half);
    stage.pass(3 * DAY);
    stage.clock.advance(2 * DAY);
    stage.pass(23 * HOUR);
    assert!(
        !stage.resolved(),
        "five days and 23 hours, of which four less an hour"
    );
    stage.pass(2 * HOUR);
    assert!(stage.resolved());
    let watched = stage.resolution().watched;
    assert!(watched.stretch_ms > 6 * 86_400_000 - 3_600_000 && watched.gaps == 1);
}

#[test]
fn the_policy_says_how_much_of_the_stretch_must_be_watched_and_the_evidence_until_when() {
    let stage = stage(policy());
    stage.pass(3 * DAY);
    stage.clock.advance(2 * DAY);
    stage.pass(26 * HOUR);
    let watched = stage.resolution().watched;
    assert_eq!(watched.watched_ms / 3_600_000, 96);
    assert!(!stage.resolved() && watched.ratio < 0.9);
    // The gap of two days may be a tenth of the time, so it has to leave the stretch but for that.
    let wait = watched.ready_at.unwrap().unix_ms() - stage.clock.unix_ms();
    stage.pass(Duration::from_millis(wait - 3_600_000));
    assert!(!stage.resolved());
    stage.pass(2 * HOUR);
    assert!(stage.resolved());
}

#[test]
fn a_window_that_takes_more_than_thirty_days_fails_and_says_when_it_can_pass() {
    let long = Policy {
        inactive_after: Window::new(21 * DAY).unwrap(),
        coverage_ratio: 0.01,
        ..Policy::default()
    };
    let stage = stage(long);
    stage.pass(11 * DAY);
    stage.clock.advance(10 * DAY);
    stage.pass(263 * HOUR);
    let watched = stage.resolution().watched;
    assert!(
        !stage.resolved(),
        "22 days in 32, but of the last 30 only 20"
    );
    assert!(watched.stretch_ms <= 30 * 86_400_000);
    stage.pass_until(watched.ready_at);
    assert!(stage.resolved());
}

#[test]
fn a_known_caller_whose_due_time_fell_into_a_gap_is_not_resolved_before_it_was_due_once_more() {
    let stage = stage(policy());
    stage.pass(DAY);
    for _ in 0..3 {
        stage.legacy("AGENT", 1);
        stage.pass(84 * HOUR);
    }
    // It is due after three days and a half; the gap of eight hours is over after three days and 20 hours.
    stage.legacy("AGENT", 1);
    stage.pass(83 * HOUR);
    stage.clock.advance(8 * HOUR);
    stage.pass(20 * HOUR);
    assert!(
        stage.resolution().watched.ready_at.is_none(),
        "four watched days"
    );
    assert_eq!(stage.resolution().blocking.due, 1);
    assert!(!stage.resolved());
    stage.pass(6 * DAY);
    assert!(stage.resolved(), "due twice since, and not seen");
}

#[test]
fn a_caller_seen_once_may_have_been_due_in_any_gap() {
    let stage = watched();
    stage.legacy("AGENT", 1);
    stage.pass(3 * DAY);
    stage.clock.advance(8 * HOUR);
    stage.pass(26 * HOUR);
    assert_eq!(stage.state(1), CallerState::Inactive);
    assert!(!stage.resolved(), "its period may be three days and a bit");
    stage.pass(66 * HOUR);
    assert!(!stage.resolved(), "less than a window since the gap");
    stage.pass(6 * HOUR);
    assert!(stage.resolved());
}

#[test]
fn an_anonymous_caller_may_have_been_due_in_any_gap_and_is_due_within_a_window_after() {
    let stage = watched();
    stage.anonymous("AGENT");
    stage.pass(3 * DAY);
    stage.clock.advance(8 * HOUR);
    stage.pass(40 * HOUR);
    let shown = stage.resolution();
    assert!(
        shown.watched.ready_at.is_none() && shown.blocking.anonymous_responses == 1,
        "four watched days, but its period may be three days and a bit: {shown:?}"
    );
    assert!(!stage.resolved() && shown.only_anonymous);
    stage.pass(54 * HOUR);
    assert!(!stage.resolved(), "less than a window since the gap");
    stage.pass(4 * HOUR);
    assert!(stage.resolved());
}

#[test]
fn a_gap_that_no_anonymous_caller_can_have_been_due_in_holds_nothing_up() {
    let stage = stage(policy());
    stage.pass(DAY);
    stage.anonymous("AGENT");
    stage.pass(4 * DAY + 12 * HOUR);
    assert!(stage.resolved(), "silent for a window");
    stage.clock.advance(8 * HOUR);
    stage.pass(2 * HOUR);
    assert!(stage.resolved(), "its time was over before the gap");
}

#[test]
fn hours_of_failures_hide_an_anonymous_caller_as_any_gap_does() {
    let stage = watched();
    stage.anonymous("AGENT");
    stage.pass(3 * DAY);
    for _ in 0..10 {
        let event = event(Caller::new(Kind::OTHER, Legacy), Dependence::Latent);
        stage.census.record(&CallerEvent {
            failed: true,
            ..event
        });
    }
    stage.pass(30 * HOUR);
    let gaps = stage.census.report(Window::MONTH).coverage.gaps;
    assert_eq!(gaps.last().unwrap().cause, GapCause::Failing);
    assert!(
        !stage.resolved(),
        "its call may be one of those that failed"
    );
    stage.pass(3 * DAY);
    assert!(stage.resolved());
}

#[test]
fn time_without_a_feeder_is_a_gap() {
    let mut stage = stage(policy());
    stage.pass(2 * HOUR);
    stage.feeder = None;
    stage.pass(22 * HOUR);
    let report = stage.day();
    assert!(report.coverage.ratio < 0.09, "{}", report.coverage.ratio);
    let unfed = report.coverage.gaps.last().unwrap();
    assert_eq!(unfed.cause, GapCause::Unfed);
    stage.feeder = Some(stage.census.feeder());
    stage.pass(2 * HOUR);
    assert!(!stage.passes("coverage", CUTOVER));
    let gaps = stage.day().coverage.gaps;
    assert_eq!(gaps.last().unwrap().cause, GapCause::Unfed);
}

#[test]
fn longer_silence_than_the_policy_allows_is_a_gap() {
    let silent = |max_silence| {
        let stage = stage(Policy {
            max_silence,
            min_responses: 1,
            ..policy()
        });
        for _ in 0..30 {
            stage.clock.advance(HOUR);
            stage.tick();
        }
        stage.traffic(1);
        stage.tick();
        stage.passes("coverage", CUTOVER)
    };
    assert!(!silent(DAY) && silent(2 * DAY));
}

#[test]
fn an_hour_in_which_an_endpoint_only_failed_is_a_gap() {
    let failing = |worked: bool, responses: u32| {
        let stage = stage(policy());
        stage.pass(HOUR);
        for number in 0..responses {
            let event = event(Caller::new(Kind::OTHER, Legacy), Dependence::None);
            let failed = !worked || number > 0;
            stage.census.record(&CallerEvent { failed, ..event });
        }
        stage.pass(2 * HOUR);
        let gaps = stage.day().coverage.gaps;
        gaps.iter().any(|gap| gap.cause == GapCause::Failing)
    };
    assert!(failing(false, 10));
    assert!(!failing(false, 9) && !failing(true, 20));
}

#[test]
fn responses_to_migrated_callers_prove_that_the_layer_is_fed() {
    let stage = stage(Policy {
        min_responses: 3,
        ..policy()
    });
    stage.legacy("AGENT", 7_000);
    stage.pass(2 * DAY);
    stage.traffic(3);
    assert_eq!(stage.state(7_000), CallerState::Migrated);
    assert!(stage.passes("coverage", CUTOVER));
}
