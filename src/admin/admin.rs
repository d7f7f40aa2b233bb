//! The admin service and its builder.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state, map_response},
};

use super::{
    access::{LoginThrottle, SessionStore, Sessions, Tokens},
    api::router as api_routes,
    authenticate::authenticate,
    event_hub::EventHub,
    flag_changes::FlagChanges,
    history::History,
    layers::{MAX_BODY, request_id, request_limits, same_origin_only, security_headers},
    mount_path::{MountPath, mount},
    pages::{problem_page, router as page_routes},
    problem::{Problem, ProblemKind},
    shared::Shared,
    sign_in::router as login_routes,
};
use crate::{
    rollout::Rollout,
    time::{Clock, SystemClock},
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
/// // … serve `app`; requests without a token are refused …
/// # let request = Request::get("/rollout/api/status").body(Body::empty())?;
/// # let response = app.oneshot(request).await?;
/// assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Admin {
    shared: Arc<Shared>,
}

impl Admin {
    /// The routes, to nest under any prefix or to serve on a port of their own.
    pub fn router(&self) -> Router {
        let shared = &self.shared;
        Router::new()
            .merge(api_routes())
            .merge(login_routes())
            .merge(page_routes())
            .method_not_allowed_fallback(method_not_allowed)
            .fallback(not_found)
            // From the inside out: a later layer sees a request earlier.
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .layer(from_fn_with_state(Arc::clone(shared), authenticate))
            .layer(same_origin_only())
            .layer(from_fn(request_limits))
            .layer(from_fn_with_state(Arc::clone(shared), problem_page))
            .layer(from_fn_with_state(shared.public_path.clone(), mount))
            .layer(from_fn(request_id))
            .layer(map_response(security_headers))
            .with_state(Arc::clone(shared))
    }

    /// Ends all event streams and accepts no more. Without it a graceful shutdown waits for every open dashboard.
    pub fn close(&self) {
        self.shared.events.close();
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
    Problem::new(ProblemKind::NotFound, "No such route.")
}

async fn method_not_allowed() -> Problem {
    let detail = "See `Allow` for the methods of this route.";
    Problem::new(ProblemKind::MethodNotAllowed, detail)
}

/// Builder for [`Admin`].
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use legacy_http_compat::{admin::{Admin, Role, TokenDigest, Tokens}, caller::{FingerprintKey, SignalDetector}, census::Census};
/// use legacy_http_compat::{admin::history::History, metrics::Metrics};
/// use legacy_http_compat::rollout::{Rollout, journal::MemoryJournal, names::FlagName, policy::Policy};
///
/// let key = FingerprintKey::new([7; 16]);
/// let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind").build(&key)?;
/// let census = Arc::new(Census::new(&detector));
/// let metrics = Arc::new(Metrics::new());
/// let history = History::builder(census.clone(), metrics.clone()).open()?;
/// let rollout = Rollout::builder(FlagName::new("features.jobs.compat")?, Policy::default())
///     .census(census)
///     .metrics(metrics)
///     .open(Arc::new(MemoryJournal::new()))?;
/// let tokens = Tokens::builder()
///     .operator("mara", TokenDigest::of("4f5c…"))
///     .service("ci", Role::Operator, TokenDigest::of("c3aa…"))
///     .build()?;
///
/// let admin = Admin::builder(Arc::new(rollout), tokens)
///     .history(Arc::new(history))
///     .session_lifetime(Duration::from_secs(3_600))
///     .public_path("/ops/rollout")? // the proxy serves this service there
///     .build();
/// // … serve `admin.router()`, and before a graceful shutdown …
/// admin.close();
/// assert!(format!("{admin:?}").contains("mara"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct AdminBuilder {
    rollout: Arc<Rollout>,
    tokens: Tokens,
    history: Option<Arc<History>>,
    clock: Arc<dyn Clock>,
    session_lifetime: Duration,
    sessions: Option<Arc<dyn SessionStore>>,
    public_path: Option<MountPath>,
}

/// An invalid public path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid public path {path:?}: expected a path such as \"/ops/rollout\"")]
pub struct PublicPathError {
    path: String,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

impl Admin {
    /// Configures an admin service over a rollout, open to these tokens.
    pub fn builder(rollout: Arc<Rollout>, tokens: Tokens) -> AdminBuilder {
        AdminBuilder {
            rollout,
            tokens,
            history: None,
            clock: Arc::new(SystemClock::new()),
            session_lifetime: 8 * HOUR,
            sessions: None,
            public_path: None,
        }
    }
}

impl AdminBuilder {
    /// Sets the history, from which the dashboard draws time series.
    pub fn history(mut self, history: Arc<History>) -> Self {
        self.history = Some(history);
        self
    }

    /// Sets the clock of sessions and failed attempts; the system clock by default. Pages go by the clock of the rollout.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets how long a session lasts: 8 hours by default, clamped to between one minute and seven days.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime.clamp(MINUTE, WEEK);
        self
    }

    /// Sets a table of sessions that the services of several instances share, so that a session works at all of them; without
    /// one each has its own in memory. All of them have the same tokens and the same lifetime of sessions.
    pub fn sessions(mut self, table: Arc<dyn SessionStore>) -> Self {
        self.sessions = Some(table);
        self
    }

    /// Sets the public path of the router, for a proxy that changes paths. By default it is the path that the router is
    /// nested under.
    ///
    /// # Errors
    ///
    /// If it is neither empty nor begins with exactly one slash, or has a character that no path has.
    pub fn public_path(mut self, path: &str) -> Result<Self, PublicPathError> {
        let base = MountPath::new(path).ok_or_else(|| PublicPathError {
            path: path.to_owned(),
        })?;
        self.public_path = Some(base);
        Ok(self)
    }

    /// Builds the admin service.
    pub fn build(self) -> Admin {
        Admin {
            shared: Arc::new(Shared {
                rollout: self.rollout,
                tokens: self.tokens,
                history: self.history,
                sessions: Sessions::new(self.session_lifetime, self.sessions),
                throttle: LoginThrottle::default(),
                clock: self.clock,
                events: EventHub::new(),
                flag_changes: FlagChanges::default(),
                public_path: self.public_path,
            }),
        }
    }
}

impl PublicPathError {
    /// The offending path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}
