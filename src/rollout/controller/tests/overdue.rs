use super::stage::{DAY, HOUR, START, incident, order, stage};
use crate::rollout::{ObligationKind, Phase, policy::Policy};
use crate::time::Timestamp;

#[test]
fn a_rollback_and_its_post_analysis_are_overdue_after_their_limit() {
    let stage = stage(Policy::permissive());
    stage.cut_over();
    let done = stage.rollout.rollback(incident("INC-1"), &order("errors"));
    let seq = done.unwrap().event().unwrap().seq;
    let overdue = || stage.rollout.status().overdue.clone();
    stage.pass(72 * HOUR);
    assert!(overdue().is_empty(), "72 hours are allowed");
    stage.pass(HOUR);
    assert_eq!(
        overdue(),
        [ObligationKind::EndRollback, ObligationKind::PostAnalysis]
    );
    stage.cut_over();
    assert_eq!(overdue(), [ObligationKind::PostAnalysis]);
    let (link, summary) = ("https://wiki.example/1".parse(), "a proxy".parse());
    stage
        .rollout
        .file_post_analysis(seq, link.unwrap(), summary.unwrap(), &order("late"))
        .unwrap();
    assert!(overdue().is_empty());
}

#[test]
fn a_rollout_is_overdue_past_its_date_until_it_is_retired() {
    let date = Timestamp::from_unix_ms(START).plus(DAY);
    let stage = stage(Policy {
        retire_by: Some(date),
        ..Policy::permissive()
    });
    stage.pass(DAY);
    assert!(stage.rollout.status().overdue.is_empty());
    stage.pass(HOUR);
    assert_eq!(stage.rollout.status().overdue, [ObligationKind::Retirement]);
    stage.cut_over();
    stage
        .rollout
        .transition(Phase::Retired, &order("done"))
        .unwrap();
    stage.tick();
    assert!(stage.rollout.status().overdue.is_empty());
}

#[test]
fn what_is_overdue_is_said_once_a_day() {
    let date = Timestamp::from_unix_ms(START);
    let stage = stage(Policy {
        retire_by: Some(date),
        ..Policy::permissive()
    });
    let said = crate::rollout::controller::tests::stage::count_warnings(|| stage.pass(50 * HOUR));
    assert_eq!(said, 3, "at once, after a day, after two");
}
