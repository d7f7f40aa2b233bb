//! A brownout of two instances with one store.

use std::{sync::Arc, thread, time::Duration};

use legacy_http_compat::{
    FlagState,
    rollout::{
        BrownoutStage, CommandContext, Rollout,
        names::{Actor, Reason},
        policy::Policy,
    },
    time::{ManualClock, Timestamp},
    worker::Tick as _,
};

use crate::{
    cluster::Cluster,
    database::{Database, all, eventually, flag},
    proxy::Proxy,
};

const DAY: Duration = Duration::from_secs(86_400);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// 2026-03-01, a Sunday.
const START: u64 = 1_772_366_400_000;

fn join(database: &Database, clock: &Arc<ManualClock>) -> Rollout {
    let journal = database.store().journal(&flag("flag")).unwrap();
    Rollout::builder(flag("flag"), Policy::permissive())
        .clock(clock.clone())
        .open(Arc::new(journal))
        .unwrap()
}

#[test]
fn one_of_two_instances_begins_and_ends_it_both_apply_it_and_one_without_the_store_ends_it_in_time()
{
    let database = Cluster::shared().database();
    let proxy = Proxy::to(database.port);
    let clock = Arc::new(ManualClock::new(START));
    let members = [
        join(&database, &clock),
        join(&database.at(proxy.port), &clock),
    ];
    let flags = || members.each_ref().map(|member| member.reader().state());
    let tick_all = || {
        thread::scope(|scope| {
            for member in &members {
                scope.spawn(|| member.tick());
            }
        });
    };
    let command = CommandContext::new(
        Actor::human("mara").unwrap(),
        Reason::new("announced to all teams").unwrap(),
    );
    let start = Timestamp::from_unix_ms(START).plus(DAY);
    let announced = members[0].announce_brownout(start, TEN_MINUTES, &command);
    let seq = announced.unwrap().seq;
    eventually("the other one knows of it", || {
        tick_all();
        members[1].status().state.brownout(seq).is_some()
    });
    assert_eq!(flags(), [FlagState::On; 2]);

    clock.advance(DAY);
    eventually("both are off", || {
        tick_all();
        flags() == [FlagState::Off; 2]
    });
    proxy.cut(true);
    clock.advance(TEN_MINUTES);
    tick_all();
    assert_eq!(flags(), [FlagState::On; 2], "the second one has no store");
    proxy.cut(false);
    eventually("both know of its end", || {
        tick_all();
        let ended = |member: &Rollout| {
            let status = member.status();
            status.state.brownout(seq).unwrap().stage() == BrownoutStage::Ended
        };
        members.iter().all(ended)
    });
    let events = all(&database.journal());
    for name in ["brownout_announced", "brownout_began", "brownout_ended"] {
        let of_kind = events.iter().filter(|event| event.payload.name() == name);
        assert_eq!(of_kind.count(), 1, "{name}");
    }
}
