//! The Tower middleware that rewrites responses.
//!
//! [`LegacyHttpCompatLayer`] wraps any `Service<Request<_>, Response = Response<_>>`. For each request:
//!
//! 1. It looks up method and path in the contract. A request for no endpoint goes to the inner service unchanged. The
//!    contract loaded here serves this request to its end.
//! 2. It calls the inner service.
//! 3. When the response arrives, it decides the outcome: by the status, then by the headers, and by the body only where an
//!    outcome reads a JSON field (as a condition, or to fill its legacy body).
//! 4. As soon as the outcome is known, it reads the flag, once. If the flag is off, the response passes through unchanged; of
//!    some, the legacy response is [rehearsed](LegacyHttpCompatLayer::rehearse_one_in).
//! 5. If the flag is on, an outcome with a legacy shape is rewritten for a dependent caller.
//! 6. It notifies the observers.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
//! let core = ServiceBuilder::new()
//!     .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), &flag))
//!     .service(service_fn(|_request: Request<Full<Bytes>>| async {
//!         Response::builder()
//!             .header("content-type", "application/json")
//!             .body(Full::new(Bytes::from_static(br#"{"status":"PENDING","interval":5}"#)))
//!     }));
//!
//! let poll = || Request::post("/api/v1/auth/clients/device/poll").body(Full::default());
//! assert_eq!(core.clone().oneshot(poll()?).await?.status(), StatusCode::UNAUTHORIZED);
//! flag.set(false);
//! assert_eq!(core.clone().oneshot(poll()?).await?.status(), StatusCode::OK);
//! # Ok::<(), http::Error>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Peeking at a body
//!
//! A body is read as JSON only if its `Content-Type` is `application/json` or ends in `+json`, it has no content coding, and it
//! is not larger than [`body_limit`](LegacyHttpCompatLayer::body_limit). Streams of JSON (`application/x-ndjson`,
//! `application/json-seq`, `application/stream+json`) are not peeked at. The head of the response waits until what has come of
//! the body decides: then the response is observed and, unless it is rewritten, released, and the rest of the body streams. It
//! waits for [`peek_timeout`](LegacyHttpCompatLayer::peek_timeout) at most. A body of one frame is not copied. What was read and
//! is not rewritten is forwarded frame by frame, with errors and trailers in place; before an error, the body is pending once,
//! so that a server writes what came before it.
//!
//! The body type must be `Unpin`, because it is polled before it is forwarded and is not boxed. The bodies of axum, hyper
//! and http-body-util are; for one that is not, place
//! [`MapResponseBodyLayer`](https://docs.rs/tower-http/latest/tower_http/map_response_body/) with `Box::pin` inside.
//!
//! # The body of the responses
//!
//! The layer responds with a [`ResponseBody`] around the body type of the inner service, whatever that is. With
//! [`same_body`](LegacyHttpCompatLayer::same_body) it responds with that type itself, if it is a [`CompatBody`]: axum's `Body`
//! (feature `axum`), `BoxBody`, `UnsyncBoxBody` and `Full<Bytes>` of `http-body-util` (feature `http-body-util`), or a type of
//! your own. A body that was peeked at keeps its framing: only a single frame the exact length of which was known becomes a
//! body of bytes, or a chunked response would get a length.
//!
//! # What a response keeps
//!
//! A response that is not rewritten is identical in everything a client can see, with one exception: responses of a `GET`
//! endpoint with legacy shapes get `Vary`, and so do those to `HEAD`. A rewritten one keeps all headers except those about the
//! target response:
//!
//! - `ETag`, `Last-Modified`, `Accept-Ranges`, `Content-Range`, `Signature`, `Signature-Input`, and with feature `hyper` the
//!   reason phrase;
//! - if the body is replaced, `Content-Encoding`, `Content-Language`, `Content-Location`, `Content-Disposition`,
//!   `Content-Digest`, `Repr-Digest`, `Digest`, `Content-MD5`, `Trailer` and the trailers;
//! - `Cache-Control`, `Expires`, `Age`, `Pragma`, `Surrogate-Control`, `X-Accel-Expires`, and targeted headers such as
//!   `CDN-Cache-Control` (RFC 9213). `Cache-Control: no-store` replaces them, in the response to a `GET` always, unless the
//!   shape puts its own `Cache-Control` or `Expires`.
//!
//! Responses of status 1xx, 206, 304 and 412 are never rewritten, nor are responses to `HEAD` and `CONNECT`: `HEAD` always
//! gets the target response.
//!
//! A legacy shape that keeps the body keeps everything that describes it: its encoding, digests and trailers. One that edits the
//! body keeps its `Content-Type`.
//!
//! # Where to place it
//!
//! - *Around a router* rather than by `Router::layer`, where speed matters: axum clones and boxes a layered service for
//!   each route and request, while around the router it is called in place. `axum::serve` then needs its own body type:
//!   [`same_body`](LegacyHttpCompatLayer::same_body) gives it back, or serve with hyper-util. Both are shown below.
//! - *Inside compression*, or bodies arrive encoded and cannot be read. Placed outside, it warns once, and counts
//!   [`BodyEncoded`](crate::observation::SkipReason::BodyEncoded).
//! - Twice over the same endpoint is fine: one [`CaptureRequestFieldsLayer`] inside both serves both.
//! - Inside axum's `nest` the layer sees the path without the prefix: use
//!   [`with_base_path`](crate::Contract::with_base_path).
//! - Outside everything that responds in place of the handlers (limits, timeouts, authentication), if those responses are
//!   outcomes of the contract too.
//!
//! Around a whole router, with `axum::serve` and feature `axum`:
//!
//! ```no_run
//! # #[cfg(feature = "axum")]
//! # async fn serve(router: axum::Router) -> std::io::Result<()> {
//! use axum::{ServiceExt, extract::Request};
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//! use tower::Layer;
//!
//! let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
//! let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag).same_body();
//! let service = layer.layer(router);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, ServiceExt::<Request>::into_make_service(service)).await
//! # }
//! ```
//!
//! and with hyper-util, which takes any body:
//!
//! ```no_run
//! use axum::Router;
//! use hyper_util::{
//!     rt::{TokioExecutor, TokioIo},
//!     server::conn::auto::Builder,
//!     service::TowerToHyperService,
//! };
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//! use tower::Layer;
//!
//! # async fn serve(router: Router) -> std::io::Result<()> {
//! let flag = CompatFlag::on("features.auth.device_flow.compat_legacy_http");
//! let service = LegacyHttpCompatLayer::new(Contract::device_flow(), &flag).layer(router);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! loop {
//!     let (stream, _) = listener.accept().await?;
//!     let service = TowerToHyperService::new(service.clone());
//!     tokio::spawn(async move {
//!         let builder = Builder::new(TokioExecutor::new());
//!         builder.serve_connection(TokioIo::new(stream), service).await
//!     });
//! }
//! # }
//! ```
//!
//! # Tracing
//!
//! Each rewrite, each skip and each undetermined outcome is a `DEBUG` event with `endpoint`, `outcome` and, for the last two,
//! `reason`; each rehearsal is one with its `result`. A request span that declares an empty field `legacy_http_compat` gets
//! `rewritten` or the reason recorded in it. Neither ever contains a body. The guide lists
//! [all fields](crate::guide::telemetry#fields).

#[expect(
    clippy::inline_always,
    reason = "a response is large, and a call would move it"
)]
mod arrival;
mod body;
mod body_need;
mod capture;
mod capture_slot;
mod compat_body;
mod content_length;
#[expect(
    clippy::inline_always,
    reason = "a response is large, and a call would move it"
)]
mod deciding;
#[expect(
    clippy::inline_always,
    reason = "what is kept of a request is large, and a call would move it"
)]
mod exchange;
#[expect(
    clippy::inline_always,
    reason = "a response is large, and a call would move it"
)]
mod future;
mod layer;
mod layer_settings;
#[cfg(all(test, legacy_http_compat_loom))]
mod loom_tests;
mod peek;
mod peek_timer;
mod peeked_body;
mod peeking;
mod reason_phrase;
mod rehearsal_rate;
#[expect(
    clippy::inline_always,
    reason = "most headers are passed over by the length of their names, which costs less than a call"
)]
pub(crate) mod rewrite;
#[expect(
    clippy::inline_always,
    reason = "what is kept of a request is large, and a call would move it"
)]
mod service;
mod vary;
mod way_back;

pub use body::ResponseBody;
pub use capture::{CaptureRequestFields, CaptureRequestFieldsLayer, CapturedRequestBody};
pub use compat_body::{AnyBody, BodyMode, CompatBody, SameBody};
pub use future::ResponseFuture;
pub use layer::LegacyHttpCompatLayer;
pub use service::LegacyHttpCompat;
