//! The service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response, request};
use http_body::Body;
use tower_service::Service;

use super::{
    body::ResponseBody, capture_slot::CaptureSlot, deciding::Exchange, future::ResponseFuture,
    layer_settings::LayerSettings, vary::HeadVary,
};
use crate::{
    caller::Caller,
    contract::{
        CompiledCache,
        compile::{CapturedTexts, EndpointHandle},
    },
    flag::FlagState,
};

/// Rewrites the inner service's responses for callers that depend on the legacy contract, while the flag is on.
///
/// Made by [`LegacyHttpCompatLayer`](super::LegacyHttpCompatLayer).
#[derive(Clone)]
#[must_use]
pub struct LegacyHttpCompat<S> {
    inner: S,
    settings: Arc<LayerSettings>,
    contract: CompiledCache,
}

impl<S> LegacyHttpCompat<S> {
    pub(super) fn new(inner: S, settings: Arc<LayerSettings>) -> Self {
        let contract = settings.contract.cached();
        Self {
            inner,
            settings,
            contract,
        }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service without the layer.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// The endpoint that a request is for, in the contract that is in use now.
    fn find<B>(&mut self, request: &Request<B>) -> Option<EndpointHandle> {
        if self.settings.flag.state() == FlagState::Retired {
            return None;
        }
        let contract = self.contract.load();
        contract.find(request.method(), request.uri().path())
    }

    fn vary_of_head<B>(&mut self, request: &Request<B>) -> Option<HeadVary> {
        let (method, path) = (request.method(), request.uri().path());
        let serves = self.settings.flag.state() != FlagState::Retired;
        serves.then(|| HeadVary::of(method, path, self.contract.load(), &self.settings))?
    }

    /// Takes from a request on the contract what its response will need.
    fn exchange(&self, head: &mut request::Parts, endpoint: EndpointHandle) -> Exchange {
        let detector = self.settings.detector.as_ref();
        let caller = detector.map_or(Caller::ANONYMOUS_LEGACY, |detector| detector.detect(head));
        let inputs = &endpoint.request;
        // Only a legacy response contains them.
        let captured = if caller.is_target() {
            CapturedTexts::default()
        } else {
            CapturedTexts::take(&inputs.texts, head)
        };
        let excluded = endpoint.excluded_by(head);
        let slot = inputs.read_body();
        let slot = slot.then(|| CaptureSlot::insert(&endpoint, &mut head.extensions));
        Exchange {
            settings: Arc::clone(&self.settings),
            endpoint,
            caller,
            captured,
            excluded,
            slot,
        }
    }
}

impl<S, ReqB, ResB> Service<Request<ReqB>> for LegacyHttpCompat<S>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body + Unpin,
{
    type Response = Response<ResponseBody<ResB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let Some(endpoint) = self.find(&request) else {
            let vary = self.vary_of_head(&request);
            return ResponseFuture::outside(self.inner.call(request), vary);
        };
        let (mut head, body) = request.into_parts();
        let exchange = self.exchange(&mut head, endpoint);
        let request = Request::from_parts(head, body);
        ResponseFuture::on_contract(self.inner.call(request), exchange)
    }
}

impl<S: fmt::Debug> fmt::Debug for LegacyHttpCompat<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyHttpCompat")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
