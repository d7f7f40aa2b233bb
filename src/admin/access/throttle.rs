//! A limit on failed attempts with wrong tokens, by client network.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use axum::extract::ConnectInfo;
use http::Extensions;

use crate::caller::ClientAddr;

/// The recent failed attempts: by client network, and of all networks.
///
/// It limits failures alone: a token is checked before this is consulted, and a right one is always accepted.
#[derive(Debug, Default)]
pub(crate) struct LoginThrottle(Mutex<Failures>);

#[derive(Debug, Default)]
struct Failures {
    keys: HashMap<ThrottleKey, VecDeque<Duration>>,
    /// Of all networks, in the last second.
    all: VecDeque<Duration>,
}

impl LoginThrottle {
    /// The most failures of a network within [`LoginThrottle::WINDOW`].
    const MAX_FAILURES: usize = 10;

    const WINDOW: Duration = Duration::from_secs(600);

    /// The most failures of all networks within a second.
    const MAX_FAILURES_OF_ALL: usize = 20;

    const SECOND: Duration = Duration::from_secs(1);

    /// The most keys that are remembered; beyond it the one that failed longest ago is forgotten.
    const MAX_KEYS: usize = 4_096;

    /// Counts a failure, unless there were too many already: then how long to wait.
    pub(crate) fn fail(&self, key: ThrottleKey, now: Duration) -> Option<Duration> {
        // Lists of times stay valid if a thread panics while it holds the lock.
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Failures { keys, all } = &mut *failures;
        let wait = full(all, Self::MAX_FAILURES_OF_ALL, Self::SECOND, now);
        let of_key = keys.get_mut(&key);
        let wait = of_key
            .and_then(|times| full(times, Self::MAX_FAILURES, Self::WINDOW, now))
            .or(wait);
        if wait.is_some() {
            return wait;
        }
        if !keys.contains_key(&key) {
            evict(keys, now);
        }
        keys.entry(key).or_default().push_back(now);
        all.push_back(now);
        None
    }
}

/// Forgets the times that have aged; if the others are as many as there may be, how long until the next one ages.
fn full(
    times: &mut VecDeque<Duration>,
    most: usize,
    window: Duration,
    now: Duration,
) -> Option<Duration> {
    let left = |failed: Duration| failed.saturating_add(window).saturating_sub(now);
    times.retain(|failed| !left(*failed).is_zero());
    let oldest = times.front().copied()?;
    (times.len() >= most).then(|| left(oldest))
}

fn evict(keys: &mut HashMap<ThrottleKey, VecDeque<Duration>>, now: Duration) {
    if keys.len() < LoginThrottle::MAX_KEYS {
        return;
    }
    let last = |failures: &VecDeque<Duration>| failures.back().copied().unwrap_or_default();
    keys.retain(|_, failures| now.saturating_sub(last(failures)) < LoginThrottle::WINDOW);
    if keys.len() >= LoginThrottle::MAX_KEYS {
        let oldest = keys
            .iter()
            .min_by_key(|(key, failures)| (last(failures), **key));
        if let Some(oldest) = oldest.map(|(key, _)| *key) {
            keys.remove(&oldest);
        }
    }
}

/// The network that an attempt comes from, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ThrottleKey {
    V4(u32),
    /// The first 64 bits of an IPv6 address: a client that has one of these addresses has them all.
    V6(u64),
    /// No address is known: all such clients share one limit.
    Unknown,
}

impl ThrottleKey {
    /// By [`ClientAddr`], or else by the socket.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let stated = extensions.get::<ClientAddr>().copied();
        let connected = || {
            let info = extensions.get::<ConnectInfo<SocketAddr>>();
            info.map(|ConnectInfo(peer)| ClientAddr::from(*peer))
        };
        match stated.or_else(connected).map(ClientAddr::to_canonical) {
            Some(IpAddr::V4(address)) => Self::V4(address.to_bits()),
            Some(IpAddr::V6(address)) => {
                let network = address.to_bits() >> 64;
                u64::try_from(network).map_or(Self::Unknown, Self::V6)
            }
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn fail(attempts: &LoginThrottle, peer: u32, now: Duration) -> Option<Duration> {
        attempts.fail(ThrottleKey::V4(peer), now)
    }

    #[test]
    fn after_ten_failures_a_network_waits_until_they_age() {
        let attempts = LoginThrottle::default();
        for count in 0..10 {
            assert_eq!(fail(&attempts, 1, count * SECOND), None);
        }
        assert_eq!(fail(&attempts, 1, 100 * SECOND), Some(500 * SECOND));
        assert_eq!(fail(&attempts, 2, 100 * SECOND), None, "another network");
        assert_eq!(fail(&attempts, 1, 600 * SECOND), None, "the first has aged");
        assert_eq!(fail(&attempts, 1, 600 * SECOND), Some(SECOND));
    }

    #[test]
    fn all_networks_together_fail_twenty_times_a_second() {
        let attempts = LoginThrottle::default();
        for peer in 0..20 {
            assert_eq!(fail(&attempts, peer, 10 * SECOND), None);
        }
        let half = Duration::from_millis(500);
        assert_eq!(fail(&attempts, 20, 10 * SECOND + half), Some(half));
        assert_eq!(fail(&attempts, 20, 11 * SECOND), None);
    }

    #[test]
    fn the_memory_for_peers_is_bounded_and_forgets_the_oldest() {
        let attempts = LoginThrottle::default();
        let most = u32::try_from(LoginThrottle::MAX_KEYS).unwrap();
        for peer in 0..most + 5 {
            fail(&attempts, peer, SECOND + peer * Duration::from_millis(60));
        }
        let peers = &attempts.0.lock().unwrap().keys;
        assert!(peers.len() <= LoginThrottle::MAX_KEYS);
        assert!(
            !peers.contains_key(&ThrottleKey::V4(4)) && peers.contains_key(&ThrottleKey::V4(4_100))
        );
    }

    fn peer(address: &str) -> ThrottleKey {
        let mut extensions = Extensions::new();
        extensions.insert(ClientAddr(address.parse().unwrap()));
        ThrottleKey::of(&extensions)
    }

    #[test]
    fn a_network_of_ipv6_addresses_is_one_peer() {
        assert_eq!(peer("2001:db8::1"), peer("2001:db8:0:0:ffff::2"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    }

    #[test]
    fn what_the_application_says_comes_before_the_socket() {
        let mut extensions = Extensions::new();
        assert_eq!(ThrottleKey::of(&extensions), ThrottleKey::Unknown);
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 7))));
        assert_eq!(ThrottleKey::of(&extensions), peer("192.0.2.1"));
        extensions.insert(ClientAddr("192.0.2.9".parse().unwrap()));
        assert_eq!(ThrottleKey::of(&extensions), peer("192.0.2.9"));
    }
}
