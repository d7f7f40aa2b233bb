//! All that use the Core every day.

use tokio::task::JoinSet;

use super::installation::{Installation, Visit};
use crate::support::http_client::HttpClient;

/// How many installations of each family are upgraded in the end.
const EACH: usize = 8;

const KINDS: [&str; 3] = ["UI_RUST", "AGENT", "MCP"];

/// So many knock at once.
const AT_ONCE: usize = 8;

/// The fleet: old ones that will be upgraded, two that will vanish, and a monitoring probe that nobody upgrades.
pub(crate) struct Fleet {
    regular: Vec<Installation>,
    vanishing: Vec<Installation>,
    probe: Installation,
    /// Answers that the one who got them could make nothing of, since they were last asked for; the probe's aside.
    broken: usize,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let regular = KINDS.iter().flat_map(|kind| {
            (0..EACH).map(move |number| Installation::new(kind, format!("{kind}-{number}"), false))
        });
        Self {
            regular: regular.collect(),
            vanishing: vec![
                Installation::new("UI_RUST", "laptop-in-a-drawer", false),
                Installation::new("MCP", "a-trial-long-over", false),
            ],
            probe: Installation::new("AGENT", "monitoring-probe", false),
            broken: 0,
        }
    }

    /// One of a family, the first to be upgraded.
    pub(crate) fn one(&self, kind: &str) -> &Installation {
        let mut all = self.regular.iter();
        let one = all.find(|one| one.kind == kind);
        one.expect("the fleet has all three families")
    }

    /// Everybody uses the Core once.
    pub(crate) async fn visit(&mut self, core: &HttpClient) {
        let all = self.regular.iter().chain(&self.vanishing);
        let all: Vec<_> = all.cloned().collect();
        for some in all.chunks(AT_ONCE) {
            let mut visits = JoinSet::new();
            for installation in some {
                let (installation, core) = (installation.clone(), core.clone());
                visits.spawn(async move { installation.visit(&core).await });
            }
            let visits = visits.join_all().await;
            self.broken += visits.iter().filter(|visit| !visit.understood).count();
        }
        // What it reads shows nothing of the clients; that it is there shows in the census.
        let _ = self.probe.visit(core).await;
    }

    /// How many answers were not understood since this was last asked.
    pub(crate) fn broken(&mut self) -> usize {
        std::mem::take(&mut self.broken)
    }

    /// The next `count` of a family that are old get the new version, all but the last `spared`; `false` if none is left.
    pub(crate) fn upgrade(&mut self, kind: &str, count: usize, spared: usize) -> bool {
        let old = self
            .regular
            .iter_mut()
            .filter(|one| one.kind == kind && !one.upgraded);
        let mut old: Vec<_> = old.collect();
        let count = old.len().saturating_sub(spared).min(count);
        for next in &mut old[..count] {
            next.upgraded = true;
        }
        count > 0
    }

    /// One AGENT of the fleet gets this version.
    pub(crate) async fn change_an_agent(&mut self, core: &HttpClient, upgraded: bool) -> Visit {
        let agent = self.regular.iter_mut().find(|one| one.kind == "AGENT");
        let agent = agent.expect("the fleet has all three families");
        agent.upgraded = upgraded;
        agent.visit(core).await
    }

    /// Two are never seen again.
    pub(crate) fn lose_those_that_vanish(&mut self) -> usize {
        std::mem::take(&mut self.vanishing).len()
    }
}
