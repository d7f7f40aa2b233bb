//! A form that somebody has sent.

use std::sync::Arc;

use axum::{
    Form as Fields,
    extract::{FromRequest, FromRequestParts as _, Request},
    response::{IntoResponse, Redirect, Response},
};

use super::{trouble::Trouble, visit::Visit};
use crate::admin::{
    access::{PageOperator, Principal},
    base::Base,
    body::rejected_form,
    command::{By, CommandKind, Form, carry_out},
    correlation::Correlation,
    shared::Shared,
};
use crate::time::Timestamp;

/// A form that an operator has sent.
#[derive(Debug)]
pub(crate) struct Sent {
    shared: Arc<Shared>,
    base: Base,
    principal: Principal,
    correlation: Correlation,
    fields: Vec<(String, String)>,
}

/// A form that was not carried out, and why.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) visit: Visit,
    pub(crate) form: Form,
    pub(crate) trouble: Trouble,
}

impl Sent {
    /// With what the address says.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// Carries the order out, and goes to a page that shows the result.
    pub(crate) async fn carry_out(
        self,
        kind: CommandKind,
        then: &str,
    ) -> Result<Response, Box<Refused>> {
        let form = Form::new(self.fields.clone());
        let trouble = match form.read(kind) {
            Err(faults) => Trouble::in_form(&faults),
            Ok(wish) => {
                let by = By {
                    principal: self.principal.clone(),
                    correlation: self.correlation.0.clone(),
                    condition: form.condition(),
                };
                match carry_out(&self.shared, wish, by).await {
                    Ok(done) => return Ok(self.go_on(then, done.event.map(|event| event.seq()))),
                    Err(problem) => Trouble::of(&problem, Timestamp::now(&*self.shared.clock)),
                }
            }
        };
        Err(Box::new(Refused {
            visit: Visit::new(self.shared, self.base, self.principal),
            form,
            trouble,
        }))
    }

    fn go_on(&self, then: &str, done: Option<u64>) -> Response {
        let page = if then.is_empty() {
            self.base.home().to_owned()
        } else {
            self.base.link(then)
        };
        let query = done.map(|seq| format!("?done={seq}"));
        Redirect::to(&format!("{page}{}", query.unwrap_or_default())).into_response()
    }
}

impl FromRequest<Arc<Shared>> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let operator = PageOperator::from_request_parts(&mut parts, shared).await;
        let PageOperator(principal) = operator.map_err(IntoResponse::into_response)?;
        let base = parts.extensions.get::<Base>().cloned().unwrap_or_default();
        let correlation = parts.extensions.get::<Correlation>().cloned();
        let request = Request::from_parts(parts, body);
        let fields = Fields::<Vec<(String, String)>>::from_request(request, shared).await;
        let Fields(fields) =
            fields.map_err(|rejection| rejected_form(&rejection).into_response())?;
        Ok(Self {
            shared: Arc::clone(shared),
            base,
            principal,
            correlation: correlation.expect("every request has been given one"),
            fields: fields
                .into_iter()
                .map(|(name, text)| (name, one_line(&text)))
                .collect(),
        })
    }
}

/// People write reasons in several lines; the journal has one for each.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_become_one() {
        assert_eq!(one_line(" two\r\n\r\nlines "), "two lines");
    }
}
