//! Brownouts, as an operator and the clock see them.

use std::time::Duration;

use super::stage::{
    DAY, HOUR, START, Stage, Trouble, incident, observing, order, stage, stage_with,
};
use crate::{
    FlagState,
    caller::Generation,
    census::Dependence,
    rollout::{
        BrownoutStage, Phase, RefusalKind, RolledBack, Transition,
        event::{Event, EventPayload},
        policy::{AutoRollback, BrownoutFault, BrownoutLimits, Policy},
        state::ProjectionErrorKind,
    },
    time::Timestamp,
};

const MINUTE: Duration = Duration::from_secs(60);

/// 24 hours after the beginning, a Monday at noon.
fn noon() -> Timestamp {
    Timestamp::from_unix_ms(START).plus(DAY)
}

impl Stage {
    fn announce(&self, start: Timestamp, length: Duration) -> Event {
        let announced =
            self.rollout
                .announce_brownout(start, length, &order("announced to all teams"));
        announced.unwrap()
    }

    fn announce_refused(&self, start: Timestamp, length: Duration) -> RefusalKind {
        let refused = self
            .rollout
            .announce_brownout(start, length, &order("too keen"));
        let refusal = refused.unwrap_err();
        match refusal.kind() {
            RefusalKind::BrownoutNotAllowed(fault) => {
                RefusalKind::BrownoutNotAllowed(fault.clone())
            }
            RefusalKind::Invalid(kind) => RefusalKind::Invalid(kind.clone()),
            other => panic!("{other}"),
        }
    }

    fn invalid(&self, start: Timestamp, length: Duration) -> ProjectionErrorKind {
        match self.announce_refused(start, length) {
            RefusalKind::Invalid(kind) => kind,
            other => panic!("{other}"),
        }
    }

    fn not_allowed(&self, start: Timestamp, length: Duration) -> BrownoutFault {
        match self.announce_refused(start, length) {
            RefusalKind::BrownoutNotAllowed(fault) => fault,
            other => panic!("{other}"),
        }
    }

    /// In a brownout that was announced for so long.
    fn browned_out(&self, length: Duration) -> u64 {
        let now = Timestamp::now(&*self.clock);
        let announced = self.announce(now.plus(DAY), length);
        self.pass(DAY);
        assert_eq!((self.phase(), self.flag()), (Phase::Compat, FlagState::Off));
        announced.seq
    }

    fn stage_of(&self, brownout: u64) -> BrownoutStage {
        let status = self.rollout.status();
        status.state.brownout(brownout).unwrap().stage()
    }

    fn brownout_events(&self) -> Vec<String> {
        let names = self.journal.names().into_iter();
        names.filter(|name| name.starts_with("brownout")).collect()
    }

    fn wait(&self, time: Duration) {
        self.clock.advance(time);
        self.tick();
    }
}

#[test]
fn the_flag_is_off_from_start_to_end_and_the_phase_stays() {
    let stage = stage(Policy::permissive());
    let announced = stage.announce(noon(), 30 * MINUTE);
    assert_eq!(stage.stage_of(announced.seq), BrownoutStage::Announced);
    stage.wait(DAY.saturating_sub(Duration::from_secs(1)));
    assert_eq!(stage.flag(), FlagState::On);

    stage.wait(Duration::from_secs(1));
    let status = stage.rollout.status();
    assert_eq!(
        (stage.flag(), status.flag),
        (FlagState::Off, FlagState::Off)
    );
    assert_eq!(stage.phase(), Phase::Compat);
    assert_eq!(stage.stage_of(announced.seq), BrownoutStage::Running);
    assert_eq!(status.state.flag(), FlagState::Off);
    assert_eq!(status.state.flag_changed.at, noon());

    stage.wait((30 * MINUTE).saturating_sub(Duration::from_secs(1)));
    assert_eq!(stage.flag(), FlagState::Off);
    stage.wait(Duration::from_secs(1));
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Compat, FlagState::On)
    );
    assert_eq!(stage.stage_of(announced.seq), BrownoutStage::Ended);
    assert_eq!(
        stage.brownout_events(),
        ["brownout_announced", "brownout_began", "brownout_ended"]
    );
    // Nothing more happens.
    stage.pass(2 * DAY);
    assert_eq!(stage.brownout_events().len(), 3);
}

#[test]
fn a_start_of_now_is_refused_and_so_is_one_before_the_notice() {
    let stage = stage(Policy::permissive());
    let now = Timestamp::from_unix_ms(START);
    for start in [now, Timestamp::MIN, now.plus(DAY.saturating_sub(MINUTE))] {
        let fault = stage.not_allowed(start, 30 * MINUTE);
        assert_eq!(fault, BrownoutFault::Notice(noon()));
    }
    let short = Policy {
        brownouts: BrownoutLimits {
            notice: MINUTE,
            weekends: true,
            ..BrownoutLimits::default()
        },
        ..Policy::permissive()
    };
    let stage = stage_with(short, 10, |builder| builder);
    assert!(matches!(
        stage.not_allowed(now, MINUTE),
        BrownoutFault::Notice(_)
    ));
    stage.announce(now.plus(MINUTE), MINUTE);
}

#[test]
fn a_brownout_lasts_an_hour_at_most_and_a_minute_at_least() {
    let stage = stage(Policy::permissive());
    for length in [
        Duration::ZERO,
        Duration::from_secs(59),
        HOUR + Duration::from_millis(1),
        DAY,
        Duration::MAX,
    ] {
        let refused = stage
            .rollout
            .announce_brownout(noon(), length, &order("long"));
        refused.unwrap_err();
    }
    assert_eq!(
        stage.invalid(noon(), Duration::from_secs(59)),
        ProjectionErrorKind::NoBrownout
    );
    stage.announce(noon(), HOUR);
}

#[test]
fn no_brownout_touches_a_weekend_unless_the_policy_allows_it() {
    let saturday = "2026-03-07T00:00:00Z".parse().unwrap();
    let late = "2026-03-06T23:30:00Z".parse().unwrap();
    let weekdays = stage(Policy::permissive());
    for start in [saturday, late] {
        let fault = weekdays.not_allowed(start, HOUR);
        let monday = "2026-03-09T00:00:00Z".parse().unwrap();
        assert_eq!(fault, BrownoutFault::Weekend(monday));
    }
    weekdays.announce(late, 30 * MINUTE);
    let mut policy = Policy::permissive();
    policy.brownouts.weekends = true;
    stage(policy).announce(saturday, HOUR);
}

#[test]
fn all_brownouts_of_a_day_take_no_more_than_its_share() {
    let stage = stage(Policy::permissive());
    let day = |hour: u64| {
        Timestamp::from_unix_ms(START)
            .plus(DAY + 12 * HOUR)
            .plus(HOUR * u32::try_from(hour).unwrap())
    };
    stage.announce(day(2), 40 * MINUTE);
    let fault = stage.not_allowed(day(6), 33 * MINUTE);
    let BrownoutFault::ShareOfDay {
        day: of,
        taken,
        most,
    } = fault
    else {
        panic!("{fault}")
    };
    assert_eq!(of, day(0));
    assert_eq!((taken, most), (73 * MINUTE, 72 * MINUTE));
    stage.announce(day(6), 32 * MINUTE);
    // Over midnight, each day has its part.
    let fault = stage.not_allowed(day(23).plus(50 * MINUTE), HOUR);
    assert!(matches!(fault, BrownoutFault::ShareOfDay { day: of, .. } if of == day(0)));
    stage.announce(day(47).plus(50 * MINUTE), HOUR);
    stage.announce(day(36), HOUR);
}

#[test]
fn a_cancelled_brownout_takes_nothing_and_a_short_one_what_it_took() {
    let stage = stage(Policy::permissive());
    let first = stage.announce(noon(), HOUR);
    stage.not_allowed(noon().plus(6 * HOUR), HOUR);
    let done = stage
        .rollout
        .end_brownout(first.seq, None, &order("the wrong day"));
    assert!(matches!(done, Ok(RolledBack::Recorded(_))));
    assert_eq!(stage.stage_of(first.seq), BrownoutStage::Cancelled);
    let second = stage.announce(noon().plus(HOUR), HOUR);
    stage.wait(DAY + HOUR);
    stage.wait(10 * MINUTE);
    let ended = stage
        .rollout
        .end_brownout(second.seq, None, &order("enough"));
    ended.unwrap();
    assert_eq!(stage.stage_of(second.seq), BrownoutStage::Ended);
    let taken = stage
        .rollout
        .status()
        .state
        .brownout(second.seq)
        .unwrap()
        .taken();
    let (from, to) = taken.unwrap();
    assert_eq!(to.since(from), 10 * MINUTE);
}

#[test]
fn an_hour_is_between_two_brownouts() {
    let stage = stage(Policy::permissive());
    let first = stage.announce(noon(), 20 * MINUTE);
    for start in [noon(), noon().plus(10 * MINUTE), noon().plus(79 * MINUTE)] {
        assert_eq!(
            stage.invalid(start, 20 * MINUTE),
            ProjectionErrorKind::BrownoutTooNear(first.seq)
        );
    }
    stage.announce(noon().plus(80 * MINUTE), 20 * MINUTE);
}

#[test]
fn there_is_none_outside_compat_with_an_incident_or_without_a_post_analysis() {
    let observing = stage(observing());
    assert!(matches!(
        observing.invalid(noon(), HOUR),
        ProjectionErrorKind::NotInPhase { .. }
    ));
    let stage = stage(Policy::permissive());
    let open = incident("INC-1");
    stage
        .rollout
        .open_incident(open.clone(), &order("errors"))
        .unwrap();
    assert_eq!(
        stage.invalid(noon(), HOUR),
        ProjectionErrorKind::IncidentStands(open.clone())
    );
    stage.rollout.close_incident(open, &order("over")).unwrap();
    stage.cut_over();
    assert!(matches!(
        stage.invalid(noon(), HOUR),
        ProjectionErrorKind::NotInPhase { .. }
    ));
    let cause = incident("INC-2");
    stage
        .rollout
        .rollback(cause.clone(), &order("errors"))
        .unwrap();
    stage.rollout.close_incident(cause, &order("over")).unwrap();
    assert!(matches!(
        stage.invalid(noon(), HOUR),
        ProjectionErrorKind::PostAnalysisDue(_)
    ));
}

#[test]
fn an_incident_cancels_one_at_its_start_and_ends_one_that_runs() {
    let stage = stage(Policy::permissive());
    let announced = stage.announce(noon(), 30 * MINUTE);
    let first = incident("INC-1");
    stage
        .rollout
        .open_incident(first.clone(), &order("errors"))
        .unwrap();
    stage.wait(DAY);
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(stage.stage_of(announced.seq), BrownoutStage::Cancelled);
    stage.rollout.close_incident(first, &order("over")).unwrap();
    stage.wait(MINUTE);
    assert_eq!(stage.flag(), FlagState::On, "it does not begin late");

    let running = stage.browned_out(HOUR);
    stage
        .rollout
        .open_incident(incident("INC-2"), &order("errors"))
        .unwrap();
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
}

#[test]
fn a_rollback_during_one_ends_it_and_opens_the_incident() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(HOUR);
    let done = stage
        .rollout
        .rollback_of(Some(7_777), incident("INC-1"), &order("errors"));
    let Ok(RolledBack::Recorded(event)) = done else {
        panic!("{done:?}")
    };
    assert!(matches!(event.payload, EventPayload::BrownoutEnded(_)));
    let status = stage.rollout.status();
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
    assert!(status.state.open_incidents.contains_key(&incident("INC-1")));
    assert!(
        status.state.rollbacks.is_empty(),
        "no cutover was taken back"
    );
}

#[test]
fn a_cutover_during_one_is_refused_and_cancels_those_that_are_announced() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(30 * MINUTE);
    let run = stage.rollout.dry_run(Transition::Cutover).unwrap();
    assert_eq!(run.brownout_running, Some(running));
    assert!(!run.passes());
    let refused = stage.rollout.transition(Phase::Cutover, &order("go"));
    let refusal = refused.unwrap_err();
    assert!(matches!(refusal.kind(), RefusalKind::BrownoutRunning(seq) if *seq == running));
    assert!(
        stage
            .journal
            .names()
            .contains(&"attempt_refused".to_owned())
    );
    let now = Timestamp::now(&*stage.clock);
    let later = stage.announce(now.plus(DAY), HOUR);
    stage
        .rollout
        .end_brownout(running, None, &order("cut over now"))
        .unwrap();
    stage.cut_over();
    assert_eq!(stage.stage_of(later.seq), BrownoutStage::Cancelled);
    stage.wait(DAY);
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Cutover, FlagState::Off)
    );
    assert_eq!(stage.rollout.status().state.running_brownout(), None);
}

#[test]
fn an_end_is_never_refused() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(HOUR);
    // Whatever was decided meanwhile, and however often.
    for expected in [1, 9_999] {
        let late = order("errors").expecting(expected);
        let done = stage.rollout.end_brownout(running, None, &late);
        assert!(matches!(done, Ok(RolledBack::Recorded(_))), "{done:?}");
        assert_eq!(stage.flag(), FlagState::On);
    }
    let unknown = stage.rollout.end_brownout(1, None, &order("errors"));
    assert!(matches!(
        unknown.unwrap_err().kind(),
        RefusalKind::Invalid(ProjectionErrorKind::NoSuchBrownout(1))
    ));
}

#[test]
fn an_end_takes_effect_without_the_journal_and_is_recorded_later() {
    for trouble in [
        Trouble::Full,
        Trouble::Gone,
        Trouble::UndecidedGone,
        Trouble::UndecidedStands,
    ] {
        let stage = stage(Policy::permissive());
        let running = stage.browned_out(HOUR);
        stage.journal.set(trouble);
        let cause = Some(incident("INC-1"));
        let done = stage.rollout.end_brownout(running, cause, &order("errors"));
        assert!(matches!(done, Ok(RolledBack::Unrecorded)), "{trouble:?}");
        let status = stage.rollout.status();
        assert_eq!((stage.flag(), status.flag), (FlagState::On, FlagState::On));
        assert!(status.brownout_end_unrecorded && !status.rollback_unrecorded);
        stage.wait(Duration::from_secs(1));
        assert_eq!(stage.flag(), FlagState::On);
        stage.journal.set(Trouble::None);
        stage.wait(Duration::from_secs(1));
        let status = stage.rollout.status();
        assert!(!status.brownout_end_unrecorded);
        assert_eq!(status.state.open_incidents.len(), 1);
        assert_eq!(stage.brownout_events().len(), 3, "{trouble:?}");
    }
}

#[test]
fn it_ends_in_time_without_the_journal() {
    for trouble in [Trouble::Full, Trouble::Gone] {
        let stage = stage(Policy::permissive());
        let running = stage.browned_out(30 * MINUTE);
        stage.journal.set(trouble);
        stage.wait((30 * MINUTE).saturating_sub(Duration::from_secs(1)));
        assert_eq!(stage.flag(), FlagState::Off);
        stage.wait(Duration::from_secs(1));
        assert_eq!(stage.flag(), FlagState::On);
        stage.journal.set(Trouble::None);
        stage.wait(Duration::from_secs(1));
        assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
    }
}

#[test]
fn it_does_not_begin_without_the_journal_where_it_could_not_be_cancelled() {
    for trouble in [Trouble::Full, Trouble::Gone] {
        let stage = stage(Policy::permissive());
        let announced = stage.announce(noon(), 30 * MINUTE);
        stage.journal.set(trouble);
        stage.wait(DAY);
        assert_eq!(stage.flag(), FlagState::On);
        // What is left of its time is a brownout all the same.
        stage.journal.set(Trouble::None);
        stage.wait(20 * MINUTE);
        assert_eq!(stage.flag(), FlagState::Off);
        stage.wait(10 * MINUTE);
        assert_eq!(stage.flag(), FlagState::On);
        assert_eq!(stage.stage_of(announced.seq), BrownoutStage::Ended);
    }
}

fn restarted(stage: Stage) -> Stage {
    let census = super::stage::census(&stage.clock, &super::stage::detector());
    stage.restarted(census.open().unwrap())
}

#[test]
fn a_process_that_starts_in_one_ends_it_in_time_and_after_one_at_once() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(30 * MINUTE);
    stage.clock.advance(10 * MINUTE);
    let stage = restarted(stage);
    assert_eq!(stage.flag(), FlagState::Off, "from the first response on");
    stage.wait(20 * MINUTE);
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);

    let running = stage.browned_out(30 * MINUTE);
    stage.clock.advance(31 * MINUTE);
    let stage = restarted(stage);
    assert_eq!(stage.flag(), FlagState::On, "from the first response on");
    stage.tick();
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
    let status = stage.rollout.status();
    let (from, to) = status.state.brownout(running).unwrap().taken().unwrap();
    assert_eq!(to.since(from), 30 * MINUTE);
}

#[test]
fn one_whose_time_passed_without_a_process_is_missed() {
    let stage = stage(Policy::permissive());
    let announced = stage.announce(noon(), 30 * MINUTE);
    stage.clock.advance(DAY + HOUR);
    let stage = restarted(stage);
    assert_eq!(stage.flag(), FlagState::On);
    stage.tick();
    assert_eq!(stage.stage_of(announced.seq), BrownoutStage::Missed);
    assert_eq!(
        stage.brownout_events(),
        ["brownout_announced", "brownout_ended"]
    );
}

#[test]
fn a_clock_that_is_set_back_neither_lengthens_nor_repeats_one() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(30 * MINUTE);
    stage.wait(20 * MINUTE);
    stage.clock.set_unix_ms(START);
    stage.tick();
    assert_eq!(stage.flag(), FlagState::Off);
    stage.wait((10 * MINUTE).saturating_sub(Duration::from_secs(1)));
    assert_eq!(stage.flag(), FlagState::Off);
    stage.wait(Duration::from_secs(1));
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
    stage.clock.set_unix_ms(noon().unix_ms());
    stage.wait(MINUTE);
    assert_eq!(stage.flag(), FlagState::On);
}

#[test]
fn a_process_that_starts_with_a_clock_before_the_beginning_ends_it() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(30 * MINUTE);
    stage.clock.advance(20 * MINUTE);
    stage.clock.set_unix_ms(START + 1_000);
    let stage = restarted(stage);
    assert_eq!(stage.flag(), FlagState::On);
    stage.tick();
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
}

#[test]
fn a_clock_that_jumps_forward_ends_it_and_skips_others() {
    let stage = stage(Policy::permissive());
    let running = stage.browned_out(30 * MINUTE);
    let next = stage.announce(Timestamp::now(&*stage.clock).plus(DAY), 30 * MINUTE);
    stage.clock.set_unix_ms(START + 5 * 86_400_000);
    stage.tick();
    assert_eq!(stage.flag(), FlagState::On);
    assert_eq!(stage.stage_of(running), BrownoutStage::Ended);
    assert_eq!(stage.stage_of(next.seq), BrownoutStage::Missed);
}

#[test]
fn strandings_of_a_brownout_are_of_it_and_served_again_after_it() {
    let stage = stage(Policy::permissive());
    stage.legacy("AGENT", 1);
    stage.browned_out(30 * MINUTE);
    stage.clock.advance(MINUTE);
    stage.stranded("AGENT", 1);
    stage.stranded("MCP", 2);
    stage.clock.advance(MINUTE);
    stage.tick();
    let stranded = stage.rollout.view().stranded.unwrap();
    assert_eq!((stranded.callers, stranded.since), (2, noon()));
    stage.wait(28 * MINUTE);
    stage.clock.advance(MINUTE);
    stage.legacy("AGENT", 1);
    stage.tick();
    let stranded = stage.rollout.view().stranded.unwrap();
    assert_eq!(
        (stranded.callers, stranded.before, stranded.served_again),
        (0, 2, 1)
    );
}

#[test]
fn the_guard_of_a_cutover_does_not_count_strandings_of_a_brownout() {
    let stage = stage(Policy {
        auto_rollback: Some(AutoRollback {
            window: HOUR,
            stranded_callers: Some(1),
            stranded_percent: None,
        }),
        ..Policy::permissive()
    });
    let running = stage.browned_out(30 * MINUTE);
    stage.clock.advance(MINUTE);
    for caller in 1..=8 {
        stage.stranded("AGENT", caller);
    }
    stage.tick();
    assert_eq!(
        (stage.phase(), stage.flag()),
        (Phase::Compat, FlagState::Off)
    );
    stage
        .rollout
        .end_brownout(running, None, &order("cut over now"))
        .unwrap();
    stage.clock.advance(Duration::from_millis(200));
    stage.cut_over();
    stage.clock.advance(Duration::from_millis(200));
    stage.tick();
    assert_eq!(stage.phase(), Phase::Cutover);
    assert_eq!(stage.rollout.view().stranded.unwrap().callers, 0);
}

#[test]
fn those_that_were_hit_are_listed_with_what_became_of_them() {
    let stage = stage(Policy::permissive());
    stage.stranded("MCP", 9);
    assert_eq!(stage.rollout.view().brownout_callers, None, "none began");
    let brownout = stage.browned_out(10 * MINUTE);
    stage.clock.advance(MINUTE);
    for caller in 1..=3 {
        stage.stranded("AGENT", caller);
    }
    stage.tick();
    stage.wait(10 * MINUTE);
    stage.clock.advance(MINUTE);
    stage.legacy("AGENT", 1);
    let upgraded = Generation::Target;
    stage.see("AGENT", upgraded, Some(2), Dependence::None);
    // Whatever the clock does afterwards, and whatever happens to others.
    stage.clock.advance(2 * DAY);
    stage.legacy("MCP", 9);
    stage.tick();
    let hit = stage.rollout.view().brownout_callers.unwrap();
    assert_eq!(hit.brownout, brownout);
    let counts = hit.all;
    let came_back = (counts.upgraded, counts.served_again, counts.silent);
    assert_eq!((counts.hit, came_back), (3, (1, 1, 1)));
    assert_eq!(hit.kinds.len(), 1);
    let after: Vec<_> = hit
        .callers
        .iter()
        .map(|caller| caller.after.as_str())
        .collect();
    assert_eq!(after, ["silent", "served_again", "upgraded"]);
}
