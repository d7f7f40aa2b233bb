//! Whether an example shows what it is meant to show: through the real layer, judged by `jsonschema`.

use serde_json::{Map, Value};

use super::{
    exchange_parts::{Input, Inverse, Origin, put},
    possible::{Aspect, Possible, PossibleBody, ResponseGap, line_value},
    prover::{ContractEndpoint, Prover, filled_in},
    rehearsal::rehearse,
    validators::Validity,
};
use crate::{
    form,
    openapi::{
        document::{
            operation::{FORM, Header, Operation, Response, essence, is_json},
            place::{Place, Side},
        },
        finding::{Example, ExampleRequest, ExampleResponse},
        values::value_set::ValueSet,
    },
};

/// How many target bodies are changed to have a value.
const MAX_SAMPLES: usize = 12;

/// The responses that an example is taken from.
pub(super) struct Case<'c, 'd> {
    pub(super) old: Option<&'c Operation<'d>>,
    pub(super) new: &'c Operation<'d>,
    /// The endpoint, if the operation is on the contract.
    pub(super) endpoint: Option<ContractEndpoint<'c>>,
    /// The responses of NEW.
    pub(super) target: &'c Possible<'d>,
    /// Where a legacy body comes from, if the outcome has a shape.
    pub(super) inputs: Option<&'c [Input]>,
}

impl Case<'_, '_> {
    /// What an old client gets.
    fn legacy(
        &self,
        request: &ExampleRequest,
        target: &ExampleResponse,
    ) -> Option<ExampleResponse> {
        match self.endpoint {
            Some(on) => rehearse(on.contract, &on.request(request), target),
            None => Some(target.clone()),
        }
    }
}

impl<'d> Prover<'d> {
    /// An example of which OLD does not allow the legacy response. `value` is the part that shows it: a body or a header of
    /// the legacy response.
    pub(super) fn refutation(
        &self,
        case: &Case<'_, 'd>,
        gap: &ResponseGap<'d>,
        value: &Value,
    ) -> Option<Example> {
        let old = case.old?;
        let (aspect, about) = (&gap.aspect, gap.gap.path.as_str());
        self.exchanges(case, aspect, value)
            .into_iter()
            .find_map(|(request, target)| {
                let legacy = case.legacy(&request, &target)?;
                let Validity::Invalid(violation) = self.validity(old, &legacy, about) else {
                    return None;
                };
                let is_of_new = self.is_response(case.new, &target);
                let target = Some(target);
                let legacy = Some(legacy);
                is_of_new.then_some(Example {
                    request,
                    target,
                    legacy,
                    violation,
                })
            })
    }

    /// An example that is not rewritten, because `missing` is absent.
    pub(super) fn stranding(&self, case: &Case<'_, 'd>, missing: &Input) -> Option<Example> {
        let lack = |body: &Value| {
            let (mut body, mut request) = (body.clone(), self.request(case.new));
            match &missing.origin {
                Origin::Field(pointer) => put(&mut body, pointer, None),
                Origin::RequestField(pointer) => {
                    if let Some(body) = &mut request.body {
                        put(body, pointer, None);
                    }
                }
                Origin::Header(_) | Origin::Other(_) => {}
            }
            (request, body)
        };
        let bodies = self.bodies(case.target);
        let with = |body: &Value| (self.request(case.new), body.clone());
        let exchanges = bodies.iter().map(lack).chain(bodies.iter().map(with));
        exchanges.into_iter().find_map(|(request, body)| {
            let target = self.response(case.target, body);
            let legacy = case.legacy(&request, &target)?;
            let stays = legacy.status == target.status && legacy.body == target.body;
            let shows = stays && self.is_response(case.new, &target);
            let violation = format!("not rewritten: {} {}", missing.origin, missing.lack);
            let (target, legacy) = (Some(target), Some(legacy));
            shows.then_some(Example {
                request,
                target,
                legacy,
                violation,
            })
        })
    }

    /// Exchanges in which the legacy response may have this value.
    fn exchanges(
        &self,
        case: &Case<'_, 'd>,
        aspect: &Aspect,
        value: &Value,
    ) -> Vec<(ExampleRequest, ExampleResponse)> {
        let request = self.request(case.new);
        let samples = || self.bodies(case.target);
        if let Aspect::Header(name) = aspect {
            let body = samples().into_iter().next().unwrap_or_default();
            let mut target = self.response(case.target, body);
            if value.is_null() {
                target.headers.remove(name);
            } else {
                target.headers.insert(name.clone(), value.clone());
            }
            // The shape may write the header from the body.
            let samples = samples().into_iter();
            let written = samples.map(|body| (request.clone(), self.response(case.target, body)));
            return std::iter::once((request.clone(), target))
                .chain(written)
                .collect();
        }
        let Some(inputs) = case.inputs.filter(|_| *aspect == Aspect::Body) else {
            let body = match &case.target.body {
                PossibleBody::Values(_) if case.inputs.is_none() => value.clone(),
                _ => samples().into_iter().next().unwrap_or_default(),
            };
            return vec![(request, self.response(case.target, body))];
        };
        let exchange = |body: &Value, absent: &dyn Fn(usize) -> bool| {
            let mut inverse = Inverse {
                body: body.clone(),
                request_body: request.body.clone(),
                request_headers: Map::new(),
            };
            for (index, input) in inputs.iter().enumerate() {
                inverse.fill(input, input.of(value).filter(|_| !absent(index)));
            }
            let request = ExampleRequest {
                headers: inverse.request_headers,
                body: inverse.request_body,
                ..request.clone()
            };
            (request, self.response(case.target, inverse.body))
        };
        // A value of the legacy body may be an input's own or its default.
        let mut exchanges = Vec::new();
        let samples = samples();
        for body in samples.iter().take(MAX_SAMPLES) {
            exchanges.push(exchange(body, &|_| false));
            exchanges.push(exchange(body, &|_| true));
            let each = 0..inputs.len();
            exchanges.extend(each.map(|absent| exchange(body, &|index| index == absent)));
        }
        let plain = samples
            .iter()
            .map(|body| (request.clone(), self.response(case.target, body.clone())));
        exchanges.extend(plain);
        exchanges
    }

    /// Bodies of target responses.
    fn bodies(&self, target: &Possible<'d>) -> Vec<Value> {
        match &target.body {
            PossibleBody::Values(set) => self.reader.samples(set),
            _ => vec![Value::Null],
        }
    }

    /// A request for the operation.
    pub(super) fn request(&self, operation: &Operation<'d>) -> ExampleRequest {
        let schema = operation.request_schema();
        ExampleRequest {
            method: operation.method.clone(),
            path: filled_in(&operation.path),
            headers: Map::new(),
            body: schema.and_then(|schema| {
                let sent = ValueSet::Schema(schema.read_as(Side::Request));
                self.reader.sample(&sent)
            }),
        }
    }

    /// One of the possible responses, with this body and the headers that are always there.
    pub(super) fn response(&self, possible: &Possible<'d>, body: Value) -> ExampleResponse {
        let mut headers = Map::new();
        for header in possible.headers.iter().filter(|header| header.certain) {
            let value = self.header_sample(header);
            headers.insert(header.name.clone(), value.unwrap_or_else(|| "text".into()));
        }
        let body = match &possible.media {
            Some(media) => {
                headers.insert("content-type".to_owned(), media.as_str().into());
                Some(body)
            }
            None => None,
        };
        ExampleResponse {
            status: possible.status,
            headers,
            body,
        }
    }

    /// Whether the document certainly has such a response.
    pub(super) fn is_response(
        &self,
        operation: &Operation<'d>,
        response: &ExampleResponse,
    ) -> bool {
        self.validity(operation, response, "") == Validity::Valid
    }

    /// What a document says of a response, and most of all of a part of its body.
    fn validity(
        &self,
        operation: &Operation<'d>,
        response: &ExampleResponse,
        about: &str,
    ) -> Validity {
        let Some(documented) = operation.response(response.status) else {
            let reason = format!("the status {} is not documented", response.status);
            return Validity::Invalid(reason);
        };
        let headers = documented.headers.iter();
        let headers = headers.map(|header| self.header_validity(header, response));
        let body = self.body_validity(documented, response, about);
        headers.fold(body, Validity::and)
    }

    fn body_validity(
        &self,
        documented: &Response<'d>,
        response: &ExampleResponse,
        about: &str,
    ) -> Validity {
        if documented.content.is_empty() || matches!(response.status, 204 | 205 | 304) {
            return Validity::Valid;
        }
        let Some(body) = &response.body else {
            return Validity::Invalid("there is no body".to_owned());
        };
        let media = response.media().unwrap_or_default();
        let is_form = essence(&media) == FORM;
        match documented.media(&media) {
            Some(Some(schema)) if is_form => self.form_validity(schema, body, about),
            None => Validity::Invalid(format!("the media type {media} is not documented")),
            Some(Some(schema)) if is_json(&media) || body.is_string() => {
                self.validators.check(schema, body, about)
            }
            Some(_) => Validity::Valid,
        }
    }

    /// The members of a form have the types that the schema gives them.
    fn form_validity(&self, schema: &Place<'d>, body: &Value, about: &str) -> Validity {
        let Value::String(text) = body else {
            return self.validators.check(schema, body, about);
        };
        let mut object = Map::new();
        for (name, text) in form::pairs(text) {
            let set = ValueSet::Schema(schema.clone());
            let Ok(member) = self.reader.field(&set, std::slice::from_ref(&name)) else {
                return Validity::Unknown;
            };
            let value = line_value(&self.reader, &text, &member.set);
            object.insert(name, value);
        }
        self.validators.check(schema, &object.into(), about)
    }

    fn header_validity(&self, header: &Header<'d>, response: &ExampleResponse) -> Validity {
        let Some(line) = response.headers.get(&header.name) else {
            return if header.required {
                Validity::Invalid(format!("the header {} is absent", header.name))
            } else {
                Validity::Valid
            };
        };
        let Some(schema) = &header.schema else {
            return Validity::Valid;
        };
        let value = match line {
            Value::String(line) => {
                line_value(&self.reader, line, &ValueSet::Schema(schema.clone()))
            }
            other => other.clone(),
        };
        match self.validators.check(schema, &value, "") {
            Validity::Invalid(reason) => {
                Validity::Invalid(format!("the header {}: {reason}", header.name))
            }
            other => other,
        }
    }
}
