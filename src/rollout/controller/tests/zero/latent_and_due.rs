//! Callers that may depend though nothing shows it at the moment: latent ones, and those that are due.

use std::time::Duration;

use super::{
    super::stage::{DAY, stage},
    verdicts::{event, policy},
};
use crate::{
    caller::{Caller, Fingerprint, Generation::Legacy, Kind},
    census::{CallerState, Dependence, Window},
    rollout::{
        names::WaiverTarget,
        policy::{BlockingLatent, Policy},
    },
    time::Clock,
};

#[test]
fn a_legacy_client_that_met_no_legacy_outcome_yet_is_latent() {
    let stage = stage(policy());
    for _ in 0..15 {
        stage.see("AGENT", Legacy, Some(1), Dependence::Latent);
        stage.pass(DAY);
    }
    assert_eq!(stage.state(1), CallerState::Latent);
    assert_eq!(
        (stage.resolved(), stage.resolution().blocking.latent),
        (false, 1)
    );
    stage.waive(WaiverTarget::Caller(Fingerprint::from_u128(1)), DAY);
    assert!(stage.resolved(), "waived");
    stage.pass(5 * DAY);
    assert!(stage.resolved(), "silent");
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
        if !identified {
            caller = caller.unidentified();
        }
        stage.census.record(&event(caller, Dependence::Latent));
        let shown = stage.resolution();
        assert_eq!(
            shown.latent + shown.latent_anonymous_responses,
            1,
            "shown in any case"
        );
        !stage.resolved()
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
    let shown = stage.resolution();
    assert_eq!((stage.resolved(), shown.blocking.due), (false, 1));
    let wait = shown.due_until.unwrap().unix_ms() - stage.clock.unix_ms();
    assert!(wait > 13 * 86_400_000);
    stage.pass_until(shown.due_until);
    assert!(stage.resolved(), "after twice its pause");
}
