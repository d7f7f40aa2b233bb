//! All clients that use the Core.

use tokio::task::JoinSet;

use super::installation::{Installation, Visit};
use crate::support::http_client::HttpClient;

/// How many installations of each kind are upgraded in the end.
const EACH: usize = 8;

const KINDS: [&str; 3] = ["UI_RUST", "AGENT", "MCP"];

/// How many use the Core concurrently.
const AT_ONCE: usize = 8;

/// The deployed clients: old ones that will be upgraded, two that disappear, and a monitoring probe that stays old.
pub(crate) struct Population {
    regular: Vec<Installation>,
    vanishing: Vec<Installation>,
    probe: Installation,
    /// Responses that their clients, except the probe, did not understand since [`Population::take_broken`].
    broken: usize,
}

impl Population {
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

    /// An installation of a kind, the first to be upgraded.
    pub(crate) fn one(&self, kind: &str) -> &Installation {
        let mut all = self.regular.iter();
        let one = all.find(|one| one.kind == kind);
        one.expect("there are all three kinds")
    }

    /// The client that is never upgraded.
    pub(crate) fn probe(&self) -> &Installation {
        &self.probe
    }

    /// Every installation uses the Core once.
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
        // The probe does not interpret responses; it only shows up in the census.
        let _ = self.probe.visit(core).await;
    }

    /// Returns the number of responses not understood since the last call.
    pub(crate) fn take_broken(&mut self) -> usize {
        std::mem::take(&mut self.broken)
    }

    /// Upgrades the next `count` old installations of a kind, but never the last `spared`; `false` if none is left.
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

    /// Changes the version of one AGENT.
    pub(crate) async fn change_an_agent(&mut self, core: &HttpClient, upgraded: bool) -> Visit {
        let agent = self.regular.iter_mut().find(|one| one.kind == "AGENT");
        let agent = agent.expect("there are all three kinds");
        agent.upgraded = upgraded;
        agent.visit(core).await
    }

    /// Removes the two installations that disappear.
    pub(crate) fn lose_vanishing(&mut self) -> usize {
        std::mem::take(&mut self.vanishing).len()
    }
}
