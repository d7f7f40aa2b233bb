//! The wake-up for a peek that waits too long, without an async runtime.

use std::{
    collections::BTreeMap,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

/// The end of the time that one peek may take, from its first pending poll on.
#[derive(Debug)]
pub(super) struct PeekTimer(Key);

/// A moment, and a number that sets timers of the same moment apart.
type Key = (Instant, u64);

/// All timers, and the one thread that wakes their tasks. It is started by the first timer and waits while there is none.
static WAKERS: Wakers = Wakers {
    waiting: Mutex::new(Waiting {
        wakers: BTreeMap::new(),
        has_thread: false,
    }),
    changed: Condvar::new(),
};

struct Wakers {
    waiting: Mutex<Waiting>,
    /// Signalled when the earliest timer is another one.
    changed: Condvar,
}

struct Waiting {
    wakers: BTreeMap<Key, Waker>,
    has_thread: bool,
}

impl PeekTimer {
    pub(super) fn new(time: Duration) -> Self {
        /// In place of times that end beyond what an [`Instant`] can say.
        const DAY: Duration = Duration::from_secs(86_400);
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let now = Instant::now();
        let end = now.checked_add(time).unwrap_or(now + DAY);
        // Relaxed: all that matters is that no number is given twice.
        Self((end, NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Ready at the end of the time. Where no thread can be had that would wake the task then, it is ready at once.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.0 <= Instant::now() || WAKERS.set(self.0, cx.waker()).is_err() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for PeekTimer {
    fn drop(&mut self) {
        let waker = WAKERS.waiting().wakers.remove(&self.0);
        // Dropped without the lock: a waker runs code of its executor.
        drop(waker);
    }
}

impl Wakers {
    fn set(&'static self, key: Key, waker: &Waker) -> std::io::Result<()> {
        let mut waiting = self.waiting();
        if !waiting.has_thread {
            let name = "legacy-http-compat-peek".to_owned();
            thread::Builder::new().name(name).spawn(|| self.run())?;
            waiting.has_thread = true;
        }
        if !waiting
            .wakers
            .get(&key)
            .is_some_and(|set| set.will_wake(waker))
        {
            let replaced = waiting.wakers.insert(key, waker.clone());
            let is_earliest = waiting
                .wakers
                .first_key_value()
                .is_some_and(|(first, _)| *first == key);
            drop(waiting);
            drop(replaced);
            if is_earliest {
                self.changed.notify_one();
            }
        }
        Ok(())
    }

    /// Wakes the task of each timer at its end.
    fn run(&self) {
        let mut waiting = self.waiting();
        loop {
            let now = Instant::now();
            let Some(first) = waiting.wakers.first_entry() else {
                let changed = self.changed.wait(waiting);
                waiting = changed.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let end = first.key().0;
            if end <= now {
                let waker = first.remove();
                drop(waiting);
                waker.wake();
                waiting = self.waiting();
            } else {
                let changed = self.changed.wait_timeout(waiting, end - now);
                waiting = changed.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// A panic while the lock was held leaves the map as it was.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        task::Wake,
    };

    use super::*;

    struct Sends(Mutex<mpsc::Sender<()>>);

    impl Wake for Sends {
        fn wake(self: Arc<Self>) {
            self.0.lock().unwrap().send(()).unwrap();
        }
    }

    fn waker() -> (Waker, mpsc::Receiver<()>) {
        let (sender, woken) = mpsc::channel();
        (Arc::new(Sends(Mutex::new(sender))).into(), woken)
    }

    #[test]
    fn the_task_is_woken_at_the_end_although_a_later_timer_was_there_first() {
        let (waker, woken) = waker();
        let mut cx = Context::from_waker(&waker);
        let late = PeekTimer::new(Duration::from_secs(3_600));
        assert!(late.poll(&mut cx).is_pending());
        // After the first of them, the thread waits for the later one.
        for _ in 0..20 {
            let timer = PeekTimer::new(Duration::from_millis(1));
            while timer.poll(&mut cx).is_pending() {
                woken.recv().unwrap();
            }
        }
        drop(late);
        assert!(woken.try_recv().is_err(), "a dropped timer wakes nothing");
    }

    #[test]
    fn a_dropped_timer_holds_no_waker() {
        let (waker, woken) = waker();
        let timer = PeekTimer::new(Duration::MAX);
        assert!(timer.poll(&mut Context::from_waker(&waker)).is_pending());
        drop((timer, waker));
        assert!(woken.recv().is_err(), "the sender is gone with its waker");
    }
}
