//! Setting the admin service up.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::{
    access::{Attempts, Sessions, Tokens},
    admin::Admin,
    base::Base,
    feed::Feed,
    shared::Shared,
};
use crate::{
    admin::history::History,
    rollout::Rollout,
    time::{Clock, SystemClock},
};

/// How the admin service is to be.
///
/// ```
/// use std::{sync::Arc, time::Duration};
/// use legacy_http_compat::{admin::{Admin, Role, TokenDigest, Tokens}, caller::{FingerprintKey, SignalDetector}, census::Census};
/// use legacy_http_compat::{admin::history::History, metrics::Metrics};
/// use legacy_http_compat::rollout::{FlagName, MemoryJournal, Policy, Rollout};
///
/// let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"]).kind_header("x-client-kind").build(&FingerprintKey::new([7; 16]))?;
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
    public_path: Option<Base>,
}

/// A text that is no path to serve under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPublicPath {
    refused: String,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

impl Admin {
    /// An admin service of this rollout, which lets these tokens in.
    pub fn builder(rollout: Arc<Rollout>, tokens: Tokens) -> AdminBuilder {
        AdminBuilder {
            rollout,
            tokens,
            history: None,
            clock: Arc::new(SystemClock::new()),
            session_lifetime: 8 * HOUR,
            public_path: None,
        }
    }
}

impl AdminBuilder {
    /// The curves to show. Without them there are none.
    pub fn history(mut self, history: Arc<History>) -> Self {
        self.history = Some(history);
        self
    }

    /// Where the time comes from by which sessions end and failed attempts age; the operating system by default.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long a session lasts, 8 hours by default. What is below a minute is taken as a minute, what is above seven days
    /// as seven days.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime.clamp(MINUTE, WEEK);
        self
    }

    /// The path under which the outside sees the router, where a proxy changes it. Without it the path is the one that the
    /// router is nested under.
    ///
    /// # Errors
    ///
    /// When it is not empty and does not begin with one slash, or has a character that is none of a path.
    pub fn public_path(mut self, path: &str) -> Result<Self, InvalidPublicPath> {
        let base = Base::new(path).ok_or_else(|| InvalidPublicPath {
            refused: path.to_owned(),
        })?;
        self.public_path = Some(base);
        Ok(self)
    }

    /// The admin service.
    pub fn build(self) -> Admin {
        Admin {
            shared: Arc::new(Shared {
                rollout: self.rollout,
                tokens: self.tokens,
                history: self.history,
                sessions: Sessions::new(self.session_lifetime),
                attempts: Attempts::default(),
                clock: self.clock,
                feed: Feed::new(),
                public_path: self.public_path,
            }),
        }
    }
}

impl InvalidPublicPath {
    /// The offending path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.refused
    }
}

impl fmt::Display for InvalidPublicPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = &self.refused;
        write!(f, "{refused:?} is no path such as \"/ops/rollout\"")
    }
}

impl Error for InvalidPublicPath {}
