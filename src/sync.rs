//! The primitives of what threads share: those of `std`, or those of `loom`, which tries all interleavings.

#[cfg(legacy_http_compat_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};
#[cfg(not(legacy_http_compat_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};
