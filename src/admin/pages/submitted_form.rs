//! The extractor of submitted forms, and why a form is rejected.

use std::sync::Arc;

use axum::{
    Form as Fields,
    extract::{FromRequest, Request},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderValue, StatusCode, header::SET_COOKIE, request::Parts};
use serde::Deserialize as _;

use super::{layout::Layout, page_request::PageRequest};
use crate::{
    admin::{
        access::{Identity, Role},
        command::{CommandKind, CommandMeta, Form, execute},
        format::titled,
        history::History,
        layers::{Correlation, rejected_form},
        mount_path::MountPath,
        problem::{Problem, ProblemKind},
        shared::Shared,
        sign_in::{by_token, interrupted, open_session},
    },
    diagnostics::{Fault, FaultCode},
    rollout::{Rollout, event::Event},
};

/// A form submitted by an operator.
#[derive(Debug)]
pub(crate) struct SubmittedForm {
    request: PageRequest,
    correlation: Correlation,
    fields: Vec<(String, String)>,
    /// The cookie of the session that was begun with this form. The form is then shown again, not executed.
    signed_in: Option<HeaderValue>,
}

/// The form of a page: empty, or as it was submitted and rejected.
#[derive(Debug, Default)]
pub(crate) struct PageForm {
    /// The command that was not executed.
    pub(crate) rejected: Option<CommandKind>,
    pub(crate) fields: Form,
    pub(crate) error: Option<FormError>,
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
    pub(crate) events_since: Vec<Event>,
}

impl SubmittedForm {
    /// Adds a field that the address contains.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The history that the page may show.
    pub(super) fn history(&self) -> Option<Arc<History>> {
        self.request.shared.history.clone()
    }

    /// Executes the command and redirects to the page that shows the result, or renders the page of the form again.
    pub(crate) async fn submit(
        self,
        kind: CommandKind,
        then: &str,
        title: &'static str,
        page: impl FnOnce(&Rollout, &Layout, PageForm) -> Response + Send + 'static,
    ) -> Response {
        let fields = Form::new(self.fields);
        let error = if self.signed_in.is_some() {
            FormError::interrupted()
        } else {
            match fields.read(kind) {
                Err(faults) => FormError::in_fields(&faults),
                Ok(command) => {
                    let meta = CommandMeta {
                        principal: self.request.principal.clone(),
                        correlation: self.correlation.0,
                        condition: fields.condition(),
                    };
                    match execute(&self.request.shared, command, meta).await {
                        Ok(outcome) => {
                            return redirect(&self.request, then, outcome.event.as_ref());
                        }
                        Err(problem) => FormError::of(&problem),
                    }
                }
            }
        };
        let status = error.status;
        let form = PageForm {
            rejected: Some(kind),
            fields,
            error: Some(error),
        };
        let page = move |rollout: &Rollout, layout: &Layout| page(rollout, layout, form);
        let mut response = self.request.render(title, page).await;
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        with_cookie(response, self.signed_in)
    }
}

fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn redirect(request: &PageRequest, then: &str, event: Option<&Event>) -> Response {
    let page = match then {
        "" => request.base.home().to_owned(),
        then => request.base.link(then),
    };
    let query = event.map(|event| format!("?done={}", event.seq));
    Redirect::to(&format!("{page}{}", query.unwrap_or_default())).into_response()
}

impl FromRequest<Arc<Shared>> for SubmittedForm {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        if parts.extensions.get() != Some(&Identity::Anonymous) {
            let page = PageRequest::of(&mut parts, shared, Role::Operator).await?;
            let request = Request::from_parts(parts.clone(), body);
            return Ok(Self::new(
                page,
                &parts,
                read_fields(request, shared).await?,
                None,
            ));
        }
        let fields = read_fields(Request::from_parts(parts.clone(), body), shared).await?;
        let (fields, cookie) = sign_in_again(shared, fields, &mut parts).await?;
        let page = PageRequest::of(&mut parts, shared, Role::Operator).await;
        let page = page.map_err(|rejection| with_cookie(rejection, Some(cookie.clone())))?;
        Ok(Self::new(page, &parts, fields, Some(cookie)))
    }
}

async fn read_fields(request: Request, shared: &Arc<Shared>) -> Result<FieldList, Response> {
    let fields = Fields::<FieldList>::from_request(request, shared).await;
    let Fields(fields) = fields.map_err(|rejection| rejected_form(&rejection).into_response())?;
    Ok(fields)
}

/// Names and values, in their order.
type FieldList = Vec<(String, String)>;

/// Begins a session by the token that a form without one was sent with, and puts the principal into the extensions. The
/// response is the sign-in page, which has the fields of the form besides that of the token, if there is no valid token.
async fn sign_in_again(
    shared: &Arc<Shared>,
    fields: FieldList,
    parts: &mut Parts,
) -> Result<(FieldList, HeaderValue), Response> {
    let base: MountPath = parts.extensions.get().cloned().unwrap_or_default();
    let (token, fields): (FieldList, FieldList) =
        fields.into_iter().partition(|(name, _)| name == "token");
    let action = base.link(parts.uri.path());
    let Some((_, token)) = token.into_iter().next() else {
        return Err(interrupted(&base, action, fields, None));
    };
    match by_token(shared, &token, parts).await {
        Err(failure) => Err(interrupted(&base, action, fields, Some(&failure))),
        Ok(principal) => {
            let cookie = open_session(shared, &principal, &base, parts).await;
            parts.extensions.insert(Identity::Known(principal));
            Ok((fields, cookie.map_err(Problem::into_response)?))
        }
    }
}

impl SubmittedForm {
    fn new(
        request: PageRequest,
        parts: &Parts,
        fields: FieldList,
        signed_in: Option<HeaderValue>,
    ) -> Self {
        let correlation = parts.extensions.get().cloned();
        let fields = fields.into_iter();
        Self {
            request,
            correlation: correlation.expect("a layer gives every request its id"),
            fields: fields.map(|(name, text)| (name, one_line(&text))).collect(),
            signed_in,
        }
    }
}

impl PageForm {
    /// A form that was filled in and not submitted yet.
    pub(crate) fn of(fields: Vec<(String, String)>) -> Self {
        Self {
            fields: Form::new(fields),
            ..Self::default()
        }
    }

    /// The value of a field, to show it again; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.field(name)
    }
}

/// People write reasons in several lines; the journal keeps them in one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl FormError {
    /// The session had ended when the form was sent.
    fn interrupted() -> Self {
        Self {
            status: StatusCode::OK,
            title: "Nothing was carried out".to_owned(),
            text:
                "Your session had ended; you are signed in again. Check the form and send it again."
                    .to_owned(),
            faults: Vec::new(),
            events_since: Vec::new(),
        }
    }

    /// The problem of the command.
    fn of(problem: &Problem) -> Self {
        let kind = problem.kind();
        let events = problem.member("events_since");
        let events = events.and_then(|events| Vec::<Event>::deserialize(events).ok());
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
            events_since: events.unwrap_or_default(),
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
