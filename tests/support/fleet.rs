//! Many installations of the three families of clients.

use std::ops::Range;

use tokio::task::JoinSet;

use super::{
    device_client::{DeviceClient, Step},
    http_client::HttpClient,
    new_client::NewClient,
    old_client::OldClient,
    server::INTERVAL,
};

/// So many installations knock at once.
const AT_ONCE: usize = 16;

const FAMILIES: [(&str, &str); 3] = [
    ("UI_RUST", "core-ui-rust"),
    ("AGENT", "core-agent"),
    ("MCP", "core-mcp"),
];

/// One client somewhere in the field.
#[derive(Clone)]
pub(crate) struct Installation {
    kind: &'static str,
    product: &'static str,
    id: String,
    upgraded: bool,
}

/// Installations, the three families by turns.
pub(crate) struct Fleet(Vec<Installation>);

impl Fleet {
    pub(crate) fn new(name: &str, size: usize, upgraded: bool) -> Self {
        let installation = |number: usize| {
            let (kind, product) = FAMILIES[number % FAMILIES.len()];
            Installation {
                kind,
                product,
                id: format!("{name}-{number}"),
                upgraded,
            }
        };
        Self((0..size).map(installation).collect())
    }

    /// Some of them use the Core at `core` as they do every day, and all understand what it responds.
    pub(crate) async fn visit(&self, core: &HttpClient, who: Range<usize>) {
        for some in self.0[who].chunks(AT_ONCE) {
            let mut visits = JoinSet::new();
            for installation in some {
                let (installation, core) = (installation.clone(), core.clone());
                visits.spawn(async move { installation.visit(&core).await });
            }
            visits.join_all().await;
        }
    }

    /// One of them gets another version, under its identity, and uses it.
    pub(crate) async fn change(&mut self, core: &HttpClient, who: usize, upgraded: bool) {
        self.0[who].upgraded = upgraded;
        self.0[who].visit(core).await;
    }

    pub(crate) async fn upgrade(&mut self, core: &HttpClient, who: Range<usize>) {
        for number in who {
            self.change(core, number, true).await;
        }
    }
}

impl Installation {
    async fn visit(&self, core: &HttpClient) {
        let version = if self.upgraded { "2.0.0" } else { "1.4.0" };
        let user_agent = format!("{}/{version} (linux)", self.product);
        let core = core.clone().with_user_agent(&user_agent);
        let core = core.with_header("x-client-id", &self.id);
        if self.kind == "UI_RUST" {
            self.ask_for_a_token(&core).await;
        } else {
            self.wait_for_approval(&core).await;
        }
    }

    /// The desktop client gets no device codes; what changes for it is how a token is refused.
    async fn ask_for_a_token(&self, core: &HttpClient) {
        let refused = core.token(&self.id, self.kind, "anything").await;
        if self.upgraded {
            refused.assert_error(403, "FORBIDDEN_ACTOR");
        } else {
            refused.assert_error(422, "VALIDATION_FAILED");
        }
    }

    async fn wait_for_approval(&self, core: &HttpClient) {
        let started = core.start(self.kind).await;
        let polled = core.poll(started.text_at("/device_code")).await;
        let step = if self.upgraded {
            NewClient::new(INTERVAL).read(&polled)
        } else {
            OldClient::new(INTERVAL).read(&polled)
        };
        assert!(matches!(step, Step::KeepPolling(_)), "{step:?}");
    }
}
