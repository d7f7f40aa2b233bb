//! Where the fields of one request are noted, for the layer outside to read when the answer comes.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    contract::compile::CompiledContract,
    json::{Field, FieldScanner, Fields},
};

/// Put into a request's extensions where its endpoint asks for request fields.
#[derive(Clone)]
pub(in crate::middleware) struct Slot {
    shared: Arc<Shared>,
}

struct Shared {
    plan: Arc<CompiledContract>,
    endpoint: usize,
    state: Mutex<State>,
}

enum State {
    /// No capture layer has seen the request.
    Untaken,
    /// The body's beginning, as far as the handler has read it.
    Reading { text: Vec<u8>, limit: usize },
    /// Nothing but the fields that were asked for.
    Known(Vec<Noted>),
}

enum Noted {
    Unknown,
    Absent,
    Present(Box<str>),
}

/// What is known of a request's fields when its answer is decided.
#[derive(Default)]
pub(in crate::middleware) struct RequestFields {
    noted: Vec<Noted>,
    untaken: bool,
}

impl Slot {
    pub(in crate::middleware) fn new(plan: Arc<CompiledContract>, endpoint: usize) -> Self {
        let state = Mutex::new(State::Untaken);
        Self {
            shared: Arc::new(Shared {
                plan,
                endpoint,
                state,
            }),
        }
    }

    /// Begins to note what is read of the body; nothing of one that is not JSON as it stands.
    pub(super) fn take(&self, readable: bool, limit: usize) {
        *self.state() = if readable {
            State::Reading {
                text: Vec::new(),
                limit,
            }
        } else {
            State::Known(Vec::new())
        };
    }

    /// Notes more of the body. At the limit the fields found so far are all that is kept.
    pub(super) fn note(&self, data: &[u8]) {
        let mut state = self.state();
        let State::Reading { text, limit } = &mut *state else {
            return;
        };
        let room = *limit - text.len();
        text.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            *state = State::Known(self.find(text, Extent::Beginning));
        }
    }

    /// The body has been read to its end.
    pub(super) fn end(&self) {
        self.close(Extent::Whole);
    }

    /// What is known now. A body of which only a part was read is known by that part.
    pub(in crate::middleware) fn read(&self) -> RequestFields {
        let untaken = matches!(*self.state(), State::Untaken);
        self.close(Extent::Beginning);
        match mem::replace(&mut *self.state(), State::Known(Vec::new())) {
            State::Known(noted) => RequestFields { noted, untaken },
            State::Untaken | State::Reading { .. } => RequestFields {
                noted: Vec::new(),
                untaken,
            },
        }
    }

    fn close(&self, extent: Extent) {
        let mut state = self.state();
        if let State::Reading { text, .. } = &*state {
            let noted = self.find(text, extent);
            *state = State::Known(noted);
        }
    }

    fn find(&self, text: &[u8], extent: Extent) -> Vec<Noted> {
        let asked = self.asked();
        let fields = asked.scan(text);
        (0..asked.len())
            .map(|slot| extent.note(text, fields.get(slot)))
            .collect()
    }

    fn asked(&self) -> &FieldScanner {
        &self.shared.plan.endpoints[self.shared.endpoint]
            .request
            .fields
    }

    /// A panic while the state was held leaves it whole: it is only ever replaced.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much of a body a text is.
#[derive(Clone, Copy)]
enum Extent {
    Whole,
    Beginning,
}

impl Extent {
    /// A number at the very end of a beginning may go on behind it.
    fn note(self, text: &[u8], field: Field<'_>) -> Noted {
        match field {
            Field::Present(json) if matches!(self, Self::Beginning) && ends_at_end(text, json) => {
                Noted::Unknown
            }
            Field::Present(json) => Noted::Present(json.into()),
            Field::Absent => Noted::Absent,
            Field::Unknown => Noted::Unknown,
        }
    }
}

fn ends_at_end(text: &[u8], part: &str) -> bool {
    text.as_ptr_range().end == part.as_bytes().as_ptr_range().end
}

impl RequestFields {
    /// Whether no capture layer has seen the request.
    pub(in crate::middleware) fn untaken(&self) -> bool {
        self.untaken
    }

    pub(in crate::middleware) fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::unknown();
        for (slot, noted) in self.noted.iter().enumerate() {
            fields.set(
                slot,
                match noted {
                    Noted::Unknown => Field::Unknown,
                    Noted::Absent => Field::Absent,
                    Noted::Present(json) => Field::Present(json),
                },
            );
        }
        fields
    }
}
