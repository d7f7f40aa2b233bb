//! Inside and outside of compression.

use std::{io::Read as _, net::SocketAddr};

use http::Request;
use hyper::body::Incoming;
use legacy_http_compat::observation::{Shape, SkipReason};
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;

use super::{
    PENDING, assert_rewritten, clients_of_both_versions, core, device_flow, served_by_axum,
    served_by_hyper, serves_old_and_new_clients,
};

/// What a client that takes gzip gets: the status, the headers, and the body out of its coding.
async fn gzipped(client: &reqwest::Client, address: SocketAddr) -> (u16, http::HeaderMap, String) {
    let poll = format!("http://{address}/api/v1/auth/clients/device/poll");
    let request = client.post(poll).header("accept-encoding", "gzip");
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    assert_eq!(headers["content-encoding"], "gzip");
    let mut text = String::new();
    let bytes = response.bytes().await.unwrap();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .unwrap();
    (status, headers, text)
}

#[tokio::test]
async fn inside_of_compression_an_response_is_rewritten_and_then_compressed() {
    let compat = device_flow();
    let service = ServiceBuilder::new()
        .map_request(|request: Request<Incoming>| request)
        .layer(CompressionLayer::new())
        .layer(compat.layer.clone())
        .service(core());
    let address = served_by_hyper(service).await;
    for (client, _) in clients_of_both_versions() {
        let (status, headers, text) = gzipped(&client, address).await;
        assert_eq!(status, 401);
        assert_eq!(headers.get("content-length"), None);
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["code"], "AUTHORIZATION_PENDING");
        assert_rewritten(&compat);
    }
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn inside_of_compression_on_an_axum_router() {
    let compat = device_flow();
    let router = core()
        .layer(compat.layer.clone())
        .layer(CompressionLayer::new());
    let address = served_by_axum(router).await;
    for (client, _) in clients_of_both_versions() {
        assert_eq!(gzipped(&client, address).await.0, 401);
        assert_rewritten(&compat);
    }
}

#[tokio::test]
async fn outside_of_compression_a_compressed_response_passes_whole_and_is_counted() {
    let compat = device_flow();
    let service = ServiceBuilder::new()
        .map_request(|request: Request<Incoming>| request)
        .layer(compat.layer.clone())
        .layer(CompressionLayer::new())
        .service(core());
    let address = served_by_hyper(service).await;
    for (client, _) in clients_of_both_versions() {
        let (status, _, text) = gzipped(&client, address).await;
        assert_eq!((status, text.as_str()), (200, PENDING));
        let skipped = Some(SkipReason::BodyEncoded);
        assert_eq!(
            compat.notes.take(),
            ("undetermined".to_owned(), Shape::Target, skipped)
        );
    }
    // A client that does not accept gzip is served.
    serves_old_and_new_clients(address, &compat).await;
}
