//! What the layer says through `tracing`, and what it never says.

use std::{
    convert::Infallible,
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use legacy_http_compat::middleware::{CaptureRequestFieldsLayer, CapturedRequestBody};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tracing::{
    Event, Instrument as _, Level, Subscriber,
    field::{Empty, Field, Visit},
    info_span,
    span::{Id, Record},
    subscriber::set_default,
};
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt as _},
};

use super::{
    PENDING, device_flow,
    exchange::{json, respond},
    poll,
    scripted::{Scripted, Size, Step, read},
};

/// All that was said: events, and values recorded in spans.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<Line>>>);

/// An event's level and fields, or the fields recorded in a span.
#[derive(Debug)]
struct Line {
    event: Option<Level>,
    fields: String,
}

impl Said {
    fn events(&self, level: Level) -> Vec<String> {
        self.lines(Some(level))
    }

    fn recorded(&self) -> Vec<String> {
        self.lines(None)
    }

    fn lines(&self, event: Option<Level>) -> Vec<String> {
        let said = self.0.lock().unwrap();
        let lines = said.iter().filter(|line| line.event == event);
        lines.map(|line| line.fields.clone()).collect()
    }

    fn note(&self, event: Option<Level>, Text(fields): Text) {
        self.0.lock().unwrap().push(Line { event, fields });
    }
}

impl<S: Subscriber> Layer<S> for Said {
    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        values.record(&mut text);
        self.note(None, text);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().starts_with("legacy_http_compat") {
            let mut text = Text::default();
            event.record(&mut text);
            self.note(Some(*event.metadata().level()), text);
        }
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?};", field.name()).unwrap();
    }
}

fn listen() -> (Said, tracing::subscriber::DefaultGuard) {
    let said = Said::default();
    let guard = set_default(Registry::default().with(said.clone()));
    (said, guard)
}

#[tokio::test]
async fn a_rewritten_response_gives_a_debug_event_and_fills_the_span_field() {
    let (said, _guard) = listen();
    let (layer, _, _) = device_flow();
    let span = info_span!("request", legacy_http_compat = Empty);
    let response = json(200, Scripted::one(PENDING));
    drop(respond(&layer, poll(), response).instrument(span).await);
    let events = said.events(Level::DEBUG);
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(
        events[0].contains(r#"endpoint="device_poll";outcome="PENDING";"#),
        "{events:?}"
    );
    assert_eq!(said.recorded(), [r#"legacy_http_compat="rewritten";"#]);
}

#[tokio::test]
async fn a_skipped_response_gives_a_debug_event_with_the_reason() {
    let (said, _guard) = listen();
    let (layer, _, _) = device_flow();
    let span = info_span!("request", legacy_http_compat = Empty);
    let response = json(200, Scripted::one("no JSON"));
    drop(respond(&layer, poll(), response).instrument(span).await);
    let events = said.events(Level::DEBUG);
    assert_eq!(events.len(), 1, "{events:?}");
    for part in [r#"outcome="undetermined""#, r#"reason="not_json""#] {
        assert!(events[0].contains(part), "{events:?}");
    }
    assert_eq!(said.recorded(), [r#"legacy_http_compat="not_json";"#]);
}

#[tokio::test]
async fn a_response_that_is_neither_rewritten_nor_skipped_says_nothing() {
    let (said, _guard) = listen();
    let (layer, flag, _) = device_flow();
    let layer = layer.rehearse_one_in(0);
    flag.set(false);
    drop(respond(&layer, poll(), json(200, Scripted::one(PENDING))).await);
    drop(respond(&layer, poll(), json(404, Scripted::one("{}"))).await);
    assert_eq!(said.0.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_rehearsed_response_gives_a_debug_event_with_the_result() {
    let (said, _guard) = listen();
    let (layer, flag, _) = device_flow();
    flag.set(false);
    drop(respond(&layer, poll(), json(200, Scripted::one(PENDING))).await);
    let events = said.events(Level::DEBUG);
    assert_eq!(events.len(), 1, "{events:?}");
    for part in [r#"outcome="PENDING""#, r#"result="ok""#] {
        assert!(events[0].contains(part), "{events:?}");
    }
    assert_eq!(said.recorded(), [""; 0]);
}

#[tokio::test]
async fn no_event_field_debug_output_or_observation_carries_a_body_or_a_header() {
    const SECRET: &str = "s3cr3t";
    let (said, _guard) = listen();
    let (layer, flag, notes) = device_flow();
    let layer = layer.rehearse_one_in(1);
    let mut shown = String::new();
    for (on, body) in [true, false].into_iter().flat_map(|on| {
        [
            format!(r#"{{"status":"PENDING","interval":"{SECRET}"}}"#),
            format!(r#"{{"status":"APPROVED","secret_key":"{SECRET}"}}"#),
            format!(r#"{{"secret_key":"{SECRET}", broken"#),
            format!(r#"{{"status":"{SECRET}"}}"#),
        ]
        .map(|body| (on, body))
    }) {
        flag.set(on);
        let mut asked = poll();
        let headers = asked.headers_mut();
        headers.insert("x-correlation-id", HeaderValue::from_static(SECRET));
        headers.insert("user-agent", HeaderValue::from_static(SECRET));
        headers.insert("authorization", HeaderValue::from_static(SECRET));
        let span = info_span!("request", legacy_http_compat = Empty);
        let frames = Scripted::frames([&body[..9], &body[9..]]);
        let response = json(200, frames.size(Size::Exact));
        let response = respond(&layer, asked, response).instrument(span).await;
        write!(shown, "{:?}{layer:?}", response.body()).unwrap();
        assert!(
            String::from_utf8(read(response.into_body()).await)
                .unwrap()
                .contains(SECRET)
        );
    }
    write!(shown, "{:?}{:?}", notes.all(), said.0.lock().unwrap()).unwrap();
    assert!(shown.contains("APPROVED"), "the observations are there");
    assert!(shown.contains("rehearsed"), "the rehearsals are there");
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn a_layer_placed_outside_of_compression_warns_once() {
    let (said, _guard) = listen();
    let (layer, _, _) = device_flow();
    for layer in [layer.clone(), layer.clone(), layer.body_limit(1)] {
        let mut response = json(200, Scripted::one("gzipped bytes"));
        response
            .headers_mut()
            .insert("content-encoding", HeaderValue::from_static("gzip"));
        drop(respond(&layer, poll(), response).await);
    }
    let warnings = said.events(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("inside the compression layer"),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_contract_that_asks_for_request_fields_without_a_capture_layer_warns_once() {
    let (said, _guard) = listen();
    let (layer, _, notes) = device_flow();
    for _ in 0..3 {
        let token = http::Request::post("/api/v1/auth/clients/token")
            .body(())
            .unwrap();
        let refused = json(403, Scripted::one(r#"{"code":"FORBIDDEN_ACTOR"}"#));
        assert_eq!(respond(&layer, token, refused).await.status(), 403);
        assert_eq!(notes.take().0, "undetermined");
    }
    let warnings = said.events(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("CaptureRequestFieldsLayer"),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_warns_once_for_each_endpoint_with_its_name_and_size() {
    let (said, _guard) = listen();
    let (layer, _, _) = device_flow();
    let large = || Scripted::one(format!(r#"{{"list":"{}"}}"#, "x".repeat(25_000)));
    for _ in 0..3 {
        drop(respond(&layer, poll(), json(200, large())).await);
    }
    let warnings = said.events(Level::WARN);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in [
        r#"endpoint="device_poll""#,
        "http.response.body.size=25011",
        "limit=16384",
    ] {
        assert!(warnings[0].contains(part), "{warnings:?}");
    }
    let cancel = http::Request::post("/api/v1/auth/clients/device/cancel");
    let cancel = cancel.body(()).unwrap();
    // What is known of its size when it is given up: 20,000 bytes, and half of the rest.
    let start = format!(r#"{{"list":"{}"#, "x".repeat(9_991));
    let frames = [start, "x".repeat(10_000), "x".repeat(5_000)];
    let frames = frames.map(|text| Step::Data(text.into()));
    let unknown = Scripted::new(frames).size(Size::AtLeastHalf);
    drop(respond(&layer, cancel, json(400, unknown)).await);
    let warnings = said.events(Level::WARN);
    assert_eq!(warnings.len(), 2);
    assert!(warnings[1].contains("size=22500"), "{warnings:?}");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_not_taken_for_a_missing_capture_layer() {
    let (said, _guard) = listen();
    let (layer, _, notes) = device_flow();
    let inner = service_fn(async |request: Request<CapturedRequestBody<Full<Bytes>>>| {
        drop(request.into_body().collect().await);
        let refused = json(403, Scripted::one(r#"{"code":"FORBIDDEN_ACTOR"}"#));
        Ok::<_, Infallible>(refused)
    });
    let service = layer.layer(CaptureRequestFieldsLayer::new().layer(inner));
    let token = Request::post("/api/v1/auth/clients/token")
        .header("content-type", "application/json")
        .body(Full::from("[1"))
        .unwrap();
    service.oneshot(token).await.unwrap();
    assert_eq!(notes.take().0, "undetermined");
    assert_eq!(said.events(Level::WARN), [] as [String; 0]);
}
