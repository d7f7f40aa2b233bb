//! The zero is true: no gate passes while a living client may still depend, and each cause that holds one up has a way out.

use std::{collections::BTreeMap, time::Duration};

use super::stage::{DAY, HOUR, Stage, census, detector, label, order, stage, stage_with};
use crate::{
    Contract,
    caller::{
        Caller, Fingerprint,
        Generation::{Legacy, Target},
        Kind,
    },
    census::{CallerEvent, CallerState, Dependence, EndpointSlot, GapCause, Window},
    metrics::{Family, Source, Value},
    rollout::{
        Phase, Transition,
        gate::{AllCallersResolvedEvidence, Evidence, NoDependentResponsesEvidence},
        names::WaiverTarget,
        policy::{BlockingLatent, Policy},
    },
    time::{Clock, Timestamp},
};

const CUTOVER: Transition = Transition::Cutover;
const RESOLVED: &str = "all_callers_resolved";

/// Windows of four days.
fn policy() -> Policy {
    Policy {
        inactive_after: Window::new(4 * DAY).unwrap(),
        ..Policy::default()
    }
}

fn resolved(stage: &Stage) -> bool {
    stage.passes(RESOLVED, CUTOVER)
}

fn evidence(stage: &Stage) -> AllCallersResolvedEvidence {
    match stage.evidence(RESOLVED, CUTOVER) {
        Evidence::AllCallersResolved(evidence) => evidence,
        other => panic!("{other:?}"),
    }
}

fn quiet(stage: &Stage) -> NoDependentResponsesEvidence {
    match stage.evidence("no_dependent_responses", CUTOVER) {
        Evidence::NoDependentResponses(evidence) => evidence,
        other => panic!("{other:?}"),
    }
}

fn state(stage: &Stage, id: u128) -> CallerState {
    let window = Window::new(4 * DAY).unwrap();
    stage.census.caller(Fingerprint::from_u128(id), window)[0].state
}

// 1. One window for everyone, and it was watched.

#[test]
fn a_census_that_restarted_empty_passes_only_after_a_watched_window() {
    let before = stage(policy());
    before.legacy("AGENT", 1);
    before.pass(5 * DAY);
    let empty = census(&before.clock, &detector()).open().unwrap();
    let stage = before.restarted(empty);
    stage.pass(25 * HOUR);
    let shown = evidence(&stage);
    assert_eq!(
        (shown.blocking.callers, shown.snapshots_lost),
        (0, 1),
        "a recorded loss"
    );
    assert!(!resolved(&stage));
    let ready = shown.watched.ready_at.unwrap();
    stage.pass(Duration::from_millis(ready.unix_ms() - stage.clock.unix_ms()) + HOUR);
    assert!(resolved(&stage));
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
    assert!(resolved(&stage), "on the first day");
    stage.legacy("AGENT", 1);
    assert!(!resolved(&stage), "known callers count all the same");
    stage.clock.advance(5 * DAY);
    stage.tick();
    assert!(!resolved(&stage), "their silence was not watched");
    stage.pass(5 * DAY);
    assert!(resolved(&stage));
}

#[test]
fn anonymous_callers_are_asked_for_the_window_of_named_ones() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    stage.anonymous("AGENT");
    stage.pass(26 * HOUR);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
    let shown = evidence(&stage);
    assert!(!resolved(&stage) && shown.only_anonymous && shown.callers.is_empty());
    stage.pass(3 * DAY);
    assert!(resolved(&stage));
}

// 2. A window is watched time.

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
        !resolved(&stage),
        "five days and 23 hours, of which four less an hour"
    );
    stage.pass(2 * HOUR);
    assert!(resolved(&stage));
    let watched = evidence(&stage).watched;
    assert!(watched.stretch_ms > 6 * 86_400_000 - 3_600_000 && watched.gaps == 1);
}

#[test]
fn the_policy_says_how_much_of_the_stretch_must_be_watched_and_the_evidence_until_when() {
    let stage = stage(policy());
    stage.pass(3 * DAY);
    stage.clock.advance(2 * DAY);
    stage.pass(26 * HOUR);
    let watched = evidence(&stage).watched;
    assert_eq!(watched.watched_ms / 3_600_000, 96);
    assert!(!resolved(&stage) && watched.ratio < 0.9);
    // The gap of two days may be a tenth of the time, so it has to leave the stretch but for that.
    let wait = watched.ready_at.unwrap().unix_ms() - stage.clock.unix_ms();
    stage.pass(Duration::from_millis(wait - 3_600_000));
    assert!(!resolved(&stage));
    stage.pass(2 * HOUR);
    assert!(resolved(&stage));
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
    let watched = evidence(&stage).watched;
    assert!(
        !resolved(&stage),
        "22 days in 32, but of the last 30 only 20"
    );
    assert!(watched.stretch_ms <= 30 * 86_400_000);
    let wait = watched.ready_at.unwrap().unix_ms() - stage.clock.unix_ms();
    stage.pass(Duration::from_millis(wait) + HOUR);
    assert!(resolved(&stage));
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
        evidence(&stage).watched.ready_at.is_none(),
        "four watched days"
    );
    assert_eq!(evidence(&stage).blocking.due, 1);
    assert!(!resolved(&stage));
    stage.pass(6 * DAY);
    assert!(resolved(&stage), "due twice since, and not seen");
}

#[test]
fn a_caller_seen_once_may_have_been_due_in_any_gap() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    stage.legacy("AGENT", 1);
    stage.pass(3 * DAY);
    stage.clock.advance(8 * HOUR);
    stage.pass(26 * HOUR);
    assert_eq!(state(&stage, 1), CallerState::Inactive);
    assert!(!resolved(&stage), "its period may be three days and a bit");
    stage.pass(3 * DAY);
    assert!(resolved(&stage));
}

// 3. Coverage means that the layer was fed.

#[test]
fn time_without_a_feeder_is_a_gap() {
    let mut stage = stage(policy());
    stage.pass(2 * HOUR);
    stage.feeder = None;
    stage.pass(22 * HOUR);
    let report = stage.census.report(Window::DAY);
    assert!(report.coverage.ratio < 0.09, "{}", report.coverage.ratio);
    let unfed = report.coverage.gaps.last().unwrap();
    assert_eq!(unfed.cause, GapCause::Unfed);
    stage.feeder = Some(stage.census.feeder());
    stage.pass(2 * HOUR);
    assert!(!stage.passes("coverage", CUTOVER));
    let gaps = stage.census.report(Window::DAY).coverage.gaps;
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
            stage.census.record(&CallerEvent {
                caller: Caller::new(Kind::OTHER, Legacy),
                endpoint: EndpointSlot::OTHER,
                dependence: Dependence::None,
                failed: !worked || number > 0,
            });
        }
        stage.pass(2 * HOUR);
        let gaps = stage.census.report(Window::DAY).coverage.gaps;
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
    assert_eq!(state(&stage, 7_000), CallerState::Migrated);
    assert!(stage.passes("coverage", CUTOVER));
}

// 4. Migrated is by kind, and by rules that are in force.

#[test]
fn a_cloned_image_is_resolved_only_by_the_silence_of_the_old_one() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    stage.legacy("AGENT", 1);
    stage.see("AGENT", Target, Some(1), Dependence::None);
    assert!(resolved(&stage), "upgraded");
    stage.see("AGENT", Legacy, Some(1), Dependence::None);
    stage.see("AGENT", Target, Some(1), Dependence::None);
    assert!(!resolved(&stage), "its clone is still old");
    for _ in 0..5 {
        stage.pass(DAY);
        stage.see("AGENT", Target, Some(1), Dependence::None);
    }
    assert!(resolved(&stage));
    assert_eq!(state(&stage, 1), CallerState::Migrated);
}

#[test]
fn another_kind_under_the_same_identity_migrates_nothing() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    stage.legacy("AGENT", 1);
    stage.see("MCP", Target, Some(1), Dependence::None);
    assert!(!resolved(&stage));
    assert_eq!(evidence(&stage).blocking.callers, 1);
    let report = stage.census.report(Window::DAY);
    assert_eq!(
        (
            report.all.known,
            report.all.dependent,
            report.all.shared_identity
        ),
        (2, 1, 1)
    );
    assert_eq!(report.kind("MCP").unwrap().shared_identity, 1);
}

#[test]
fn an_upgrade_that_names_itself_takes_over_what_it_was_as_other() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    let old = Caller::new(Kind::OTHER, Legacy).with_fingerprint(Fingerprint::from_u128(1));
    let event = CallerEvent {
        caller: old,
        endpoint: EndpointSlot::OTHER,
        dependence: Dependence::Served,
        failed: false,
    };
    stage.census.record(&event);
    assert!(!resolved(&stage));
    stage.see("AGENT", Target, Some(1), Dependence::None);
    assert!(resolved(&stage));
    let report = stage.census.report(Window::DAY);
    let agents = report.kind("AGENT").unwrap();
    assert_eq!((agents.migrated, report.all.shared_identity), (1, 0));
    stage.census.record(&event);
    assert!(
        !resolved(&stage),
        "rolled back, it belongs to the same caller"
    );
    assert_eq!(
        stage
            .census
            .report(Window::DAY)
            .kind("AGENT")
            .unwrap()
            .regressed,
        1
    );
}

// 5. Latent callers.

#[test]
fn a_legacy_client_that_met_no_legacy_outcome_yet_is_latent() {
    let stage = stage(policy());
    for _ in 0..15 {
        stage.see("AGENT", Legacy, Some(1), Dependence::Latent);
        stage.pass(DAY);
    }
    assert_eq!(state(&stage, 1), CallerState::Latent);
    assert_eq!(
        (resolved(&stage), evidence(&stage).blocking.latent),
        (false, 1)
    );
    let waived = WaiverTarget::Caller(Fingerprint::from_u128(1));
    let until = Timestamp::now(&*stage.clock).plus(DAY);
    let owner = "team probes".parse().unwrap();
    stage
        .rollout
        .waive(waived, owner, until, &order("a probe"))
        .unwrap();
    assert!(resolved(&stage), "waived");
    stage.pass(5 * DAY);
    assert!(resolved(&stage), "silent");
}

#[test]
fn the_policy_says_which_latent_callers_block() {
    let blocking = |latent, identified: bool, id: Option<u128>| {
        let stage = stage(Policy { latent, ..policy() });
        stage.pass(5 * DAY);
        let mut caller = Caller::new(Kind::OTHER, Legacy);
        if let Some(id) = id {
            caller = caller.with_fingerprint(Fingerprint::from_u128(id));
        }
        stage.census.record(&CallerEvent {
            caller: if identified {
                caller
            } else {
                caller.unidentified()
            },
            endpoint: EndpointSlot::OTHER,
            dependence: Dependence::Latent,
            failed: false,
        });
        let shown = evidence(&stage);
        assert_eq!(
            shown.latent + shown.latent_anonymous_responses,
            1,
            "shown in any case"
        );
        !resolved(&stage)
    };
    assert!(
        blocking(BlockingLatent::Identified, true, Some(1))
            && !blocking(BlockingLatent::Identified, false, Some(1))
    );
    assert!(
        blocking(BlockingLatent::All, false, Some(1)) && blocking(BlockingLatent::All, true, None)
    );
    assert!(
        !blocking(BlockingLatent::Identified, true, None)
            && !blocking(BlockingLatent::Ignore, true, Some(1))
    );
}

// 6. Inactive with a cadence.

#[test]
fn an_inactive_caller_is_due_until_after_two_of_its_longest_pauses() {
    let stage = stage(policy());
    for _ in 0..2 {
        // In bursts: a mean would say nothing.
        for _ in 0..20 {
            stage.legacy("AGENT", 1);
            stage.clock.advance(Duration::from_secs(5));
        }
        stage.pass(10 * DAY);
    }
    stage.legacy("AGENT", 1);
    stage.pass(6 * DAY);
    let row = &stage.census.caller(Fingerprint::from_u128(1), Window::DAY)[0];
    assert_eq!(row.state, CallerState::Inactive);
    let due = row.due.unwrap().unix_ms() - stage.clock.unix_ms();
    assert_eq!((due + 3_600_000) / 86_400_000, 4, "due in four days");
    let shown = evidence(&stage);
    assert_eq!((resolved(&stage), shown.blocking.due), (false, 1));
    let wait = shown.due_until.unwrap().unix_ms() - stage.clock.unix_ms();
    assert!(wait > 13 * 86_400_000);
    stage.pass(Duration::from_millis(wait) + HOUR);
    assert!(resolved(&stage), "after twice its pause");
}

// 7. Evidence has a version.

#[test]
fn another_detector_restarts_the_window_of_the_kinds_it_concerns() {
    let before = stage(policy());
    before.pass(5 * DAY);
    before.legacy("MCP", 2);
    before.see("MCP", Target, Some(2), Dependence::None);
    before.legacy("AGENT", 1);
    before.see("AGENT", Target, Some(1), Dependence::None);
    assert!(resolved(&before));
    let journaled = before.rollout.status().state.contract.clone().unwrap();
    before.clock.advance(Duration::from_secs(1));
    let bytes = before.census.to_bytes().unwrap();
    let stricter = census(&before.clock, &detector().target_since("AGENT", "2.0.0"));
    let stage = before.restarted(stricter.open_bytes(&bytes).unwrap());
    assert_eq!(
        state(&stage, 2),
        CallerState::Migrated,
        "by rules still in force"
    );
    assert_eq!(state(&stage, 1), CallerState::Dependent, "not seen since");
    let shown = evidence(&stage);
    assert_eq!((resolved(&stage), shown.blocking.callers), (false, 1));
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
    assert!(resolved(&stage));
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
    let shown = quiet(&stage);
    assert_eq!(
        shown.restarts[0].kind, None,
        "the evidence names what restarted"
    );
    assert!(shown.watched.ready_at.is_some());
    stage.pass(26 * HOUR);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
}

// 8. Overflow blocks by those who may depend.

#[test]
fn a_table_full_of_harmless_callers_blocks_nothing() {
    let stage = stage_with(policy(), 10, |builder| builder);
    stage.pass(5 * DAY);
    for id in 0..500 {
        stage.see("AGENT", Legacy, Some(id), Dependence::None);
    }
    assert!(stage.census.report(Window::DAY).overflowed());
    assert!(resolved(&stage) && stage.passes("no_dependent_responses", CUTOVER));
    stage.see("AGENT", Legacy, Some(1_000), Dependence::Latent);
    assert_eq!(
        (
            resolved(&stage),
            evidence(&stage).blocking.estimated_callers
        ),
        (false, 1)
    );
    stage.legacy("AGENT", 1_001);
    assert_eq!(evidence(&stage).blocking.estimated_callers, 2);
    assert_eq!(
        quiet(&stage).blocking.unplaced_responses,
        1,
        "counted directly"
    );
    stage.pass(6 * DAY);
    assert!(resolved(&stage), "they have left the window");
}

#[test]
fn a_full_table_makes_room_by_those_that_cannot_depend() {
    let stage = stage_with(policy(), 4, |builder| builder);
    stage.legacy("AGENT", 1);
    stage.see("AGENT", Legacy, Some(2), Dependence::Latent);
    stage.legacy("AGENT", 3);
    stage.see("AGENT", Target, Some(3), Dependence::None);
    stage.see("AGENT", Target, Some(4), Dependence::None);
    for new in [5, 6, 7] {
        stage.see("AGENT", Target, Some(new), Dependence::None);
        stage.tick();
        stage.see("AGENT", Target, Some(new), Dependence::None);
    }
    let known = |id| {
        !stage
            .census
            .caller(Fingerprint::from_u128(id), Window::DAY)
            .is_empty()
    };
    assert!(known(1) && known(2) && known(3) && known(7));
    assert!(!known(4) && !known(5) && !known(6));
    assert_eq!(stage.census.report(Window::DAY).all.dropped, 3);
    stage.legacy("AGENT", 7);
    stage.legacy("AGENT", 8);
    stage.tick();
    stage.legacy("AGENT", 8);
    assert!(!known(3) && known(8), "then the migrated one");
    stage.legacy("AGENT", 9);
    stage.tick();
    assert!(
        !known(9) && known(1) && known(2) && known(7) && known(8),
        "no others"
    );
}

// 9. What is shown agrees.

#[test]
fn a_dry_run_sees_a_reloaded_contract_as_the_transition_does() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    assert!(stage.passes("no_dependent_responses", CUTOVER));
    let moved = Contract::device_flow().with_base_path("/api/v2").unwrap();
    stage.contract.replace(moved);
    let dry = stage.failing(CUTOVER);
    let refusal = stage
        .rollout
        .transition(Phase::Cutover, &order("now"))
        .unwrap_err();
    let failing = refusal.gates().iter().filter(|report| !report.passed);
    let failing: Vec<_> = failing.map(|report| report.name.to_string()).collect();
    assert_eq!(dry, failing);
    assert!(dry.contains(&"no_dependent_responses".to_owned()));
}

#[test]
fn evidence_names_ten_callers_at_most_and_says_where_there_are_only_anonymous_responses() {
    let stage = stage(policy());
    stage.pass(5 * DAY);
    stage.anonymous("AGENT");
    assert!(quiet(&stage).only_anonymous && evidence(&stage).only_anonymous);
    for id in 0..12 {
        stage.legacy("AGENT", id);
    }
    let (quiet, resolved) = (quiet(&stage), evidence(&stage));
    assert_eq!((quiet.callers.len(), quiet.blocking.callers), (10, 12));
    assert_eq!(
        (resolved.callers.len(), resolved.blocking.callers),
        (10, 12)
    );
    assert!(!quiet.only_anonymous && !resolved.only_anonymous);
}

#[test]
fn the_responses_of_waived_callers_never_hide_others() {
    let stage = stage_with(policy(), 1, |builder| builder);
    stage.legacy("AGENT", 1);
    stage.pass(5 * DAY);
    (0..100).for_each(|_| stage.legacy("AGENT", 1));
    let waived = WaiverTarget::Caller(Fingerprint::from_u128(1));
    let until = Timestamp::now(&*stage.clock).plus(DAY);
    let owner = "team probes".parse().unwrap();
    stage
        .rollout
        .waive(waived, owner, until, &order("a probe"))
        .unwrap();
    stage.tick();
    stage.legacy("AGENT", 1);
    stage.legacy("AGENT", 2);
    assert_eq!(
        quiet(&stage).blocking.unplaced_responses,
        1,
        "the other one's"
    );
}

#[test]
fn gauges_reports_and_evidence_of_one_moment_agree() {
    let stage = stage(policy());
    let look = || {
        // What is shared is made anew.
        stage.clock.advance(Duration::from_secs(10));
        stage.tick();
        agree(&stage);
    };
    look();
    stage.legacy("AGENT", 1);
    stage.stranded("UI_RUST", 2);
    stage.legacy("MCP", 2);
    look();
    stage.see("AGENT", Target, Some(1), Dependence::None);
    stage.see("AGENT", Target, Some(3), Dependence::None);
    stage.see("MCP", Legacy, Some(4), Dependence::Latent);
    look();
    stage.pass(2 * HOUR);
    stage.stranded("AGENT", 3);
    stage.anonymous("AGENT");
    look();
    (100..300).for_each(|id| stage.legacy("UI_RUST", id));
    look();
    for _ in 0..6 {
        stage.pass(DAY);
        look();
    }
}

/// Compares all that shows how many callers there are in a state, as of the last tick.
fn agree(stage: &Stage) {
    let gauges = |family: &Family| {
        let mut samples = BTreeMap::new();
        let mut sample = |labels: &[&str], value: Value| {
            let of_flag = labels[1..].join(" ");
            assert!(samples.insert(of_flag, value).is_none(), "{labels:?} twice");
        };
        let sources: [&dyn Source; 2] = [&*stage.census, &stage.rollout];
        for source in sources {
            if source.families().contains(family) {
                source.samples(family, &mut sample);
            }
        }
        samples
    };
    let callers = gauges(&Family::CALLERS);
    for window in Window::STANDARD {
        let report = stage.census.report(window);
        for kind in &report.kinds {
            let (name, counts) = (&kind.kind, &kind.counts);
            for (state, count) in [
                ("dependent", counts.dependent),
                ("stranded", counts.stranded),
                ("migrated", counts.migrated),
                ("regressed", counts.regressed),
                ("inactive", counts.inactive),
            ] {
                let gauge = callers[&format!("{name} {state} {window}")];
                assert_eq!(gauge, Value::Count(count), "{name} {state} {window}");
            }
        }
        let ratio = gauges(&Family::CENSUS_COVERAGE_RATIO)[&window.to_string()];
        assert_eq!(ratio, Value::Ratio(report.coverage.ratio), "{window}");
    }
    let gates = gauges(&Family::GATE_PASSED);
    for report in stage.rollout.dry_run(CUTOVER).unwrap().gates {
        let gauge = gates[report.name.as_str()];
        assert_eq!(gauge, Value::Count(report.passed.into()), "{}", report.name);
    }
}

// 10.

#[test]
fn regressed() {
    for kind in ["UI_RUST", "AGENT", "MCP"] {
        let stage = stage(policy());
        stage.legacy(kind, 1);
        stage.see(kind, Target, Some(1), Dependence::None);
        stage.see(kind, Target, Some(2), Dependence::None);
        let report = || {
            stage
                .census
                .report(Window::DAY)
                .kind(kind)
                .copied()
                .unwrap()
        };
        assert_eq!((report().migrated, report().regressed), (1, 0));
        // The version is rolled back: one client had depended before, the other was installed since.
        stage.legacy(kind, 1);
        stage.stranded(kind, 2);
        assert_eq!((report().dependent, report().regressed), (2, 2));
        let row = &stage.census.caller(Fingerprint::from_u128(1), Window::DAY)[0];
        assert!(row.regressed && row.state == CallerState::Dependent);
        assert!(!resolved(&stage));
    }
}
