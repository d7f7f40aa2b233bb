//! Brownouts with a crash at every event, and under any commands, crashes and jumps of the clock.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::stage::{DAY, START, Stage, Trouble, census, detector, incident, order, stage};
use crate::{
    FlagState,
    rollout::{Phase, Projection, policy::Policy},
    time::{Clock as _, Timestamp},
};

const STEP: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);

fn policy() -> Policy {
    let mut policy = Policy::permissive();
    policy.brownouts.notice = MINUTE;
    policy.brownouts.weekends = true;
    policy.brownouts.share_of_day = 0.5;
    policy
}

/// A rollout under test, and how long its flag was really off in each brownout.
struct Story {
    stage: Stage,
    off: BTreeMap<u64, Duration>,
}

impl Story {
    fn new() -> Self {
        Self {
            stage: stage(policy()),
            off: BTreeMap::new(),
        }
    }

    /// Time passes by both clocks, with a tick at its end.
    fn pass(&mut self) {
        if self.stage.flag() == FlagState::Off {
            let status = self.stage.rollout.status();
            let running = status.state.running_brownout().unwrap();
            *self.off.entry(running.seq()).or_default() += STEP;
        }
        self.stage.clock.advance(STEP);
        self.stage.tick();
    }

    fn crash(self) -> Self {
        let census = census(&self.stage.clock, &detector()).open().unwrap();
        self.stage.journal.set(Trouble::None);
        Self {
            stage: self.stage.restarted(census),
            off: self.off,
        }
    }

    fn total_off(&self) -> Duration {
        self.off.values().sum()
    }

    fn announce(&self, delay: Duration, length: Duration) -> bool {
        let start = Timestamp::now(&*self.stage.clock).plus(delay);
        let command = order("announced to all teams");
        let announced = self
            .stage
            .rollout
            .announce_brownout(start, length, &command);
        announced.is_ok()
    }

    fn last(&self) -> Option<u64> {
        let status = self.stage.rollout.status();
        status
            .state
            .brownouts
            .last()
            .map(crate::rollout::Brownout::seq)
    }

    fn check(&self) {
        let status = self.stage.rollout.status();
        let mut projection = Projection::new();
        projection
            .catch_up(&self.stage.journal.inner, |_| {})
            .unwrap();
        assert_eq!(projection.state(), Some(&status.state));
        assert_eq!(status.flag, self.stage.flag());
        if self.stage.flag() == FlagState::Off {
            // Because of a brownout that is on record.
            assert!(status.state.running_brownout().is_some());
            assert!(status.state.open_incidents.is_empty());
        }
        assert_eq!(status.state.phase, Phase::Compat);
    }
}

/// One brownout of 5 minutes. The process crashes when the journal has, or is about to get, this many events.
fn one_brownout(crash_at: usize, before: bool) -> (usize, Story) {
    let mut story = Story::new();
    let mut crashed = false;
    assert!(story.announce(2 * MINUTE, 5 * MINUTE));
    for _ in 0..60 {
        let events = story.stage.journal.names().len();
        if !crashed && before && events + 1 == crash_at {
            story.stage.journal.set(Trouble::Full);
        }
        story.pass();
        if before {
            // The flag may be ahead of the journal, but only on.
            let on_record = story.stage.rollout.status().state.flag();
            assert!(story.stage.flag() == FlagState::On || on_record == FlagState::Off);
        }
        if !crashed && story.stage.journal.names().len() + usize::from(before) >= crash_at {
            crashed = true;
            story = story.crash();
        }
        story.check();
    }
    (story.stage.journal.names().len(), story)
}

#[test]
fn a_crash_at_every_event_leaves_one_brownout_of_its_length() {
    let (events, calm) = one_brownout(usize::MAX, false);
    assert_eq!(calm.total_off(), 5 * MINUTE);
    for crash_at in 1..=events {
        for before in [false, true] {
            let (found, story) = one_brownout(crash_at, before);
            assert_eq!(found, events, "each event is journaled once");
            assert_eq!(story.stage.flag(), FlagState::On);
            let off = story.total_off();
            let right = 4 * MINUTE <= off && off <= 5 * MINUTE;
            assert!(right, "{crash_at} {before}: {off:?}");
        }
    }
}

#[derive(Clone, Debug)]
enum Happening {
    Pass(u8),
    /// Time passes without a process.
    Down(u16),
    Crash,
    JumpForward(u32),
    JumpBack(u32),
    Announce(u8, u8),
    End(bool),
    CloseIncidents,
    SetJournal(bool),
}

/// Crashes, or jumps back within one process: what a clock that was set back before a crash had been is not known.
fn happenings(crashes: bool) -> impl Strategy<Value = Vec<Happening>> {
    let (crashes, back) = (u32::from(crashes), u32::from(!crashes));
    let happening = prop_oneof![
        8 => (1..60_u8).prop_map(Happening::Pass),
        crashes => (1..4_000_u16).prop_map(Happening::Down),
        2 * crashes => Just(Happening::Crash),
        2 * back => (1..4_000_u32).prop_map(Happening::JumpBack),
        1 => (1..4_000_u32).prop_map(Happening::JumpForward),
        4 => (1..5_u8, 1..60_u8).prop_map(|(delay, length)| Happening::Announce(delay, length)),
        1 => any::<bool>().prop_map(Happening::End),
        1 => Just(Happening::CloseIncidents),
        1 => any::<bool>().prop_map(Happening::SetJournal),
    ];
    proptest::collection::vec(happening, 1..40)
}

fn happen(mut story: Story, happening: &Happening) -> Story {
    let now = story.stage.clock.unix_ms();
    match happening {
        Happening::Pass(steps) => (0..*steps).for_each(|_| story.pass()),
        Happening::Down(seconds) => {
            let down = Duration::from_secs((*seconds).into());
            story.stage.clock.advance(down);
            story = story.crash();
        }
        Happening::Crash => story = story.crash(),
        Happening::JumpForward(seconds) => {
            let to = now + u64::from(*seconds) * 1_000;
            story.stage.clock.set_unix_ms(to);
            story.stage.tick();
        }
        Happening::JumpBack(seconds) => {
            let to = now.saturating_sub(u64::from(*seconds) * 1_000).max(START);
            story.stage.clock.set_unix_ms(to);
            story.stage.tick();
        }
        Happening::Announce(delay, length) => {
            let (delay, length) = (u32::from(*delay), u32::from(*length));
            story.announce(delay * MINUTE, length * MINUTE);
        }
        Happening::End(with_incident) => {
            let cause = with_incident.then(|| incident("INC-1"));
            if let Some(last) = story.last() {
                let ended = story
                    .stage
                    .rollout
                    .end_brownout(last, cause, &order("enough"));
                ended.expect("an end is never refused");
                assert_eq!(story.stage.flag(), FlagState::On);
            }
        }
        Happening::CloseIncidents => {
            let over = order("over");
            let _ = story.stage.rollout.close_incident(incident("INC-1"), &over);
        }
        Happening::SetJournal(works) => {
            let trouble = if *works { Trouble::None } else { Trouble::Full };
            story.stage.journal.set(trouble);
        }
    }
    story.check();
    story
}

/// Each brownout is over in the end, and took no longer than announced.
fn check_all(happenings: &[Happening]) {
    let mut story = happenings.iter().fold(Story::new(), happen);
    // All of them come to an end.
    story.stage.journal.set(Trouble::None);
    story.stage.clock.advance(DAY);
    story.stage.tick();
    story.check();
    assert_eq!(story.stage.flag(), FlagState::On);
    for brownout in &story.stage.rollout.status().state.brownouts {
        assert!(!brownout.is_pending());
        let off = story.off.remove(&brownout.seq()).unwrap_or_default();
        let announced = brownout.until.since(brownout.start);
        // It ends by the first tick after its end.
        assert!(off < announced + STEP, "{off:?} of {announced:?}");
    }
    assert!(story.off.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_flag_is_never_off_longer_than_announced_with_crashes(happenings in happenings(true)) {
        check_all(&happenings);
    }

    #[test]
    fn the_flag_is_never_off_longer_than_announced_with_a_clock_that_is_set(happenings in happenings(false)) {
        check_all(&happenings);
    }
}
