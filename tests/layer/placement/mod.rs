//! The layer wherever it can be placed, over real sockets: one module for each kind of place.

mod broken;
mod compression;
#[cfg(feature = "hyper")]
mod proxied;
mod routers;
mod servers;
mod stacks;
mod wire;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    routing::{get, post},
};
use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer, observation::Shape};
use tokio::net::TcpListener;
use tower::{BoxError, Service};

use crate::{observed::Notes, scripted};

const PENDING: &str = r#"{"status":"PENDING","interval":5}"#;
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// The layer with the device flow, and both ends that a test needs of it.
struct Compat {
    layer: LegacyHttpCompatLayer,
    flag: CompatFlag,
    notes: Notes,
}

fn compat(contract: Contract) -> Compat {
    let (flag, notes) = (CompatFlag::new("compat", true), Notes::default());
    let layer =
        LegacyHttpCompatLayer::new(contract, flag.reader()).observer(Arc::new(notes.clone()));
    Compat { layer, flag, notes }
}

fn device_flow() -> Compat {
    compat(Contract::device_flow())
}

/// The routes of the device flow, with the handlers of the target contract.
fn clients() -> Router {
    Router::new().route(
        "/auth/clients/device/poll",
        post(|| async { (JSON, PENDING) }),
    )
}

/// The whole API.
fn core() -> Router {
    Router::new().nest("/api/v1", clients()).merge(health())
}

fn health() -> Router {
    Router::new().route("/healthz", get(|| async { "well" }))
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn served_by_axum(router: Router) -> SocketAddr {
    let (listener, address) = listener().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Serves HTTP/1.1 and HTTP/2 with hyper-util.
async fn served_by_hyper<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                let _ended = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

fn clients_of_both_versions() -> [(reqwest::Client, Version); 2] {
    let client = || reqwest::Client::builder().no_proxy();
    [
        (client().http1_only().build().unwrap(), Version::HTTP_11),
        (
            client().http2_prior_knowledge().build().unwrap(),
            Version::HTTP_2,
        ),
    ]
}

/// Polls under both HTTP versions while the flag is on and while it is off, and asks for something else.
async fn serves_old_and_new_clients(address: SocketAddr, compat: &Compat) {
    for (client, version) in clients_of_both_versions() {
        let poll = format!("http://{address}/api/v1/auth/clients/device/poll");
        for active in [true, false, true] {
            compat.flag.set(active);
            let response = client.post(&poll).send().await.unwrap();
            assert_eq!(response.version(), version);
            assert_eq!(response.headers()["content-type"], "application/json");
            let status = response.status().as_u16();
            let length = response.headers()["content-length"]
                .to_str()
                .unwrap()
                .to_owned();
            let body = response.text().await.unwrap();
            assert_eq!(length, body.len().to_string());
            if active {
                assert_eq!(status, 401);
                let body: serde_json::Value = serde_json::from_str(&body).unwrap();
                assert_eq!(body["code"], "AUTHORIZATION_PENDING");
                assert_eq!(body["details"]["interval"], 5);
            } else {
                assert_eq!((status, body.as_str()), (200, PENDING));
            }
            let (outcome, shape, _) = compat.notes.take();
            assert_eq!(outcome, "PENDING");
            assert_eq!(shape.is_legacy(), active);
        }
        let health = client.get(format!("http://{address}/healthz")).send();
        assert_eq!(health.await.unwrap().text().await.unwrap(), "well");
        assert_eq!(compat.notes.all(), []);
    }
}

/// That the layer has seen one poll and rewritten it.
fn assert_rewritten(compat: &Compat) {
    assert_eq!(
        compat.notes.take(),
        ("PENDING".to_owned(), Shape::Legacy, None)
    );
}
