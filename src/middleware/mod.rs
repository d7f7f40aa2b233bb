//! The Tower middleware that rewrites answers.
//!
//! [`LegacyHttpCompatLayer`] wraps any `Service<Request<_>, Response = Response<_>>`. What it does with a request:
//!
//! 1. It looks whether method and path are an endpoint of the contract. Others go to the inner service as they are. The
//!    contract that is in use now serves this request to its end.
//! 2. It calls the inner service.
//! 3. When the answer comes it tells which outcome it is: by the status, then by the headers, and only where an outcome
//!    asks for a JSON field (as a condition, or to fill its legacy body) by the body.
//! 4. It reads the flag. With the flag off the answer leaves as it came.
//! 5. With the flag on, an outcome with a legacy shape is rewritten.
//! 6. It tells the observers what it saw.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
//! let core = ServiceBuilder::new()
//!     .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()))
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
//! # Looking at a body
//!
//! A body is looked at only when its `Content-Type` is `application/json` or ends in `+json`, it has no content coding, and
//! it is not larger than [`body_limit`](LegacyHttpCompatLayer::body_limit). The head of the answer then waits for the end
//! of the body, so an endpoint that streams JSON should not have outcomes that ask for fields. A body of one frame is not
//! copied. What was read and is not rewritten is handed on frame by frame, with errors and trailers where they were.
//!
//! The body type must be `Unpin`, since it is polled before it is handed on and is not boxed. The bodies of axum, hyper and
//! http-body-util are; for one that is not, put
//! [`MapResponseBodyLayer`](https://docs.rs/tower-http/latest/tower_http/map_response_body/) with `Box::pin` inside.
//!
//! # What an answer keeps
//!
//! An answer that is not rewritten is identical in all that a client can see, with one exception: answers of a `GET`
//! endpoint that has legacy shapes get `Vary`. A rewritten one keeps all headers but those that were about the handler's
//! answer: `ETag`, `Last-Modified`, `Accept-Ranges`, `Content-Range`, `Signature`, `Signature-Input`, and, with another
//! body, `Content-Encoding`, `Content-Digest`, `Repr-Digest`, `Digest`, `Content-MD5`, `Trailer` and the trailers. Answers
//! of status 1xx, 204, 205, 206, 304 and 412 are never rewritten, nor are answers to `HEAD` and `CONNECT`: `HEAD` is answered
//! for the target contract.
//!
//! A legacy shape whose body stays as it is keeps whatever describes that body: its encoding, digests and trailers.
//!
//! # Where to place it
//!
//! - *Around a router* rather than by `Router::layer`, where speed matters: axum clones and boxes a layered service for
//!   each route and request, while around the router it is called in place. `axum::serve` then wants the body type back:
//!   put `MapResponseBodyLayer::new(axum::body::Body::new)` outside, or serve with hyper-util. Both are shown below.
//! - *Inside compression*, or bodies arrive encoded and cannot be read. Placed outside, it warns once, and counts
//!   [`BodyEncoded`](crate::observation::SkipReason::BodyEncoded).
//! - Inside axum's `nest` the layer sees the path without the prefix: use
//!   [`with_base_path`](crate::Contract::with_base_path).
//! - Outside whatever answers in place of the handlers (limits, timeouts, authentication), if those answers are outcomes
//!   of the contract too.
//!
//! Around a whole router, with `axum::serve`:
//!
//! ```no_run
//! use axum::{Router, ServiceExt, body::Body, extract::Request};
//! use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
//! use tower::ServiceBuilder;
//! use tower_http::map_response_body::MapResponseBodyLayer;
//!
//! # async fn serve(router: Router) -> std::io::Result<()> {
//! let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
//! let service = ServiceBuilder::new()
//!     .layer(MapResponseBodyLayer::new(Body::new))
//!     .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()))
//!     .service(router);
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
//! let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
//! let service = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()).layer(router);
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
//! Each rewrite and each skip is a `DEBUG` event with `endpoint`, `outcome` and, for a skip, `reason`. A span of the
//! request that declares the field `legacy_http_compat` as empty gets `rewritten` or the reason recorded in it. Neither
//! ever holds a body.

mod body;
mod capture;
mod exchange;
mod frame;
mod future;
mod json_body;
mod layer;
mod replay;
mod rewrite;
mod service;
mod settings;
mod vary;

pub use body::ResponseBody;
pub use capture::{CaptureRequestFields, CaptureRequestFieldsLayer, CapturedRequestBody};
pub use future::ResponseFuture;
pub use layer::LegacyHttpCompatLayer;
pub use service::LegacyHttpCompat;
