//! One exchange through the real layer.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use serde_json::{Map, Value};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    CompatFlag, Contract, LegacyHttpCompatLayer, form,
    middleware::{CaptureRequestFieldsLayer, CapturedRequestBody},
    openapi::{
        document::operation::{FORM, essence, is_json},
        finding::{ExampleRequest, ExampleResponse},
    },
};

/// The response that an old client gets, with the flag on, where the handler responds with `target`; `None` if the
/// exchange is not one that HTTP can carry.
pub(crate) fn rehearse(
    contract: &Contract,
    request: &ExampleRequest,
    target: &ExampleResponse,
) -> Option<ExampleResponse> {
    let flag = CompatFlag::on("proof");
    let handler = Handler {
        response: to_http(target)?,
    };
    let layer = LegacyHttpCompatLayer::new(contract.clone(), &flag);
    let mut service = layer.layer(CaptureRequestFieldsLayer::new().layer(handler));
    let mut http_request = Request::builder()
        .method(request.method.as_str())
        .uri(&request.path)
        .body(Whole::of(request.body.as_ref()))
        .ok()?;
    *http_request.headers_mut() = headers(&request.headers)?;
    if request.body.is_some() {
        let json = HeaderValue::from_static("application/json");
        http_request
            .headers_mut()
            .insert(header::CONTENT_TYPE, json);
    }
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(http_request)).poll(&mut context) else {
        return None;
    };
    let (parts, body) = response.into_parts();
    let bytes = read(body)?;
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str()).or_insert(value.into());
    }
    headers.remove("content-length");
    let mut response = ExampleResponse {
        status: parts.status.as_u16(),
        headers,
        body: None,
    };
    let json = response.media().is_some_and(|media| is_json(&media));
    response.body = (!bytes.is_empty()).then(|| {
        let text = || String::from_utf8_lossy(&bytes).into_owned().into();
        let value = json.then(|| serde_json::from_slice(&bytes).ok()).flatten();
        value.unwrap_or_else(text)
    });
    Some(response)
}

/// A service whose response is made already.
#[derive(Clone)]
struct Handler {
    response: Response<Whole>,
}

impl Service<Request<CapturedRequestBody<Whole>>> for Handler {
    type Response = Response<Whole>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<CapturedRequestBody<Whole>>) -> Self::Future {
        // A handler reads the request before it responds.
        let _ = read(request.into_body());
        ready(Ok(self.response.clone()))
    }
}

/// A body of one frame.
#[derive(Clone, Default)]
struct Whole(Option<Bytes>);

impl Whole {
    fn of(value: Option<&Value>) -> Self {
        Self(value.map(|value| value.to_string().into()))
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// All bytes of a body that is ready; `None` if it fails.
fn read<B: Body<Data = Bytes>>(body: B) -> Option<Vec<u8>> {
    let mut body = pin!(body);
    let mut context = Context::from_waker(Waker::noop());
    let mut bytes = Vec::new();
    loop {
        match body.as_mut().poll_frame(&mut context) {
            Poll::Ready(Some(Ok(frame))) => {
                bytes.extend(frame.into_data().ok().into_iter().flatten());
            }
            Poll::Ready(None) => return Some(bytes),
            Poll::Ready(Some(Err(_))) | Poll::Pending => return None,
        }
    }
}

fn to_http(example: &ExampleResponse) -> Option<Response<Whole>> {
    let json = example.media().is_some_and(|media| is_json(&media));
    let body = match &example.body {
        Some(Value::String(text)) if !json => Whole(Some(text.clone().into())),
        Some(Value::Object(members))
            if example.media().is_some_and(|media| essence(&media) == FORM) =>
        {
            Whole(Some(form_text(members).into()))
        }
        body => Whole::of(body.as_ref()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(example.status).ok()?;
    *response.headers_mut() = headers(&example.headers)?;
    Some(response)
}

fn form_text(members: &Map<String, Value>) -> String {
    let mut form = String::new();
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        form.push_str(if form.is_empty() { "" } else { "&" });
        form::encode(name, &mut form);
        form.push('=');
        form::encode(&text, &mut form);
    }
    form
}

fn headers(lines: &Map<String, Value>) -> Option<HeaderMap> {
    let line = |(name, value): (&String, &Value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&text).ok()?))
    };
    lines.iter().map(line).collect()
}
