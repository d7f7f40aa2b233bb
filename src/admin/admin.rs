//! The admin service.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state, map_response},
};

use super::{
    access::{identify, router as session_routes, same_origin_only},
    api::router as api_routes,
    bounds::{MAX_BODY, bound},
    correlation::correlate,
    headers::protect,
    locate::locate,
    negotiate::negotiate,
    pages::router as pages_routes,
    problem::{Problem, ProblemKind},
    shared::Shared,
};

/// The admin service of one rollout. Clones share sessions, limits and event streams.
///
/// ```
/// use std::sync::Arc;
/// use axum::Router;
/// use legacy_http_compat::admin::{Admin, TokenDigest, Tokens};
/// use legacy_http_compat::rollout::{Rollout, journal::MemoryJournal, names::FlagName, policy::Policy};
/// # use axum::{body::Body, http::{Request, StatusCode}};
/// # use tower::ServiceExt as _;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let rollout = Rollout::builder(FlagName::new("features.jobs.compat")?, Policy::default())
///     .open(Arc::new(MemoryJournal::new()))?;
/// let tokens = Tokens::builder().operator("mara", TokenDigest::of("4f5c…")).build()?;
/// let admin = Admin::builder(Arc::new(rollout), tokens).build();
/// let app: Router = Router::new().nest("/rollout", admin.router());
/// // … serve `app`; nobody comes in without a token …
/// # let request = Request::get("/rollout/api/status").body(Body::empty())?;
/// # let answer = app.oneshot(request).await?;
/// assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Admin {
    pub(super) shared: Arc<Shared>,
}

impl Admin {
    /// The routes, to be nested under any prefix, or to be served on a port of their own.
    pub fn router(&self) -> Router {
        let shared = &self.shared;
        Router::new()
            .merge(api_routes())
            .merge(session_routes())
            .merge(pages_routes())
            .method_not_allowed_fallback(method_not_allowed)
            .fallback(not_found)
            // From here on outward: what stands later sees a request earlier.
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(from_fn_with_state(Arc::clone(shared), identify))
            .layer(same_origin_only())
            .layer(from_fn(bound))
            .layer(from_fn(negotiate))
            .layer(from_fn_with_state(Arc::clone(shared), locate))
            .layer(from_fn(correlate))
            .layer(map_response(protect))
            .with_state(Arc::clone(shared))
    }

    /// Ends all event streams and lets none begin. Without it a graceful shutdown would wait for whoever is watching.
    pub fn close(&self) {
        self.shared.feed.close();
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("rollout", &self.shared.rollout)
            .field("tokens", &self.shared.tokens)
            .finish_non_exhaustive()
    }
}

async fn not_found() -> Problem {
    Problem::new(ProblemKind::NotFound, "There is no such route.")
}

async fn method_not_allowed() -> Problem {
    let detail = "The header `Allow` says which methods this route has.";
    Problem::new(ProblemKind::MethodNotAllowed, detail)
}
