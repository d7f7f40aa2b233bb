//! The fold.

use super::{
    check,
    error::{ProjectionError, ProjectionErrorKind, ReplayError},
};
use crate::rollout::{
    event::Event,
    journal::Journal,
    payload::{EventPayload, Recovered},
    records::EventRef,
    state::RolloutState,
};

/// How many events are read at a time.
const BATCH: usize = 256;

/// The state of a rollout, made of its events one after the other.
///
/// ```
/// use legacy_http_compat::FlagState;
/// use legacy_http_compat::rollout::{
///     Actor, NewEvent, EventPayload, FlagName, Projection, Journal, MemoryJournal, Opened, Phase, PolicyDocument, Reason,
/// };
/// use legacy_http_compat::time::Timestamp;
///
/// let journal = MemoryJournal::new();
/// let opened = Opened {
///     flag: FlagName::new("features.auth.device_flow.compat_legacy_http")?,
///     phase: Phase::Compat,
///     policy: PolicyDocument::default(),
/// };
/// let reason = Reason::new("the new contract goes live")?;
/// journal.append(0, NewEvent::new(Timestamp::MIN, Actor::human("mara")?, reason, EventPayload::Opened(opened)))?;
///
/// let mut fold = Projection::new();
/// fold.catch_up(&journal, |event| println!("{}", event.payload().name()))?;
/// let state = fold.state().expect("the rollout is open");
/// assert_eq!((state.phase(), state.flag()), (Phase::Compat, FlagState::On));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    head: u64,
    state: Option<RolloutState>,
    recoveries: Vec<(Recovered, EventRef)>,
}

impl Projection {
    /// The state before any event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of the last event taken in.
    #[must_use]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// Where the rollout stands; `None` before it is opened.
    #[must_use]
    pub const fn state(&self) -> Option<&RolloutState> {
        self.state.as_ref()
    }

    /// The torn lines that were cut off from the journal, before the rollout was opened too.
    #[must_use]
    pub fn recoveries(&self) -> &[(Recovered, EventRef)] {
        &self.recoveries
    }

    /// Whether an event could follow. Ask before it is appended.
    ///
    /// # Errors
    ///
    /// Why it could not.
    pub fn check(&self, event: &Event) -> Result<(), ProjectionError> {
        let next = self.head + 1;
        let checked = if event.seq() == next {
            check::validate(self.state.as_ref(), event)
        } else {
            Err(ProjectionErrorKind::OutOfSequence(next))
        };
        checked.map_err(|kind| ProjectionError::new(event.seq(), kind))
    }

    /// Takes in the next event.
    ///
    /// # Errors
    ///
    /// Why it cannot follow; then nothing has changed.
    pub fn apply(&mut self, event: &Event) -> Result<(), ProjectionError> {
        self.check(event)?;
        match (event.payload(), &mut self.state) {
            (EventPayload::Recovered(recovered), _) => {
                self.recoveries.push((*recovered, EventRef::of(event)));
            }
            (EventPayload::Opened(opened), state) => {
                *state = Some(RolloutState::open(event, opened));
            }
            (_, Some(state)) => state.commit(event),
            (_, None) => {}
        }
        self.head = event.seq();
        Ok(())
    }

    /// Takes in all that was journaled since, and shows each event once it is taken in.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read, or an event of it cannot follow; those before it are taken in.
    pub fn catch_up(
        &mut self,
        journal: &(impl Journal + ?Sized),
        mut taken: impl FnMut(&Event),
    ) -> Result<(), ReplayError> {
        loop {
            let events = journal.read(self.head, BATCH)?;
            if events.is_empty() {
                return Ok(());
            }
            for event in &events {
                self.apply(event)?;
                taken(event);
            }
        }
    }
}
