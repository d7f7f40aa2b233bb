//! What is shown of one moment agrees.

use std::{collections::BTreeMap, time::Duration};

use super::{
    super::stage::{DAY, HOUR, Stage, census, detector, order, stage, stage_with},
    verdicts::{CUTOVER, policy, watched},
};
use crate::{
    Contract,
    caller::{
        Fingerprint,
        Generation::{Legacy, Target},
    },
    census::{Dependence, Window},
    metrics::{Family, Source, Value},
    rollout::{Phase, names::WaiverTarget, policy::Policy},
    time::Clock,
};

#[test]
fn a_dry_run_sees_a_reloaded_contract_as_the_transition_does() {
    let stage = watched();
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
    let stage = watched();
    stage.anonymous("AGENT");
    assert!(stage.quiet().only_anonymous && stage.resolution().only_anonymous);
    for id in 0..12 {
        stage.legacy("AGENT", id);
    }
    let (quiet, resolved) = (stage.quiet(), stage.resolution());
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
    stage.waive(WaiverTarget::Caller(Fingerprint::from_u128(1)), DAY);
    stage.tick();
    stage.legacy("AGENT", 1);
    stage.legacy("AGENT", 2);
    assert_eq!(
        stage.quiet().blocking.unplaced_responses,
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

#[test]
fn no_jump_of_the_clock_hides_who_is_stranded_since_the_cutover() {
    for jumps in [[2, 0], [0, 2], [-2, 0], [-2, 2]] {
        let stage = stage(Policy::permissive());
        stage.tick();
        stage.cut_over();
        stage.tick();
        stage.pass(HOUR);
        stage.stranded("AGENT", 1);
        for days in jumps {
            stage.pass(HOUR);
            let wall = stage.clock.unix_ms().cast_signed() + days * 86_400_000;
            stage.clock.set_unix_ms(wall.cast_unsigned());
            stage.tick();
        }
        let stranded = || stage.rollout.evaluation().stranded.clone().unwrap();
        assert_eq!((stranded().callers, stranded().before), (1, 0), "{jumps:?}");
        let bytes = stage.census.to_bytes().unwrap();
        let saved = census(&stage.clock, &detector()).open_bytes(&bytes);
        let restarted = stage.restarted(saved.unwrap());
        restarted.clock.advance(Duration::from_secs(60));
        let stranded = restarted.rollout.evaluation().stranded.clone().unwrap();
        assert_eq!((stranded.callers, stranded.before), (1, 0), "{jumps:?}");
    }
}

#[test]
fn a_cutover_of_more_than_thirty_days_still_counts_all_it_stranded() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    stage.pass(DAY);
    stage.stranded("AGENT", 1);
    stage.pass(40 * DAY);
    stage.stranded("AGENT", 2);
    let stranded = stage.rollout.evaluation().stranded.clone().unwrap();
    assert_eq!((stranded.callers, stranded.dependents), (2, 2));
    assert_eq!(
        (stranded.kinds[0].stranded, stranded.kinds[0].known),
        (2, 3)
    );
}
