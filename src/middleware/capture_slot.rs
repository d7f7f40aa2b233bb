//! The captured fields of one request, for the outer layer to read when the response arrives.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    contract::compile::CompiledContract,
    json::{Field, FieldScanner, Fields},
};

/// Inserted into a request's extensions where its endpoint reads request fields.
#[derive(Clone)]
pub(super) struct CaptureSlot {
    shared: Arc<Shared>,
}

struct Shared {
    contract: Arc<CompiledContract>,
    endpoint: usize,
    state: Mutex<State>,
}

enum State {
    /// No capture layer has seen the request.
    NotSeen,
    /// The beginning of the body, as far as the handler has read it.
    Reading { text: Vec<u8>, limit: usize },
    /// Only the fields that the endpoint reads.
    Captured(Vec<CapturedField>),
}

enum CapturedField {
    Unknown,
    Absent,
    Present(Box<str>),
}

/// What is known of a request's fields when its response is decided.
#[derive(Default)]
pub(super) struct RequestFields {
    captured: Vec<CapturedField>,
    not_seen: bool,
}

impl CaptureSlot {
    pub(super) fn new(contract: Arc<CompiledContract>, endpoint: usize) -> Self {
        let state = Mutex::new(State::NotSeen);
        Self {
            shared: Arc::new(Shared {
                contract,
                endpoint,
                state,
            }),
        }
    }

    /// Starts capturing; nothing is captured of a body that is not readable as JSON.
    pub(super) fn start(&self, readable: bool, limit: usize) {
        *self.state() = if readable {
            State::Reading {
                text: Vec::new(),
                limit,
            }
        } else {
            State::Captured(Vec::new())
        };
    }

    /// Records more of the body. At the limit only the fields found so far are kept.
    pub(super) fn record(&self, data: &[u8]) {
        let mut state = self.state();
        let State::Reading { text, limit } = &mut *state else {
            return;
        };
        let left = *limit - text.len();
        text.extend_from_slice(&data[..data.len().min(left)]);
        if data.len() > left {
            *state = State::Captured(self.find(text, Completeness::Beginning));
        }
    }

    /// The body has been read to its end.
    pub(super) fn end(&self) {
        self.close(Completeness::Whole);
    }

    /// What is known now. Of a partly read body, only that part is known.
    pub(super) fn read(&self) -> RequestFields {
        let not_seen = matches!(*self.state(), State::NotSeen);
        self.close(Completeness::Beginning);
        let captured = match mem::replace(&mut *self.state(), State::Captured(Vec::new())) {
            State::Captured(captured) => captured,
            State::NotSeen | State::Reading { .. } => Vec::new(),
        };
        RequestFields { captured, not_seen }
    }

    fn close(&self, completeness: Completeness) {
        let mut state = self.state();
        if let State::Reading { text, .. } = &*state {
            let captured = self.find(text, completeness);
            *state = State::Captured(captured);
        }
    }

    fn find(&self, text: &[u8], completeness: Completeness) -> Vec<CapturedField> {
        let scanner = self.scanner();
        let fields = scanner.scan(text);
        (0..scanner.len())
            .map(|slot| completeness.record(text, fields.get(slot)))
            .collect()
    }

    fn scanner(&self) -> &FieldScanner {
        &self.shared.contract.endpoints[self.shared.endpoint]
            .request
            .fields
    }

    /// A panic while the lock was held leaves the state valid: it is only ever replaced.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a text is the whole body or its beginning.
#[derive(Clone, Copy)]
enum Completeness {
    Whole,
    Beginning,
}

impl Completeness {
    /// A number at the very end of a beginning may continue after it.
    fn record(self, text: &[u8], field: Field<'_>) -> CapturedField {
        match field {
            Field::Present(json) if matches!(self, Self::Beginning) && ends_at_end(text, json) => {
                CapturedField::Unknown
            }
            Field::Present(json) => CapturedField::Present(json.into()),
            Field::Absent => CapturedField::Absent,
            Field::Unknown => CapturedField::Unknown,
        }
    }
}

fn ends_at_end(text: &[u8], part: &str) -> bool {
    text.as_ptr_range().end == part.as_bytes().as_ptr_range().end
}

impl RequestFields {
    /// Whether no capture layer has seen the request.
    pub(super) fn not_seen(&self) -> bool {
        self.not_seen
    }

    pub(super) fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::unknown();
        for (slot, captured) in self.captured.iter().enumerate() {
            fields.set(
                slot,
                match captured {
                    CapturedField::Unknown => Field::Unknown,
                    CapturedField::Absent => Field::Absent,
                    CapturedField::Present(json) => Field::Present(json),
                },
            );
        }
        fields
    }
}
