//! On plain hyper servers, without axum.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tower::{Layer as _, service_fn};

use super::{
    PENDING, assert_rewritten, clients_of_both_versions, device_flow, listener,
    scripted::{Scripted, Size, Step},
    served_by_hyper, serves_old_and_new_clients,
};

async fn handle(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (content_type, body) = match request.uri().path() {
        "/healthz" => ("text/plain", "well"),
        _ => ("application/json", PENDING),
    };
    let response = Response::builder().header("content-type", content_type);
    Ok(response.body(Full::from(body)).unwrap())
}

#[tokio::test]
async fn on_a_hyper_util_server() {
    let compat = device_flow();
    let address = served_by_hyper(compat.layer.layer(service_fn(handle))).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn on_a_bare_hyper_connection_of_each_version() {
    for (client, version) in clients_of_both_versions() {
        let compat = device_flow();
        let service = TowerToHyperService::new(compat.layer.layer(service_fn(handle)));
        let (listener, address) = listener().await;
        tokio::spawn(async move {
            let io = TokioIo::new(listener.accept().await.unwrap().0);
            if version == http::Version::HTTP_11 {
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(io, service)
                    .await
            } else {
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                server.serve_connection(io, service).await
            }
        });
        let poll = format!("http://{address}/api/v1/auth/clients/device/poll");
        assert_eq!(client.post(poll).send().await.unwrap().status(), 401);
        assert_rewritten(&compat);
    }
}

#[tokio::test]
async fn a_streamed_response_over_http2_keeps_its_trailers_unless_it_is_rewritten() {
    let compat = device_flow();
    let inner = service_fn(|_: Request<Incoming>| async {
        let trailers = http::HeaderMap::from_iter([("x-sum".parse().unwrap(), 1.into())]);
        let (start, rest) = PENDING.split_at(12);
        let body = Scripted::new([
            Step::Data(start.into()),
            Step::Pending,
            Step::Data(rest.into()),
            Step::Trailers(trailers),
        ]);
        let body = body.size(Size::Unknown);
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let address = served_by_hyper(compat.layer.layer(inner)).await;
    for (active, status, trailer) in [(false, 200, Some("1")), (true, 401, None)] {
        compat.flag.set(active);
        let response = http2_poll(address).await;
        assert_eq!(response.status(), status);
        let collected = response.into_body().collect().await.unwrap();
        let trailers = collected
            .trailers()
            .and_then(|trailers| trailers.get("x-sum"));
        assert_eq!(trailers.map(|value| value.to_str().unwrap()), trailer);
        assert_eq!(collected.to_bytes() == PENDING, !active);
    }
}

async fn http2_poll(address: std::net::SocketAddr) -> Response<Incoming> {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://{address}/api/v1/auth/clients/device/poll"));
    sender
        .send_request(request.body(Full::<Bytes>::default()).unwrap())
        .await
        .unwrap()
}
