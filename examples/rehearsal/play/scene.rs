//! Where the play takes place: the clients, the operator, the rollout's time, and who writes it all down.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::time::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use super::reading::{count, hours, moment, text, verdict};
use crate::{
    args::Break,
    clock::FastClock,
    field::{Fleet, Installation},
    log::Log,
    plan::Ledger,
    show::{Timeline, bar, failing, verdicts},
    support::{http_client::HttpClient, operator::Operator, response::Answer},
};

/// How often the fleet uses the Core, in rollout hours.
const ROUND: u64 = 3;

/// How often the timeline says how things are, in rollout hours.
const LINE: u64 = 6;

/// How long time passes at once, in real time.
const BEAT: Duration = Duration::from_millis(100);

/// The play.
pub(crate) struct Scene {
    pub(crate) core: HttpClient,
    pub(crate) operator: Operator,
    clock: Arc<FastClock>,
    pub(crate) fleet: Fleet,
    pub(crate) ledger: Ledger,
    pub(crate) timeline: Timeline,
    pub(crate) log: Log,
    /// The client that nobody had on the list.
    pub(crate) forgotten: Installation,
    broken: Option<Break>,
    start: Timestamp,
    /// Whether the fleet comes at all.
    pub(crate) is_open: bool,
    /// When it comes next, and the next line is due, since the start.
    next_round: Duration,
    next_line: Duration,
    /// The most dependent callers of a family so far: a whole bar.
    most: u64,
}

/// The play could not go on.
#[derive(Debug)]
pub(crate) struct Stop(pub(crate) String);

impl Scene {
    pub(crate) async fn new(
        (core, operator): (HttpClient, Operator),
        clock: Arc<FastClock>,
        timeline: Timeline,
        log: Log,
        broken: Option<Break>,
    ) -> Self {
        let start = moment(&operator.status().await["opened"]["at"]);
        Self {
            core,
            operator,
            clock,
            fleet: Fleet::new(),
            ledger: Ledger::default(),
            timeline,
            log,
            forgotten: Installation::new("AGENT", "in-the-basement", false),
            broken,
            start,
            is_open: false,
            next_round: Duration::ZERO,
            next_line: Duration::ZERO,
            most: 1,
        }
    }

    /// Whether this is to go otherwise than the plan says.
    pub(crate) fn breaks(&self, what: Break) -> bool {
        self.broken == Some(what)
    }

    pub(crate) fn start_unix_ms(&self) -> u64 {
        self.start.unix_ms()
    }

    /// Notes what was seen of the plan, and says it.
    pub(crate) fn see(&mut self, what: &'static str, seen: impl Into<String>) {
        let seen = seen.into();
        let ok = self.ledger.see(what, seen.clone());
        self.timeline.seen(what, &seen, ok);
    }

    pub(crate) fn say(&self, text: &str) {
        self.timeline.say(text);
    }

    /// How the rollout stands; what is said from here on happens then.
    pub(crate) async fn look(&mut self) -> Value {
        let status = self.operator.status().await;
        let since = self.since(&status);
        self.timeline
            .at(since, text(&status["phase"]), text(&status["flag"]));
        status
    }

    /// Lets rollout time pass.
    pub(crate) async fn pass(&mut self, time: Duration) {
        let status = self.look().await;
        let end = self.since(&status) + time;
        while self.live().await < end {}
    }

    /// Waits until the failing gates of a step are these, and returns what all said.
    pub(crate) async fn until_failing(
        &mut self,
        step: &str,
        expected: &[&str],
        limit: Duration,
    ) -> Result<Value, Stop> {
        let status = self.look().await;
        let end = self.since(&status) + limit;
        loop {
            let mut run = self.operator.dry_run(step).await;
            let gates = run["gates"].take();
            if failing(&gates) == expected {
                return Ok(gates);
            }
            if self.live().await > end {
                self.show_gates(&gates);
                let waited = limit.as_secs() / 3_600;
                let verdict = verdict(&gates);
                return Err(Stop(format!(
                    "{step}, after {waited} rollout hours: {verdict}"
                )));
            }
        }
    }

    /// One beat of daily life; how long the play has lasted, in rollout time.
    pub(crate) async fn live(&mut self) -> Duration {
        let status = self.look().await;
        let since = self.since(&status);
        if since >= self.next_round && self.is_open {
            self.next_round = since + hours(ROUND);
            self.fleet.visit(&self.core).await;
        }
        if since >= self.next_line {
            self.next_line = since + hours(LINE);
            self.progress(&status);
        }
        self.clock.run();
        sleep(BEAT).await;
        self.clock.hold().await;
        since
    }

    pub(crate) fn show_gates(&self, gates: &Value) {
        for line in verdicts(gates) {
            self.timeline.text(&format!("  {line}"));
        }
    }

    /// Tries a step, and shows what the gates say where it is refused.
    pub(crate) async fn step(&mut self, to: &str, reason: &str) -> Answer {
        let response = self.operator.step(to, reason).await;
        self.look().await;
        if response.status == 200 {
            self.say(&format!("the operator goes to {to}: \"{reason}\""));
        } else {
            self.say(&format!(
                "the operator wants {to}: refused with {}",
                response.status
            ));
            self.show_gates(&response.json["gates"]);
        }
        response
    }

    /// Dependent callers of each family as bars.
    fn progress(&mut self, status: &Value) {
        let totals = &status["totals"];
        let numbers = ["UI_RUST", "AGENT", "MCP"].map(|kind| {
            (
                kind,
                count(totals, kind, "dependent"),
                count(totals, kind, "stranded"),
            )
        });
        self.most = numbers
            .iter()
            .fold(self.most, |most, (_, number, _)| most.max(*number));
        let bars = numbers
            .map(|(kind, number, _)| format!("{kind} {} {number}", bar(number, self.most, 4)));
        let stranded: u64 = numbers.iter().map(|(_, _, stranded)| stranded).sum();
        let mut line = bars.join("  ");
        if stranded > 0 {
            line = format!("{line}  stranded {stranded}");
        }
        self.timeline.figures(&line);
    }

    fn since(&self, status: &Value) -> Duration {
        moment(&status["at"]).since(self.start)
    }
}
