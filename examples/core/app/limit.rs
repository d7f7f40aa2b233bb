//! The rate limit per peer.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

const WINDOW: Duration = Duration::from_secs(60);

/// Counts the attempts of each peer in one-minute windows, each opened by the first attempt.
pub(crate) struct Attempts {
    allowed: u32,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    peers: HashMap<IpAddr, Window>,
    swept: Duration,
}

struct Window {
    opened: Duration,
    used: u32,
}

impl Attempts {
    pub(crate) fn new(allowed: u32) -> Self {
        Self {
            allowed,
            table: Mutex::default(),
        }
    }

    /// Counts an attempt of `peer`, or returns how long it must wait.
    pub(crate) fn admit(&self, peer: IpAddr, now: Duration) -> Result<(), Duration> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.sweep(now);
        let fresh = Window {
            opened: now,
            used: 0,
        };
        let window = table.peers.entry(peer).or_insert(fresh);
        if window.is_over(now) {
            *window = Window {
                opened: now,
                used: 0,
            };
        }
        if window.used >= self.allowed {
            return Err((window.opened + WINDOW).saturating_sub(now));
        }
        window.used += 1;
        Ok(())
    }
}

impl Table {
    /// Removes the peers whose window has passed, at most once per window.
    fn sweep(&mut self, now: Duration) {
        if now >= self.swept + WINDOW {
            self.swept = now;
            self.peers.retain(|_, window| !window.is_over(now));
        }
    }
}

impl Window {
    fn is_over(&self, now: Duration) -> bool {
        now >= self.opened + WINDOW
    }
}
