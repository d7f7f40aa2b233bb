//! The admin service: a dashboard and a JSON API over a rollout.
//!
//! [`Admin`] serves one [`Rollout`](crate::rollout::Rollout) with its census and metrics. Its router is nested under any
//! prefix, or served on a port of its own. It cannot be built without [`Tokens`].
//!
//! ```
//! use std::{net::SocketAddr, sync::Arc};
//! use axum::Router;
//! use legacy_http_compat::admin::{Admin, TokenDigest, Tokens};
//! use legacy_http_compat::rollout::{Rollout, journal::MemoryJournal, names::FlagName, policy::Policy};
//!
//! let rollout = Rollout::builder(FlagName::new("features.jobs.compat")?, Policy::default())
//!     .open(Arc::new(MemoryJournal::new()))?;
//! let tokens = Tokens::builder()
//!     .operator("mara", TokenDigest::parse("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?)
//!     .build()?;
//! let admin = Admin::builder(Arc::new(rollout), tokens).build();
//!
//! let app: Router = Router::new().nest("/rollout", admin.router());
//! // With client addresses, so that failed attempts are limited by network:
//! let service = app.into_make_service_with_connect_info::<SocketAddr>();
//! // … `axum::serve(listener, service)`; before a graceful shutdown …
//! admin.close();
//! # drop(service);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Routes
//!
//! Relative to where the router is mounted. The `OpenAPI` document describes every member of every body.
//!
//! | Route | Role | Purpose |
//! |---|---|---|
//! | `GET /openapi.json` | none | the `OpenAPI` 3.1 document of the routes down to `POST /api/policy` |
//! | `GET /api/status` | viewer | phase, flag, gates, obligations, coverage, totals and all records; `ETag` |
//! | `GET /api/report?window=24h` | viewer | the census of a window |
//! | `GET /api/callers?window=&kind=&state=&sort=&order=&offset=&limit=` | viewer | the callers one by one, at most 1,000 |
//! | `GET /api/timeseries?range=24h` | viewer | dependent callers and responses over `1h`, `24h` or `30d` |
//! | `GET /api/journal?after=0&limit=100` | viewer | the events after a number, at most 500; `ETag` |
//! | `GET /api/transitions/{step}` | viewer | a dry run of `enable`, `cutover`, `retire` or `rollback`; `ETag` |
//! | `GET /api/events?after=` | viewer | server-sent events: each journal event, and totals every two seconds |
//! | `POST /api/transitions` | operator | `{to, override: […]?, reason}`: changes the phase |
//! | `POST /api/rollbacks` | operator | `{incident, cutover?, reason}`: rolls a cutover back; no gates apply |
//! | `POST /api/rollbacks/extend` | operator | `{until, reason}`: lets a rollback last longer |
//! | `POST /api/brownouts` | operator | `{start, length, reason}`: announces a brownout |
//! | `POST /api/brownouts/end` | operator | `{brownout, incident?, reason}`: ends it at once, or cancels it |
//! | `POST /api/checks` | operator | `{check, green, link?, contract_digest?, reason}`: reports the result of a check |
//! | `POST /api/incidents` | operator | `{incident, reason}`: opens an incident |
//! | `POST /api/incidents/close` | operator | `{incident, reason}`: closes it |
//! | `POST /api/instances/write-off` | operator | `{instance, reason}`: waits no more for what a lost instance counted |
//! | `POST /api/waivers` | operator | `{target, owner, until, reason}`: excludes callers from the gates until then |
//! | `POST /api/waivers/end` | operator | `{target, reason}`: ends a waiver early |
//! | `POST /api/post-analyses` | operator | `{rollback, link, summary, reason}`: files the post-analysis of a rollback |
//! | `POST /api/client-rollbacks` | operator | `{kind, version, incident?, reason}`: records that clients were rolled back |
//! | `POST /api/policy` | operator | `{policy, override: […]?, reason}`: changes the policy |
//! | `GET /` | viewer | the overview: phase, gates, time series; `?range=` |
//! | `GET /callers`, `/journal`, `/records`, `/waive`, `/brownouts` | viewer | lists, with forms for reports, waivers and brownouts |
//! | `GET /instances` | viewer | the instances that share the journal |
//! | `GET /transition/{step}`, `/rollback`, `/post-analysis/{seq}` | viewer | a transition with its gates and its form |
//! | `POST` to these, `/waive/end`, `/brownouts/end`, `/instances/write-off`, and below `/records` `/checks`, `/incidents`, `/incidents/close`, `/client-rollbacks`, `/rollbacks/extend` | operator | the same commands, from forms |
//! | `GET /assets/dashboard.css`, `/assets/dashboard.js`, `/assets/icon.svg` | none | the assets of the pages, cached by the digest in their query |
//! | `GET /sign-in` | none | the sign-in page |
//! | `POST /sign-in` | none | its form, `token` and `next`: begins a session |
//! | `POST /sign-out` | none | ends the session |
//!
//! The dashboard works without a script. With its script it follows the event stream.
//!
//! # Commands
//!
//! The response to a command is `{"head": 42, "event": {…}}` with the journaled event. All faults of a body are reported at
//! once. A command may be conditional: with `If-Match: "41"`, the `ETag` of a status, a dry run or a part of the journal, it
//! is executed only if nothing was journaled since that bears on a decision: a change of phase, policy, contract, incidents,
//! waivers or post-analyses, or another result of a check; otherwise the response is `409` with the events since (RFC 9110 §13.1.1
//! leaves the status open, and 412 would not show that another operator acted). A weak tag never matches. A rollback ignores
//! conditions, and takes no precondition but its `cutover`; its response is `202` with `"recorded": false` if it has taken
//! effect but could not be journaled yet.
//!
//! A policy that requires less than the one before is an override: it names exactly what it loosens in `override`, and is
//! listed with the overrides. Without the names, the problem `policy-loosened` lists the differences, and nothing is
//! changed.
//!
//! `X-Correlation-Id` or `X-Request-Id` is journaled with the event; without either an id is generated. The response has it.
//!
//! # Problems
//!
//! Every error is `application/problem+json` (RFC 9457). The `type` is `urn:legacy-http-compat:problem:` and one of these
//! names.
//!
//! | Problem | Status | Cause and members |
//! |---|---|---|
//! | `no-credentials` | 401 | neither a token nor an open session |
//! | `wrong-token` | 401 | an unknown token |
//! | `too-many-attempts` | 429 | a wrong token after ten of one network in ten minutes, or twenty of all in a second; `Retry-After` |
//! | `not-allowed` | 403 | the role is too low; `role`, `needed` |
//! | `cross-origin` | 403 | sent by a page of another origin |
//! | `not-found` | 404 | no such route |
//! | `method-not-allowed` | 405 | unsupported method; `Allow` |
//! | `body-too-large` | 413 | more than 64 KiB |
//! | `query-too-long` | 414 | more than 2 KiB |
//! | `unsupported-media-type` | 415 | neither JSON nor a form, as the route expects |
//! | `malformed` | 400 | cannot be parsed |
//! | `invalid` | 422 | has faults; `fault_count`, and `faults`, at most 64: each with `code`, `place`, `value` and `expected` |
//! | `impossible` | 409 | the phase has no such transition; `phase`, `entered`, `possible` |
//! | `post-analyses-due` | 409 | rollbacks have no post-analysis; `post_analyses_due` |
//! | `gates-failed` | 409 | gates fail; `failing`, `gates` |
//! | `override-mismatch` | 422 | an override must name exactly the failing gates; `unnamed`, `not_failing`, `gates` |
//! | `needs-incident` | 422 | the transition back from cutover is a rollback |
//! | `policy-pinned` | 409 | the policy comes from the program alone |
//! | `policy-loosened` | 422 | a looser policy names exactly what it loosens; `loosened` |
//! | `conflict` | 409 | concurrent modification; `expected`, `decision`, `head`, `events_since` |
//! | `unfitting` | 409 | contradicts the journal |
//! | `journal-failing` | 503 | the journal cannot be read or written; `certain`: whether the event is certainly not in it |
//! | `brownout-not-allowed` | 422 | the policy does not allow the brownout |
//! | `brownout-running` | 409 | a brownout runs, and ends before a cutover; `brownout` |
//! | `rollback-unrecorded` | 503 | a rollback or the end of a brownout is not journaled yet, and nothing else can be before it |
//! | `too-many-streams` | 503 | 64 event streams are open, 48 for a viewer, or 8 of this name; `Retry-After`: poll meanwhile |
//! | `closing` | 503 | [`Admin::close`] was called |
//! | `not-configured` | 404 | the rollout has no census, or the service no history |
//! | `internal` | 500 | see the log |
//!
//! # Events
//!
//! `GET /api/events` sends `event: journal`, with the number of the event as its id and the event as data, and every two
//! seconds of real time `event: totals`, without an id. It starts after the event in `Last-Event-ID` or `after`, or else at
//! the head: load a page, then follow from its head. The stream ends with the session, and when [`Admin::close`] is called.
//! A name has at most 8 streams and a session 3, beyond which its oldest stream ends with `event: poll`; 16 of the 64 places
//! are kept for operators. A page without a stream polls.
//!
//! # Several instances
//!
//! Where the rollout is one of several [instances](crate::rollout::fleet), a change of the flag responds after at most two seconds with
//! `applied`, such as "applied by 3 of 4; waiting for core-7f9", and `propagation`, the same in numbers and names. It is not undone
//! for those that wait. `GET /api/status` has `fleet`, totals have `applied` and `propagation`, and there is a page for the instances.
//! The number in `Last-Event-ID` means the same at all of them.
//!
//! # Authentication
//!
//! - A program sends its token as `Authorization: Bearer …`, which takes precedence over a cookie. The service keeps only
//!   SHA-256 digests of tokens, and compares with all of them in constant time. The name of a token is the actor in the
//!   journal.
//! - A browser signs in with a token and gets a session cookie: `HttpOnly`, `SameSite=Strict`, and `Secure` unless the host
//!   is a loopback one, for 8 hours by default. Sessions live in memory, or in a [table](SessionStore) that several
//!   instances share, under the hash of their secret: at most 16 for each name, beyond which the oldest ends. What a table had
//!   counts for two seconds, and while it is away.
//! - Every token is checked, and a right one is always accepted: no number of wrong ones locks it out. Wrong ones beyond ten
//!   of one network in ten minutes, or twenty of all networks in a second, get 429 and are not journaled; the others are
//!   within the limit of the rollout (32 an hour), without token and address. What protects a token is its length: use
//!   32 random bytes.
//! - Requests other than `GET`, `HEAD` and `OPTIONS` from a page of another origin are refused, with or without a session.
//!
//! # Deployment
//!
//! - **TLS** is up to the server or a proxy. Without it tokens and cookies can be read on the network.
//! - **Client networks** are known by [`ClientAddr`](crate::caller::ClientAddr), or else by `axum`'s `ConnectInfo`; an IPv6
//!   network is the first 64 bits. Without either all clients share one limit.
//! - **A proxy** must forward `Host` and `Origin` unchanged. If it changes the path, set
//!   [`public_path`](AdminBuilder::public_path).
//! - **Nested** at `/rollout`, the overview is at `/rollout`; `/rollout/` is not a route of this router, because of how
//!   `axum` nests. `Router::nest_service` serves both, and also supports prefixes that begin with a parameter, such as
//!   `/{tenant}/rollout`, which `Router::nest` does not for a router with a fallback.
//! - **The clock** of the service times sessions and attempts. Pages go by that of the rollout.

mod access;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod admin;
mod api;
mod authenticate;
mod callers_query;
mod command;
mod event_hub;
mod flag_changes;
mod format;
pub mod history;
mod layers;
mod mount_path;
mod pages;
mod params;
mod problem;
mod shared;
mod sign_in;

pub use access::{
    Role, SessionStore, SessionStoreError, SharedSession, TokenDigest, TokenDigestError, Tokens,
    TokensBuilder, TokensError,
};
pub use admin::{Admin, AdminBuilder, PublicPathError};
