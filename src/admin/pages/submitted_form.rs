//! The extractor of submitted forms, and why a form is rejected.

use std::sync::Arc;

use axum::{
    Form as Fields,
    extract::{FromRequest, FromRequestParts as _, Request},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize as _;

use super::{page_request::PageRequest, timeline_entry::TimelineEntry};
use crate::{
    admin::{
        access::Principal,
        body::rejected_form,
        command::{CommandKind, CommandMeta, Form, execute},
        format::titled,
        layers::Correlation,
        login::PageOperator,
        mount_path::MountPath,
        problem::{Problem, ProblemKind},
        shared::Shared,
    },
    diagnostics::{Fault, FaultCode},
    rollout::event::Event,
    time::Timestamp,
};

/// A form submitted by an operator.
#[derive(Debug)]
pub(crate) struct SubmittedForm {
    shared: Arc<Shared>,
    base: MountPath,
    principal: Principal,
    correlation: Correlation,
    fields: Vec<(String, String)>,
}

/// A form whose command was not executed.
#[derive(Debug)]
pub(crate) struct RejectedForm {
    pub(crate) request: PageRequest,
    pub(crate) form: Form,
    pub(crate) error: FormError,
}

/// Why the command of a form was not executed, as the page shows it.
#[derive(Clone, Debug)]
pub(crate) struct FormError {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Fields, each with what is expected.
    pub(crate) faults: Vec<(String, String)>,
    /// The events since the page was rendered, oldest first.
    pub(crate) events_since: Vec<TimelineEntry>,
}

impl SubmittedForm {
    /// Adds a field that the address contains.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// Executes the command, and redirects to the page that shows the result.
    pub(crate) async fn execute(
        self,
        kind: CommandKind,
        then: &str,
    ) -> Result<Response, Box<RejectedForm>> {
        let form = Form::new(self.fields.clone());
        let error = match form.read(kind) {
            Err(faults) => FormError::in_fields(&faults),
            Ok(request) => {
                let meta = CommandMeta {
                    principal: self.principal.clone(),
                    correlation: self.correlation.0.clone(),
                    condition: form.condition(),
                };
                match execute(&self.shared, request, meta).await {
                    Ok(outcome) => return Ok(self.redirect(then, outcome.event.as_ref())),
                    Err(problem) => FormError::of(&problem, Timestamp::now(&*self.shared.clock)),
                }
            }
        };
        Err(Box::new(RejectedForm {
            request: PageRequest::new(self.shared, self.base, self.principal),
            form,
            error,
        }))
    }

    fn redirect(&self, then: &str, event: Option<&Event>) -> Response {
        let page = match then {
            "" => self.base.home().to_owned(),
            then => self.base.link(then),
        };
        let query = event.map(|event| format!("?done={}", event.seq));
        Redirect::to(&format!("{page}{}", query.unwrap_or_default())).into_response()
    }
}

impl FromRequest<Arc<Shared>> for SubmittedForm {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let operator = PageOperator::from_request_parts(&mut parts, shared).await;
        let PageOperator(principal) = operator.map_err(IntoResponse::into_response)?;
        let base = parts.extensions.get().cloned().unwrap_or_default();
        let correlation = parts.extensions.get().cloned();
        let request = Request::from_parts(parts, body);
        let fields = Fields::<Vec<(String, String)>>::from_request(request, shared).await;
        let Fields(fields) =
            fields.map_err(|rejection| rejected_form(&rejection).into_response())?;
        let fields = fields.into_iter();
        Ok(Self {
            shared: Arc::clone(shared),
            base,
            principal,
            correlation: correlation.expect("a layer gives every request its id"),
            fields: fields.map(|(name, text)| (name, one_line(&text))).collect(),
        })
    }
}

/// People write reasons in several lines; the journal keeps them in one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl FormError {
    /// The problem of the command.
    fn of(problem: &Problem, now: Timestamp) -> Self {
        let kind = problem.kind();
        let events = problem.member("events_since");
        let events = events.and_then(|events| Vec::<Event>::deserialize(events).ok());
        let events = events.unwrap_or_default();
        let advice = match kind {
            ProblemKind::Conflict => {
                " Nothing was changed. Check the current state and decide again."
            }
            ProblemKind::GatesFailed | ProblemKind::OverrideMismatch => {
                " Nothing was changed. The gate reports below are current."
            }
            _ => "",
        };
        Self {
            status: kind.status(),
            title: kind.title().to_owned(),
            text: format!("{}{advice}", problem.detail()),
            faults: Vec::new(),
            events_since: events
                .iter()
                .map(|event| TimelineEntry::new(event, now))
                .collect(),
        }
    }

    /// The faults of the fields.
    fn in_fields(faults: &[Fault]) -> Self {
        let fault = |fault: &Fault| {
            let name = match fault.place().trim_start_matches('/') {
                "" => "form",
                name => name,
            };
            let expected = match fault.code() {
                FaultCode::MissingMember => "fill in this field",
                _ => fault.expected(),
            };
            (titled(name), expected.to_owned())
        };
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            title: "The form has faults".to_owned(),
            text: "Nothing was changed.".to_owned(),
            faults: faults.iter().map(fault).collect(),
            events_since: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_become_one() {
        assert_eq!(one_line(" two\r\n\r\nlines "), "two lines");
    }
}
