//! The primitives of what threads share: those of `std` and `arc-swap`, or those of `loom`, which tries all interleavings.

#[cfg(legacy_http_compat_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};
#[cfg(not(legacy_http_compat_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard, atomic};

#[cfg(not(legacy_http_compat_loom))]
pub(crate) use arc_swap::{ArcSwap, Cache};
#[cfg(legacy_http_compat_loom)]
pub(crate) use swap::{ArcSwap, Cache};

/// What `arc-swap` guarantees and no more, in primitives of `loom`, which does not see its atomics.
#[cfg(legacy_http_compat_loom)]
mod swap {
    use std::sync::{Arc, PoisonError};

    use loom::sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    };

    /// A value that is replaced as a whole.
    pub(crate) struct ArcSwap<T> {
        /// The address of the value.
        address: AtomicUsize,
        value: Mutex<Arc<T>>,
    }

    /// A value as it was last seen. As in `arc-swap`, a relaxed load of the address says whether it is still the current one.
    #[derive(Clone)]
    pub(crate) struct Cache<A, T> {
        swap: A,
        cached: T,
    }

    impl<T> ArcSwap<T> {
        pub(crate) fn new(value: Arc<T>) -> Self {
            Self {
                address: AtomicUsize::new(address(&value)),
                value: Mutex::new(value),
            }
        }

        pub(crate) fn store(&self, new: Arc<T>) {
            let mut value = self.value();
            self.address.store(address(&new), Ordering::SeqCst);
            *value = new;
        }

        pub(crate) fn load_full(&self) -> Arc<T> {
            Arc::clone(&self.value())
        }

        fn value(&self) -> MutexGuard<'_, Arc<T>> {
            self.value.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }

    impl<T> Cache<Arc<ArcSwap<T>>, Arc<T>> {
        pub(crate) fn new(swap: Arc<ArcSwap<T>>) -> Self {
            let cached = swap.load_full();
            Self { swap, cached }
        }

        pub(crate) fn load(&mut self) -> &Arc<T> {
            if self.swap.address.load(Ordering::Relaxed) != address(&self.cached) {
                self.cached = self.swap.load_full();
            }
            &self.cached
        }
    }

    fn address<T>(value: &Arc<T>) -> usize {
        Arc::as_ptr(value).addr()
    }
}
