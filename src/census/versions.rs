//! Client versions as small numbers, so that a caller's version costs one byte.

use crate::caller::ClientVersion;

/// The versions seen by one shard. Bounded: once it is full, versions that no caller has any more make room; if there
/// are none, a new version is unknown.
#[derive(Debug, Default)]
pub(super) struct Versions {
    list: Vec<ClientVersion>,
}

impl Versions {
    /// As many as one byte tells apart besides "unknown".
    pub(super) const MAX: usize = 255;

    /// The number of a version: the one that the caller had, a known one, or a new one if there is room.
    #[inline]
    pub(super) fn number(&mut self, version: Option<&ClientVersion>, had: u8) -> u8 {
        match version {
            None => 0,
            Some(version) if self.get(had) == Some(version) => had,
            Some(version) => self.changed(version),
        }
    }

    // Apart, so that the way of a caller whose version has not changed stays short.
    #[cold]
    #[inline(never)]
    fn changed(&mut self, version: &ClientVersion) -> u8 {
        self.find(version)
            .or_else(|| self.add(*version))
            .unwrap_or(0)
    }

    pub(super) fn get(&self, number: u8) -> Option<&ClientVersion> {
        self.list.get(usize::from(number).checked_sub(1)?)
    }

    pub(super) fn list(&self) -> &[ClientVersion] {
        &self.list
    }

    pub(super) fn is_full(&self) -> bool {
        self.list.len() == Self::MAX
    }

    /// Keeps the versions whose numbers are marked, and returns the new number of each old one.
    pub(super) fn compact(&mut self, used: &[bool; 256]) -> [u8; 256] {
        let mut moved = [0; 256];
        let old = std::mem::take(&mut self.list);
        for (number, version) in (1_usize..).zip(old) {
            if used[number] {
                moved[number] = self.add(version).unwrap_or(0);
            }
        }
        moved
    }

    fn find(&self, version: &ClientVersion) -> Option<u8> {
        let place = self.list.iter().position(|known| known == version)?;
        u8::try_from(place + 1).ok()
    }

    fn add(&mut self, version: ClientVersion) -> Option<u8> {
        let number = u8::try_from(self.list.len() + 1).ok()?;
        self.list.push(version);
        Some(number)
    }
}
