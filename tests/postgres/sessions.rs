//! The table of sessions.

use std::time::Duration;

use legacy_http_compat::{
    admin::{Role, SessionStore, SharedSession},
    rollout::names::Actor,
};

use crate::{
    cluster::Cluster,
    database::{LONG, eventually},
};

fn session(actor: &str, left: Duration) -> SharedSession {
    SharedSession {
        actor: Actor::human(actor).unwrap(),
        role: Role::Operator,
        left,
    }
}

#[test]
fn a_session_that_begins_at_one_instance_is_found_at_another() {
    let database = Cluster::shared().database();
    let (here, there) = (database.store().sessions(), database.store().sessions());
    let begun = session("mara", Duration::from_secs(600));
    here.begin(&[1; 32], &begun, LONG).unwrap();
    let found = there.find(&[1; 32], LONG).unwrap().unwrap();
    assert_eq!((&found.actor, found.role), (&begun.actor, begun.role));
    assert!(found.left <= begun.left && found.left > Duration::from_secs(500));
    assert_eq!(there.find(&[2; 32], LONG).unwrap(), None);
    there.end(&[1; 32], LONG).unwrap();
    assert_eq!(here.find(&[1; 32], LONG).unwrap(), None);
}

#[test]
fn a_session_ends_by_itself() {
    let sessions = Cluster::shared().database().store().sessions();
    sessions
        .begin(&[1; 32], &session("mara", Duration::from_millis(1)), LONG)
        .unwrap();
    eventually("it has ended", || {
        sessions.find(&[1; 32], LONG).unwrap().is_none()
    });
}

#[test]
fn an_actor_has_a_bounded_number_of_sessions() {
    let sessions = Cluster::shared().database().store().sessions();
    let most = u8::try_from(SharedSession::MAX_PER_ACTOR).unwrap();
    sessions
        .begin(&[99; 32], &session("noor", LONG), LONG)
        .unwrap();
    for number in 0..=most {
        sessions
            .begin(&[number; 32], &session("mara", LONG), LONG)
            .unwrap();
    }
    assert_eq!(sessions.find(&[0; 32], LONG).unwrap(), None, "the oldest");
    for number in (1..=most).chain([99]) {
        assert!(
            sessions.find(&[number; 32], LONG).unwrap().is_some(),
            "{number}"
        );
    }
}
