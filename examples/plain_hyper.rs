//! The layer on a bare hyper service, without axum.
//!
//! ```sh
//! cargo run --example plain_hyper --features hyper
//! # An old client gets 401 AUTHORIZATION_PENDING:
//! curl -i -X POST http://127.0.0.1:8081/api/v1/auth/clients/device/poll
//! # With the flag off, the same request gets 200 with "status": "PENDING":
//! curl -i -X PUT -d off http://127.0.0.1:8081/compat
//! # Switch it on again:
//! curl -i -X PUT -d on http://127.0.0.1:8081/compat
//! ```
//!
//! `/compat` requires no authentication here; a real service does.

use std::{convert::Infallible, error::Error, net::SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full, Limited};
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
    let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader());
    let handler = service_fn(move |request| response(flag.clone(), request));
    let service = ServiceBuilder::new().layer(layer).service(handler);

    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 8081))).await?;
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
async fn response(
    flag: CompatFlag,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::POST, "/api/v1/auth/clients/device/poll") => {
            (StatusCode::OK, r#"{"status":"PENDING","interval":5}"#)
        }
        (&Method::PUT, "/compat") => {
            let body = Limited::new(request, 16).collect().await;
            match body.map(Collected::to_bytes).as_deref() {
                Ok(b"on") => switch(&flag, true),
                Ok(b"off") => switch(&flag, false),
                _ => (StatusCode::UNPROCESSABLE_ENTITY, "{}"),
            }
        }
        _ => (StatusCode::NOT_FOUND, "{}"),
    };
    let response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "application/json");
    Ok(response
        .body(body.into())
        .expect("status and header are valid"))
}

fn switch(flag: &CompatFlag, on: bool) -> (StatusCode, &'static str) {
    flag.set(on);
    let body = if on {
        r#"{"flag":"on"}"#
    } else {
        r#"{"flag":"off"}"#
    };
    (StatusCode::OK, body)
}
