//! The service.

use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    compat_body::{AnyBody, BodyMode},
    exchange::Exchange,
    future::{ResponseFuture, State},
    layer_settings::LayerSettings,
    vary::HeadVary,
};
use crate::{
    caller::Caller,
    contract::{CompiledCache, compile::EndpointHandle},
    flag::FlagState,
};

/// Rewrites the inner service's responses for callers that depend on the legacy contract, while the flag is on.
///
/// Made by [`LegacyHttpCompatLayer`](super::LegacyHttpCompatLayer).
#[must_use]
pub struct LegacyHttpCompat<S, M = AnyBody> {
    inner: S,
    settings: Arc<LayerSettings>,
    contract: CompiledCache,
    mode: PhantomData<fn() -> M>,
}

impl<S, M> LegacyHttpCompat<S, M> {
    pub(super) fn new(inner: S, settings: Arc<LayerSettings>) -> Self {
        let contract = settings.compiled.clone();
        Self {
            inner,
            settings,
            contract,
            mode: PhantomData,
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

    #[cold]
    fn vary_of_head(&mut self, path: &str) -> Option<HeadVary> {
        let serves = self.settings.flag.state() != FlagState::Retired;
        serves.then(|| HeadVary::of(path, self.contract.load(), &self.settings))?
    }

    #[inline]
    fn call_outside<ReqB, ResB>(
        &mut self,
        request: Request<ReqB>,
    ) -> ResponseFuture<S::Future, ResB, M>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body,
    {
        if *request.method() == Method::HEAD
            && let Some(vary) = self.vary_of_head(request.uri().path())
        {
            return self.respond(request, || Some(State::Head(vary)));
        }
        self.respond(request, || None)
    }

    #[inline(always)]
    fn call_on_contract<ReqB, ResB>(
        &mut self,
        mut request: Request<ReqB>,
        endpoint: EndpointHandle,
    ) -> ResponseFuture<S::Future, ResB, M>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body,
    {
        let mut exchange = Exchange::new(Arc::clone(&self.settings), endpoint);
        if !exchange.begin(&mut request) {
            request = detect_by_head(&mut exchange, request);
        }
        ResponseFuture {
            inner: Some(self.inner.call(request)),
            state: Some(State::Waiting(exchange)),
            mode: PhantomData,
        }
    }

    /// Calls the inner service, and makes its future where it stays.
    #[inline(always)]
    fn respond<ReqB, ResB>(
        &mut self,
        request: Request<ReqB>,
        state: impl FnOnce() -> Option<State<ResB>>,
    ) -> ResponseFuture<S::Future, ResB, M>
    where
        S: Service<Request<ReqB>, Response = Response<ResB>>,
        ResB: Body,
    {
        ResponseFuture {
            inner: Some(self.inner.call(request)),
            state: state(),
            mode: PhantomData,
        }
    }
}

impl<S, M, ReqB, ResB> Service<Request<ReqB>> for LegacyHttpCompat<S, M>
where
    S: Service<Request<ReqB>, Response = Response<ResB>>,
    ResB: Body + Unpin,
    M: BodyMode<ResB>,
{
    type Response = Response<M::Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResB, M>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<ReqB>) -> Self::Future {
        let Some(endpoint) = self.find(&request) else {
            return self.call_outside(request);
        };
        self.call_on_contract(request, endpoint)
    }
}

/// The request, of which it was taken who its caller is and what its response will need.
#[cold]
#[inline(never)]
fn detect_by_head<B>(exchange: &mut Exchange, request: Request<B>) -> Request<B> {
    let (head, body) = request.into_parts();
    let detector = exchange.settings.detector.as_ref();
    let caller = detector.map_or(Caller::ANONYMOUS_LEGACY, |detector| detector.detect(&head));
    let mut request = Request::from_parts(head, body);
    exchange.begin_of(caller, &mut request);
    request
}

impl<S: Clone, M> Clone for LegacyHttpCompat<S, M> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            settings: Arc::clone(&self.settings),
            contract: self.contract.clone(),
            mode: PhantomData,
        }
    }
}

impl<S: fmt::Debug, M> fmt::Debug for LegacyHttpCompat<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyHttpCompat")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
