//! A flag that follows a flag service or a file.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::compat_flag::{CompatFlag, FlagState};
use crate::worker::Tick;

/// What a flag service, or a file, says of one flag.
///
/// For the crate `open-feature`, see the example `openfeature`. A file that is watched:
///
/// ```
/// use std::{fs, path::PathBuf, sync::Arc, time::Duration};
/// use legacy_http_compat::{
///     CompatFlag,
///     flag::{FlagSource, PolledFlag},
///     worker::{BackgroundWorker, Tick},
/// };
///
/// /// A file that contains `true` or `false`.
/// struct FlagFile(PathBuf);
///
/// impl FlagSource for FlagFile {
///     fn poll(&self) -> Option<bool> {
///         // No file, or one that is being written: the flag stays.
///         fs::read_to_string(&self.0).ok()?.trim().parse().ok()
///     }
/// }
///
/// # let file = std::env::temp_dir().join(format!("flag-{}", std::process::id()));
/// # fs::write(&file, "false\n")?;
/// let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
/// let polled = PolledFlag::new(flag.clone(), FlagFile(file.clone()));
/// let worker = BackgroundWorker::start(Duration::from_secs(1), [Arc::new(polled) as Arc<dyn Tick>])?;
/// # while flag.is_on() {
/// #     std::thread::yield_now();
/// # }
/// // The file said `false`, so the flag is off now.
/// # fs::remove_file(&file)?;
/// # worker.shutdown();
/// assert!(!flag.is_on());
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait FlagSource: Send + Sync {
    /// Whether the flag is to be on, or `None` where that is not known: the service cannot be reached, or has no such
    /// flag.
    ///
    /// It is called from a thread that may block, but all work of its [`BackgroundWorker`](crate::worker::BackgroundWorker)
    /// waits meanwhile: set a timeout of about a second.
    fn poll(&self) -> Option<bool>;
}

/// Sets a flag as a [`FlagSource`] says, with each tick of a [`BackgroundWorker`](crate::worker::BackgroundWorker).
///
/// Where the source says nothing, the flag stays as it is, which is logged once. So start with the state that is right when
/// the source cannot be reached: on, while old clients are served. A retired flag is not polled.
///
/// It cannot follow a source in a rollout, which alone [writes](crate::flag#who-writes) its flag.
#[must_use = "work of a `BackgroundWorker`"]
pub struct PolledFlag<S> {
    flag: CompatFlag,
    source: S,
    /// Whether the last poll said nothing.
    unknown: AtomicBool,
}

impl<S: FlagSource> PolledFlag<S> {
    /// The flag, in the state until the first tick, and the source that it follows from then on.
    pub const fn new(flag: CompatFlag, source: S) -> Self {
        Self {
            flag,
            source,
            unknown: AtomicBool::new(false),
        }
    }

    fn follow(&self, on: bool) {
        let before = self.flag.state();
        let state = self.flag.set(on);
        if state != before {
            let (flag, state) = (self.flag.name(), state.as_str());
            tracing::info!(flag, state, "the flag was switched by its source");
        }
    }
}

impl<S: FlagSource> Tick for PolledFlag<S> {
    fn tick(&self) {
        if self.flag.state() == FlagState::Retired {
            return;
        }
        let wanted = self.source.poll();
        // Relaxed: one thread ticks, and only the number of warnings depends on it.
        let was_unknown = self.unknown.swap(wanted.is_none(), Ordering::Relaxed);
        match wanted {
            Some(on) => self.follow(on),
            None if was_unknown => {}
            None => {
                let (flag, state) = (self.flag.name(), self.flag.state().as_str());
                tracing::warn!(flag, state, "the source of the flag says nothing: it stays");
            }
        }
    }

    /// Does nothing: the flag of a process that ends needs no last poll.
    fn shutdown(&self) {}
}

impl<S> fmt::Debug for PolledFlag<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolledFlag")
            .field("flag", &self.flag)
            .finish_non_exhaustive()
    }
}

impl<S: FlagSource + ?Sized> FlagSource for Arc<S> {
    fn poll(&self) -> Option<bool> {
        (**self).poll()
    }
}

#[cfg(all(test, not(legacy_http_compat_loom)))]
mod tests {
    use std::{
        io,
        sync::{Mutex, mpsc},
    };

    use super::*;
    use crate::worker::BackgroundWorker;

    #[derive(Default)]
    struct Service {
        says: Mutex<Option<bool>>,
        polls: Mutex<u32>,
    }

    impl Service {
        fn say(&self, says: Option<bool>) {
            *self.says.lock().unwrap() = says;
        }
    }

    impl FlagSource for Service {
        fn poll(&self) -> Option<bool> {
            *self.polls.lock().unwrap() += 1;
            *self.says.lock().unwrap()
        }
    }

    /// What is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn polled(on: bool) -> (CompatFlag, Arc<Service>, PolledFlag<Arc<Service>>) {
        let (flag, service) = (CompatFlag::new("f", on), Arc::<Service>::default());
        let polled = PolledFlag::new(flag.clone(), service.clone());
        (flag, service, polled)
    }

    #[test]
    fn the_flag_is_set_as_the_source_says() {
        let (flag, service, polled) = polled(false);
        for on in [true, true, false, true] {
            service.say(Some(on));
            polled.tick();
            assert_eq!(flag.is_on(), on);
        }
    }

    #[test]
    fn the_flag_stays_while_the_source_says_nothing() {
        for on in [true, false] {
            let (flag, service, polled) = polled(on);
            polled.tick();
            assert_eq!(flag.is_on(), on, "as at the start");
            service.say(Some(!on));
            polled.tick();
            service.say(None);
            polled.tick();
            assert_eq!(flag.is_on(), !on, "as the source said last");
        }
    }

    #[test]
    fn a_retired_flag_is_not_polled_and_stays_retired() {
        let (flag, service, polled) = polled(true);
        service.say(Some(true));
        flag.retire();
        polled.tick();
        assert_eq!(flag.state(), FlagState::Retired);
        assert_eq!(*service.polls.lock().unwrap(), 0);
    }

    #[test]
    fn a_source_that_says_nothing_is_logged_once_until_it_says_something() {
        let (_flag, service, polled) = polled(true);
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
        tracing::subscriber::with_default(subscriber.finish(), || {
            // Another test may have met these places before this subscriber was there.
            tracing::callsite::rebuild_interest_cache();
            for says in [None, None, Some(true), None, None] {
                service.say(says);
                polled.tick();
            }
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("it stays").count(), 2, "{text}");
    }

    #[test]
    fn a_worker_polls_and_survives_a_source_that_panics() {
        struct Breaks(mpsc::Sender<()>);
        impl FlagSource for Breaks {
            fn poll(&self) -> Option<bool> {
                let _ = self.0.send(());
                panic!("scripted");
            }
        }
        let (polls, polled) = mpsc::channel();
        let flag = CompatFlag::on("f");
        let (other, service, followed) = self::polled(true);
        service.say(Some(false));
        let breaks = PolledFlag::new(flag.clone(), Breaks(polls));
        let work: [Arc<dyn Tick>; 2] = [Arc::new(breaks), Arc::new(followed)];
        let worker = BackgroundWorker::start(std::time::Duration::from_millis(1), work).unwrap();
        polled.recv().unwrap();
        polled.recv().unwrap();
        worker.shutdown();
        assert!(flag.is_on() && !other.is_on());
    }
}
