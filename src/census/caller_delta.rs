//! What one instance saw of a caller since it last handed that over, and merging it.
//!
//! Merging is free of order: last times by maximum, first times by minimum, endpoints and flags by or, counts by sum. Only
//! the longest pause depends on it, and is never too short: a pause that ends at an instance that is late counts as longer.

use serde::{Deserialize, Serialize};

use super::record::{
    CHANGED, IDENTIFIED, LATENT, MINUTE, MIXED, NEVER, NOT_YET, REGRESSED, Record, TARGET,
};

/// What one instance saw of a caller of one kind. Times are ticks of the store's time. Those of legacy sightings are the
/// latest and those of target ones the earliest that the clocks allow, so that one is later than the other only if it is
/// by more than both may be wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CallerDelta {
    pub(crate) fingerprint: u128,
    /// The store's number of the kind.
    pub(crate) kind: u8,
    /// The flags that are kept: [`KEPT`].
    pub(crate) flags: u8,
    /// Minutes.
    pub(crate) pause: u16,
    /// One bit for each endpoint, by the store's numbers.
    pub(crate) endpoints: u64,
    pub(crate) first_seen: u32,
    pub(crate) last_legacy: u32,
    pub(crate) last_dependent: u32,
    pub(crate) last_stranded: u32,
    /// No later than the first target sighting; [`NOT_YET`] if there was none.
    pub(crate) first_target: u32,
    pub(crate) last_target: u32,
    pub(crate) responses: u64,
    pub(crate) dependent: u64,
    pub(crate) stranded: u64,
    /// Empty for none.
    pub(crate) version: String,
}

/// The flags that instances hand over. The others follow from the times.
pub(crate) const KEPT: u8 = MIXED | REGRESSED | LATENT | IDENTIFIED;

impl CallerDelta {
    pub(crate) fn key(&self) -> (u128, u8) {
        (self.fingerprint, self.kind)
    }

    pub(crate) fn last_seen(&self) -> u32 {
        self.last_legacy.max(self.last_target)
    }

    /// A target sighting by rules that are not in force any more is none: what follows is no regression. `since` is since when
    /// those of its kind are.
    pub(crate) fn forget_targets_before(&mut self, since: u32) {
        self.first_target = first_target_since(since, (self.first_target, self.last_target));
    }

    /// Merges another one of the same caller and kind.
    pub(crate) fn merge(&mut self, more: &Self) {
        self.pause = self.pause.max(more.pause).max(pause_between(
            (self.last_legacy, self.last_seen()),
            (more.last_legacy, more.last_seen()),
        ));
        let version = (more.last_seen(), &more.version);
        if version > (self.last_seen(), &self.version) {
            self.version.clone_from(&more.version);
        }
        self.flags |= more.flags;
        self.endpoints |= more.endpoints;
        self.first_seen = self.first_seen.min(more.first_seen);
        self.first_target = self.first_target.min(more.first_target);
        for (last, more) in [
            (&mut self.last_legacy, more.last_legacy),
            (&mut self.last_dependent, more.last_dependent),
            (&mut self.last_stranded, more.last_stranded),
            (&mut self.last_target, more.last_target),
        ] {
            *last = (*last).max(more);
        }
        for (count, more) in [
            (&mut self.responses, more.responses),
            (&mut self.dependent, more.dependent),
            (&mut self.stranded, more.stranded),
        ] {
            *count = count.saturating_add(more);
        }
    }
}

/// No later than the first target sighting by rules that are in force since then, of those from a first to a last one.
fn first_target_since(since: u32, (first, last): (u32, u32)) -> u32 {
    if last < since {
        NOT_YET
    } else {
        first.max(since)
    }
}

/// The pause in minutes from what was known, by its last legacy and its last sighting, to what is merged; 0 if that is not
/// later. As in [`Record::longest_pause`], a legacy sighting ends a pause since the last legacy one.
fn pause_between(known: (u32, u32), more: (u32, u32)) -> u16 {
    let legacy = if known.0 == NEVER {
        0
    } else {
        more.0.saturating_sub(known.0)
    };
    let ticks = legacy.max(more.1.saturating_sub(known.1));
    u16::try_from(ticks.div_ceil(MINUTE)).unwrap_or(u16::MAX)
}

/// A record of a merged census. The tag of its version, which only counting needs, holds how many ticks before its last
/// target sighting the first one was.
impl Record {
    /// The longest such time; then it may have been even longer.
    const LONGEST_SPAN: u16 = u16::MAX;

    /// Merges what an instance saw, by rules that are in force since then. Kind and version are left to the table.
    pub(super) fn absorb(&mut self, delta: &CallerDelta, in_force: u32) {
        if self.responses > 0 || self.last_seen() != NEVER {
            self.keep_pause_minutes(pause_between(
                (self.last_legacy, self.last_seen()),
                (delta.last_legacy, delta.last_seen()),
            ));
        }
        self.keep_pause_minutes(delta.pause);
        let is_new_legacy = delta.last_legacy > self.last_legacy;
        let before = self.first_target(is_new_legacy);
        let before = first_target_since(in_force, (before, self.last_target));
        let first_target = before.min(delta.first_target);
        self.flags |= delta.flags & KEPT;
        self.endpoints |= delta.endpoints;
        self.first_seen = self.first_seen.min(delta.first_seen);
        self.last_legacy = self.last_legacy.max(delta.last_legacy);
        self.last_dependent = self.last_dependent.max(delta.last_dependent);
        self.last_stranded = self.last_stranded.max(delta.last_stranded);
        self.last_target = self.last_target.max(delta.last_target);
        self.responses = self.responses.saturating_add(saturated(delta.responses));
        self.dependent = self.dependent.saturating_add(saturated(delta.dependent));
        self.stranded = self.stranded.saturating_add(saturated(delta.stranded));
        self.derive_flags(first_target);
    }

    fn keep_pause_minutes(&mut self, minutes: u16) {
        self.keep_pause(u32::from(minutes) * MINUTE);
    }

    /// No later than the first target sighting. One that is not known exactly is as early as possible for what is new.
    fn first_target(&self, is_new_legacy: bool) -> u32 {
        if self.last_target == NEVER {
            NOT_YET
        } else if self.version_tag == Self::LONGEST_SPAN && is_new_legacy {
            self.last_legacy.saturating_add(1)
        } else {
            self.last_target - u32::from(self.version_tag)
        }
    }

    /// What follows from the times. In doubt it was seen as a legacy caller last, and after it had been a target caller.
    fn derive_flags(&mut self, first_target: u32) {
        self.flags &= !(TARGET | CHANGED);
        if self.last_target == NEVER {
            return;
        }
        let span = self.last_target.saturating_sub(first_target);
        self.version_tag = u16::try_from(span).unwrap_or(Self::LONGEST_SPAN);
        if self.last_target > self.last_legacy {
            self.flags |= TARGET;
        }
        if self.last_legacy >= first_target {
            self.flags |= MIXED;
        }
        if self.last_dependent >= first_target {
            self.flags |= REGRESSED;
        }
    }
}

fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
