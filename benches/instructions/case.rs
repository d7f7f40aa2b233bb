//! A case: a scene, at a place, behind one of several middlewares.

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    hint::black_box,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, middleware::from_fn};
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{
    scene::{SCENES, Scene},
    snapshot,
    support::{Plain, by_hand::rewrite_by_hand, exchange},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Request {
        place: Place,
        middleware: Middleware,
        scene: Scene,
    },
    EncodeSnapshot,
    ReadSnapshot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A tower service that only clones its response.
    Plain,
    /// Around an axum router.
    Around,
    /// By `Router::layer`.
    Router,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Middleware {
    Bare,
    Identity,
    Layer,
    /// With detector, census, metrics and rollout.
    Complete,
    ByHand,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request {
                place,
                middleware,
                scene,
            } => {
                write!(f, "{place:?}/{middleware:?}/{}", scene.name)
            }
            other => write!(f, "{other:?}"),
        }
    }
}

impl Case {
    pub(crate) fn request(place: Place, middleware: Middleware, scene: &str) -> Self {
        let scene = SCENES.into_iter().find(|known| known.name == scene);
        Self::Request {
            place,
            middleware,
            scene: scene.expect("a scene of the list"),
        }
    }

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let places = [Place::Plain, Place::Around, Place::Router];
        let middlewares = [
            Middleware::Bare,
            Middleware::Identity,
            Middleware::Layer,
            Middleware::Complete,
            Middleware::ByHand,
        ];
        let requests = SCENES.into_iter().flat_map(move |scene| {
            places.into_iter().flat_map(move |place| {
                let case = move |middleware| Self::Request {
                    place,
                    middleware,
                    scene,
                };
                // What is written by hand knows neither flag nor path.
                let fits = move |of: &Middleware| {
                    *of != Middleware::ByHand || place == Place::Router && scene.rewrites()
                };
                middlewares.into_iter().filter(fits).map(case)
            })
        });
        requests.chain([Self::EncodeSnapshot, Self::ReadSnapshot])
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = Self::all().find(|case| case.to_string() == name);
        found.ok_or_else(|| format!("there is no case {name:?}"))
    }

    pub(crate) fn run(self, times: usize) {
        match self {
            Self::EncodeSnapshot => snapshot::encode(times),
            Self::ReadSnapshot => snapshot::read(times),
            Self::Request {
                place: Place::Plain,
                middleware,
                scene,
            } => plain(middleware, &scene, times),
            Self::Request {
                place: Place::Around,
                middleware,
                scene,
            } => around(middleware, &scene, times),
            Self::Request {
                place: Place::Router,
                middleware,
                scene,
            } => router(middleware, &scene, times),
        }
    }
}

fn plain(middleware: Middleware, scene: &Scene, times: usize) {
    let inner = WithHeaders {
        headers: scene.response_headers(),
        inner: Plain(scene.body()),
    };
    match middleware {
        Middleware::Bare | Middleware::ByHand => send::<_, (), _>(scene, times, inner, false),
        Middleware::Identity => send::<_, (), _>(scene, times, Identity(inner), false),
        Middleware::Layer => send::<_, (), _>(scene, times, scene.layer().layer(inner), true),
        Middleware::Complete => send::<_, (), _>(scene, times, scene.complete().layer(inner), true),
    }
}

fn around(middleware: Middleware, scene: &Scene, times: usize) {
    let inner = scene.router();
    // Kept beside the services without it, so that the allocator joins the same blocks with and without the layer.
    let layer = scene.layer().same_body().layer(inner.clone());
    match middleware {
        Middleware::Bare | Middleware::ByHand => send::<_, Body, _>(scene, times, inner, false),
        Middleware::Identity => send::<_, Body, _>(scene, times, Identity(inner), false),
        Middleware::Layer => send::<_, Body, _>(scene, times, layer, true),
        Middleware::Complete => {
            send::<_, Body, _>(
                scene,
                times,
                scene.complete().same_body().layer(inner),
                true,
            );
        }
    }
}

fn router(middleware: Middleware, scene: &Scene, times: usize) {
    let inner = scene.router();
    match middleware {
        Middleware::Bare | Middleware::Identity => send::<_, Body, _>(scene, times, inner, false),
        Middleware::ByHand => {
            send::<_, Body, _>(scene, times, inner.layer(from_fn(rewrite_by_hand)), true);
        }
        Middleware::Layer => {
            send::<_, Body, _>(scene, times, inner.layer(scene.layer().same_body()), true);
        }
        Middleware::Complete => {
            send::<_, Body, _>(
                scene,
                times,
                inner.layer(scene.complete().same_body()),
                true,
            );
        }
    }
}

fn send<S, R, B>(scene: &Scene, times: usize, mut service: S, can_rewrite: bool)
where
    S: Service<Request<R>, Response = Response<B>, Error = Infallible>,
    R: Default,
    B: http_body::Body + Unpin,
{
    let mut request = scene.requests();
    let rewritten = can_rewrite && scene.rewrites();
    for _ in 0..times {
        let status = exchange(&mut service, request()).as_u16();
        assert_eq!(status, if rewritten { 401 } else { 200 }, "{}", scene.name);
    }
}

/// Adds response headers, as part of the measured bare service.
#[derive(Clone)]
struct WithHeaders {
    headers: HeaderMap,
    inner: Plain,
}

impl<R> Service<Request<R>> for WithHeaders {
    type Response = Response<Full<bytes::Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<R>) -> Self::Future {
        let mut response = Response::new(Full::new(self.inner.0.clone()));
        // One by one, as handlers set them: a map that is cloned instead has no space for another header.
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
        ready(Ok(black_box(response)))
    }
}

/// A layer that does nothing: what any wrapping costs.
#[derive(Clone)]
struct Identity<S>(S);

impl<S: Service<R>, R> Service<R> for Identity<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = IdentityFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        IdentityFuture {
            inner: self.0.call(request),
        }
    }
}

pin_project! {
    struct IdentityFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for IdentityFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().inner.poll(cx)
    }
}
