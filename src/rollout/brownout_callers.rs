//! The callers that a brownout hit, and what became of them.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::state::{Brownout, RolloutState};
use crate::{
    caller::Fingerprint,
    census::{CallerRow, CallerState, Census, Select},
    time::Timestamp,
    words::words,
};

/// The callers that the last brownout hit, waived ones included, and what became of them.
///
/// One is hit whose last stranded response came in the brownout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BrownoutCallers {
    /// The sequence number of the announcement.
    pub brownout: u64,
    /// All of them.
    pub all: HitCounts,
    /// By client kind, those without a caller left out.
    pub kinds: Vec<HitKind>,
    /// The first of them, at most 100, those that did not come back first.
    pub callers: Vec<HitCaller>,
}

/// How many callers were hit, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HitCounts {
    /// All that were hit.
    pub hit: u64,
    /// Those that came back upgraded.
    pub upgraded: u64,
    /// Those that got a legacy response again.
    pub served_again: u64,
    /// Those that did not come back, which says nothing of them.
    pub silent: u64,
}

/// The callers of one kind that were hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HitKind {
    /// The client kind.
    pub kind: String,
    /// How many.
    #[serde(flatten)]
    pub counts: HitCounts,
}

/// A caller that was hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HitCaller {
    /// Its pseudonym.
    #[serde(serialize_with = "as_text")]
    pub fingerprint: Fingerprint,
    /// Its client kind.
    pub kind: String,
    /// What became of it.
    pub after: AfterBrownout,
}

words! {
    /// What became of a caller that a brownout hit.
    #[non_exhaustive]
    pub enum AfterBrownout {
        /// It has not been seen since, or got no response that a legacy one depends on.
        Silent = "silent",
        /// It got a legacy response again.
        ServedAgain = "served_again",
        /// It came back upgraded.
        Upgraded = "upgraded",
    }
}

/// How many callers are listed.
const MAX_LISTED: usize = 100;

impl BrownoutCallers {
    /// Those of the last brownout that began, at a moment, for a flag that last changed so long ago; `None` if none began.
    pub(super) fn new(
        census: &Census,
        state: &RolloutState,
        now: Timestamp,
        lasted: Duration,
    ) -> Option<Self> {
        let mut began = state.brownouts.iter().rev();
        let brownout = began.find(|brownout| brownout.began.is_some())?;
        let ago = |at: Timestamp| Duration::from_millis(now.unix_ms().saturating_sub(at.unix_ms()));
        let window = Window::new(brownout, state, (now, lasted), ago)?;
        let mut found = Self {
            brownout: brownout.seq(),
            all: HitCounts::default(),
            kinds: Vec::new(),
            callers: Vec::new(),
        };
        // A second more than that: times are exact to a part of one.
        let reach = ago(window.from) + Duration::from_secs(1);
        census.each_caller_in(reach, Select::Depended, |row| {
            if window.hit(&row) {
                found.add(after(&row), row);
            }
        });
        found.kinds.sort_by(|one, other| one.kind.cmp(&other.kind));
        found
            .callers
            .sort_by_key(|caller| (caller.after as u8, caller.fingerprint));
        found.callers.truncate(MAX_LISTED);
        Some(found)
    }

    /// The same by the journal; `None` if the brownout is later than the census.
    #[cfg(feature = "cli")]
    pub(crate) fn of_journal(
        census: &Census,
        state: &RolloutState,
        now: Timestamp,
    ) -> Option<Self> {
        let changed = state.flag_changed.at;
        let known = changed <= now;
        known.then(|| Self::new(census, state, now, now.since(changed)))?
    }

    fn add(&mut self, after: AfterBrownout, row: CallerRow) {
        self.all.add(after);
        if let Some(found) = self.kinds.iter_mut().find(|found| found.kind == row.kind) {
            found.counts.add(after);
        } else {
            let mut counts = HitCounts::default();
            counts.add(after);
            let kind = row.kind.clone();
            self.kinds.push(HitKind { kind, counts });
        }
        self.callers.push(HitCaller {
            fingerprint: row.fingerprint,
            kind: row.kind,
            after,
        });
    }
}

impl HitCounts {
    fn add(&mut self, after: AfterBrownout) {
        self.hit += 1;
        match after {
            AfterBrownout::Upgraded => self.upgraded += 1,
            AfterBrownout::ServedAgain => self.served_again += 1,
            AfterBrownout::Silent => self.silent += 1,
        }
    }
}

/// When the flag was off, by the clock at the moment of the figures.
struct Window {
    from: Timestamp,
    /// Its end, or now.
    to: Timestamp,
}

impl Window {
    fn new(
        brownout: &Brownout,
        state: &RolloutState,
        (now, lasted): (Timestamp, Duration),
        ago: impl Fn(Timestamp) -> Duration,
    ) -> Option<Self> {
        let (began, ended) = (brownout.began.as_ref()?, brownout.ended.as_ref());
        let is_last = |seq: u64| state.flag_changed.seq == seq;
        // Where the flag has not changed since, the census knows how long ago that was, whatever the clock did.
        let changed = ended.unwrap_or(began);
        let changed_ago = if is_last(changed.seq) {
            lasted
        } else {
            ago(changed.at)
        };
        let back = |length: Duration| {
            let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
            Timestamp::from_unix_ms(now.unix_ms().saturating_sub(ms))
        };
        let off = ended.map_or(Duration::ZERO, |ended| ended.at.since(began.at));
        Some(Self {
            from: back(changed_ago.saturating_add(off)),
            to: ended.map_or(now, |_| back(changed_ago)),
        })
    }

    fn hit(&self, row: &CallerRow) -> bool {
        // A response of the instant of the beginning counts as one before it, and one of the end as one in it.
        row.last_stranded
            .is_some_and(|at| self.from < at && at <= self.to)
    }
}

/// What became of a caller that was hit.
fn after(row: &CallerRow) -> AfterBrownout {
    let since = |at: Option<Timestamp>| at > row.last_stranded;
    if row.state == CallerState::Migrated && since(row.last_target) {
        AfterBrownout::Upgraded
    } else if since(row.last_dependent) {
        AfterBrownout::ServedAgain
    } else {
        AfterBrownout::Silent
    }
}

fn as_text<S: Serializer>(fingerprint: &Fingerprint, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(fingerprint)
}
