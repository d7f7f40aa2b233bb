//! Numbers that a census goes by.

/// Numbers that a census goes by; times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) capacity: usize,
    pub(super) retention: u64,
    pub(super) heartbeat_limit: u64,
    pub(super) snapshot_every: u64,
    pub(super) key_check: u64,
}
