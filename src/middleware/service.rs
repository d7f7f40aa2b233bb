//! The service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{body::ResponseBody, exchange::Exchange, future::ResponseFuture, settings::Settings};
use crate::{
    caller::Caller,
    contract::{PlanCache, plan::Captured},
    flag::FlagState,
};

/// Rewrites the inner service's answers for callers that depend on the legacy contract, while the flag is on.
///
/// Made by [`LegacyHttpCompatLayer`](super::LegacyHttpCompatLayer).
#[derive(Clone)]
#[must_use]
pub struct LegacyHttpCompat<S> {
    inner: S,
    settings: Arc<Settings>,
    plan: PlanCache,
}

impl<S> LegacyHttpCompat<S> {
    pub(super) fn new(inner: S, settings: Arc<Settings>) -> Self {
        let plan = settings.contract.cached();
        Self {
            inner,
            settings,
            plan,
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

    /// What to keep of a request on the contract; nothing of any other.
    fn exchange<B>(&mut self, request: &Request<B>) -> Option<Exchange> {
        if self.settings.flag.state() == FlagState::Retired {
            return None;
        }
        let plan = self.plan.load();
        let endpoint = plan.find(request.method(), request.uri().path())?;
        let captured = Captured::take(&plan.endpoints[endpoint].captures, request.headers());
        Some(Exchange {
            settings: Arc::clone(&self.settings),
            plan: Arc::clone(plan),
            endpoint,
            caller: Caller::ANONYMOUS_LEGACY,
            captured,
        })
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
        match self.exchange(&request) {
            None => ResponseFuture::outside(self.inner.call(request)),
            Some(exchange) => ResponseFuture::on_contract(self.inner.call(request), exchange),
        }
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
