//! Brownouts of several instances on one journal: one journals each beginning and end, and each switches by its own clock.

use std::{sync::Arc, thread, time::Duration};

use super::{
    shared::{Fleet, Member, name},
    shared_journal::Link,
    stage::{START, incident, order},
};
use crate::{
    FlagState,
    rollout::{RolledBack, event::EventPayload},
    time::ManualClock,
    worker::Tick as _,
};

/// A brownout of 10 minutes from tomorrow on, announced in one instance.
fn announce(fleet: &Fleet, member: &Member) -> u64 {
    let day = Duration::from_secs(86_400);
    let start = crate::time::Timestamp::from_unix_ms(START).plus(day);
    let command = order("announced to all teams");
    let announced = member
        .rollout
        .announce_brownout(start, TEN_MINUTES, &command);
    fleet
        .clock
        .advance(day.saturating_sub(Duration::from_secs(1)));
    announced.unwrap().seq
}

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// Time passes, and each instance ticks twice: what one journals, the others apply.
fn pass(fleet: &Fleet, members: &[Member], time: Duration) {
    fleet.clock.advance(time);
    for member in members.iter().chain(members) {
        member.rollout.tick();
    }
}

fn flags(members: &[Member]) -> Vec<FlagState> {
    members.iter().map(Member::flag).collect()
}

#[test]
fn a_brownout_begins_and_ends_once_and_in_every_instance() {
    let fleet = Fleet::new();
    let members = [fleet.join("a"), fleet.join("b"), fleet.join("c")];
    announce(&fleet, &members[0]);
    pass(&fleet, &members, Duration::ZERO);
    assert_eq!(flags(&members), [FlagState::On; 3]);
    pass(&fleet, &members, Duration::from_secs(1));
    assert_eq!(flags(&members), [FlagState::Off; 3]);
    pass(
        &fleet,
        &members,
        TEN_MINUTES.saturating_sub(Duration::from_secs(1)),
    );
    assert_eq!(flags(&members), [FlagState::Off; 3]);
    pass(&fleet, &members, Duration::from_secs(1));
    assert_eq!(flags(&members), [FlagState::On; 3]);
    for name in ["brownout_began", "brownout_ended"] {
        assert_eq!(fleet.store.count(name), 1, "{name}");
    }
}

#[test]
fn instances_that_race_to_begin_and_end_one_journal_each_once() {
    for _ in 0..20 {
        let fleet = Fleet::new();
        let members = [fleet.join("a"), fleet.join("b"), fleet.join("c")];
        announce(&fleet, &members[0]);
        for time in [Duration::from_secs(1), TEN_MINUTES] {
            fleet.clock.advance(time);
            thread::scope(|scope| {
                for member in &members {
                    scope.spawn(|| member.rollout.tick());
                }
            });
        }
        pass(&fleet, &members, Duration::ZERO);
        assert_eq!(flags(&members), [FlagState::On; 3]);
        for name in ["brownout_began", "brownout_ended"] {
            assert_eq!(fleet.store.count(name), 1, "{name}");
        }
    }
}

#[test]
fn an_instance_that_is_cut_off_ends_a_brownout_in_time() {
    for link in [Link::Away, Link::Hangs] {
        let fleet = Fleet::new();
        let members = [fleet.join("a"), fleet.join("b")];
        announce(&fleet, &members[0]);
        pass(&fleet, &members, Duration::from_secs(1));
        members[1].journal.set(link);
        pass(&fleet, &members, TEN_MINUTES);
        assert_eq!(flags(&members), [FlagState::On; 2]);
        members[1].journal.set(Link::Works);
        pass(&fleet, &members, Duration::from_secs(1));
        let pending = |member: &Member| member.rollout.status().state.pending_brownouts().count();
        assert_eq!((pending(&members[0]), pending(&members[1])), (0, 0));
        assert_eq!(fleet.store.count("brownout_ended"), 1);
    }
}

#[test]
fn an_instance_that_is_cut_off_begins_none_and_all_end_theirs_without_a_store() {
    let fleet = Fleet::new();
    let members = [fleet.join("a"), fleet.join("b")];
    announce(&fleet, &members[0]);
    members[1].rollout.tick();
    members[1].journal.set(Link::Away);
    pass(&fleet, &members, Duration::from_secs(1));
    assert_eq!(flags(&members), [FlagState::Off, FlagState::On]);
    members[0].journal.set(Link::Away);
    pass(&fleet, &members, TEN_MINUTES);
    assert_eq!(flags(&members), [FlagState::On; 2]);
}

#[test]
fn an_end_by_one_operator_reaches_all_and_one_of_an_instance_cut_off_takes_effect_there() {
    let fleet = Fleet::new();
    let members = [fleet.join("a"), fleet.join("b")];
    let seq = announce(&fleet, &members[0]);
    pass(&fleet, &members, Duration::from_secs(1));
    members[1].journal.set(Link::Hangs);
    let cause = Some(incident("INC-1"));
    let done = members[1]
        .rollout
        .end_brownout(seq, cause, &order("errors"));
    assert!(matches!(done, Ok(RolledBack::Unrecorded)));
    assert_eq!(flags(&members), [FlagState::Off, FlagState::On]);
    members[1].journal.set(Link::Works);
    pass(&fleet, &members, Duration::from_secs(1));
    assert_eq!(flags(&members), [FlagState::On; 2]);
    let ended = fleet
        .store
        .events()
        .into_iter()
        .find_map(|event| match event.payload {
            EventPayload::BrownoutEnded(ended) => Some(ended),
            _ => None,
        });
    assert_eq!(ended.unwrap().instance, Some(name("b")));
    let open = &members[0].rollout.status().state.open_incidents;
    assert!(open.contains_key(&incident("INC-1")));
}

#[test]
fn each_instance_switches_by_its_own_clock() {
    let fleet = Fleet::new();
    let ahead = fleet.join("a");
    let late = Fleet {
        store: Arc::clone(&fleet.store),
        table: Arc::clone(&fleet.table),
        clock: Arc::new(ManualClock::new(START - 5_000)),
    };
    let behind = late.join("b");
    announce(&fleet, &ahead);
    late.clock.advance(Duration::from_secs(86_399));
    let at = |seconds: u64| {
        let time = Duration::from_secs(seconds);
        fleet.clock.advance(time);
        late.clock.advance(time);
        for member in [&ahead, &behind] {
            member.rollout.tick();
        }
        [ahead.flag(), behind.flag()]
    };
    assert_eq!(at(1), [FlagState::Off, FlagState::On]);
    assert_eq!(at(5), [FlagState::Off, FlagState::Off]);
    // Its end by the first clock is on record, and ends it everywhere.
    assert_eq!(at(595), [FlagState::On, FlagState::On]);
}
