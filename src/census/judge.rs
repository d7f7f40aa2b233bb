//! What gates ask the census, in one pass over the callers.

use std::time::Duration;

use crate::{
    caller::{Fingerprint, RulesDigest},
    time::{
        Timestamp, millis,
        timeline::{ticks, ticks_as_ms},
    },
};

use super::{
    census::Census,
    open_error::OpenCensusErrorKind,
    record::{CallerState, Judge, NEVER, SHARED},
    report::{Report, Tally, start},
    watch::GapCause,
    watched_time::{Stretch, WatchedTime, WindowRules},
    window::Window,
};

/// How much later than its rollout a census may begin, in milliseconds.
const LATE: u64 = 3_600_000;

/// A caller of one kind, judged for a stretch of watched time.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not exclude each other"
)]
pub(crate) struct JudgedCaller<'a> {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) kind: &'a str,
    pub(crate) state: CallerState,
    /// Whether it ever got a dependent response.
    pub(crate) has_depended: bool,
    /// Whether it got one in the stretch, migrated since or not.
    pub(crate) depended: bool,
    /// Whether a version or a rule showed it to be a legacy caller.
    pub(crate) identified: bool,
    /// Whether its fingerprint has another record.
    pub(crate) shared: bool,
    /// Until when a caller that only silence resolves does not count as gone.
    pub(crate) due: Option<Timestamp>,
}

/// A part of what evidence is gathered by that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RulesChange {
    /// The client kind whose rules changed; `None` for the contract.
    pub(crate) kind: Option<String>,
    pub(crate) at: Timestamp,
}

impl Census {
    /// The watched time up to now; more than `max_silence` without a response does not count.
    pub(crate) fn watched_time(&self, max_silence: Duration) -> WatchedTime {
        let now = self.heartbeat();
        WatchedTime::new(&self.lock_watch(), now, max_silence)
    }

    /// The stretch of a window, which begins no earlier than the rules that are in force for these kinds, and what of them
    /// changed since the longest stretch began.
    pub(crate) fn stretch(
        &self,
        time: &WatchedTime,
        rules: WindowRules,
        concerns: impl Fn(&str) -> bool,
    ) -> (Stretch, Vec<RulesChange>) {
        let changes = self.changes(concerns);
        let last = changes.iter().map(|(_, at)| *at).max().unwrap_or(0);
        let stretch = time.stretch(rules, last);
        let earlier = changes
            .into_iter()
            .filter(|(_, at)| time.now.time.saturating_sub(*at) < rules.window.as_millis());
        let restarts = earlier.map(|(kind, at)| RulesChange {
            kind,
            at: time.now.timestamp(at),
        });
        (stretch, restarts.collect())
    }

    /// Calls `each` for every caller, once for each kind that it was seen as, and returns the report of the stretch. A
    /// bucket is locked meanwhile.
    pub(crate) fn judge(
        &self,
        time: &WatchedTime,
        stretch: &Stretch,
        mut each: impl FnMut(&JudgedCaller<'_>),
    ) -> Report {
        let in_force = self.table.all_in_force();
        let judge = Judge {
            since: ticks(stretch.from),
            in_force: &in_force,
        };
        let names: Vec<&str> = self.kinds.names().collect();
        let window = (stretch.window, stretch.length_ms);
        let mut tally = Tally::new(window, judge.since, names.len());
        self.table.visit(|bucket| {
            tally.count(bucket, &in_force);
            for record in bucket.iter() {
                let state = record.state(judge);
                let gone_at = || time.gone_at(record, judge, stretch.window);
                let due = record.is_resolved_by_silence(judge).then(gone_at);
                each(&JudgedCaller {
                    fingerprint: Fingerprint::from_u128(record.fingerprint),
                    kind: names[usize::from(record.kind)],
                    state,
                    has_depended: record.depended(),
                    depended: record.depended() && record.last_dependent >= judge.since,
                    identified: record.is_identified(judge),
                    shared: record.has(SHARED),
                    due: due
                        .filter(|at| *at > time.now.time)
                        .map(|at| time.now.timestamp(at)),
                });
            }
        });
        self.drain(&mut self.lock_watch());
        let (watch, overflow) = (self.lock_watch(), self.lock_overflow());
        tally.report(&self.kinds, &time.now, (&watch, &overflow))
    }

    /// The report of a stretch on callers that cannot be followed, and on no other: anonymous ones and those without a place.
    /// Where they may have been due in a gap, it begins earlier.
    pub(crate) fn unfollowed(&self, time: &WatchedTime, stretch: &Stretch) -> Report {
        let from = time.unfollowed_since(stretch);
        let window = (stretch.window, time.now.time - from);
        let tally = Tally::new(window, ticks(from), self.kinds.names().len());
        self.drain(&mut self.lock_watch());
        let (watch, overflow) = (self.lock_watch(), self.lock_overflow());
        tally.report(&self.kinds, &time.now, (&watch, &overflow))
    }

    /// The report of a time that may be longer than the longest window. Callers are counted as far as the census remembers
    /// them, responses for 30 days.
    pub(crate) fn report_in(&self, length: Duration) -> Report {
        let (now, length) = (self.heartbeat(), millis(length));
        let window = Window::new(Duration::from_millis(length)).unwrap_or(Window::MONTH);
        let kinds = self.kinds.names().len();
        let tally = Tally::new((window, length), start(length, &now), kinds);
        let [report] = self.fill([tally], &now);
        report
    }

    /// How long the flag has been as it is by the timeline, on which the callers' times are: `lasted` when it is heard of a
    /// change first, so much longer later. `event` is the one that changed it.
    pub(crate) fn flag_lasted(&self, event: (u64, Timestamp), lasted: Duration) -> Duration {
        let now = self.heartbeat().time;
        let mut watch = self.lock_watch();
        let event = (event.0, event.1.unix_ms());
        let known = watch.flag_changed.filter(|(known, _)| *known == event);
        let (_, at) = known.unwrap_or((event, now.saturating_sub(millis(lasted))));
        watch.flag_changed = Some((event, at));
        Duration::from_millis(now.saturating_sub(at))
    }

    /// Records whether a brownout runs: its time does not count as watched. Called while one runs, so that a snapshot has the
    /// gap so far, and when it has ended.
    pub(crate) fn brown_out(&self, runs: bool) {
        if !runs && self.lock_watch().brownout.is_none() {
            return;
        }
        let now = self.heartbeat().time;
        let mut watch = self.lock_watch();
        let since = watch.brownout.unwrap_or(now);
        watch.coverage.cut(since, now, GapCause::Brownout);
        watch.brownout = runs.then_some(since);
        if let Some(outgoing) = watch.outgoing.as_mut().filter(|_| !runs) {
            outgoing.alive.begin(now, GapCause::Brownout);
        }
    }

    /// The time by its clock, to which all that it shows refers.
    pub(crate) fn wall(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.moment().wall)
    }

    /// Records which contract is served. Another one than before restarts the windows, the first one does not.
    pub(crate) fn serve(&self, digest: &str) {
        let now = self.heartbeat().time;
        let mut watch = self.lock_watch();
        let is_first = watch.rules.contract.is_none();
        let since = if is_first { NEVER } else { ticks(now) };
        watch.rules.serve(digest, since);
    }

    /// Records a loss if the census began more than an hour after its rollout was opened.
    pub(crate) fn rollout_opened(&self, at: Timestamp) {
        let now = self.heartbeat();
        let mut watch = self.lock_watch();
        let age = now.wall.saturating_sub(at.unix_ms());
        let opened = now.time.saturating_sub(age);
        let known = |(_, reason): &(u64, _)| *reason == OpenCensusErrorKind::BeganLate;
        if watch.began > opened + LATE && !watch.losses.iter().any(known) {
            if self.settings.merged {
                // When it began, whichever process finds that out, and when.
                let began = watch.began;
                watch.losses.push((began, OpenCensusErrorKind::BeganLate));
            } else {
                watch.lose(OpenCensusErrorKind::BeganLate);
            }
        }
    }

    /// The digests of the detector's rules, by kind.
    pub(crate) fn rules_digests(&self) -> Vec<(String, RulesDigest)> {
        let watch = self.lock_watch();
        let kinds = self.kinds.names().zip(&watch.rules.kinds);
        kinds
            .map(|(name, (digest, _))| (name.to_owned(), *digest))
            .collect()
    }

    /// What changed of the contract and of the rules for these kinds, and when, on the timeline.
    fn changes(&self, concerns: impl Fn(&str) -> bool) -> Vec<(Option<String>, u64)> {
        let watch = self.lock_watch();
        let contract = watch
            .rules
            .contract
            .iter()
            .map(|served| (None, served.since));
        let kinds = self.kinds.names().zip(&watch.rules.kinds);
        let kinds = kinds.filter(|(name, _)| concerns(name));
        let kinds = kinds.map(|(name, (_, since))| (Some(name.to_owned()), *since));
        let changes = contract.chain(kinds).filter(|(_, since)| *since != NEVER);
        changes
            .map(|(kind, since)| (kind, ticks_as_ms(since)))
            .collect()
    }
}
