use super::{
    event::{CallerEvent, Dependence, EndpointSlot},
    record::{
        CHANGED, CallerState, IDENTIFIED, Judge, LATENT, MINUTE, MIXED, NEVER, NOT_YET, REGRESSED,
        Record, SHARED, TARGET,
    },
};
use crate::caller::{
    Caller,
    Generation::{self, Legacy, Target},
    Kind,
};

fn event(generation: Generation, dependence: Dependence) -> CallerEvent {
    CallerEvent {
        caller: Caller::new(Kind::OTHER, generation),
        endpoint: EndpointSlot::OTHER,
        dependence,
        failed: false,
    }
}

fn see(record: &mut Record, now: u32, generation: Generation, dependence: Dependence) {
    record.see(now, event(generation, dependence).sighting(), || NEVER);
}

fn state(record: &Record, since: u32) -> CallerState {
    state_by(record, since, NEVER)
}

fn state_by(record: &Record, since: u32, in_force: u32) -> CallerState {
    record.state(Judge {
        since,
        in_force: &[in_force],
    })
}

/// Whether more than a default showed that it may depend, by rules that are in force since then.
fn is_identified_by(record: &Record, in_force: u32) -> bool {
    record.is_identified(Judge {
        since: NEVER,
        in_force: &[in_force],
    })
}

fn at_100() -> Record {
    Record::new(1, 0, 100)
}

#[test]
fn a_record_is_stored_and_restored_field_by_field() {
    let mut number = 0..;
    let mut next = || number.next().unwrap();
    let record = Record {
        fingerprint: u128::MAX - 5,
        endpoints: u64::MAX - 7,
        first_seen: next(),
        last_legacy: next(),
        last_dependent: next(),
        last_stranded: next(),
        last_target: next(),
        responses: next(),
        dependent: next(),
        stranded: next(),
        pause: 0x0304,
        version: 0x0102,
        version_tag: 0,
        kind: 77,
        flags: 5,
    };
    assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
}

#[test]
fn a_record_is_one_cache_line() {
    assert_eq!(size_of::<Record>(), 64);
}

#[test]
fn a_target_caller_never_depends_whatever_the_event_says() {
    let mut record = at_100();
    see(&mut record, 100, Target, Dependence::Stranded);
    assert_eq!(state(&record, 0), CallerState::NeverDependent);
    assert_eq!((record.responses, record.dependent), (1, 0));
}

#[test]
fn a_response_without_legacy_shape_neither_migrates_nor_depends() {
    let mut record = at_100();
    see(&mut record, 100, Legacy, Dependence::Served);
    see(&mut record, 200, Legacy, Dependence::None);
    assert_eq!(state(&record, 100), CallerState::Dependent);
    assert_eq!(state(&record, 150), CallerState::Inconclusive);
    assert_eq!(state(&record, 200), CallerState::Inconclusive);
    assert_eq!(state(&record, 201), CallerState::Inactive);
}

#[test]
fn a_response_that_comes_late_does_not_set_times_back() {
    let mut record = at_100();
    see(&mut record, 100, Legacy, Dependence::Stranded);
    see(&mut record, 90, Legacy, Dependence::Stranded);
    let times = [
        record.last_legacy,
        record.last_dependent,
        record.last_stranded,
    ];
    assert_eq!(times, [100; 3]);
}

#[test]
fn after_a_legacy_response_to_a_target_caller_only_silence_resolves_it() {
    for dependence in [Dependence::Served, Dependence::None] {
        let mut record = at_100();
        see(&mut record, 100, Legacy, Dependence::Served);
        see(&mut record, 110, Target, Dependence::None);
        assert_eq!(state(&record, 100), CallerState::Migrated);
        see(&mut record, 200, Legacy, dependence);
        see(&mut record, 210, Target, Dependence::None);
        assert_ne!(state(&record, 200), CallerState::Migrated, "{dependence:?}");
        assert_eq!(state(&record, 201), CallerState::Migrated, "silent since");
    }
}

#[test]
fn the_order_within_one_tick_decides_between_migrated_and_regressed() {
    let mut record = at_100();
    see(&mut record, 100, Legacy, Dependence::Served);
    see(&mut record, 100, Target, Dependence::None);
    assert_eq!(state(&record, 100), CallerState::Migrated);
    see(&mut record, 100, Legacy, Dependence::Stranded);
    assert_eq!(state(&record, 100), CallerState::Dependent);
    assert!(record.has(REGRESSED) && record.has(MIXED) && record.is_stranded(100));
    assert!(!record.is_stranded(101));
}

#[test]
fn a_latent_caller_leaves_by_a_target_response_a_dependent_one_or_silence() {
    let mut record = at_100();
    see(&mut record, 100, Legacy, Dependence::Latent);
    see(&mut record, 100, Legacy, Dependence::Latent);
    assert_eq!(state(&record, 100), CallerState::Latent);
    assert_eq!(state(&record, 101), CallerState::Inactive);
    let mut depends = record;
    see(&mut depends, 120, Legacy, Dependence::Served);
    assert_eq!(state(&depends, 100), CallerState::Dependent);
    see(&mut record, 120, Target, Dependence::None);
    assert_eq!(state(&record, 100), CallerState::NeverDependent);
}

#[test]
fn a_target_response_by_rules_that_are_no_longer_in_force_shows_nothing() {
    let mut record = at_100();
    see(&mut record, 100, Target, Dependence::None);
    assert_eq!(state_by(&record, 100, 100), CallerState::NeverDependent);
    assert_eq!(state_by(&record, 100, 101), CallerState::Latent);
    assert!(!is_identified_by(&record, 100));
    assert!(is_identified_by(&record, 101));
    record.see(110, event(Legacy, Dependence::None).sighting(), || 101);
    assert!(!record.has(MIXED));
    let mut depended = at_100();
    see(&mut depended, 100, Legacy, Dependence::Served);
    see(&mut depended, 110, Target, Dependence::None);
    assert_eq!(state_by(&depended, 105, 111), CallerState::Inconclusive);
    assert_eq!(state_by(&depended, 111, 111), CallerState::Inactive);
}

#[test]
fn only_target_callers_make_way_those_that_never_depended_first() {
    let [mut new, mut migrated, mut latent, mut mixed] = [at_100(); 4];
    see(&mut new, 300, Target, Dependence::None);
    see(&mut migrated, 100, Legacy, Dependence::Served);
    see(&mut migrated, 200, Target, Dependence::None);
    see(&mut latent, 100, Legacy, Dependence::Latent);
    see(&mut mixed, 100, Target, Dependence::None);
    see(&mut mixed, 110, Legacy, Dependence::None);
    see(&mut mixed, 120, Target, Dependence::None);
    assert!(new.dispensable(NEVER) < migrated.dispensable(NEVER));
    assert_eq!(latent.dispensable(NEVER), None);
    assert_eq!(mixed.dispensable(NEVER), None);
    assert_eq!(new.dispensable(301), None, "by rules that are not in force");
}

#[test]
fn a_caller_keeps_when_it_was_first_seen_until_it_is_handed_over() {
    let mut record = at_100();
    see(&mut record, 200, Target, Dependence::None);
    see(&mut record, 300, Legacy, Dependence::None);
    assert_eq!(record.first_seen, 100);
    assert!(record.has(CHANGED), "two changes are no less than one");
    record.first_seen = NOT_YET;
    see(&mut record, 400, Legacy, Dependence::Latent);
    assert_eq!(record.first_seen, NOT_YET);
    see(&mut record, 500, Target, Dependence::None);
    assert_eq!(record.first_seen, 500);
}

#[test]
fn the_first_pause_is_kept_however_short() {
    let mut record = at_100();
    see(&mut record, 100, Legacy, Dependence::Served);
    assert!(record.was_silent(101, false));
    assert_eq!(record.longest_pause(101, false), Some(100));
    record.keep_pause(1);
    assert_eq!(record.pause_ticks(), MINUTE);
}

#[test]
fn only_a_legacy_caller_that_was_away_for_more_than_an_hour_may_have_been_inactive() {
    let mut record = at_100();
    see(&mut record, 100, Legacy, Dependence::None);
    for (now, is_target, may) in [
        (100 + 60 * MINUTE, false, false),
        (101 + 60 * MINUTE, false, true),
        (101 + 60 * MINUTE, true, false),
    ] {
        let mut record = record;
        record.note_absence(now, is_target);
        assert_eq!(record.has(CHANGED), may, "{now} {is_target}");
    }
}

#[test]
fn a_record_of_a_file_is_brought_within_its_bounds() {
    let mut record = Record {
        first_seen: 900,
        last_legacy: 800,
        last_dependent: 801,
        last_stranded: 802,
        last_target: 803,
        pause: u16::MAX,
        flags: u8::MAX,
        ..at_100()
    };
    record.clamp(700);
    let times = [
        record.first_seen,
        record.last_legacy,
        record.last_dependent,
        record.last_stranded,
        record.last_target,
    ];
    assert_eq!(times, [700; 5]);
    assert_eq!(record.pause_ticks(), 45 * 24 * 60 * MINUTE);
    let kept = [TARGET, MIXED, REGRESSED, LATENT, IDENTIFIED, SHARED];
    assert_eq!(record.flags, kept.iter().sum::<u8>());
    for (last_legacy, last_target) in [(NEVER, 600), (600, NEVER)] {
        let mut record = Record {
            last_legacy,
            last_target,
            ..record
        };
        record.clamp(700);
        assert_eq!(record.first_seen, 600);
        assert!(!record.has(MIXED) && !record.has(REGRESSED));
    }
}

#[test]
fn two_records_of_one_caller_become_one_in_either_order() {
    let of = |endpoints, flags| Record {
        endpoints,
        flags,
        responses: 3,
        dependent: 2,
        stranded: 1,
        ..at_100()
    };
    let legacy = Record {
        last_legacy: 150,
        last_dependent: 140,
        last_stranded: 130,
        pause: 7,
        ..of(1, LATENT | IDENTIFIED)
    };
    let target = |last_target| Record {
        first_seen: 120,
        last_target,
        pause: 5,
        ..of(3, TARGET | IDENTIFIED)
    };
    for (other, flags) in [(target(140), 0), (target(150), 0), (target(160), TARGET)] {
        let expected = Record {
            endpoints: 3,
            flags: flags | MIXED | LATENT | IDENTIFIED,
            responses: 6,
            dependent: 4,
            stranded: 2,
            last_target: other.last_target,
            ..legacy
        };
        for (mut record, other) in [(legacy, other), (other, legacy)] {
            record.merge(&other);
            assert_eq!(record, expected);
        }
    }
    let mut record = legacy;
    record.merge(&legacy);
    assert!(!record.has(MIXED));
    let mut record = target(150);
    record.merge(&target(160));
    assert!(!record.has(MIXED));
}
