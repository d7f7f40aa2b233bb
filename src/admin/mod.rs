//! The operator's room: how a rollout stands, what is in its way, and everything that an operator can do about it, over HTTP.
//!
//! [`Admin`] is one service over one [`Rollout`](crate::rollout::Rollout), its census and metrics. Its router is nested where
//! the user likes, or served on a port of its own. It cannot be built without [`Tokens`].
//!
//! ```
//! use std::{net::SocketAddr, sync::Arc};
//! use axum::Router;
//! use legacy_http_compat::admin::{Admin, TokenDigest, Tokens};
//! use legacy_http_compat::rollout::{FlagName, MemoryJournal, Policy, Rollout};
//!
//! let rollout = Rollout::builder(FlagName::new("features.jobs.compat")?, Policy::default())
//!     .open(Arc::new(MemoryJournal::new()))?;
//! let tokens = Tokens::builder()
//!     .operator("mara", TokenDigest::parse("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")?)
//!     .build()?;
//! let admin = Admin::builder(Arc::new(rollout), tokens).build();
//!
//! let app: Router = Router::new().nest("/rollout", admin.router());
//! // With the addresses of the peers, so that one who guesses tokens shuts out nobody else:
//! let service = app.into_make_service_with_connect_info::<SocketAddr>();
//! // … `axum::serve(listener, service)`; before a graceful shutdown …
//! admin.close();
//! # drop(service);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The routes
//!
//! Relative to where the router is mounted. The `OpenAPI` document has every member of every body.
//!
//! | Route | Role | What |
//! |---|---|---|
//! | `GET /openapi.json` | none | the `OpenAPI` 3.1 document of the routes down to `POST /api/policy` |
//! | `GET /api/status` | viewer | phase, flag, gates, obligations, coverage, totals and all that is on record; `ETag` |
//! | `GET /api/report?window=24h` | viewer | the census of a window |
//! | `GET /api/callers?window=&kind=&state=&sort=&order=&offset=&limit=` | viewer | the callers one by one, at most 1,000 |
//! | `GET /api/curves?span=24h` | viewer | who depended and what was answered, over `1h`, `24h` or `30d` |
//! | `GET /api/journal?after=0&limit=100` | viewer | the events after a number, at most 500; `ETag` |
//! | `GET /api/transitions/{step}` | viewer | what would become of `enable`, `cutover`, `retire`, `abort` or `rollback`; `ETag` |
//! | `GET /api/events?after=` | viewer | server-sent events: each record, and the totals every two seconds |
//! | `POST /api/transitions` | operator | `{to, override: […]?, reason}`: to another phase |
//! | `POST /api/rollbacks` | operator | `{incident, reason}`: the way back from cutover, whatever the gates say |
//! | `POST /api/checks` | operator | `{check, green, link?, reason}`: a prerequisite is green or not |
//! | `POST /api/incidents` | operator | `{incident, reason}`: there is one |
//! | `POST /api/incidents/close` | operator | `{incident, reason}`: it is over |
//! | `POST /api/waivers` | operator | `{waived, owner, until, reason}`: a dependence does not count until then |
//! | `POST /api/waivers/end` | operator | `{waived, reason}`: it counts again |
//! | `POST /api/post-analyses` | operator | `{rollback, link, summary, reason}`: what a rollback was due to |
//! | `POST /api/client-rollbacks` | operator | `{kind, version, incident?, reason}`: clients went back to a version |
//! | `POST /api/policy` | operator | `{policy, reason}`: another policy holds |
//! | `GET /` | viewer | the dashboard: phase, what stands in the way, curves; `?span=` |
//! | `GET /callers`, `/journal`, `/records`, `/waive` | viewer | its lists, and the forms of what is reported and waived |
//! | `GET /transition/{step}`, `/rollback`, `/post-analysis/{seq}` | viewer | what speaks for a step, and the form that takes it |
//! | `POST` to these, `/waive/end`, and below `/records` `/checks`, `/incidents`, `/incidents/close`, `/client-rollbacks` | operator | the same orders, from forms |
//! | `GET /assets/dashboard.css`, `/assets/dashboard.js`, `/assets/icon.svg` | none | what the pages are shown with |
//! | `GET /sign-in` | none | the form that asks for a token |
//! | `POST /sign-in` | none | the form of the dashboard, `token` and `next`: begins a session |
//! | `POST /sign-out` | none | ends the session |
//!
//! The dashboard works without a script. With its own it follows the event stream.
//!
//! # Orders
//!
//! An order is answered with `{"head": 42, "event": {…}}`: the event that it became. All that is wrong with a body is told at
//! once. It may rest on what was seen: with `If-Match: "41"`, the `ETag` of a status, a dry run or a part of the journal, it
//! is carried out only if nothing was journaled since, and otherwise answered `409` with what happened (RFC 9110 §13.1.1
//! leaves the status open; 412 would not tell two operators that they met). A weak tag never matches. A rollback looks at no condition, and
//! is answered `202` with `"recorded": false` when it took effect and could not be journaled yet.
//!
//! `X-Correlation-Id` or `X-Request-Id` goes into the event, and without either an id is made up; the answer carries it.
//!
//! # Problems
//!
//! Whatever does not succeed is answered as `application/problem+json` (RFC 9457). The `type` is
//! `urn:legacy-http-compat:problem:` and one of these names.
//!
//! | Problem | Status | When, and with which members |
//! |---|---|---|
//! | `no-credentials` | 401 | neither a token nor a session that is open |
//! | `wrong-token` | 401 | a token that is not known |
//! | `too-many-attempts` | 429 | ten wrong tokens of one peer in ten minutes; `Retry-After` |
//! | `not-allowed` | 403 | a viewer asks for what is an operator's; `role`, `needed` |
//! | `cross-origin` | 403 | a page of another origin has sent it |
//! | `not-found` | 404 | there is no such route |
//! | `method-not-allowed` | 405 | the route has other methods; `Allow` |
//! | `body-too-large` | 413 | more than 64 KiB |
//! | `query-too-long` | 414 | more than 2 KiB |
//! | `unsupported-media-type` | 415 | no JSON, or no form |
//! | `malformed` | 400 | it cannot be read |
//! | `invalid` | 422 | it can be read, and something in it is wrong; `faults`: each with `place`, `value` and `remedy` |
//! | `impossible` | 409 | there is no such step; `phase`, `entered`, `possible` |
//! | `gates-failed` | 409 | gates do not let pass; `failing`, `gates` |
//! | `override-mismatch` | 422 | an override names each failing gate and no other; `unnamed`, `needless`, `gates` |
//! | `needs-incident` | 422 | the step back from cutover is a rollback |
//! | `conflict` | 409 | something was journaled meanwhile; `expected`, `head`, `happened` |
//! | `unfitting` | 409 | it cannot follow what is journaled |
//! | `journal-failing` | 503 | the journal cannot be read or written; `certain`: whether it is certain that nothing stands |
//! | `rollback-unrecorded` | 503 | a rollback is not in the journal yet, and nothing else can be before it |
//! | `too-many-streams` | 503 | 64 event streams are open; `Retry-After` |
//! | `closing` | 503 | [`Admin::close`] was called, and no stream begins any more |
//! | `not-configured` | 404 | the rollout has no census, or the service no history |
//! | `internal` | 500 | the log says why |
//!
//! # Events
//!
//! `GET /api/events` sends `event: journal`, with the number of the event as its id and the event as data, and every two
//! seconds of real time `event: totals`, without an id. It begins behind the event that `Last-Event-ID` or `after` names, and
//! without either with what comes from now on: load a page, and then follow from its head. The stream ends when the session
//! does and when [`Admin::close`] is called.
//!
//! # Who comes in
//!
//! - A program sends its token as `Authorization: Bearer …`. It goes before a cookie. Only SHA-256 digests of tokens are known
//!   here; what is sent is compared with all of them in constant time. The name of the token is the actor in the journal.
//! - A browser signs in with a token and gets a session cookie: `HttpOnly`, `SameSite=Strict`, `Secure` unless the host is
//!   this very machine, for 8 hours by default. Sessions live in memory, under the hash of their secret: at most 16 of one
//!   name, and the oldest goes first.
//! - After ten wrong tokens of one peer in ten minutes none of its tokens is looked at until they age. Sessions go on. Wrong
//!   tokens are journaled as far as the rollout has room (32 an hour), without token and without address.
//! - Whatever is not `GET`, `HEAD` or `OPTIONS` and comes from a page of another origin is refused, with a session or without.
//!
//! # Deployment
//!
//! - **TLS** is for the server or the proxy in front of it. Tokens and cookies are worth what the way to them is worth.
//! - **Peers** are told apart by [`ClientAddr`](crate::caller::ClientAddr), or else by `axum`'s `ConnectInfo`; IPv6 addresses
//!   by their first 64 bits. Where the application tells neither, all count as one: anybody could shut out everybody.
//! - **A proxy** has to hand on `Host` and `Origin` unchanged. Where it changes the path, give the service its
//!   [`public_path`](AdminBuilder::public_path).
//! - **Nested** at `/rollout`, the start page is `/rollout`; `/rollout/` is another path and not one of this router's, as
//!   `axum` nests. `Router::nest_service` takes both, and also prefixes that begin with a parameter, such as
//!   `/{tenant}/rollout`, which `Router::nest` does not take for a router that answers unknown paths itself.
//! - **The clock** of the service times sessions and attempts. Give it that of the rollout.

mod access;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named after"
)]
mod admin;
mod api;
mod base;
mod blocking;
mod body;
mod bounds;
mod builder;
mod command;
mod correlation;
mod feed;
mod headers;
pub mod history;
mod locate;
mod negotiate;
mod pages;
mod problem;
mod shared;
mod stamp;
mod totals;

pub use access::{InvalidTokenDigest, InvalidTokens, Role, TokenDigest, Tokens, TokensBuilder};
pub use admin::Admin;
pub use builder::{AdminBuilder, InvalidPublicPath};
