//! Within axum: on a router, on its routes, on a nested router, around the whole of it.

use axum::{Router, extract::Request, routing::post};
use legacy_http_compat::Contract;
use tower::{Layer as _, ServiceBuilder};
use tower_http::map_response_body::MapResponseBodyLayer;

use super::{
    JSON, PENDING, clients, clients_of_both_versions, compat, core, device_flow, health, listener,
    served_by_axum, served_by_hyper, serves_old_and_new_clients,
};

/// The device flow as a nested router sees it, whose prefix has been stripped.
fn stripped() -> Contract {
    Contract::device_flow().with_base_path("").unwrap()
}

#[tokio::test]
async fn on_a_router() {
    let compat = device_flow();
    let address = served_by_axum(core().layer(compat.layer.clone())).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn on_the_routes_of_a_router() {
    let compat = device_flow();
    let address = served_by_axum(core().route_layer(compat.layer.clone())).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn on_a_single_method_router() {
    let compat = device_flow();
    let poll = post(|| async { (JSON, PENDING) }).layer(compat.layer.clone());
    let path = "/api/v1/auth/clients/device/poll";
    let address = served_by_axum(Router::new().route(path, poll).merge(health())).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn on_a_nested_router_which_sees_the_path_without_its_prefix() {
    let compat = compat(stripped());
    let nested = clients().layer(compat.layer.clone());
    let address = served_by_axum(Router::new().nest("/api/v1", nested).merge(health())).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn on_a_router_nested_twice() {
    let compat = compat(Contract::device_flow().with_base_path("/v1").unwrap());
    let nested = Router::new()
        .nest("/v1", clients())
        .layer(compat.layer.clone());
    let address = served_by_axum(Router::new().nest("/api", nested).merge(health())).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn on_a_nested_service() {
    let compat = compat(stripped());
    let nested = ServiceBuilder::new()
        .layer(MapResponseBodyLayer::new(axum::body::Body::new))
        .layer(compat.layer.clone())
        .service(clients());
    let router = Router::new()
        .nest_service("/api/v1", nested)
        .merge(health());
    serves_old_and_new_clients(served_by_axum(router).await, &compat).await;
}

#[tokio::test]
async fn around_a_whole_router_with_axum_serve() {
    let compat = device_flow();
    let service = ServiceBuilder::new()
        .layer(MapResponseBodyLayer::new(axum::body::Body::new))
        .layer(compat.layer.clone())
        .service(core());
    let (listener, address) = listener().await;
    let service = axum::ServiceExt::<Request>::into_make_service(service);
    tokio::spawn(async move { axum::serve(listener, service).await });
    serves_old_and_new_clients(address, &compat).await;
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn around_a_whole_router_with_axum_serve_and_no_other_layer() {
    let compat = device_flow();
    let service = compat.layer.clone().same_body().layer(core());
    let (listener, address) = listener().await;
    let service = axum::ServiceExt::<Request>::into_make_service(service);
    tokio::spawn(async move { axum::serve(listener, service).await });
    serves_old_and_new_clients(address, &compat).await;
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn on_a_router_and_on_a_nested_service_with_the_same_body() {
    let compat = device_flow();
    let layer = compat.layer.clone().same_body();
    serves_old_and_new_clients(served_by_axum(core().layer(layer)).await, &compat).await;
    let compat = self::compat(stripped());
    let nested = compat.layer.clone().same_body().layer(clients());
    let router = Router::new()
        .nest_service("/api/v1", nested)
        .merge(health());
    serves_old_and_new_clients(served_by_axum(router).await, &compat).await;
}

#[tokio::test]
async fn around_a_whole_router_with_hyper_util() {
    let compat = device_flow();
    let address = served_by_hyper(compat.layer.layer(core())).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn around_a_router_that_has_fallbacks_and_unknown_routes() {
    let compat = device_flow();
    let router = core().fallback(|| async { (http::StatusCode::NOT_FOUND, "no such route") });
    let service = compat.layer.layer(router);
    let address = served_by_hyper(service).await;
    for (client, _) in clients_of_both_versions() {
        let unknown = client.get(format!("http://{address}/api/v1/unknown"));
        let unknown = unknown.send().await.unwrap();
        assert_eq!(unknown.status(), 404);
        assert_eq!(unknown.text().await.unwrap(), "no such route");
    }
    serves_old_and_new_clients(address, &compat).await;
}
