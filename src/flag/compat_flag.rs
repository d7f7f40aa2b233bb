//! The two ends of the flag.

use std::{fmt, sync::Arc};

use crate::{
    sync::atomic::{AtomicU8, Ordering},
    words::words,
};

const OFF: u8 = 0;
const ON: u8 = 1;
const RETIRED: u8 = 2;

words! {
    /// The state of a flag.
    #[expect(
        clippy::exhaustive_enums,
        reason = "a caller must be able to handle every state"
    )]
    pub enum FlagState {
        /// Responses pass through as the handlers made them; dependent callers are still counted.
        Off = "off",
        /// Responses are rewritten for dependent callers.
        On = "on",
        /// Off for good. The middleware is an identity.
        Retired = "retired",
    }
}

/// The writing end of a shared atomic flag.
///
/// ```
/// use legacy_http_compat::{CompatFlag, FlagState};
///
/// let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
/// let reader = flag.reader();
/// flag.set(false);
/// assert_eq!(reader.state(), FlagState::Off);
///
/// flag.retire();
/// assert_eq!(flag.set(true), FlagState::Retired, "retired is final");
/// assert!(flag.try_set(true).is_err());
/// ```
#[derive(Clone)]
pub struct CompatFlag {
    shared: Arc<Shared>,
}

/// The reading end of a shared atomic flag, made by [`CompatFlag::reader`] or from a `&CompatFlag`.
#[derive(Clone)]
pub struct FlagReader {
    shared: Arc<Shared>,
}

/// The error of [`CompatFlag::try_set`]: the flag is retired.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the flag {name} is retired")]
pub struct FlagRetiredError {
    name: Box<str>,
}

struct Shared {
    name: Box<str>,
    state: AtomicU8,
}

impl CompatFlag {
    /// A flag with the name that configuration and logs use for it.
    pub fn new(name: impl Into<String>, on: bool) -> Self {
        let state = AtomicU8::new(if on { ON } else { OFF });
        let name = name.into().into_boxed_str();
        Self {
            shared: Arc::new(Shared { name, state }),
        }
    }

    /// A flag that is on.
    pub fn on(name: impl Into<String>) -> Self {
        Self::new(name, true)
    }

    /// A flag that is off.
    pub fn off(name: impl Into<String>) -> Self {
        Self::new(name, false)
    }

    /// The name of the flag.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// A reading end.
    #[must_use]
    pub fn reader(&self) -> FlagReader {
        FlagReader {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Switches on or off and returns the state after the call.
    ///
    /// Once `set(false)` has returned, no response decided after it is rewritten. A retired flag stays retired.
    #[expect(
        clippy::must_use_candidate,
        reason = "called for its effect; only `set(true)` can be refused"
    )]
    pub fn set(&self, on: bool) -> FlagState {
        let wanted = if on { ON } else { OFF };
        // Release: a reader that sees the new state also sees what was written before the flip (a journal record, say).
        // An exchange and not a store, because a store could overwrite a retirement that another thread just made.
        let flip = self
            .shared
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                (state != RETIRED).then_some(wanted)
            });
        if flip.is_ok() {
            decode(wanted)
        } else {
            FlagState::Retired
        }
    }

    /// Switches on or off like [`set`](Self::set), and reports a retired flag as an error.
    ///
    /// # Errors
    ///
    /// When the flag is retired, whatever `on` is.
    pub fn try_set(&self, on: bool) -> Result<(), FlagRetiredError> {
        match self.set(on) {
            FlagState::On | FlagState::Off => Ok(()),
            FlagState::Retired => Err(FlagRetiredError {
                name: self.shared.name.clone(),
            }),
        }
    }

    /// Whether responses are being rewritten.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.shared.state() == FlagState::On
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> FlagState {
        self.shared.state()
    }

    /// Switches off for good: no later [`set`](Self::set) has an effect, and the middleware becomes an identity.
    pub fn retire(&self) {
        // An exchange and not a store: it continues the release sequence of the flips before it, so that a reader that
        // sees the retirement also sees what was written before them.
        self.shared.state.swap(RETIRED, Ordering::AcqRel);
    }
}

impl FlagReader {
    /// The name of the flag.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Whether responses are being rewritten.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.shared.state() == FlagState::On
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> FlagState {
        self.shared.state()
    }
}

impl From<&CompatFlag> for FlagReader {
    fn from(flag: &CompatFlag) -> Self {
        flag.reader()
    }
}

impl Shared {
    fn state(&self) -> FlagState {
        // Acquire pairs with the Release of the writers. That a read which happens after `set` sees its value needs
        // no more than coherence of this one atomic.
        decode(self.state.load(Ordering::Acquire))
    }
}

impl fmt::Debug for CompatFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("CompatFlag", f)
    }
}

impl fmt::Debug for FlagReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.describe("FlagReader", f)
    }
}

impl Shared {
    fn describe(&self, end: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(end)
            .field("name", &self.name)
            .field("state", &self.state())
            .finish()
    }
}

fn decode(state: u8) -> FlagState {
    match state {
        OFF => FlagState::Off,
        ON => FlagState::On,
        _ => FlagState::Retired,
    }
}

#[cfg(all(test, not(legacy_http_compat_loom)))]
mod tests {
    use super::*;

    #[test]
    fn all_clones_share_one_state() {
        let flag = CompatFlag::new("f", false);
        let reader = flag.clone().reader();
        assert_eq!(flag.set(true), FlagState::On);
        assert!(reader.clone().is_on());
        assert_eq!(reader.name(), "f");
    }

    #[test]
    fn a_retired_flag_cannot_be_switched_on_again() {
        let flag = CompatFlag::new("f", true);
        flag.retire();
        assert_eq!(flag.set(true), FlagState::Retired);
        assert_eq!(flag.set(false), FlagState::Retired);
        assert!(!flag.is_on());
    }

    #[test]
    fn only_a_retired_flag_refuses_to_be_set() {
        let flag = CompatFlag::off("f");
        assert_eq!(flag.try_set(true), Ok(()));
        flag.retire();
        let error = flag.try_set(false).unwrap_err();
        assert_eq!(error.to_string(), "the flag f is retired");
    }
}

#[cfg(all(test, legacy_http_compat_loom))]
mod loom_tests {
    use super::*;
    use loom::{sync::atomic::AtomicBool, thread};

    #[test]
    fn a_retirement_wins_against_every_flip_that_races_with_it() {
        loom::model(|| {
            let flag = CompatFlag::new("f", true);
            let flips = flag.clone();
            let flipper = thread::spawn(move || {
                flips.set(false);
                flips.set(true);
            });
            flag.retire();
            flipper.join().expect("the flipper does not panic");
            assert_eq!(flag.state(), FlagState::Retired);
        });
    }

    #[test]
    fn who_sees_the_flip_sees_what_was_written_before_it() {
        loom::model(|| {
            let flag = CompatFlag::new("f", true);
            let reader = flag.reader();
            let record = Arc::new(AtomicBool::new(false));
            let written = Arc::clone(&record);
            let writer = thread::spawn(move || {
                written.store(true, Ordering::Relaxed);
                flag.set(false);
            });
            if !reader.is_on() {
                assert!(
                    record.load(Ordering::Relaxed),
                    "the record precedes the flip"
                );
            }
            writer.join().expect("the writer does not panic");
        });
    }
}
