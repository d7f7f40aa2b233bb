//! The thread for periodic work.
//!
//! The [`BackgroundWorker`] calls [`Tick::tick`] about once per interval, and [`Tick::shutdown`] when it is shut down or
//! dropped. What is due is decided inside, by the clock of the implementation.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Periodic work.
pub trait Tick: Send + Sync {
    /// Does what is due. Must not block for long: all work of a worker shares one thread.
    fn tick(&self);

    /// Does what is left to do before the process ends. By default a last [`Tick::tick`].
    fn shutdown(&self) {
        self.tick();
    }
}

/// A thread that ticks until it is shut down or dropped, and is then joined.
///
/// ```
/// use std::{sync::{Arc, atomic::{AtomicU32, Ordering}}, time::Duration};
/// use legacy_http_compat::worker::{BackgroundWorker, Tick};
///
/// #[derive(Default)]
/// struct Count(AtomicU32);
///
/// impl Tick for Count {
///     fn tick(&self) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let count = Arc::new(Count::default());
/// let worker = BackgroundWorker::start(Duration::from_secs(1), [count.clone() as Arc<dyn Tick>])?;
/// worker.shutdown();
/// assert!(count.0.load(Ordering::Relaxed) >= 1, "at least the last tick");
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropping the worker stops its work"]
pub struct BackgroundWorker {
    requests: Arc<Requests>,
    thread: Option<JoinHandle<()>>,
}

/// What is requested of the thread.
#[derive(Default)]
struct Requests {
    waiting: Mutex<Waiting>,
    stop_requested: Condvar,
}

#[derive(Default)]
struct Waiting {
    stop: bool,
    added: Vec<Arc<dyn Tick>>,
}

impl BackgroundWorker {
    /// Starts the thread. It ticks all of `work` immediately and then about every `interval` of real time, in this order.
    ///
    /// # Errors
    ///
    /// When the operating system cannot create the thread.
    pub fn start(
        interval: Duration,
        work: impl IntoIterator<Item = Arc<dyn Tick>>,
    ) -> io::Result<Self> {
        let work: Vec<_> = work.into_iter().collect();
        let requests = Arc::new(Requests::default());
        let thread = thread::Builder::new()
            .name("legacy-http-compat".to_owned())
            .spawn({
                let requests = Arc::clone(&requests);
                move || run(&requests, interval, work)
            })?;
        Ok(Self {
            requests,
            thread: Some(thread),
        })
    }

    /// Adds work to the running thread. It is ticked from the next round on and shut down with the rest, in both cases
    /// after all earlier work.
    pub fn add(&self, work: Arc<dyn Tick>) {
        self.requests.lock().added.push(work);
    }

    /// Calls [`Tick::shutdown`] of all work, in the order of its ticks, and waits for it. Dropping the worker does the same.
    pub fn shutdown(self) {}
}

impl Drop for BackgroundWorker {
    fn drop(&mut self) {
        self.requests.lock().stop = true;
        self.requests.stop_requested.notify_all();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // Work that owns its worker drops it on this very thread, which cannot join itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the worker's thread panicked");
        }
    }
}

impl fmt::Debug for BackgroundWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackgroundWorker").finish_non_exhaustive()
    }
}

impl Requests {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the interval to pass or a stop. Returns whether to stop, and the work added meanwhile.
    fn wait(&self, interval: Duration) -> Waiting {
        let (mut waiting, _) = self
            .stop_requested
            .wait_timeout_while(self.lock(), interval, |waiting| !waiting.stop)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }
}

fn run(requests: &Requests, interval: Duration, mut work: Vec<Arc<dyn Tick>>) {
    let mut stop = false;
    while !stop {
        for work in &work {
            guarded(|| work.tick());
        }
        let waited = requests.wait(interval);
        work.extend(waited.added);
        stop = waited.stop;
    }
    for work in &work {
        guarded(|| work.shutdown());
    }
}

/// Work that panics must not stop the heartbeats of the rest.
fn guarded(work: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(work)).is_err() {
        tracing::error!("periodic work panicked; the next tick tries again");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, Sender},
    };

    use super::*;

    #[derive(Default)]
    struct Work {
        ticks: AtomicU32,
        shut_down: AtomicU32,
        panics: bool,
    }

    impl Tick for Work {
        fn tick(&self) {
            self.ticks.fetch_add(1, Ordering::Relaxed);
            assert!(!self.panics, "scripted");
        }

        fn shutdown(&self) {
            self.shut_down.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn dropping_the_worker_shuts_the_work_down_and_joins() {
        let work = Arc::new(Work::default());
        let worker =
            BackgroundWorker::start(Duration::from_secs(3_600), [work.clone() as Arc<dyn Tick>])
                .unwrap();
        drop(worker);
        assert_eq!(work.ticks.load(Ordering::Relaxed), 1);
        assert_eq!(work.shut_down.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&work), 1, "the thread is gone");
    }

    /// Appends its name to a shared list, and reports each tick.
    struct Named {
        name: &'static str,
        calls: Arc<Mutex<Vec<String>>>,
        ticked: Sender<&'static str>,
    }

    impl Named {
        fn record(&self, call: &str) {
            self.calls
                .lock()
                .unwrap()
                .push(format!("{call} {}", self.name));
        }
    }

    impl Tick for Named {
        fn tick(&self) {
            self.record("tick");
            let _ = self.ticked.send(self.name);
        }

        fn shutdown(&self) {
            self.record("shutdown");
        }
    }

    #[test]
    fn added_work_is_ticked_after_the_rest_and_shut_down_after_it() {
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let (ticked, ticks) = mpsc::channel();
        let work = |name| {
            let (calls, ticked) = (Arc::clone(&calls), ticked.clone());
            let named = Named {
                name,
                calls,
                ticked,
            };
            Arc::new(named) as Arc<dyn Tick>
        };
        let worker = BackgroundWorker::start(Duration::from_millis(1), [work("first")]).unwrap();
        worker.add(work("second"));
        while ticks.recv().unwrap() != "second" {}
        worker.add(work("third"));
        worker.shutdown();

        let calls = calls.lock().unwrap();
        let mut ticks = calls.iter();
        let second = ticks.position(|call| call == "tick second").unwrap();
        assert_eq!(calls[second - 1], "tick first");
        let last = ["shutdown first", "shutdown second", "shutdown third"];
        assert!(calls.ends_with(&last.map(str::to_owned)), "{calls:?}");
    }

    #[test]
    fn work_added_just_before_a_shutdown_is_shut_down() {
        let worker = BackgroundWorker::start(Duration::from_secs(3_600), []).unwrap();
        let work = Arc::new(Work::default());
        worker.add(work.clone());
        worker.shutdown();
        assert_eq!(work.shut_down.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn work_that_panics_does_not_stop_the_rest() {
        let bad = Arc::new(Work {
            panics: true,
            ..Work::default()
        });
        let good = Arc::new(Work::default());
        let work: [Arc<dyn Tick>; 2] = [bad.clone(), good.clone()];
        BackgroundWorker::start(Duration::from_secs(3_600), work)
            .unwrap()
            .shutdown();
        assert_eq!(bad.shut_down.load(Ordering::Relaxed), 1);
        assert_eq!(good.ticks.load(Ordering::Relaxed), 1);
    }
}
