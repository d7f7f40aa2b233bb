//! Overflow blocks by those who may depend.

use super::{
    super::stage::{DAY, stage_with},
    verdicts::{CUTOVER, policy},
};
use crate::{
    caller::{
        Fingerprint,
        Generation::{Legacy, Target},
    },
    census::{Dependence, Window},
};

#[test]
fn a_table_full_of_harmless_callers_blocks_nothing() {
    let stage = stage_with(policy(), 10, |builder| builder);
    stage.pass(5 * DAY);
    for id in 0..500 {
        stage.see("AGENT", Legacy, Some(id), Dependence::None);
    }
    assert!(stage.day().overflowed());
    assert!(stage.resolved() && stage.passes("no_dependent_responses", CUTOVER));
    stage.see("AGENT", Legacy, Some(1_000), Dependence::Latent);
    assert_eq!(
        (
            stage.resolved(),
            stage.resolution().blocking.estimated_callers
        ),
        (false, 1)
    );
    stage.legacy("AGENT", 1_001);
    assert_eq!(stage.resolution().blocking.estimated_callers, 2);
    assert_eq!(
        stage.quiet().blocking.unplaced_responses,
        1,
        "counted directly"
    );
    stage.pass(6 * DAY);
    assert!(stage.resolved(), "they have left the window");
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
    assert_eq!(stage.day().all.dropped, 3);
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
