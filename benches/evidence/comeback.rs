//! A dependent that comes back after the cutover.

use crate::{
    installation::{Change, Identity, Installation, Version},
    random::Random,
    rhythm::Rhythm,
    times::{DAY, HOUR},
};

/// A dependent that comes back after the cutover.
#[derive(Clone, Debug)]
pub(crate) struct Comeback {
    /// Whether it is one that was upgraded, if there is one, rather than a new one.
    pub(crate) is_upgraded: bool,
    /// The new one.
    pub(crate) installation: Installation,
    /// What becomes of it, each so long after the cutover; the first change brings it back.
    pub(crate) changes: Vec<(u64, Change)>,
}

impl Comeback {
    /// One that comes in the time of two windows. If it `stays`, it depends for ever.
    pub(crate) fn draw(random: &mut Random, window: u64, stays: bool) -> Self {
        let at = random.magnitude(HOUR..=2 * window);
        let until = at + random.magnitude(HOUR..=10 * DAY);
        let end = random.pick(&[
            Change::Upgrade,
            Change::Upgrade,
            Change::Leave,
            Change::Waive,
        ]);
        let mut changes = vec![(at, Change::RollBack), (until, end)];
        changes.truncate(if stays { 1 } else { 2 });
        let mut installation = Installation {
            version: Version::Old,
            first_version: Version::Old,
            identity: Identity::Stable(random.within(1..=u64::MAX - 1)),
            rhythm: Rhythm::draw(random, window - HOUR, 24),
            ..Installation::legacy()
        };
        installation.next_call = u64::MAX;
        Self {
            is_upgraded: random.percent(60),
            installation,
            changes,
        }
    }
}
