//! How often a peer may show a wrong token.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::peer::Peer;

/// The failed attempts of late, by peer.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Peer, VecDeque<Duration>>>);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempted<T> {
    /// The token is known.
    Known(T),
    /// It is not, and that counts.
    Wrong,
    /// It was not even looked at: too many have failed. How long to wait.
    TooMany(Duration),
}

impl Attempts {
    /// So many may fail within [`Attempts::WINDOW`].
    pub(crate) const MOST: usize = 10;

    pub(crate) const WINDOW: Duration = Duration::from_secs(600);

    /// So many peers are remembered; beyond that, whoever failed longest ago is forgotten.
    const MOST_PEERS: usize = 4_096;

    /// Looks at what a peer presents, unless too many of its attempts have failed. One attempt at a time, so that many at
    /// once are no more than many after each other.
    pub(crate) fn attempt<T>(
        &self,
        peer: Peer,
        now: Duration,
        look: impl FnOnce() -> Option<T>,
    ) -> Attempted<T> {
        // A list of times is whole whatever became of the thread that held the lock.
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |failed: Duration| failed.saturating_add(Self::WINDOW).saturating_sub(now);
        if let Some(failures) = peers.get_mut(&peer) {
            failures.retain(|failed| !left(*failed).is_zero());
            if failures.len() >= Self::MOST {
                let oldest = failures.front().copied().unwrap_or(now);
                return Attempted::TooMany(left(oldest));
            }
        }
        if let Some(known) = look() {
            return Attempted::Known(known);
        }
        if !peers.contains_key(&peer) {
            make_room(&mut peers, now);
        }
        peers.entry(peer).or_default().push_back(now);
        Attempted::Wrong
    }
}

fn make_room(peers: &mut HashMap<Peer, VecDeque<Duration>>, now: Duration) {
    if peers.len() < Attempts::MOST_PEERS {
        return;
    }
    let last = |failures: &VecDeque<Duration>| failures.back().copied().unwrap_or_default();
    peers.retain(|_, failures| now.saturating_sub(last(failures)) < Attempts::WINDOW);
    if peers.len() >= Attempts::MOST_PEERS {
        let oldest = peers
            .iter()
            .min_by_key(|(peer, failures)| (last(failures), **peer));
        if let Some(oldest) = oldest.map(|(peer, _)| *peer) {
            peers.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn wrong(attempts: &Attempts, peer: u32, now: Duration) -> Attempted<()> {
        attempts.attempt(Peer::V4(peer), now, || None)
    }

    #[test]
    fn after_ten_failures_nothing_is_looked_at_until_they_age() {
        let attempts = Attempts::default();
        for count in 0..10 {
            assert_eq!(wrong(&attempts, 1, count * SECOND), Attempted::Wrong);
        }
        let right = |now| attempts.attempt(Peer::V4(1), now, || Some(()));
        assert_eq!(right(100 * SECOND), Attempted::TooMany(500 * SECOND));
        assert_eq!(
            attempts.attempt(Peer::V4(2), 100 * SECOND, || Some(())),
            Attempted::Known(())
        );
        assert_eq!(
            right(600 * SECOND),
            Attempted::Known(()),
            "the first has aged"
        );
        assert_eq!(wrong(&attempts, 1, 600 * SECOND), Attempted::Wrong);
        assert_eq!(right(600 * SECOND), Attempted::TooMany(SECOND));
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let attempts = Attempts::default();
        for _ in 0..100 {
            let known = attempts.attempt(Peer::Unknown, SECOND, || Some(7));
            assert_eq!(known, Attempted::Known(7));
        }
    }

    #[test]
    fn the_memory_for_peers_is_bounded_and_forgets_the_oldest() {
        let attempts = Attempts::default();
        let most = u32::try_from(Attempts::MOST_PEERS).unwrap();
        for peer in 0..most + 5 {
            wrong(&attempts, peer, SECOND + peer * Duration::from_millis(1));
        }
        let peers = attempts.0.lock().unwrap();
        assert_eq!(peers.len(), Attempts::MOST_PEERS);
        assert!(!peers.contains_key(&Peer::V4(4)) && peers.contains_key(&Peer::V4(5)));
    }
}
