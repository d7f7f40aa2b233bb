//! One request through the layer to a service whose response the test chooses.

use std::convert::Infallible;

use http::{Request, Response};
use http_body::Body;
use legacy_http_compat::{LegacyHttpCompatLayer, middleware::ResponseBody};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// Sends one request through the layer to a service that gives this response.
pub(crate) async fn respond<B: Body + Unpin>(
    layer: &LegacyHttpCompatLayer,
    request: Request<()>,
    response: Response<B>,
) -> Response<ResponseBody<B>> {
    let mut response = Some(response);
    let inner = service_fn(move |_: Request<()>| {
        let response = response.take().expect("called once");
        std::future::ready(Ok::<_, Infallible>(response))
    });
    layer.layer(inner).oneshot(request).await.unwrap()
}

/// A JSON response.
pub(crate) fn json<B>(status: u16, body: B) -> Response<B> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

/// A request without body or headers.
pub(crate) fn request(method: &str, path: &str) -> Request<()> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(())
        .unwrap()
}
