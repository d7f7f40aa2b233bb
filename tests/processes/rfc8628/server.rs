//! An authorization server whose handlers respond with a `status`, behind the layer.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Form, Json, Router,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::post,
};
use legacy_http_compat::{
    CompatFlag, LegacyHttpCompatLayer,
    caller::{ClientAddr, FingerprintKey},
    document::Document,
    observation::{Observation, Observe},
    time::{Clock, ManualClock, Timestamp},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::core_app::{
    clients::Clients,
    flow::{Decided, Decision, Polled},
    kind::ClientKind,
    store::DeviceFlows,
};

/// The interval that clients are given.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// The interval that is demanded: longer, so that each client meets a `slow_down`.
const DEMANDED: Duration = Duration::from_secs(6);

pub(crate) const EXPIRES_IN: Duration = Duration::from_secs(900);

const CONTRACT: &str = include_str!("../../../examples/contracts/rfc8628.json");

/// A running server; it stops when this is dropped.
pub(crate) struct OauthServer {
    pub(crate) base: String,
    pub(crate) flag: CompatFlag,
    pub(crate) state: Oauth,
    seen: Arc<Seen>,
    served: JoinHandle<()>,
}

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Oauth {
    pub(crate) clock: Arc<ManualClock>,
    flows: Arc<DeviceFlows>,
    clients: Arc<Clients>,
}

/// Kind, version, endpoint, outcome and shape of each response.
#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

#[derive(Deserialize)]
struct Start {
    client_id: Option<String>,
}

#[derive(Deserialize)]
struct Exchange {
    grant_type: String,
    device_code: Option<String>,
}

#[derive(Deserialize)]
struct Decide {
    user_code: String,
    decision: Decision,
}

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

impl OauthServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let state = Oauth {
            clock: Arc::new(ManualClock::new(1_800_000_000_000)),
            flows: Arc::new(DeviceFlows::new(DEMANDED, EXPIRES_IN)),
            clients: Arc::default(),
        };
        let (flag, seen) = (CompatFlag::on("features.oauth.compat"), Arc::default());
        let app = app(state.clone(), &flag, &seen);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        Self {
            base,
            flag,
            state,
            seen,
            served: tokio::spawn(async { axum::serve(listener, app).await.unwrap() }),
        }
    }

    /// What the layer observed, in the order of the responses.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.0.lock().unwrap().clone()
    }
}

impl Drop for OauthServer {
    fn drop(&mut self) {
        self.served.abort();
    }
}

impl Oauth {
    pub(crate) fn decide(&self, user_code: &str, decision: Decision) {
        let decided = Decided {
            decision,
            at: Timestamp::now(&*self.clock),
            user_id: "usr_1".to_owned(),
        };
        let decided = self
            .flows
            .decide(self.clock.monotonic(), user_code, decided);
        decided.expect("a pending flow");
    }

    fn approved(&self) -> Value {
        let credentials = self.clients.register(ClientKind::Agent);
        let (id, secret) = (&credentials.client_id, &credentials.secret_key);
        let now = self.clock.monotonic();
        let token = self.clients.mint(now, id, ClientKind::Agent, secret);
        json!({
            "status": "APPROVED",
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 3600,
        })
    }
}

impl Observe for Seen {
    fn observe(&self, observation: &Observation<'_>) {
        let version = observation.caller().version();
        let version = version.map_or("-".to_owned(), |version| version.to_string());
        let kind = observation.client_kind();
        let (endpoint, outcome) = (observation.endpoint(), observation.outcome());
        let shape = observation.shape().as_str();
        let line = format!("{kind} {version} {endpoint} {outcome} {shape}");
        self.0.lock().unwrap().push(line);
    }
}

fn app(state: Oauth, flag: &CompatFlag, seen: &Arc<Seen>) -> Router {
    let document = Document::from_json(CONTRACT).expect("the example has no fault");
    let callers = document.callers().expect("the example has callers");
    let detector = callers.build(&FingerprintKey::new([7; 16])).unwrap();
    let layer = LegacyHttpCompatLayer::new(document.contract().clone(), flag)
        .detector(Arc::new(detector))
        .observer(seen.clone());
    Router::new()
        .route("/oauth/device_authorization", post(start))
        .route("/oauth/token", post(exchange))
        .layer(layer)
        .layer(from_fn(note_address))
        // What a person and the time do, for the clients that are scripts.
        .route("/decide", post(decide))
        .route("/advance", post(advance))
        .with_state(state)
}

async fn note_address(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(ClientAddr::from(peer));
    next.run(request).await
}

async fn start(State(oauth): State<Oauth>, Form(form): Form<Start>) -> Response {
    if form.client_id.is_none() {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_FAILED");
    }
    let codes = oauth
        .flows
        .open(oauth.clock.monotonic(), ClientKind::Agent, None);
    let uri = "https://example.com/device";
    no_store(Json(json!({
        "device_code": codes.device_code,
        "user_code": codes.user_code,
        "verification_uri": uri,
        "verification_uri_complete": format!("{uri}?user_code={}", codes.user_code),
        "expires_in": EXPIRES_IN.as_secs(),
        "interval": INTERVAL.as_secs(),
    })))
}

async fn exchange(State(oauth): State<Oauth>, Form(form): Form<Exchange>) -> Response {
    let code = form.device_code.unwrap_or_default();
    if form.grant_type != "urn:ietf:params:oauth:grant-type:device_code" || code.is_empty() {
        return error(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_FAILED");
    }
    no_store(Json(
        match oauth.flows.poll(oauth.clock.monotonic(), &code) {
            Polled::Pending => json!({ "status": "PENDING", "interval": INTERVAL.as_secs() }),
            Polled::Approved(..) => oauth.approved(),
            Polled::Denied => json!({ "status": "DENIED" }),
            Polled::Expired => json!({ "status": "EXPIRED" }),
            Polled::Invalid => return error(StatusCode::BAD_REQUEST, "INVALID_DEVICE_CODE"),
            Polled::TooFast(_) => return error(StatusCode::TOO_MANY_REQUESTS, "SLOW_DOWN"),
        },
    ))
}

async fn decide(State(oauth): State<Oauth>, Form(form): Form<Decide>) {
    oauth.decide(&form.user_code, form.decision);
}

async fn advance(State(oauth): State<Oauth>, Form(form): Form<Advance>) {
    oauth.clock.advance(Duration::from_secs(form.seconds));
}

fn error(status: StatusCode, code: &str) -> Response {
    let body = json!({ "code": code, "message": "Refused.", "retryable": false });
    no_store((status, Json(body)))
}

/// As RFC 6749 §5.1 demands.
fn no_store(response: impl IntoResponse) -> Response {
    (
        [("cache-control", "no-store"), ("pragma", "no-cache")],
        response,
    )
        .into_response()
}
