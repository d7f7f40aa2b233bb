//! HTTP/1.1 byte by byte: framing, and a connection that can be used again.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::StatusCode,
    routing::{get, post},
};
use legacy_http_compat::{Contract, metrics::Metrics, observation::RehearsalResult};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{Compat, JSON, PENDING, compat, scripted::Scripted, served_by_axum};

const CONTRACT: &str = r#"{"endpoints": [
  {"name": "poll", "method": "POST", "path": "/poll", "outcomes": [
    {"name": "PENDING", "status": 200, "fields": {"/status": "PENDING"}, "legacy": {
      "status": 401, "set_headers": {"www-authenticate": "Bearer"}, "body": {"json": {"code": "AUTHORIZATION_PENDING"}}
    }}
  ]},
  {"name": "order", "method": "GET", "path": "/order", "outcomes": [
    {"name": "FOUND", "status": 200, "legacy": {"status": 404, "body": {"json": {"found": false}}}}
  ]},
  {"name": "done", "method": "POST", "path": "/done", "outcomes": [
    {"name": "DONE", "status": 200, "legacy": {"status": 204, "body": "empty"}}
  ]},
  {"name": "deleted", "method": "DELETE", "path": "/order", "outcomes": [
    {"name": "DELETED", "status": 204, "legacy": {"status": 200, "body": {"json": {"deleted": true}}}}
  ]},
  {"name": "gone", "method": "POST", "path": "/gone", "outcomes": [
    {"name": "GONE", "status": 200, "legacy": {"status": 404, "body": "empty"}}
  ]}
]}"#;

const REWRITTEN: &str = r#"{"code":"AUTHORIZATION_PENDING"}"#;

/// A body that is sent in chunks, as its length is not known ahead.
fn streamed() -> Body {
    Body::new(Scripted::frames([&PENDING[..9], &PENDING[9..]]))
}

fn api() -> Router {
    let response = || async { (JSON, PENDING) };
    Router::new()
        .route("/poll", post(response))
        .route("/streamed", post(|| async { (JSON, streamed()) }))
        .route(
            "/order",
            get(response).delete(async || StatusCode::NO_CONTENT),
        )
        .route("/done", post(response))
        .route("/gone", post(response))
}

/// One connection, used for one request after the other.
struct Wire(BufReader<TcpStream>);

struct Answer {
    status: String,
    /// In lower case and without `date`.
    headers: Vec<String>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let value = |line| str::strip_prefix(line, name)?.strip_prefix(": ");
        self.headers.iter().find_map(|line| value(line))
    }
}

impl Wire {
    async fn to(router: Router) -> Self {
        let address = served_by_axum(router).await;
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// Reads exactly as much as the framing says, so that the next response would show any byte too many or too few.
    async fn ask(&mut self, method: &str, path: &str) -> Answer {
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: core\r\ncontent-length: 0\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let status = self.line().await;
        assert!(status.starts_with("HTTP/1.1 "), "{status:?}");
        let mut response = Answer {
            status: status[9..12].to_owned(),
            headers: Vec::new(),
            body: String::new(),
        };
        loop {
            match self.line().await.to_lowercase() {
                end if end.is_empty() => break,
                date if date.starts_with("date: ") => {}
                header => response.headers.push(header),
            }
        }
        if method != "HEAD" && response.status != "204" {
            response.body = self.body(&response).await;
        }
        response
    }

    async fn body(&mut self, response: &Answer) -> String {
        if response.header("transfer-encoding") == Some("chunked") {
            let mut body = String::new();
            loop {
                let length = usize::from_str_radix(&self.line().await, 16).unwrap();
                body += &self.exactly(length).await;
                assert_eq!(self.line().await, "");
                if length == 0 {
                    return body;
                }
            }
        }
        self.exactly(response.header("content-length").unwrap().parse().unwrap())
            .await
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        line.strip_suffix("\r\n").expect("a whole line").to_owned()
    }

    async fn exactly(&mut self, length: usize) -> String {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }
}

fn with_streamed_poll() -> Compat {
    let contract = CONTRACT.replace(r#""path": "/poll""#, r#""path": "/streamed""#);
    compat(Contract::from_json(&contract).unwrap())
}

#[tokio::test]
async fn one_connection_serves_rewritten_and_other_responses_one_after_the_other() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let mut wire = Wire::to(api().layer(compat.layer.clone())).await;
    for active in [true, false, true, true] {
        compat.flag.set(active);
        let response = wire.ask("POST", "/poll").await;
        let expected = if active {
            ("401", REWRITTEN)
        } else {
            ("200", PENDING)
        };
        assert_eq!((response.status.as_str(), response.body.as_str()), expected);
        assert_eq!(
            response.header("content-length"),
            Some(&*expected.1.len().to_string())
        );
        assert_eq!(response.header("transfer-encoding"), None);
        let outside = wire.ask("POST", "/streamed").await;
        assert_eq!(outside.header("transfer-encoding"), Some("chunked"));
        assert_eq!(outside.body, PENDING);
    }
}

#[tokio::test]
async fn a_response_that_would_have_been_chunked_has_its_length_when_rewritten() {
    let compat = with_streamed_poll();
    let mut wire = Wire::to(api().layer(compat.layer.clone())).await;
    for active in [true, false, true] {
        compat.flag.set(active);
        let response = wire.ask("POST", "/streamed").await;
        if active {
            assert_eq!(response.body, REWRITTEN);
            assert_eq!(
                response.header("content-length"),
                Some(&*REWRITTEN.len().to_string())
            );
            assert_eq!(response.header("transfer-encoding"), None);
        } else {
            assert_eq!(response.body, PENDING);
            assert_eq!(response.header("transfer-encoding"), Some("chunked"));
        }
    }
}

#[tokio::test]
async fn a_response_to_head_is_the_same_as_without_the_layer() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let mut with = Wire::to(api().layer(compat.layer.clone())).await;
    let mut without = Wire::to(api()).await;
    for _ in 0..2 {
        let (with, without) = (
            with.ask("HEAD", "/order").await,
            without.ask("HEAD", "/order").await,
        );
        assert_eq!(
            (with.status, with.headers),
            (without.status, without.headers)
        );
    }
    assert_eq!(compat.notes.all(), []);
    assert_eq!(with.ask("GET", "/order").await.body, r#"{"found":false}"#);
}

#[tokio::test]
async fn an_empty_legacy_response_leaves_the_connection_usable() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let mut wire = Wire::to(api().layer(compat.layer.clone())).await;
    for _ in 0..2 {
        let done = wire.ask("POST", "/done").await;
        assert_eq!(done.status, "204");
        assert_eq!(done.header("content-length"), None);
        assert_eq!(done.header("transfer-encoding"), None);
        let gone = wire.ask("POST", "/gone").await;
        assert_eq!(gone.status, "404");
        assert_eq!(gone.header("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn a_204_that_is_rewritten_has_a_body_and_the_connection_stays_usable() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let mut wire = Wire::to(api().layer(compat.layer.clone())).await;
    for active in [true, false, true] {
        compat.flag.set(active);
        let deleted = wire.ask("DELETE", "/order").await;
        if active {
            assert_eq!(
                (deleted.status.as_str(), deleted.body.as_str()),
                ("200", r#"{"deleted":true}"#)
            );
            assert_eq!(deleted.header("content-length"), Some("16"));
            assert_eq!(deleted.header("content-type"), Some("application/json"));
        } else {
            assert_eq!(
                (deleted.status.as_str(), deleted.headers.as_slice()),
                ("204", &[][..])
            );
        }
    }
}

#[tokio::test]
async fn a_rewritten_get_is_not_stored_by_caches() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let mut wire = Wire::to(api().layer(compat.layer.clone())).await;
    assert_eq!(
        wire.ask("GET", "/order").await.header("cache-control"),
        Some("no-store")
    );
    compat.flag.set(false);
    assert_eq!(
        wire.ask("GET", "/order").await.header("cache-control"),
        None
    );
}

#[tokio::test]
async fn a_large_body_passes_whole_over_the_wire() {
    let large = format!(r#"{{"pad":"{}"}}"#, "x".repeat(1 << 20));
    let body = large.clone();
    let router = Router::new().route("/poll", post(move || async move { (JSON, body) }));
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let mut wire = Wire::to(router.layer(compat.layer.clone())).await;
    for _ in 0..2 {
        assert!(wire.ask("POST", "/poll").await.body == large);
    }
}

/// On a connection that is used again, so that a byte too many or too few would show.
#[tokio::test]
async fn a_rehearsed_response_is_byte_for_byte_the_one_without_the_layer() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    compat.flag.set(false);
    let metrics = Arc::new(Metrics::new());
    let layer = compat.layer.rehearse_one_in(1).observer(metrics.clone());
    let mut with = Wire::to(api().layer(layer)).await;
    let mut without = Wire::to(api()).await;
    for _ in 0..3 {
        for (method, path) in [
            ("POST", "/poll"),
            ("POST", "/done"),
            ("POST", "/gone"),
            ("DELETE", "/order"),
        ] {
            let (with, without) = (
                with.ask(method, path).await,
                without.ask(method, path).await,
            );
            assert_eq!(
                (with.status, with.headers, with.body),
                (without.status, without.headers, without.body)
            );
        }
    }
    let counted = metrics.snapshot().rehearsed.into_iter();
    let counted = counted.filter(|series| series.count > 0);
    let counted = counted.map(|series| (series.outcome.to_string(), series.result, series.count));
    let ok = |outcome: &str| (outcome.to_owned(), RehearsalResult::Ok, 3);
    assert_eq!(
        counted.collect::<Vec<_>>(),
        ["PENDING", "DONE", "DELETED", "GONE"].map(ok)
    );
}
