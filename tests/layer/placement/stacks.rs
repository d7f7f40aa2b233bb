//! In stacks of other Tower middleware.

use std::convert::Infallible;

use http::{Request, Response};
use hyper::body::Incoming;
use legacy_http_compat::middleware::ResponseBody;
use tower::{
    BoxError, Layer as _, ServiceBuilder, ServiceExt as _,
    buffer::Buffer,
    util::{BoxCloneService, BoxCloneSyncService, BoxService, option_layer},
};
use tower_http::map_response_body::MapResponseBodyLayer;

use super::{
    clients_of_both_versions, core, device_flow, served_by_axum, served_by_hyper,
    serves_old_and_new_clients,
};

type Answer = Response<ResponseBody<axum::body::Body>>;

#[tokio::test]
async fn in_a_service_builder_with_layers_around_and_within() {
    let compat = device_flow();
    let service = ServiceBuilder::new()
        .map_request(|request: Request<Incoming>| request)
        .layer(compat.layer.clone())
        .map_request(|request: Request<Incoming>| request)
        .service(core());
    serves_old_and_new_clients(served_by_hyper(service).await, &compat).await;
}

#[tokio::test]
async fn in_a_service_builder_on_an_axum_router() {
    let compat = device_flow();
    let stack = ServiceBuilder::new()
        .layer(compat.layer.clone())
        .layer(axum::Extension(7));
    let address = served_by_axum(core().layer(stack)).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn as_an_optional_layer_which_may_be_absent() {
    let compat = device_flow();
    let optional = |present: bool| {
        let stack = ServiceBuilder::new()
            .layer(MapResponseBodyLayer::new(axum::body::Body::new))
            .layer(compat.layer.clone());
        option_layer(present.then_some(stack))
    };
    let address = served_by_axum(core().layer(optional(true))).await;
    serves_old_and_new_clients(address, &compat).await;
    let address = served_by_axum(core().layer(optional(false))).await;
    let (client, _) = &clients_of_both_versions()[0];
    let poll = client.post(format!("http://{address}/api/v1/auth/clients/device/poll"));
    assert_eq!(poll.send().await.unwrap().status(), 200);
    assert_eq!(compat.notes.all(), []);
}

#[tokio::test]
async fn twice_each_with_a_flag_of_its_own() {
    let (compat, other) = (device_flow(), device_flow());
    other.flag.set(false);
    let service = compat.layer.layer(other.layer.layer(core()));
    serves_old_and_new_clients(served_by_hyper(service).await, &compat).await;
}

#[tokio::test]
async fn in_a_boxed_service_that_can_be_cloned() {
    let compat = device_flow();
    let service: BoxCloneService<Request<Incoming>, Answer, Infallible> =
        compat.layer.layer(core()).boxed_clone();
    serves_old_and_new_clients(served_by_hyper(service).await, &compat).await;
    let service: BoxCloneSyncService<Request<Incoming>, Answer, Infallible> =
        BoxCloneSyncService::new(compat.layer.layer(core()));
    serves_old_and_new_clients(served_by_hyper(service).await, &compat).await;
}

#[tokio::test]
async fn around_a_boxed_service() {
    let compat = device_flow();
    let inner = BoxCloneService::new(core());
    let address = served_by_hyper(compat.layer.layer(inner)).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn in_a_boxed_service_behind_a_buffer() {
    let compat = device_flow();
    let boxed: BoxService<Request<Incoming>, Answer, Infallible> =
        compat.layer.layer(core()).boxed();
    let address = served_by_hyper(Buffer::new(boxed, 4)).await;
    serves_old_and_new_clients(address, &compat).await;
}

#[tokio::test]
async fn around_a_buffer_whose_error_is_its_own() {
    let compat = device_flow();
    let service = ServiceBuilder::new()
        .layer(compat.layer.clone())
        .buffer(4)
        .service(core());
    error_is_boxed(&service);
    serves_old_and_new_clients(served_by_hyper(service).await, &compat).await;
}

fn error_is_boxed<S: tower::Service<Request<Incoming>, Error = BoxError>>(_: &S) {}
