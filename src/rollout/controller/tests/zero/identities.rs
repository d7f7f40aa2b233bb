//! What one fingerprint can be: upgraded, rolled back, cloned, under several kinds.

use super::super::stage::{DAY, HOUR, stage};
use super::verdicts::{event, policy, watched};
use crate::{
    caller::{
        Caller, Fingerprint,
        Generation::{Legacy, Target},
        Kind,
    },
    census::{CallerState, Dependence, Window},
    time::Clock,
};

#[test]
fn a_cloned_image_is_resolved_only_by_the_silence_of_the_old_one() {
    let stage = watched();
    stage.legacy("AGENT", 1);
    stage.see("AGENT", Target, Some(1), Dependence::None);
    assert!(stage.resolved(), "upgraded");
    stage.see("AGENT", Legacy, Some(1), Dependence::None);
    stage.see("AGENT", Target, Some(1), Dependence::None);
    assert!(!stage.resolved(), "its clone is still old");
    for _ in 0..5 {
        stage.pass(DAY);
        stage.see("AGENT", Target, Some(1), Dependence::None);
    }
    assert!(stage.resolved());
    assert_eq!(stage.state(1), CallerState::Migrated);
}

#[test]
fn another_kind_under_the_same_identity_migrates_nothing() {
    let stage = watched();
    stage.legacy("AGENT", 1);
    stage.see("MCP", Target, Some(1), Dependence::None);
    assert!(!stage.resolved());
    assert_eq!(stage.resolution().blocking.callers, 1);
    let report = stage.day();
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
    let stage = watched();
    let old = Caller::new(Kind::OTHER, Legacy).with_fingerprint(Fingerprint::from_u128(1));
    let event = event(old, Dependence::Served);
    stage.census.record(&event);
    assert!(!stage.resolved());
    stage.see("AGENT", Target, Some(1), Dependence::None);
    assert!(stage.resolved());
    let report = stage.day();
    let agents = report.kind("AGENT").unwrap();
    assert_eq!((agents.migrated, report.all.shared_identity), (1, 0));
    stage.census.record(&event);
    assert!(
        !stage.resolved(),
        "rolled back, it belongs to the same caller"
    );
    assert_eq!(stage.day().kind("AGENT").unwrap().regressed, 1);
}

#[test]
fn regressed() {
    for kind in ["UI_RUST", "AGENT", "MCP"] {
        let stage = stage(policy());
        stage.legacy(kind, 1);
        stage.see(kind, Target, Some(1), Dependence::None);
        stage.see(kind, Target, Some(2), Dependence::None);
        let report = || stage.day().kind(kind).copied().unwrap();
        assert_eq!((report().migrated, report().regressed), (1, 0));
        // The version is rolled back: one client had depended before, the other was installed since.
        stage.legacy(kind, 1);
        stage.stranded(kind, 2);
        assert_eq!((report().dependent, report().regressed), (2, 2));
        let row = &stage.census.caller(Fingerprint::from_u128(1), Window::DAY)[0];
        assert!(row.regressed && row.state == CallerState::Dependent);
        assert!(!stage.resolved());
    }
}

#[test]
fn an_upgraded_clone_does_not_hide_the_pauses_of_an_old_one() {
    let stage = watched();
    stage.legacy("AGENT", 1);
    for _ in 0..2 {
        for _ in 0..10 {
            stage.see("AGENT", Target, Some(1), Dependence::None);
            stage.pass(DAY);
        }
        // The old one calls each ten days.
        stage.legacy("AGENT", 1);
        stage.see("AGENT", Target, Some(1), Dependence::None);
    }
    for _ in 0..6 {
        stage.pass(DAY);
        stage.see("AGENT", Target, Some(1), Dependence::None);
    }
    assert_eq!(
        stage.state(1),
        CallerState::Migrated,
        "not seen for the window"
    );
    let shown = stage.resolution();
    assert_eq!((stage.resolved(), shown.blocking.due), (false, 1));
    let row = &stage.census.caller(Fingerprint::from_u128(1), Window::DAY)[0];
    let due = row.due.unwrap().unix_ms() - stage.clock.unix_ms();
    assert_eq!((due + 3_600_000) / 86_400_000, 4, "due in four days");
    stage.pass_until(shown.due_until);
    assert!(stage.resolved(), "after twice its pause");
}

#[test]
fn a_client_that_was_rolled_back_is_due_by_its_own_pauses() {
    let stage = watched();
    for generation in [Legacy, Target, Legacy, Target] {
        for _ in 0..4 {
            let dependence = if generation == Legacy {
                Dependence::Served
            } else {
                Dependence::None
            };
            stage.see("AGENT", generation, Some(1), dependence);
            stage.pass(HOUR);
        }
    }
    stage.pass(3 * DAY);
    assert!(!stage.resolved());
    stage.pass(DAY);
    assert!(stage.resolved(), "its pauses are shorter than the window");
}
