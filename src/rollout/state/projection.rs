//! The projection of a journal: which events are valid, and the state that follows.

use serde::Serialize;

use super::{
    brownout::{Brownout, BrownoutStage},
    entries::EventRef,
    error::{ProjectionError, ProjectionErrorKind, ReplayError},
    state::RolloutState,
};
use crate::rollout::{
    event::{
        BrownoutAnnounced, Event, EventPayload, Head, LossAccepted, Opened, PhaseChange, Recovered,
        RollbackExtended, RollbackTaken,
    },
    evidence::GateReport,
    journal::Journal,
    names::IncidentId,
    phase::{Phase, Transition},
};
use crate::time::Timestamp;

/// How many events are read at a time.
const BATCH: usize = 256;

/// Makes the state of a rollout from its events, one after the other.
///
/// Events of an unknown kind are skipped and listed, so that an older version reads a newer journal as far as it can. A
/// [`Rollout`](crate::rollout::Rollout) does not: it refuses to open such a journal.
///
/// ```
/// use legacy_http_compat::FlagState;
/// use legacy_http_compat::rollout::{Projection, Phase, event::{Head, NewEvent, EventPayload, Opened}, journal::{Journal, MemoryJournal}, names::{Actor, FlagName, Reason}, policy::PolicyDocument};
/// use legacy_http_compat::time::Timestamp;
///
/// let journal = MemoryJournal::new();
/// let opened = Opened {
///     flag: FlagName::new("features.auth.device_flow.compat_legacy_http")?,
///     phase: Phase::Compat,
///     policy: PolicyDocument::default(),
///     loosened: Vec::new(),
/// };
/// let reason = Reason::new("the new contract goes live")?;
/// journal.append(Head::NONE, NewEvent::new(Timestamp::MIN, Actor::human("mara")?, reason, EventPayload::Opened(opened)))?;
///
/// let mut projection = Projection::new();
/// projection.catch_up(&journal, |event| println!("{}", event.payload.name()))?;
/// let state = projection.state().expect("the rollout is open");
/// assert_eq!((state.phase, state.flag()), (Phase::Compat, FlagState::On));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    head: Head,
    state: Option<RolloutState>,
    recoveries: Vec<(Recovered, EventRef)>,
    losses: Vec<(LossAccepted, EventRef)>,
    unknown_events: Vec<UnknownEvent>,
}

/// An event of a kind that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnknownEvent {
    /// The name of the kind.
    pub kind: String,
    /// The event.
    pub event: EventRef,
}

impl Projection {
    /// The state before any event.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A state that no journal says, by an event that is in none. Its head is that of an empty journal.
    pub(in crate::rollout) fn provisional(event: &Event, opened: &Opened) -> Self {
        Self {
            state: Some(RolloutState::open(event, opened)),
            ..Self::default()
        }
    }

    /// Whether it has a state that no journal says.
    pub(in crate::rollout) const fn is_provisional(&self) -> bool {
        self.head.seq == 0 && self.state.is_some()
    }

    /// The last event.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// The state of the rollout; `None` before it is opened.
    #[must_use]
    pub const fn state(&self) -> Option<&RolloutState> {
        self.state.as_ref()
    }

    /// The torn lines that were cut off from the journal, also before the rollout was opened.
    #[must_use]
    pub fn recoveries(&self) -> &[(Recovered, EventRef)] {
        &self.recoveries
    }

    /// The losses of recorded events that were accepted, also before the rollout was opened.
    #[must_use]
    pub fn losses(&self) -> &[(LossAccepted, EventRef)] {
        &self.losses
    }

    /// The events of unknown kinds, which the state does not reflect.
    #[must_use]
    pub fn unknown_events(&self) -> &[UnknownEvent] {
        &self.unknown_events
    }

    /// Checks whether an event is valid next.
    ///
    /// # Errors
    ///
    /// Why it is not valid.
    pub fn check(&self, event: &Event) -> Result<(), ProjectionError> {
        let next = self.head.seq + 1;
        let checked = if event.seq == next {
            self.validate(event)
        } else {
            Err(ProjectionErrorKind::OutOfSequence(next))
        };
        checked.map_err(|kind| ProjectionError::new(event.seq, kind))
    }

    /// Applies the next event.
    ///
    /// # Errors
    ///
    /// Why it is not valid; then nothing has changed.
    pub fn apply(&mut self, event: &Event) -> Result<(), ProjectionError> {
        self.check(event)?;
        match (&event.payload, &mut self.state) {
            (EventPayload::Recovered(recovered), _) => {
                self.recoveries.push((*recovered, EventRef::of(event)));
            }
            (EventPayload::LossAccepted(loss), state) => {
                self.losses.push((*loss, EventRef::of(event)));
                if let Some(state) = state {
                    state.apply(event);
                }
            }
            (EventPayload::Unknown(payload), _) => self.unknown_events.push(UnknownEvent {
                kind: payload.name.clone(),
                event: EventRef::of(event),
            }),
            (EventPayload::Opened(opened), state) => {
                *state = Some(RolloutState::open(event, opened));
            }
            (_, Some(state)) => state.apply(event),
            (_, None) => {}
        }
        self.head = event.head();
        Ok(())
    }

    /// Applies an event, unless it is of an unknown kind.
    pub(in crate::rollout) fn apply_known(&mut self, event: &Event) -> Result<(), ProjectionError> {
        if let EventPayload::Unknown(payload) = &event.payload {
            let kind = ProjectionErrorKind::UnknownKind(payload.name.clone());
            return Err(ProjectionError::new(event.seq, kind));
        }
        self.apply(event)
    }

    /// Applies all new events of a journal, and passes each to `applied`.
    ///
    /// # Errors
    ///
    /// When the journal cannot be read, or an event is not valid; those before it are applied.
    pub fn catch_up(
        &mut self,
        journal: &(impl Journal + ?Sized),
        mut applied: impl FnMut(&Event),
    ) -> Result<(), ReplayError> {
        loop {
            let events = journal.read(self.head.seq, BATCH)?;
            if events.is_empty() {
                return Ok(());
            }
            for event in &events {
                self.apply(event)?;
                applied(event);
            }
        }
    }
}

type Checked = Result<(), ProjectionErrorKind>;

impl Projection {
    fn validate(&self, event: &Event) -> Checked {
        match (&event.payload, &self.state) {
            (
                EventPayload::Recovered(_)
                | EventPayload::LossAccepted(_)
                | EventPayload::Unknown(_),
                _,
            ) => Ok(()),
            (EventPayload::Opened(opened), None) => self.opens(opened),
            (EventPayload::Opened(_), Some(_)) => Err(ProjectionErrorKind::AlreadyOpened),
            (_, None) => Err(ProjectionErrorKind::NotOpened),
            (_, Some(state)) => validate_open(state, event),
        }
    }

    /// After a loss, the phase is the one that was recorded.
    fn opens(&self, opened: &Opened) -> Checked {
        let allowed = match self.lost_phase() {
            Some(phase) => phase == opened.phase,
            None => opened.phase.may_open(),
        };
        require(allowed, || ProjectionErrorKind::CannotOpenIn(opened.phase))
    }

    /// The phase in which a rollout whose opening was lost goes on.
    pub(in crate::rollout) fn lost_phase(&self) -> Option<Phase> {
        let (loss, _) = self.losses.last()?;
        loss.phase
    }
}

fn validate_open(state: &RolloutState, event: &Event) -> Checked {
    match &event.payload {
        EventPayload::PhaseChanged(change) => changes_phase(state, change),
        EventPayload::IncidentOpened(payload) => is_closed(state, &payload.incident),
        EventPayload::IncidentClosed(payload) => is_open(state, &payload.incident),
        EventPayload::WaiverEnded(payload) => {
            require(state.waivers.contains_key(&payload.target), || {
                ProjectionErrorKind::NotWaived(payload.target.clone())
            })
        }
        EventPayload::ContractChanged(payload) => {
            let same = state
                .contract
                .as_ref()
                .is_some_and(|served| served.is(payload));
            require(!same, || ProjectionErrorKind::SameContract)
        }
        EventPayload::PostAnalysisFiled(payload) => {
            let mut rollbacks = state.rollbacks.iter();
            let known = rollbacks.any(|rollback| rollback.done.seq == payload.rollback);
            require(known, || {
                ProjectionErrorKind::NoSuchRollback(payload.rollback)
            })
        }
        EventPayload::RollbackTaken(payload) => takes_back(state, payload),
        EventPayload::RollbackExtended(payload) => extends(state, payload),
        EventPayload::BrownoutAnnounced(payload) => may_announce(state, payload, event.at),
        EventPayload::BrownoutBegan(payload) => begins(state, payload.brownout),
        // Any brownout, over or not: it is ended before that is recorded.
        EventPayload::BrownoutEnded(payload) => brownout(state, payload.brownout).map(|_| ()),
        _ => Ok(()),
    }
}

fn changes_phase(state: &RolloutState, change: &PhaseChange) -> Checked {
    let (stated, actual) = (change.from, state.phase);
    require(stated == actual, || ProjectionErrorKind::NotInPhase {
        stated,
        actual,
    })?;
    let step = actual
        .step(change.to)
        .map_err(ProjectionErrorKind::Impossible)?;
    require(step.is_gated(), || ProjectionErrorKind::NeedsIncident)?;
    not_running(state)?;
    let mut due = state.open_post_analyses();
    match due.next() {
        Some(rollback) if step.requires_post_analyses() => {
            Err(ProjectionErrorKind::PostAnalysisDue(rollback.done.seq))
        }
        _ => validate_gates(step, change),
    }
}

/// Any cutover of the past: a rollback takes effect before it is recorded, and is recorded whatever happened meanwhile.
fn takes_back(state: &RolloutState, payload: &RollbackTaken) -> Checked {
    require(state.cutovers.contains(&payload.cutover), || {
        ProjectionErrorKind::NoSuchCutover(payload.cutover)
    })
}

fn extends(state: &RolloutState, payload: &RollbackExtended) -> Checked {
    let seq = payload.rollback;
    let mut rollbacks = state.rollbacks.iter();
    match rollbacks.find(|rollback| rollback.done.seq == seq) {
        None => Err(ProjectionErrorKind::NoSuchRollback(seq)),
        Some(rollback) => require(rollback.is_running(), || {
            ProjectionErrorKind::RollbackEnded(seq)
        }),
    }
}

/// Whether a brownout may be announced at a time, but for the policy.
pub(in crate::rollout) fn may_announce(
    state: &RolloutState,
    payload: &BrownoutAnnounced,
    at: Timestamp,
) -> Checked {
    may_brown_out(state)?;
    let (start, until) = (payload.start, payload.until);
    let length = Brownout::LENGTH.contains(&until.since(start));
    require(length && at < start, || ProjectionErrorKind::NoBrownout)?;
    let mut pending = state.pending_brownouts();
    let pause = *Brownout::LENGTH.end();
    match pending.find(|other| start < other.until.plus(pause) && other.start < until.plus(pause)) {
        Some(other) => Err(ProjectionErrorKind::BrownoutTooNear(other.seq())),
        None => Ok(()),
    }
}

fn begins(state: &RolloutState, seq: u64) -> Checked {
    let brownout = brownout(state, seq)?;
    let announced = brownout.stage() == BrownoutStage::Announced;
    require(announced, || ProjectionErrorKind::BrownoutBegun(seq))?;
    not_running(state)?;
    may_brown_out(state)
}

fn not_running(state: &RolloutState) -> Checked {
    match state.running_brownout() {
        Some(running) => Err(ProjectionErrorKind::BrownoutRunning(running.seq())),
        None => Ok(()),
    }
}

fn brownout(state: &RolloutState, seq: u64) -> Result<&Brownout, ProjectionErrorKind> {
    let found = state.brownout(seq);
    found.ok_or(ProjectionErrorKind::NoSuchBrownout(seq))
}

/// Whether the flag may go off for a while: in compat, without an open incident, and with each rollback analysed.
pub(in crate::rollout) fn may_brown_out(state: &RolloutState) -> Checked {
    let (stated, actual) = (Phase::Compat, state.phase);
    require(stated == actual, || ProjectionErrorKind::NotInPhase {
        stated,
        actual,
    })?;
    if let Some(incident) = state.open_incidents.keys().next() {
        return Err(ProjectionErrorKind::IncidentStands(incident.clone()));
    }
    match state.open_post_analyses().next() {
        Some(rollback) => Err(ProjectionErrorKind::PostAnalysisDue(rollback.done.seq)),
        None => Ok(()),
    }
}

/// The overridden gates are exactly the failing ones.
fn validate_gates(step: Transition, change: &PhaseChange) -> Checked {
    let overridable = step.may_be_overridden() || change.overridden.is_empty();
    require(overridable, || ProjectionErrorKind::NotOverridable(step))?;
    let not_failing = change
        .overridden
        .iter()
        .find(|gate| !change.failing().any(|report| report.name == **gate));
    if let Some(gate) = not_failing {
        return Err(ProjectionErrorKind::NothingToOverride(gate.clone()));
    }
    let blocks = |report: &&GateReport| !change.overridden.contains(&report.name);
    match change.failing().find(blocks) {
        Some(report) => Err(ProjectionErrorKind::GateFailed(report.name.clone())),
        None => Ok(()),
    }
}

fn is_open(state: &RolloutState, incident: &IncidentId) -> Checked {
    require(state.open_incidents.contains_key(incident), || {
        ProjectionErrorKind::IncidentNotOpen(incident.clone())
    })
}

fn is_closed(state: &RolloutState, incident: &IncidentId) -> Checked {
    require(!state.open_incidents.contains_key(incident), || {
        ProjectionErrorKind::IncidentOpen(incident.clone())
    })
}

fn require(holds: bool, otherwise: impl FnOnce() -> ProjectionErrorKind) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}
