//! The third worked example, `examples/contracts/cargo_registry.json`, with the real `cargo` as its client.
//!
//! Until version 1.34, `cargo` showed the message of an error only where the status was 200; see the announcement
//! <https://blog.rust-lang.org/2024/02/06/crates-io-status-codes.html>. The registry behind the layer responds with 4xx and 5xx.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    caller::FingerprintKey,
    document::Document,
    observation::{Observation, Observe},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::support::{http_client::HttpClient, temp_dir::TempDir};

const CONTRACT: &str = include_str!("../../examples/contracts/cargo_registry.json");

/// A running registry; it stops when this is dropped.
struct Registry {
    base: String,
    seen: Arc<Seen>,
    served: JoinHandle<()>,
    home: TempDir,
}

/// Version, endpoint, outcome and shape of each response.
#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observe for Seen {
    fn observe(&self, observation: &Observation<'_>) {
        let version = observation.caller().version();
        let version = version.map_or("-".to_owned(), |version| version.to_string());
        let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
        let shape = observation.shape().as_str();
        let line = format!("{version} {endpoint} {outcome} {shape}");
        self.0.lock().unwrap().push(line);
    }
}

impl Registry {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (flag, seen) = (CompatFlag::on("features.registry.compat"), Arc::default());
        let app = app(&base, &flag, &seen);
        let served = tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        let home = TempDir::new();
        Self {
            base,
            seen,
            served,
            home,
        }
    }

    /// Runs `cargo` with these arguments, as this user agent where one is given, and returns what it complains of.
    async fn cargo(&self, agent: Option<&str>, arguments: &[&str]) -> String {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(arguments)
            .args(["--registry", "local"])
            .current_dir(self.home.path())
            .env("CARGO_HOME", self.home.path())
            .env(
                "CARGO_REGISTRIES_LOCAL_INDEX",
                format!("sparse+{}/index/", self.base),
            )
            .env("CARGO_REGISTRIES_LOCAL_TOKEN", "token")
            .env("CARGO_TERM_COLOR", "never")
            .env_remove("CARGO_HTTP_USER_AGENT")
            .envs(agent.map(|agent| ("CARGO_HTTP_USER_AGENT", agent)));
        let ran = tokio::task::spawn_blocking(move || cargo.output().unwrap());
        let ran = ran.await.unwrap();
        assert!(!ran.status.success());
        String::from_utf8(ran.stderr).unwrap()
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.0.lock().unwrap())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.served.abort();
    }
}

fn app(base: &str, flag: &CompatFlag, seen: &Arc<Seen>) -> Router {
    let document = Document::from_json(CONTRACT).expect("the example has no fault");
    let callers = document.callers().expect("the example has callers");
    let detector = callers.build(&FingerprintKey::new([7; 16])).unwrap();
    let layer = LegacyHttpCompatLayer::new(document.contract().clone(), flag)
        .detector(Arc::new(detector))
        .observer(seen.clone());
    let config = Json(json!({"dl": format!("{base}/dl"), "api": base}));
    Router::new()
        .fallback(refuse)
        .layer(layer)
        .route("/index/config.json", get(|| async { config }))
}

/// The handler of all endpoints, which finds a reason to refuse each request.
async fn refuse(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let (status, detail) = match (method.as_str(), uri.path()) {
        ("GET", "/api/v1/crates") if uri.query() == Some("down") => {
            return (StatusCode::BAD_GATEWAY, "upstream is down").into_response();
        }
        ("GET", "/api/v1/crates") => (StatusCode::SERVICE_UNAVAILABLE, "search is down"),
        ("DELETE", path) if path.ends_with("/yank") => (StatusCode::NOT_FOUND, "no such version"),
        _ if headers.contains_key("authorization") => (StatusCode::FORBIDDEN, "not an owner"),
        _ => (StatusCode::UNAUTHORIZED, "no token"),
    };
    (status, Json(json!({"errors": [{"detail": detail}]}))).into_response()
}

const CALLS: [(&[&str], &str, &str, &str); 3] = [
    (
        &["search", "x"],
        "search FAILED",
        "503 Service Unavailable",
        "search is down",
    ),
    (
        &["yank", "x@1.0.0"],
        "yank REJECTED",
        "404 Not Found",
        "no such version",
    ),
    (
        &["owner", "--list", "x"],
        "owners REJECTED",
        "403 Forbidden",
        "not an owner",
    ),
];

#[tokio::test]
async fn the_cargo_of_today_gets_the_status_of_an_error() {
    let registry = Registry::start().await;
    for (arguments, outcome, status, detail) in CALLS {
        let complaint = registry.cargo(None, arguments).await;
        let shown = format!("(status {status}): {detail}");
        assert!(complaint.contains(&shown), "{complaint}");
        let seen = registry.seen();
        assert!(
            !seen.is_empty()
                && seen
                    .iter()
                    .all(|seen| seen.ends_with(&format!(" {outcome} target"))),
            "{seen:?}"
        );
    }
}

/// Whatever calls itself an old version gets 200 with `errors`, which `cargo` shows as an error without a status.
#[tokio::test]
async fn a_cargo_that_knows_only_200_gets_the_errors_in_it() {
    let registry = Registry::start().await;
    for agent in ["cargo 1.33.0", "cargo/1.33.0 (f099fe94b 2019-02-12)"] {
        for (arguments, outcome, _, detail) in CALLS {
            let complaint = registry.cargo(Some(agent), arguments).await;
            let shown = format!("responded with an error: {detail}");
            assert!(complaint.contains(&shown), "{complaint}");
            assert_eq!(registry.seen(), [format!("1.33.0 {outcome} legacy")]);
        }
    }
}

/// What `cargo` 1.33 makes of a response: its data, or the message that it shows.
fn as_cargo_1_33(status: u16, body: &str) -> Result<Value, String> {
    if status != 200 {
        return Err(format!("failed to get a 200 OK response, got {status}"));
    }
    let body: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    match body["errors"].as_array() {
        Some(errors) => {
            let details = errors.iter().filter_map(|error| error["detail"].as_str());
            Err(format!(
                "api errors: {}",
                details.collect::<Vec<_>>().join(", ")
            ))
        }
        None => Ok(body),
    }
}

#[tokio::test]
async fn an_error_without_an_explanation_keeps_its_status() {
    let registry = Registry::start().await;
    let client = HttpClient::new(&registry.base).with_user_agent("cargo 1.33.0");
    let get = async |path: &str| {
        let sent = client.request(reqwest::Method::GET, path).send().await;
        let response = sent.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let (status, body) = get("/api/v1/crates?q=x").await;
    let shown = as_cargo_1_33(status, &body);
    assert_eq!(shown, Err("api errors: search is down".to_owned()));
    let (status, body) = get("/api/v1/crates?down").await;
    assert_eq!((status, &*body), (502, "upstream is down"));
    let seen = registry.seen();
    assert_eq!(
        seen,
        [
            "1.33.0 search FAILED legacy",
            "1.33.0 search UNEXPLAINED target"
        ]
    );
}
