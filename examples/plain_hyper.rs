//! The layer on a bare hyper service, without axum.
//!
//! ```sh
//! cargo run --example plain_hyper
//! # An old client gets 401 AUTHORIZATION_PENDING:
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll
//! # With the flag off, the same request gets 200 with "status": "PENDING":
//! curl -i -X PUT http://127.0.0.1:8081/compat/off
//! ```
//!
//! `/compat` requires no authentication here; a real service does.

use std::{convert::Infallible, env, error::Error, future::ready};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag);
    let handler = service_fn(move |request| ready(Ok::<_, Infallible>(respond(&flag, &request))));
    let service = ServiceBuilder::new().layer(layer).service(handler);

    let address = env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8081")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("connection failed: {error}");
            }
        });
    }
}

/// The handlers, which implement only the target contract.
fn respond(flag: &CompatFlag, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::POST, "/api/v1/auth/clients/device/poll") => {
            (StatusCode::OK, r#"{"status":"PENDING","interval":5}"#)
        }
        (&Method::PUT, path @ ("/compat/on" | "/compat/off")) => {
            flag.set(path.ends_with("on"));
            (StatusCode::OK, "{}")
        }
        _ => (StatusCode::NOT_FOUND, "{}"),
    };
    let response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json");
    let response = response.body(body.into());
    response.expect("status and header are valid")
}
