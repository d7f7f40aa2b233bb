//! An observer that keeps what it was told, and the service under test.
#![allow(
    dead_code,
    reason = "each test crate that includes it uses its own part"
)]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use http_body::Body;
use legacy_http_compat::{
    LegacyHttpCompatLayer,
    middleware::ResponseBody,
    observation::{Observation, Observe, Shape, SkipReason},
};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// What an observation said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) endpoint: String,
    pub(crate) outcome: String,
    pub(crate) target_status: u16,
    pub(crate) shape: Shape,
    pub(crate) skip: Option<SkipReason>,
    pub(crate) stranded: bool,
}

/// Keeps all observations. Its clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Seen>>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// The only observation so far.
    pub(crate) fn only(&self) -> Seen {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Outcome, shape and skip reason of the only observation so far, forgetting it.
    pub(crate) fn take(&self) -> (String, Shape, Option<SkipReason>) {
        let Seen {
            outcome,
            shape,
            skip,
            ..
        } = self.only();
        self.0.lock().unwrap().clear();
        (outcome, shape, skip)
    }
}

impl Observe for Notes {
    fn observe(&self, observation: &Observation<'_>) {
        self.0.lock().unwrap().push(Seen {
            endpoint: observation.endpoint().to_owned(),
            outcome: observation.outcome().to_owned(),
            target_status: observation.target_status().as_u16(),
            shape: observation.shape(),
            skip: observation.skip_reason(),
            stranded: observation.is_stranded(),
        });
    }
}

/// Sends one request through the layer to a service that gives this answer.
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

/// A JSON answer.
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

/// The lines of a header.
pub(crate) fn lines<'r, B>(response: &'r Response<B>, name: &str) -> Vec<&'r str> {
    let lines = response.headers().get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}
