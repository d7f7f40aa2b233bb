//! The captured fields of one request, for the outer layer to read when the response arrives.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{Extensions, HeaderMap};

use crate::{
    contract::compile::{EndpointHandle, FormFields, KnownRequest, OutcomeSet},
    form,
    http_syntax::{BodySyntax, JsonByType, is_form},
    json::{Fields, KeptField, Scan},
};

/// Inserted into a request's extensions where its endpoint reads request fields.
#[derive(Clone)]
pub(super) struct CaptureSlot {
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: EndpointHandle,
    state: Mutex<State>,
    /// That of a layer further out, for which the same body is captured.
    outer: Option<CaptureSlot>,
}

enum State {
    /// No capture layer has seen the request.
    NotSeen,
    /// The beginning of the body, as far as the handler has read it.
    Reading {
        text: Vec<u8>,
        limit: usize,
        form: BodyForm,
    },
    Captured(Captured),
}

/// What the body is by its media type.
#[derive(Clone, Copy)]
enum BodyForm {
    Json(JsonByType),
    UrlEncoded,
}

/// What is known of the body.
#[derive(Default)]
enum Captured {
    #[default]
    Nothing,
    /// It is neither JSON nor a form: it has no fields.
    NoFields,
    /// Only the fields that the endpoint reads.
    Fields(Vec<KeptField>),
    /// It may be JSON, and could not be read.
    UnreadJson,
    /// The values of the fields that the endpoint reads.
    Form(Vec<Vec<Box<[u8]>>>),
    /// It is a form that could not be read.
    UnreadForm,
}

/// What is known of a request's fields when its response is decided.
#[derive(Default)]
pub(super) struct RequestFields {
    captured: Captured,
    not_seen: bool,
}

impl CaptureSlot {
    /// A slot for this endpoint, put where the capture layer finds it.
    pub(super) fn insert(endpoint: &EndpointHandle, extensions: &mut Extensions) -> Self {
        let slot = Self {
            shared: Arc::new(Shared {
                endpoint: endpoint.clone(),
                state: Mutex::new(State::NotSeen),
                outer: extensions.remove(),
            }),
        };
        extensions.insert(slot.clone());
        slot
    }

    /// Starts capturing a body with these headers, unless its type or coding says that it cannot be read.
    pub(super) fn start(&self, headers: &HeaderMap, limit: usize) {
        let BodySyntax {
            by_type,
            is_encoded,
        } = BodySyntax::of(headers);
        let is_form = is_form(headers);
        self.each(|slot| {
            let reading = |form| State::Reading {
                text: Vec::new(),
                limit,
                form,
            };
            let inputs = &slot.shared.endpoint.request;
            *slot.state() = match by_type {
                _ if is_form && !inputs.form.is_empty() && is_encoded => {
                    State::Captured(Captured::UnreadForm)
                }
                _ if is_form && !inputs.form.is_empty() => reading(BodyForm::UrlEncoded),
                JsonByType::No => State::Captured(Captured::NoFields),
                _ if is_encoded => State::Captured(Captured::UnreadJson),
                by_type => reading(BodyForm::Json(by_type)),
            };
        });
    }

    /// Records more of the body. At the limit only the fields found so far are kept.
    pub(super) fn record(&self, data: &[u8]) {
        self.each(|slot| {
            let is_over = match &mut *slot.state() {
                State::Reading { text, limit, .. } => {
                    let left = *limit - text.len();
                    text.extend_from_slice(&data[..data.len().min(left)]);
                    data.len() > left
                }
                State::NotSeen | State::Captured(_) => false,
            };
            if is_over {
                slot.close(false);
            }
        });
    }

    /// The body has been read to its end.
    pub(super) fn end(&self) {
        self.each(|slot| slot.close(true));
    }

    /// What is known now. Of a partly read body, only that part is known.
    pub(super) fn read(&self) -> RequestFields {
        self.close(false);
        match mem::replace(&mut *self.state(), State::Captured(Captured::Nothing)) {
            State::Captured(captured) => RequestFields {
                captured,
                not_seen: false,
            },
            State::NotSeen | State::Reading { .. } => RequestFields {
                captured: Captured::Nothing,
                not_seen: true,
            },
        }
    }

    /// Keeps what was found in the text so far, which may be the whole body.
    fn close(&self, is_whole: bool) {
        let mut state = self.state();
        if let State::Reading { text, form, .. } = &*state {
            let captured = match form {
                BodyForm::Json(by_type) => self.fields(text, *by_type, is_whole),
                BodyForm::UrlEncoded if is_whole => self.form(text),
                BodyForm::UrlEncoded => Captured::UnreadForm,
            };
            *state = State::Captured(captured);
        }
    }

    fn fields(&self, text: &[u8], by_type: JsonByType, is_whole: bool) -> Captured {
        let first = text.trim_ascii_start().first();
        match by_type {
            _ if text.is_empty() && is_whole => return Captured::NoFields,
            JsonByType::Yes => {}
            // A body that only looks like JSON is not read as such.
            _ if first.is_none_or(|first| matches!(first, b'{' | b'[')) => {
                return Captured::UnreadJson;
            }
            _ => return Captured::NoFields,
        }
        let scanner = &self.shared.endpoint.request.fields;
        let (scan, is_whole) = Scan::all(scanner, text, is_whole);
        let fields = Fields::Scanned {
            scan: &scan,
            text,
            is_whole,
        };
        let slots = 0..scanner.len();
        Captured::Fields(slots.map(|slot| fields.get(slot).into()).collect())
    }

    fn form(&self, text: &[u8]) -> Captured {
        let names = self.shared.endpoint.request.form.iter();
        let values = |name| form::values(text, name).map(|value| Box::from(&*value));
        Captured::Form(names.map(|name| values(name).collect()).collect())
    }

    /// This one and those of the layers further out.
    fn each(&self, apply: impl Fn(&Self)) {
        let mut slot = Some(self);
        while let Some(this) = slot {
            apply(this);
            slot = this.shared.outer.as_ref();
        }
    }

    /// A panic while the lock was held leaves the state valid: it is only ever replaced.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl RequestFields {
    /// Whether no capture layer has seen the request.
    pub(super) fn not_seen(&self) -> bool {
        self.not_seen
    }

    pub(super) fn fields(&self) -> Fields<'_> {
        match &self.captured {
            Captured::Nothing | Captured::UnreadJson => Fields::Unknown,
            Captured::NoFields | Captured::Form(_) | Captured::UnreadForm => Fields::Absent,
            Captured::Fields(kept) => Fields::Kept(kept),
        }
    }

    /// What is known of the request, of which the head leaves out some outcomes.
    pub(super) fn known(&self, excluded: OutcomeSet) -> KnownRequest<'_> {
        KnownRequest {
            excluded,
            fields: self.fields(),
            form: self.form(),
        }
    }

    fn form(&self) -> FormFields<'_> {
        match &self.captured {
            Captured::Nothing | Captured::UnreadForm => FormFields::Unknown,
            Captured::NoFields | Captured::Fields(_) | Captured::UnreadJson => FormFields::NoForm,
            Captured::Form(values) => FormFields::Kept(values),
        }
    }
}
