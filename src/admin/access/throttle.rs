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

/// The recent failed attempts, by client network.
#[derive(Debug, Default)]
pub(crate) struct LoginThrottle(Mutex<HashMap<ThrottleKey, VecDeque<Duration>>>);

/// The result of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoginAttempt<T> {
    /// The token is known.
    Known(T),
    /// The token is unknown, and the failure is counted.
    Wrong,
    /// The token was not checked: too many attempts have failed. How long to wait.
    TooMany(Duration),
}

impl LoginThrottle {
    /// The most failures within [`LoginThrottle::WINDOW`].
    const MAX_FAILURES: usize = 10;

    const WINDOW: Duration = Duration::from_secs(600);

    /// The most keys that are remembered; beyond it the one that failed longest ago is forgotten.
    const MAX_KEYS: usize = 4_096;

    /// Verifies a token, unless too many attempts of this network have failed. One attempt runs at a time, so that concurrent
    /// attempts count like sequential ones.
    pub(crate) fn attempt<T>(
        &self,
        key: ThrottleKey,
        now: Duration,
        verify: impl FnOnce() -> Option<T>,
    ) -> LoginAttempt<T> {
        // A list of times stays valid if a thread panics while it holds the lock.
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |failed: Duration| failed.saturating_add(Self::WINDOW).saturating_sub(now);
        if let Some(failures) = keys.get_mut(&key) {
            failures.retain(|failed| !left(*failed).is_zero());
            if failures.len() >= Self::MAX_FAILURES {
                let oldest = failures.front().copied().unwrap_or(now);
                return LoginAttempt::TooMany(left(oldest));
            }
        }
        if let Some(known) = verify() {
            return LoginAttempt::Known(known);
        }
        if !keys.contains_key(&key) {
            evict(&mut keys, now);
        }
        keys.entry(key).or_default().push_back(now);
        LoginAttempt::Wrong
    }
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

    fn wrong(attempts: &LoginThrottle, peer: u32, now: Duration) -> LoginAttempt<()> {
        attempts.attempt(ThrottleKey::V4(peer), now, || None)
    }

    #[test]
    fn after_ten_failures_nothing_is_looked_at_until_they_age() {
        let attempts = LoginThrottle::default();
        for count in 0..10 {
            assert_eq!(wrong(&attempts, 1, count * SECOND), LoginAttempt::Wrong);
        }
        let right = |now| attempts.attempt(ThrottleKey::V4(1), now, || Some(()));
        assert_eq!(right(100 * SECOND), LoginAttempt::TooMany(500 * SECOND));
        assert_eq!(
            attempts.attempt(ThrottleKey::V4(2), 100 * SECOND, || Some(())),
            LoginAttempt::Known(())
        );
        assert_eq!(
            right(600 * SECOND),
            LoginAttempt::Known(()),
            "the first has aged"
        );
        assert_eq!(wrong(&attempts, 1, 600 * SECOND), LoginAttempt::Wrong);
        assert_eq!(right(600 * SECOND), LoginAttempt::TooMany(SECOND));
    }

    #[test]
    fn what_succeeds_does_not_count() {
        let attempts = LoginThrottle::default();
        for _ in 0..100 {
            let known = attempts.attempt(ThrottleKey::Unknown, SECOND, || Some(7));
            assert_eq!(known, LoginAttempt::Known(7));
        }
    }

    #[test]
    fn the_memory_for_peers_is_bounded_and_forgets_the_oldest() {
        let attempts = LoginThrottle::default();
        let most = u32::try_from(LoginThrottle::MAX_KEYS).unwrap();
        for peer in 0..most + 5 {
            wrong(&attempts, peer, SECOND + peer * Duration::from_millis(1));
        }
        let peers = attempts.0.lock().unwrap();
        assert_eq!(peers.len(), LoginThrottle::MAX_KEYS);
        assert!(
            !peers.contains_key(&ThrottleKey::V4(4)) && peers.contains_key(&ThrottleKey::V4(5))
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
